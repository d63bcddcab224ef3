//! What the consumers of this process measure, and the switch that holds them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use domain::stream::Handling;
use hdrhistogram::Histogram;
use tokio::sync::watch;

/// Counts, handler times and the pause switch of every group consumed here. Cheap to clone; all clones are one.
#[derive(Clone, Default)]
pub struct Metrics(Arc<Mutex<Meters>>);

/// By stream and group.
type Meters = HashMap<(String, String), Arc<Meter>>;

impl Metrics {
    /// The last minute of a group; `None` where no consumer of it runs in this process.
    pub fn handling(&self, stream: &str, group: &str) -> Option<Handling> {
        self.find(stream, group).map(|meter| meter.handling())
    }

    /// Holds the consumers of a group in this process, or lets them go on: nothing is read, claimed or started, what
    /// runs is finished. `false` where no consumer of the group runs here, so that nothing can be held.
    pub fn pause(&self, stream: &str, group: &str, paused: bool) -> bool {
        self.find(stream, group).is_some_and(|meter| {
            meter.paused.send_replace(paused);
            true
        })
    }

    /// The meter of a group, made by its first consumer and kept for as long as the process lives.
    pub(crate) fn meter(&self, stream: &str, group: &str) -> Arc<Meter> {
        Arc::clone(locked(&self.0).entry((stream.to_owned(), group.to_owned())).or_default())
    }

    fn find(&self, stream: &str, group: &str) -> Option<Arc<Meter>> {
        locked(&self.0).get(&(stream.to_owned(), group.to_owned())).cloned()
    }
}

/// The figures behind these locks are whole after every statement, so a panic elsewhere does not spoil them.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One group's measurements.
pub(crate) struct Meter {
    paused: watch::Sender<bool>,
    window: Mutex<Window>,
}

impl Default for Meter {
    fn default() -> Self {
        Self { paused: watch::Sender::new(false), window: Mutex::new(Window::new(Instant::now())) }
    }
}

/// How one handling ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    Handled,
    Failed,
    DeadLettered,
}

impl Meter {
    pub(crate) fn record(&self, ended: Ended, took: Option<Duration>) {
        locked(&self.window).record(Instant::now(), ended, took);
    }

    pub(crate) fn paused(&self) -> watch::Receiver<bool> {
        self.paused.subscribe()
    }

    fn handling(&self) -> Handling {
        Handling { paused: *self.paused.borrow(), ..locked(&self.window).summary(Instant::now()) }
    }
}

/// The window slides by this much: a minute is told with an error of at most one slot.
const SLOT: Duration = Duration::from_secs(5);
const SLOTS: usize = 12;
/// Handler times are kept between 1 µs and this, with two digits: finer than any decision taken on them.
const LONGEST: Duration = Duration::from_mins(10);

/// The last minute in slots.
struct Window {
    start: Instant,
    slots: [Slot; SLOTS],
}

struct Slot {
    /// Which stretch of time since `start` the figures are from; older ones are stale.
    number: u64,
    handled: u64,
    failed: u64,
    dead_lettered: u64,
    times_us: Histogram<u32>,
}

impl Slot {
    fn empty() -> Self {
        let longest = u64::try_from(LONGEST.as_micros()).expect("ten minutes fit");
        let times_us = Histogram::new_with_bounds(1, longest, 2).expect("the bounds are valid constants");
        Self { number: 0, handled: 0, failed: 0, dead_lettered: 0, times_us }
    }

    fn reuse(&mut self, number: u64) {
        self.number = number;
        (self.handled, self.failed, self.dead_lettered) = (0, 0, 0);
        self.times_us.reset();
    }
}

impl Window {
    fn new(start: Instant) -> Self {
        Self { start, slots: std::array::from_fn(|_| Slot::empty()) }
    }

    fn number(&self, now: Instant) -> u64 {
        // slots start as number 0 and empty, so counting starts at 1
        1 + now.saturating_duration_since(self.start).as_secs() / SLOT.as_secs()
    }

    fn record(&mut self, now: Instant, ended: Ended, took: Option<Duration>) {
        let number = self.number(now);
        let place = usize::try_from(number % SLOTS as u64).expect("below the number of slots");
        let slot = &mut self.slots[place];
        if slot.number != number {
            slot.reuse(number);
        }
        match ended {
            Ended::Handled => slot.handled += 1,
            Ended::Failed => slot.failed += 1,
            Ended::DeadLettered => slot.dead_lettered += 1,
        }
        if let Some(took) = took {
            slot.times_us.saturating_record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX).max(1));
        }
    }

    fn summary(&self, now: Instant) -> Handling {
        let newest = self.number(now);
        let fresh = self.slots.iter().filter(|s| s.number > 0 && s.number + SLOTS as u64 > newest);
        let mut sum = Slot::empty();
        for slot in fresh {
            sum.handled += slot.handled;
            sum.failed += slot.failed;
            sum.dead_lettered += slot.dead_lettered;
            sum.times_us.add(&slot.times_us).expect("all slots have the same bounds");
        }
        let at_ms = |quantile| {
            if sum.times_us.is_empty() { 0.0 } else { sum.times_us.value_at_quantile(quantile) as f64 / 1_000.0 }
        };
        Handling {
            handled: sum.handled,
            failed: sum.failed,
            dead_lettered: sum.dead_lettered,
            p50_ms: at_ms(0.50),
            p95_ms: at_ms(0.95),
            p99_ms: at_ms(0.99),
            paused: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_older_than_a_minute_is_forgotten() {
        let start = Instant::now();
        let mut window = Window::new(start);
        window.record(start, Ended::Handled, Some(Duration::from_millis(40)));
        window.record(start + Duration::from_secs(50), Ended::Failed, None);
        assert_eq!(window.summary(start + Duration::from_secs(50)).handled, 1);
        let later = window.summary(start + Duration::from_secs(70));
        assert_eq!((later.handled, later.failed), (0, 1));
        assert!(later.p50_ms.abs() < f64::EPSILON, "nothing was handled, so nothing has a time");
    }

    #[test]
    fn only_a_group_that_is_consumed_here_can_be_paused() {
        let metrics = Metrics::default();
        assert!(!metrics.pause("s", "g", true));
        let meter = metrics.meter("s", "g");
        assert!(metrics.pause("s", "g", true));
        assert!(*meter.paused().borrow());
        assert!(metrics.handling("s", "g").expect("consumed here").paused);
    }

    proptest! {
        #[test]
        fn a_minute_of_records_is_counted_in_full(offsets_ms in prop::collection::vec(0u64..55_000, 0..200)) {
            let start = Instant::now();
            let mut window = Window::new(start);
            let mut sorted = offsets_ms.clone();
            sorted.sort_unstable();
            for offset in &sorted {
                window.record(start + Duration::from_millis(*offset), Ended::Handled, Some(Duration::from_millis(1)));
            }
            let now = start + Duration::from_millis(sorted.last().copied().unwrap_or(0));
            prop_assert_eq!(window.summary(now).handled, sorted.len() as u64);
        }
    }
}
