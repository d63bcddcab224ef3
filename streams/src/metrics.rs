//! What the consumers of this process measure, and the switch that holds them; how the sampler's looks went.
//!
//! | module | what |
//! | --- | --- |
//! | `window` | the last minute of a group, by event type |
//! | `measured` | counts and times of one type, in a form that adds up |
//! | `total` | what was counted since the process began |
//! | `look` | how the sampler's looks at Redis went |
//! | `offset` | what the clock of Redis says |

mod look;
mod measured;
mod offset;
mod total;
mod window;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use domain::{
    Timestamp,
    latency::{EventType, Heartbeats, ProcessReport},
    operation::ParkedLane,
    stream::{EntryId, Handling},
};
use tokio::sync::{mpsc, oneshot, watch};

use self::window::Window;
pub use self::{
    look::Looks,
    total::{BOUNDS_SECONDS, Times, Totals},
};
pub(crate) use self::{
    measured::{Measured, Times as MeasuredTimes},
    offset::Offset,
    window::TYPES,
};
use crate::{
    Error,
    handling::{self, Account, Types},
    heartbeat::Identity,
    order::{GivenUp, Order, Orders},
};

/// Counts, handler times and the pause switch of every group consumed here. Cheap to clone; all clones are one.
#[derive(Clone, Default)]
pub struct Metrics(Arc<Inner>);

#[derive(Default)]
struct Inner {
    meters: Mutex<Meters>,
    looks: Mutex<Looks>,
    heartbeats: Mutex<Heartbeats>,
    offset: Arc<Offset>,
    identity: OnceLock<Identity>,
}

/// Of a stream and of a group of it.
type Names = (String, String);
/// By stream, then by group: most that are asked for are not there.
type Meters = HashMap<String, HashMap<String, Arc<Meter>>>;

/// What the consumers of one group measured over the last minute in one process.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct GroupMeasured {
    pub(crate) stream: String,
    pub(crate) group: String,
    pub(crate) paused: bool,
    pub(crate) types: Vec<(EventType, Measured)>,
}

/// What was counted of one group since the process began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupTotals {
    pub stream: String,
    pub group: String,
    pub totals: Totals,
    /// Whether an operator holds the group's consumers here.
    pub paused: bool,
}

impl Metrics {
    /// Whether an operator holds the group's consumers here; `None` where none runs in this process.
    pub fn paused(&self, stream: &str, group: &str) -> Option<bool> {
        self.find(stream, group).map(|meter| *meter.paused.borrow())
    }

    /// Every group that was consumed here since the process began, by stream and group.
    pub fn totals(&self) -> Vec<GroupTotals> {
        let totals = |((stream, group), meter): (Names, Arc<Meter>)| GroupTotals {
            stream,
            group,
            totals: locked(&meter.window).totals.clone(),
            paused: *meter.paused.borrow(),
        };
        self.all().into_iter().map(totals).collect()
    }

    /// What the consumers here did in the last minute; `None` where none of the group runs in this process.
    pub fn handling(&self, stream: &str, group: &str) -> Option<Handling> {
        let own = self.measured(stream, group)?;
        let report = self.report(self.0.offset.now(), own.paused);
        handling::sum(vec![Account { report, types: Types::Here(&own.types) }])
    }

    /// Says who this process is. The first word holds: a process is one.
    pub(crate) fn introduce(&self, identity: Identity) {
        let _ = self.0.identity.set(identity);
    }

    pub(crate) fn identity(&self) -> Option<&Identity> {
        self.0.identity.get()
    }

    /// Of this process, which measured at `at`.
    pub(crate) fn report(&self, at: Timestamp, paused: bool) -> ProcessReport {
        let identity = self.identity();
        ProcessReport {
            instance: identity.map(|identity| identity.instance.clone()).unwrap_or_default(),
            version: identity.map(|identity| identity.version.clone()).unwrap_or_default(),
            started_at: identity.map(|identity| identity.started_at).unwrap_or_default(),
            at,
            here: true,
            paused,
        }
    }

    /// The last minute of a group; `None` where no consumer of it runs in this process.
    pub(crate) fn measured(&self, stream: &str, group: &str) -> Option<GroupMeasured> {
        self.find(stream, group).map(|meter| meter.measured(stream, group))
    }

    /// The last minute of every group that is consumed here, by stream and group.
    pub(crate) fn all_measured(&self) -> Vec<GroupMeasured> {
        self.all().into_iter().map(|((stream, group), meter)| meter.measured(&stream, &group)).collect()
    }

    fn all(&self) -> Vec<(Names, Arc<Meter>)> {
        let mut all: Vec<_> = Vec::new();
        for (stream, groups) in &*locked(&self.0.meters) {
            all.extend(groups.iter().map(|(group, meter)| ((stream.clone(), group.clone()), Arc::clone(meter))));
        }
        all.sort_by(|(a, _), (b, _)| a.cmp(b));
        all
    }

    /// How the heartbeats were, ours and those of others.
    pub fn heartbeats(&self) -> Heartbeats {
        locked(&self.0.heartbeats).clone()
    }

    pub(crate) fn note_heartbeats(&self, note: impl FnOnce(&mut Heartbeats)) {
        note(&mut locked(&self.0.heartbeats));
    }

    /// What Redis said the time is, when it was asked and answered by our clock.
    pub(crate) fn note_time(&self, said_ms: u64, asked: Timestamp, answered: Timestamp) {
        self.0.offset.note(said_ms, asked, answered);
    }

    /// How the looks of the sampler went that these measurements were given to.
    pub fn looks(&self) -> Looks {
        *locked(&self.0.looks)
    }

