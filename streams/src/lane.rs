//! Lanes: entries of one key run one after the other, keys run side by side, and a failing key parks only itself
//! (promise P4).

use std::{
    collections::{BTreeSet, HashMap, VecDeque, hash_map::Entry},
    sync::Arc,
    time::Instant,
};

use domain::stream::EntryId;

/// What is handled in order.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Key {
    /// Entries of one aggregate, in the order of their ids.
    Aggregate(Arc<str>),
    /// An entry without a key is alone in its lane.
    Entry(EntryId),
}

/// Something that has a place in its lane.
pub(crate) trait Queued {
    fn id(&self) -> EntryId;
}

/// The scheduler. Pure: it is told the time and does nothing by itself.
#[derive(Debug)]
pub(crate) struct Lanes<T> {
    by_key: HashMap<Key, Lane<T>>,
    /// Lanes that may start, in the order in which they became ready.
    ready: VecDeque<Key>,
    parked: BTreeSet<(Instant, Key)>,
    waiting: usize,
    waiting_parked: usize,
}

#[derive(Debug)]
struct Lane<T> {
    queue: VecDeque<T>,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Ready,
    Running,
    Parked(Instant),
}

impl<T> Default for Lanes<T> {
    fn default() -> Self {
        Self { by_key: HashMap::new(), ready: VecDeque::new(), parked: BTreeSet::new(), waiting: 0, waiting_parked: 0 }
    }
}

impl<T: Queued> Lanes<T> {
    /// Adds an item at its place by id: what was reclaimed from a dead consumer goes before what is newer.
    pub(crate) fn push(&mut self, key: Key, item: T) {
        self.waiting += 1;
        match self.by_key.entry(key) {
            Entry::Occupied(mut lane) => {
                let lane = lane.get_mut();
                let place = lane.queue.iter().rposition(|other| other.id() < item.id()).map_or(0, |before| before + 1);
                lane.queue.insert(place, item);
                self.waiting_parked += usize::from(matches!(lane.state, State::Parked(_)));
            }
            Entry::Vacant(place) => {
                self.ready.push_back(place.key().clone());
                place.insert(Lane { queue: VecDeque::from([item]), state: State::Ready });
            }
        }
    }

    /// The item that [`Lanes::start`] would give at `now`.
    pub(crate) fn next(&mut self, now: Instant) -> Option<&T> {
        self.wake(now);
        self.by_key.get(self.ready.front()?)?.queue.front()
    }

    /// The next item that may run at `now`. Its lane is held until [`Lanes::finish`] or [`Lanes::park`].
    pub(crate) fn start(&mut self, now: Instant) -> Option<(Key, T)> {
        self.wake(now);
        let key = self.ready.pop_front()?;
        let lane = self.by_key.get_mut(&key).expect("a ready lane exists");
        let item = lane.queue.pop_front().expect("a ready lane has an item");
        lane.state = State::Running;
        self.waiting -= 1;
        Some((key, item))
    }

    /// The running item of this lane is done with.
    pub(crate) fn finish(&mut self, key: Key) {
        let Entry::Occupied(mut lane) = self.by_key.entry(key) else { unreachable!("a running lane exists") };
        if lane.get().queue.is_empty() {
            lane.remove();
        } else {
            lane.get_mut().state = State::Ready;
            self.ready.push_back(lane.key().clone());
        }
    }

    /// The running item failed: it goes back to the head of its lane, which waits until `until`.
    pub(crate) fn park(&mut self, key: &Key, item: T, until: Instant) {
        let lane = self.by_key.get_mut(key).expect("a running lane exists");
        lane.queue.push_front(item);
        lane.state = State::Parked(until);
        self.waiting += 1;
        self.waiting_parked += lane.queue.len();
        self.parked.insert((until, key.clone()));
    }

