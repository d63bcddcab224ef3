//! How many entries a group has not been given, from what Redis says and what can be checked (F1 to F4).
//!
//! Redis computes lag as `entries-added` − `entries-read`. After entries ahead of a group were deleted it says nil, and
//! after the group has read on it can say a wrong number for ever. So its number is believed only after it was seen to
//! agree with the stream itself, and only until something happens that can break it again.

use domain::{Figure, stream::EntryId};

use crate::reply::{GroupFacts, StreamFacts};

/// Entries counted at most to check one group: one page of answer. Above it the figure is a lower bound.
pub(crate) const COUNT_AT_MOST: usize = 500;

/// What is to be done to know the lag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Known already.
    Known(Lag),
    /// The entries after the last delivered one must be counted, up to [`COUNT_AT_MOST`].
    Count,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lag {
    pub(crate) figure: Figure,
    /// What Redis said, where that is something else.
    pub(crate) reported: Option<u64>,
}

/// What is remembered of one group from look to look.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// Redis' number agreed with the stream, and nothing has happened since that could spoil it.
    trusted: bool,
    before: Option<Before>,
}

#[derive(Debug, Clone, Copy)]
struct Before {
    last_delivered_id: EntryId,
    max_deleted_id: EntryId,
}

impl Ledger {
    /// Looks at a group.
    pub(crate) fn look(&mut self, stream: &StreamFacts, group: &GroupFacts) -> Decision {
        if let Some(before) = self.before
            && (stream.max_deleted_id != before.max_deleted_id
                || stream.first_id.is_some_and(|first| first > before.last_delivered_id)
                || group.last_delivered_id < before.last_delivered_id)
        {
            // entries were deleted, or trimmed past the group, or the group was moved
            self.trusted = false;
        }
        self.before =
            Some(Before { last_delivered_id: group.last_delivered_id, max_deleted_id: stream.max_deleted_id });
        // what the two ends of the stream prove costs nothing
        match (stream.first_id, stream.last_entry_id) {
            (None, _) | (_, None) => Decision::Known(self.settle(0, group.lag)),
            (_, Some(last)) if last <= group.last_delivered_id => Decision::Known(self.settle(0, group.lag)),
            (Some(first), _) if first > group.last_delivered_id => {
                Decision::Known(self.settle(stream.length, group.lag))
            }
            _ => match group.lag {
                Some(reported) if self.trusted => Decision::Known(Lag::exact(reported, Some(reported))),
                _ => Decision::Count,
            },
        }
    }

    /// The answer to [`Decision::Count`]: entries found after the last delivered one, at most `COUNT_AT_MOST` + 1.
    pub(crate) fn counted(&mut self, stream: &StreamFacts, group: &GroupFacts, found: usize) -> Lag {
        if found <= COUNT_AT_MOST {
            return self.settle(found as u64, group.lag);
        }
        let never_deleted = stream.entries_added == stream.length && stream.max_deleted_id == EntryId::ZERO;
        match group.lag {
            // nothing was ever removed, so there is nothing that Redis could have miscounted
            Some(reported) if never_deleted && reported > COUNT_AT_MOST as u64 => Lag::exact(reported, Some(reported)),
            reported => Lag { figure: Figure::AtLeast(COUNT_AT_MOST as u64), reported },
        }
    }

    fn settle(&mut self, truth: u64, reported: Option<u64>) -> Lag {
        self.trusted = reported == Some(truth);
        Lag::exact(truth, reported)
    }
}

impl Lag {
    fn exact(truth: u64, reported: Option<u64>) -> Self {
        Self { figure: Figure::Exact(truth), reported: reported.filter(|reported| *reported != truth) }
    }

