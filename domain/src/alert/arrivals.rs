//! How many dead letters came lately: the streams only say how many there ever were.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use crate::{Figure, Timestamp, stream::Snapshot};

/// How far back a dead letter is new.
pub const ARRIVALS_WITHIN: Duration = Duration::from_mins(5);

/// What was counted of each stream's dead letters, as far back as that matters. What came before the first look is not
/// new: nobody knows when it came.
#[derive(Debug, Clone, Default)]
pub struct Arrivals {
    looked_at: Option<Timestamp>,
    streams: BTreeMap<String, VecDeque<(Timestamp, u64)>>,
}

impl Arrivals {
    /// Takes in a look; one that failed, or was taken in already, changes nothing. Whether anything changed.
    pub fn note(&mut self, snapshot: &Snapshot) -> bool {
        if snapshot.error.is_some() || self.looked_at.is_some_and(|at| at >= snapshot.at) {
            return false;
        }
        let is_first = self.looked_at.replace(snapshot.at).is_none();
        let mut changed = is_first;
        let graves =
            snapshot.streams.iter().filter_map(|stream| Some((stream.source.as_deref()?, stream.entries_added)));
        for (source, total) in graves {
            if !self.streams.contains_key(source) {
                // a dead-letter stream that was not there at the last look had nothing then
                let before = if is_first { total } else { 0 };
                self.streams.insert(source.to_owned(), VecDeque::from([(snapshot.at, before)]));
            }
            let Some(counts) = self.streams.get_mut(source) else { continue };
            let last = counts.back().map_or(0, |(_, count)| *count);
            if total < last {
                // it was deleted and began again
                *counts = VecDeque::from([(snapshot.at, 0)]);
            }
            if total != last {
                counts.push_back((snapshot.at, total));
                changed = true;
            }
            // the newest of those that are too old is what the others are compared with
            while counts.get(1).is_some_and(|(at, _)| snapshot.at.since(*at) > ARRIVALS_WITHIN) {
                counts.pop_front();
                changed = true;
            }
        }
        changed
    }

    /// Dead letters of `stream` that came within [`ARRIVALS_WITHIN`].
    pub fn of(&self, stream: &str) -> Figure {
        if self.looked_at.is_none() {
            return Figure::unknown("the streams have not been looked at yet");
        }
        let counts = self.streams.get(stream);
        let ends = counts.and_then(|counts| Some((counts.front()?.1, counts.back()?.1)));
        Figure::Exact(ends.map_or(0, |(first, last)| last.saturating_sub(first)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::reading::tests::{at, snapshot, stream};

    fn look(arrivals: &mut Arrivals, second: i64, total: Option<u64>) -> Figure {
        let mut seen = snapshot(second, vec![stream("orders", vec![])]);
        if let Some(total) = total {
            let mut grave = stream("grave", vec![]);
            (grave.source, grave.entries_added) = (Some("orders".to_owned()), total);
            seen.streams.push(grave);
        }
        arrivals.note(&seen);
        arrivals.of("orders")
    }

    #[test]
    fn only_what_comes_after_the_first_look_is_new_and_only_for_a_while() {
        let mut arrivals = Arrivals::default();
        assert!(matches!(arrivals.of("orders"), Figure::Unknown(_)));
        assert_eq!(look(&mut arrivals, 0, Some(7)), Figure::Exact(0));
        assert_eq!(look(&mut arrivals, 10, Some(9)), Figure::Exact(2));
        assert_eq!(look(&mut arrivals, 20, Some(9)), Figure::Exact(2));
        assert_eq!(look(&mut arrivals, 300, Some(10)), Figure::Exact(3));
        assert_eq!(look(&mut arrivals, 311, Some(10)), Figure::Exact(1));
        assert_eq!(look(&mut arrivals, 700, Some(10)), Figure::Exact(0));
    }

    #[test]
    fn the_very_first_dead_letter_of_a_stream_is_new() {
        let mut arrivals = Arrivals::default();
        assert_eq!(look(&mut arrivals, 0, None), Figure::Exact(0));
        assert_eq!(look(&mut arrivals, 1, Some(1)), Figure::Exact(1));
    }

    #[test]
    fn a_dead_letter_stream_that_was_deleted_begins_again() {
        let mut arrivals = Arrivals::default();
        look(&mut arrivals, 0, Some(50));
        assert_eq!(look(&mut arrivals, 1, Some(3)), Figure::Exact(3));
    }

    #[test]
    fn a_look_that_failed_or_was_seen_already_changes_nothing() {
        let mut arrivals = Arrivals::default();
        look(&mut arrivals, 5, None);
        let mut failed = snapshot(6, vec![]);
        failed.error = Some("away".to_owned());
        assert!(!arrivals.note(&failed));
        assert!(!arrivals.note(&snapshot(5, vec![])));
        assert_eq!(arrivals.looked_at, Some(at(5)));
    }
}