    /// Takes out the item that parks its lane, which is held as when it had started; `None` where the item runs, waits
    /// behind another one, or is not here.
    pub(crate) fn start_parked(&mut self, id: EntryId) -> Option<(Key, T)> {
        let (until, key) =
            self.parked.iter().find(|(_, key)| self.head(key).is_some_and(|head| head.id() == id))?.clone();
        self.parked.remove(&(until, key.clone()));
        let lane = self.by_key.get_mut(&key).expect("a parked lane exists");
        self.waiting_parked -= lane.queue.len();
        self.waiting -= 1;
        lane.state = State::Running;
        let item = lane.queue.pop_front().expect("a parked lane has an item");
        Some((key, item))
    }

    /// The items that park their lanes: until when, and how many wait behind. The one that goes on first is first.
    pub(crate) fn parked(&self) -> impl Iterator<Item = (Instant, &T, usize)> {
        self.parked.iter().filter_map(|(until, key)| Some((*until, self.head(key)?, self.by_key[key].queue.len() - 1)))
    }

    fn head(&self, key: &Key) -> Option<&T> {
        self.by_key.get(key)?.queue.front()
    }

    /// When the next parked lane may go on.
    pub(crate) fn next_wake(&self) -> Option<Instant> {
        self.parked.first().map(|(at, _)| *at)
    }

    /// Takes out a waiting item; `None` where it runs or is not here.
    pub(crate) fn remove(&mut self, id: EntryId) -> Option<T> {
        let (key, place) = self
            .by_key
            .iter()
            .find_map(|(key, lane)| Some((key.clone(), lane.queue.iter().position(|item| item.id() == id)?)))?;
        let lane = self.by_key.get_mut(&key).expect("just found");
        let item = lane.queue.remove(place).expect("just found");
        self.waiting -= 1;
        let state = lane.state;
        let empty = lane.queue.is_empty();
        if let State::Parked(until) = state {
            self.waiting_parked -= 1;
            if empty {
                self.parked.remove(&(until, key.clone()));
            }
        }
        if empty && state != State::Running {
            self.ready.retain(|ready| *ready != key);
            self.by_key.remove(&key);
        }
        Some(item)
    }

    /// Everything that waits, in no order; nothing is left to start.
    pub(crate) fn drain(&mut self) -> Vec<T> {
        let lanes = std::mem::take(self).by_key;
        lanes.into_values().flat_map(|lane| lane.queue).collect()
    }