    pub(crate) fn look_succeeded(&self, took: Duration) {
        locked(&self.0.looks).succeed(took);
    }

    pub(crate) fn look_failed(&self) {
        locked(&self.0.looks).fail();
    }

    /// Holds the consumers of a group in this process, or lets them go on: nothing is read, claimed or started, what
    /// runs is finished. `false` where no consumer of the group runs here, so that nothing can be held.
    pub fn pause(&self, stream: &str, group: &str, paused: bool) -> bool {
        self.find(stream, group).is_some_and(|meter| {
            meter.paused.send_replace(paused);
            true
        })
    }

    /// The lanes of consumers here that wait behind an entry that fails; `None` where no consumer of the group runs here.
    pub(crate) async fn parked_lanes(&self, stream: &str, group: &str) -> Option<Vec<ParkedLane>> {
        let ways = self.find(stream, group)?.ways();
        let mut parked = Vec::new();
        for way in ways {
            let (answer, told) = oneshot::channel();
            // neither comes about where the consumer has ended meanwhile
            if way.send(Order::Tell(answer)).is_ok() {
                parked.extend(told.await.unwrap_or_default());
            }
        }
        Some(parked)
    }

    /// Has the consumer here that holds an entry, and waits to try it again, give up on it.
    pub(crate) async fn give_up(&self, stream: &str, group: &str, id: EntryId) -> Result<GivenUp, Error> {
        for way in self.find(stream, group).map(|meter| meter.ways()).unwrap_or_default() {
            let (answer, told) = oneshot::channel();
            if way.send(Order::GiveUp { id, answer }).is_err() {
                continue;
            }
            match told.await {
                Ok(Ok(GivenUp::NotParked)) | Err(_) => {}
                Ok(answer) => return answer,
            }
        }
        Ok(GivenUp::NotParked)
    }

    /// Tells the consumers here that these were acknowledged or moved by somebody else's hand: they are not tried again.
    pub fn forget(&self, stream: &str, group: &str, ids: &[EntryId]) {
        for way in self.find(stream, group).map(|meter| meter.ways()).unwrap_or_default() {
            // fails only where the consumer has ended
            let _ = way.send(Order::Forget(ids.to_vec()));
        }
    }

    /// The meter of a group, made by its first consumer and kept for as long as the process lives.
    pub(crate) fn meter(&self, stream: &str, group: &str) -> Arc<Meter> {
        let meter = || Arc::new(Meter::new(Arc::clone(&self.0.offset)));
        let mut meters = locked(&self.0.meters);
        let groups = meters.entry(stream.to_owned()).or_default();
        Arc::clone(groups.entry(group.to_owned()).or_insert_with(meter))
    }

    fn find(&self, stream: &str, group: &str) -> Option<Arc<Meter>> {
        locked(&self.0.meters).get(stream)?.get(group).cloned()
    }
}

/// The figures behind these locks are whole after every statement, so a panic elsewhere does not spoil them.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One group's measurements.
pub(crate) struct Meter {
    paused: watch::Sender<bool>,
    orders: Mutex<Orders>,
    window: Mutex<Window>,
    offset: Arc<Offset>,
}

/// How one handling ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    Handled,
    Failed,
    DeadLettered,
}

/// An entry of which an attempt has ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attempted<'a> {
    pub(crate) event_type: &'a str,
    /// From publishing to delivery; at the first attempt only, and where it is known.
    pub(crate) waited: Option<Duration>,
    /// When this consumer got it.
    pub(crate) delivered: Instant,
    /// 1 at the first.
    pub(crate) attempt: u64,
}

impl Meter {
    fn new(offset: Arc<Offset>) -> Self {
        let window = Mutex::new(Window::new(Instant::now()));
        Self { paused: watch::Sender::new(false), orders: Mutex::default(), window, offset }
    }

    /// Attempts that began together and have ended now. Of many that were handled together each took the time of all.
    pub(crate) fn attempted<'a>(&self, how: How, started: Instant, entries: impl IntoIterator<Item = Attempted<'a>>) {
        let now = Instant::now();
        let took = now.saturating_duration_since(started);
        let mut window = locked(&self.window);
        for entry in entries {
            window.attempted(now, how, took, &entry);
        }
    }

    /// An entry was moved to the dead letters; without a type it is no event.
    pub(crate) fn dead_lettered(&self, event_type: Option<&str>) {
        locked(&self.window).dead_lettered(Instant::now(), event_type);
    }

    pub(crate) fn paused(&self) -> watch::Receiver<bool> {
        self.paused.subscribe()
    }

    /// What the operator asks of one more consumer of the group.
    pub(crate) fn orders(&self) -> mpsc::UnboundedReceiver<Order> {
        locked(&self.orders).subscribe()
    }

    fn ways(&self) -> Vec<mpsc::UnboundedSender<Order>> {
        locked(&self.orders).ways()
    }

    /// The time by the clock of Redis, as far as it is known.
    pub(crate) fn redis_time(&self) -> Timestamp {
        self.offset.now()
    }

    fn measured(&self, stream: &str, group: &str) -> GroupMeasured {
        GroupMeasured {
            stream: stream.to_owned(),
            group: group.to_owned(),
            paused: *self.paused.borrow(),
            types: locked(&self.window).by_type(Instant::now()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_group_that_is_consumed_here_can_be_paused() {
        let metrics = Metrics::default();
        assert!(!metrics.pause("s", "g", true));
        let meter = metrics.meter("s", "g");
        assert!(metrics.pause("s", "g", true));
        assert!(*meter.paused().borrow());
        assert_eq!(metrics.paused("s", "g"), Some(true));
    }
}