    /// Where the entries could not be counted.
    pub(crate) fn unknown(reported: Option<u64>) -> Self {
        let reason = match reported {
            None => "entries were deleted ahead of the group",
            Some(_) => "redis' figure could not be checked against the stream",
        };
        Self { figure: Figure::unknown(reason), reported }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// A stream with one group that counts exactly as Redis 7.0 does (`t_stream.c`: `streamRangeHasTombstones`,
    /// `streamEstimateDistanceFromFirstEverEntry`), beside the plain truth.
    #[derive(Debug, Default)]
    struct Model {
        entries: BTreeSet<u64>,
        last: u64,
        added: u64,
        max_deleted: u64,
        delivered: u64,
        read: Option<u64>,
    }

    impl Model {
        fn tombstones_after(&self, start: u64) -> bool {
            !self.entries.is_empty() && self.max_deleted != 0 && start < self.max_deleted
        }

        fn lag(&self) -> Option<u64> {
            if self.added == 0 {
                return Some(0);
            }
            if let Some(read) = self.read
                && !self.tombstones_after(self.delivered)
            {
                return Some(self.added - read);
            }
            self.estimate(self.delivered).map(|read| self.added - read)
        }

        fn estimate(&self, id: u64) -> Option<u64> {
            if self.added == 0 {
                return Some(0);
            }
            let first = self.entries.first().copied();
            if first.is_none() && id < self.last {
                return Some(self.added);
            }
            if first.is_none() || id == self.last {
                return Some(self.added);
            }
            if id != 0 && id > self.last {
                return None;
            }
            let first = first?;
            if self.max_deleted == 0 || self.max_deleted < first {
                if id < first {
                    return Some(self.added - self.entries.len() as u64);
                } else if id == first {
                    return Some(self.added - self.entries.len() as u64 + 1);
                }
            }
            None
        }

        fn add(&mut self) {
            self.last += 1;
            self.added += 1;
            self.entries.insert(self.last);
        }

        fn read_one(&mut self) {
            let Some(id) = self.entries.range(self.delivered + 1..).next().copied() else { return };
            if let Some(read) = self.read.as_mut().filter(|_| !(self.max_deleted != 0 && id <= self.max_deleted)) {
                *read += 1;
            } else if self.added > 0 {
                self.delivered = id;
                self.read = self.estimate(id);
            }
            self.delivered = id;
        }

        fn delete(&mut self, nth: usize) {
            let Some(id) = self.entries.iter().nth(nth).copied() else { return };
            self.entries.remove(&id);
            self.max_deleted = self.max_deleted.max(id);
        }

        fn trim(&mut self, keep: usize) {
            while self.entries.len() > keep {
                self.entries.pop_first();
            }
        }

        fn facts(&self) -> (StreamFacts, GroupFacts) {
            let id = |n: u64| EntryId { ms: n, seq: 0 };
            let stream = StreamFacts {
                length: self.entries.len() as u64,
                first_id: self.entries.first().map(|n| id(*n)),
                last_entry_id: self.entries.last().map(|n| id(*n)),
                last_id: id(self.last),
                entries_added: self.added,
                max_deleted_id: id(self.max_deleted),
            };
            let group = GroupFacts {
                name: "g".to_owned(),
                consumers: 0,
                pending: 0,
                last_delivered_id: id(self.delivered),
                entries_read: self.read,
                lag: self.lag(),
            };
            (stream, group)
        }

        fn truth(&self) -> u64 {
            self.entries.range(self.delivered + 1..).count() as u64
        }
    }

    fn lag_of(ledger: &mut Ledger, model: &Model) -> Lag {
        let (stream, group) = model.facts();
        match ledger.look(&stream, &group) {
            Decision::Known(lag) => lag,
            Decision::Count => {
                let found = usize::try_from(model.truth()).expect("small").min(COUNT_AT_MOST + 1);
                ledger.counted(&stream, &group, found)
            }
        }
    }

    #[test]
    fn a_large_lag_of_a_stream_that_lost_entries_is_only_a_lower_bound_until_it_was_checked() {
        let mut model = Model { read: Some(0), ..Model::default() };
        for _ in 0..COUNT_AT_MOST + 100 {
            model.add();
        }
        model.read_one();
        model.delete(40);
        let lag = lag_of(&mut Ledger::default(), &model);
        assert_eq!(lag.figure, Figure::AtLeast(COUNT_AT_MOST as u64));
    }

    #[derive(Debug, Clone)]
    enum Step {
        Add,
        Read,
        Delete(usize),
        Trim(usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            6 => Just(Step::Add),
            4 => Just(Step::Read),
            1 => (0usize..12).prop_map(Step::Delete),
            1 => (0usize..12).prop_map(Step::Trim),
        ]
    }

    proptest! {
        #[test]
        fn lag_is_the_truth_whatever_redis_says(steps in prop::collection::vec(step(), 1..120)) {
            let mut model = Model { read: Some(0), ..Model::default() };
            let mut ledger = Ledger::default();
            for step in steps {
                match step {
                    Step::Add => model.add(),
                    Step::Read => model.read_one(),
                    Step::Delete(nth) => model.delete(nth),
                    Step::Trim(keep) => model.trim(keep),
                }
                // a look after every change; what happens unseen between two looks is found out at the stream's end
                let lag = lag_of(&mut ledger, &model);
                prop_assert_eq!(&lag.figure, &Figure::Exact(model.truth()), "{:?}", model);
                prop_assert_eq!(lag.reported, model.lag().filter(|lag| *lag != model.truth()));
            }
        }
    }
}