    /// Items that wait, without the running ones.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting
    }

    /// Those of [`Lanes::waiting`] that stand behind a failure.
    pub(crate) fn waiting_parked(&self) -> usize {
        self.waiting_parked
    }

    pub(crate) fn has_ready(&self, now: Instant) -> bool {
        !self.ready.is_empty() || self.next_wake().is_some_and(|at| at <= now)
    }

    fn wake(&mut self, now: Instant) {
        while let Some((at, key)) = self.parked.pop_first() {
            if at > now {
                self.parked.insert((at, key));
                return;
            }
            let lane = self.by_key.get_mut(&key).expect("a parked lane exists");
            lane.state = State::Ready;
            self.waiting_parked -= lane.queue.len();
            self.ready.push_back(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    struct Item(u64);

    impl Queued for Item {
        fn id(&self) -> EntryId {
            EntryId { ms: self.0, seq: 0 }
        }
    }

    fn key(name: &str) -> Key {
        Key::Aggregate(name.into())
    }

    #[test]
    fn a_failing_key_parks_itself_and_others_flow() {
        let now = Instant::now();
        let mut lanes = Lanes::default();
        for (name, id) in [("a", 1), ("a", 2), ("b", 3)] {
            lanes.push(key(name), Item(id));
        }
        let (failing, item) = lanes.start(now).expect("a");
        lanes.park(&failing, item, now + Duration::from_secs(9));
        assert_eq!(lanes.start(now), Some((key("b"), Item(3))));
        assert_eq!(lanes.start(now), None, "a's second item waits behind its first");
        assert_eq!((lanes.waiting(), lanes.waiting_parked()), (2, 2));
        assert_eq!(lanes.start(now + Duration::from_secs(9)), Some((key("a"), Item(1))));
    }

    #[test]
    fn an_older_entry_that_is_reclaimed_goes_before_the_newer_ones() {
        let mut lanes = Lanes::default();
        for id in [5, 7, 6] {
            lanes.push(key("a"), Item(id));
        }
        let mut order = Vec::new();
        while let Some((key, Item(id))) = lanes.start(Instant::now()) {
            order.push(id);
            lanes.finish(key);
        }
        assert_eq!(order, [5, 6, 7]);
    }

    /// What may happen to the scheduler: an item comes, the next one starts, the nth running one ends well or badly,
    /// an item is taken away, time passes.
    #[derive(Debug, Clone)]
    enum Step {
        Push(u8),
        Start,
        Finish(usize),
        Park(usize, u64),
        Remove(u64),
        Wait(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            3 => (0u8..4).prop_map(Step::Push),
            3 => Just(Step::Start),
            2 => (0usize..4).prop_map(Step::Finish),
            2 => (0usize..4, 0u64..50).prop_map(|(n, ms)| Step::Park(n, ms)),
            1 => (0u64..40).prop_map(Step::Remove),
            1 => (0u64..30).prop_map(Step::Wait),
        ]
    }

    proptest! {
        #[test]
        fn order_per_key_is_kept_nothing_is_lost_and_no_key_runs_twice_at_once(
            steps in prop::collection::vec(step(), 0..200),
        ) {
            let mut now = Instant::now();
            let mut lanes = Lanes::default();
            let mut running: Vec<(Key, Item)> = Vec::new();
            let mut finished: Vec<(Key, u64)> = Vec::new();
            let (mut pushed, mut removed) = (0u64, 0usize);
            for step in steps {
                match step {
                    Step::Push(name) => {
                        pushed += 1;
                        lanes.push(key(&name.to_string()), Item(pushed));
                    }
                    Step::Start => if let Some((key, item)) = lanes.start(now) {
                        prop_assert!(running.iter().all(|(other, _)| *other != key), "{key:?} runs already");
                        running.push((key, item));
                    },
                    Step::Finish(nth) if nth < running.len() => {
                        let (key, item) = running.remove(nth);
                        lanes.finish(key.clone());
                        finished.push((key, item.0));
                    }
                    Step::Park(nth, ms) if nth < running.len() => {
                        let (key, item) = running.remove(nth);
                        lanes.park(&key, item, now + Duration::from_millis(ms));
                    }
                    Step::Remove(id) => removed += usize::from(lanes.remove(EntryId { ms: id, seq: 0 }).is_some()),
                    Step::Wait(ms) => now += Duration::from_millis(ms),
                    Step::Finish(_) | Step::Park(..) => {}
                }
                prop_assert!(lanes.waiting_parked() <= lanes.waiting());
                let held = lanes.waiting() + running.len() + finished.len() + removed;
                prop_assert_eq!(u64::try_from(held).expect("small"), pushed);
            }
            for (key, _) in &running {
                lanes.finish(key.clone());
            }
            finished.extend(running.iter().map(|(key, item)| (key.clone(), item.0)));
            // whatever is parked comes back in the end
            now += Duration::from_hours(1);
            while let Some((key, item)) = lanes.start(now) {
                lanes.finish(key.clone());
                finished.push((key, item.0));
            }
            prop_assert_eq!(u64::try_from(finished.len() + removed).expect("small"), pushed);
            prop_assert_eq!((lanes.waiting(), lanes.waiting_parked(), lanes.next_wake()), (0, 0, None));
            for name in 0u8..4 {
                let ids: Vec<_> = finished.iter().filter(|(k, _)| *k == key(&name.to_string())).map(|f| f.1).collect();
                prop_assert!(ids.is_sorted(), "key {name} ran as {ids:?}");
            }
        }
    }
}
