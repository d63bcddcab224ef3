//! What was measured of one event type in a stretch of time, in a form that adds up: of two processes, or of two
//! stretches, the sum is what one would have measured that saw all of it.

use std::time::Duration;

use domain::latency::{EventType, Percentiles, TypeHandling};
use hdrhistogram::Histogram;

use super::How;

/// Times are kept in microseconds up to this; what is longer counts as this long.
const LONGEST: Duration = Duration::from_hours(24);
/// Digits of a time that are kept: finer than any decision taken on it.
const DIGITS: u8 = 2;

/// Counts, and three histograms that grow with the longest time they hold: up to 16 kB each.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Measured {
    pub(crate) handled: u64,
    pub(crate) failed: u64,
    pub(crate) retried: u64,
    pub(crate) dead_lettered: u64,
    pub(crate) delivered: Times,
    pub(crate) settled: Times,
    pub(crate) handler: Times,
}

impl Measured {
    pub(crate) fn nothing() -> Self {
        let times = Times::nothing;
        Self {
            handled: 0,
            failed: 0,
            retried: 0,
            dead_lettered: 0,
            delivered: times(),
            settled: times(),
            handler: times(),
        }
    }

    pub(crate) fn clear(&mut self) {
        (self.handled, self.failed, self.retried, self.dead_lettered) = (0, 0, 0, 0);
        for times in [&mut self.delivered, &mut self.settled, &mut self.handler] {
            times.0.reset();
        }
    }

    pub(crate) fn count(&mut self, how: How) {
        let count = match how {
            How::Handled => &mut self.handled,
            How::Failed => &mut self.failed,
            How::DeadLettered => &mut self.dead_lettered,
        };
        *count = count.saturating_add(1);
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.handled = self.handled.saturating_add(other.handled);
        self.failed = self.failed.saturating_add(other.failed);
        self.retried = self.retried.saturating_add(other.retried);
        self.dead_lettered = self.dead_lettered.saturating_add(other.dead_lettered);
        self.delivered.add(&other.delivered);
        self.settled.add(&other.settled);
        self.handler.add(&other.handler);
    }

    /// How much there is of it: types with little of it make room for others.
    pub(crate) fn weight(&self) -> u64 {
        self.handled.saturating_add(self.failed).saturating_add(self.dead_lettered)
    }

    pub(crate) fn told(&self, event_type: EventType) -> TypeHandling {
        let Self { handled, failed, retried, dead_lettered, .. } = *self;
        TypeHandling {
            event_type,
            handled,
            failed,
            retried,
            dead_lettered,
            delivered: self.delivered.percentiles(),
            settled: self.settled.percentiles(),
            handler: self.handler.percentiles(),
        }
    }
}

/// A histogram of times in microseconds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Times(Histogram<u32>);

impl Times {
    pub(crate) fn nothing() -> Self {
        Self(Histogram::new(DIGITS).expect("the number of digits is a valid constant"))
    }

    pub(crate) fn record(&mut self, time: Duration) {
        self.record_many(u64::try_from(time.as_micros()).unwrap_or(u64::MAX), 1);
    }

    fn record_many(&mut self, micros: u64, count: u32) {
        let longest = u64::try_from(LONGEST.as_micros()).expect("a day fits");
        self.0.record_n(micros.min(longest), count).expect("it grows up to the longest time");
    }

    fn add(&mut self, other: &Self) {
        self.0.add(&other.0).expect("it grows as the other one has grown");
    }

    pub(crate) fn percentiles(&self) -> Percentiles {
        let times = &self.0;
        if times.is_empty() {
            return Percentiles::default();
        }
        let at_ms = |quantile| times.value_at_quantile(quantile) as f64 / 1_000.0;
        Percentiles { count: times.len(), p50_ms: at_ms(0.50), p95_ms: at_ms(0.95), p99_ms: at_ms(0.99) }
    }

    /// A time of each place of the histogram that holds any, and how many it holds, in turn: read back, they fall into the
    /// same places, here and in every program with the same number of digits.
    pub(crate) fn sparse(&self) -> Vec<u64> {
        let held = self.0.iter_recorded();
        held.flat_map(|place| [place.value_iterated_to(), u64::from(place.count_at_value())]).collect()
    }

    /// Takes any numbers at all.
    pub(crate) fn from_sparse(sparse: &[u64]) -> Self {
        let mut times = Self::nothing();
        for pair in sparse.chunks_exact(2) {
            times.record_many(pair[0], u32::try_from(pair[1]).unwrap_or(u32::MAX));
        }
        times
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn times(micros: &[u64]) -> Times {
        let mut times = Times::nothing();
        for micros in micros {
            times.record(Duration::from_micros(*micros));
        }
        times
    }

    /// From nothing to beyond the longest, with as many short ones as long ones.
    fn micros() -> impl Strategy<Value = u64> {
        (0u32..40, 0u64..1_000).prop_map(|(power, part)| (1u64 << power) + ((1u64 << power) * part) / 1_000)
    }

    #[test]
    fn a_time_longer_than_a_day_counts_as_a_day() {
        let day = times(&[u64::MAX]).percentiles();
        assert!((day.p99_ms / 86_400_000.0 - 1.0).abs() < 0.01, "{day:?}");
    }

    proptest! {
        #[test]
        fn histograms_of_two_processes_add_up_to_that_of_one_that_saw_all(
            mine in prop::collection::vec(micros(), 0..200),
            theirs in prop::collection::vec(micros(), 0..200),
        ) {
            let mut merged = times(&mine);
            merged.add(&Times::from_sparse(&times(&theirs).sparse()));
            let all: Vec<u64> = mine.iter().chain(&theirs).copied().collect();
            prop_assert_eq!(merged.percentiles(), times(&all).percentiles());
            prop_assert_eq!(merged.sparse(), times(&all).sparse());
        }

        #[test]
        fn a_percentile_is_that_of_the_sorted_times_within_a_hundredth(
            mut all in prop::collection::vec(micros(), 1..200),
        ) {
            let told = times(&all).percentiles();
            all.sort_unstable();
            for (quantile, ms) in [(0.50, told.p50_ms), (0.95, told.p95_ms), (0.99, told.p99_ms)] {
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most the length")]
                let rank = (quantile * all.len() as f64).ceil() as usize;
                let truth = all[rank.max(1) - 1].min(86_400_000_000) as f64 / 1_000.0;
                prop_assert!((ms - truth).abs() <= truth * 0.01 + 0.001, "{ms} for {truth}");
            }
        }

        #[test]
        fn any_numbers_are_a_histogram(numbers in prop::collection::vec(any::<u64>(), 0..50)) {
            let read = Times::from_sparse(&numbers);
            let mut twice = read.clone();
            twice.add(&read);
            let _ = twice.percentiles();
        }
    }
}
