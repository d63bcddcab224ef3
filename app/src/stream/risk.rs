//! What trimming has cost a group, may have cost it, or could (F4, F5).

use domain::{
    Figure, Status,
    figure::grouped,
    stream::{GroupSample, StreamSample},
};

/// A sentence about one group, with how bad it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Risk {
    pub(crate) status: Status,
    pub(crate) words: String,
}

/// What is known about lost entries of one group, worst first; empty if there is nothing to fear.
pub(crate) fn risks(stream: &StreamSample, group: &GroupSample) -> Vec<Risk> {
    let mut risks = Vec::new();
    let removed = stream.entries_added.saturating_sub(stream.length);
    let first = stream.first_id;
    if let (Some(pending), Some(first)) = (group.oldest_pending_id, first)
        && pending < first
    {
        let words = format!(
            "its oldest pending entry {pending} lies before the first entry {first}: the body is gone, the id still pends. \
             Acknowledge it; nobody can handle it any more"
        );
        risks.push(Risk { status: Status::Bad, words });
    }
    match (group.lag_reported, &group.lag) {
        (Some(reported), Figure::Exact(truth)) if reported > *truth => {
            let words = format!(
                "Redis counts {} unread entries, and {} are there: {} were removed before this group read them",
                grouped(reported),
                grouped(*truth),
                grouped(reported - truth)
            );
            risks.push(Risk { status: Status::Bad, words });
        }
        _ if removed > 0 && first.is_some_and(|first| first > group.last_delivered_id) => {
            let words = format!(
                "entries after {}, its last delivered one, may have been removed before it read them: up to {} of {} were \
                 removed from the stream, and Redis keeps no record of which",
                group.last_delivered_id,
                grouped(removed),
                grouped(stream.entries_added)
            );
            risks.push(Risk { status: Status::Warn, words });
        }
        _ => {}
    }
    if risks.is_empty() && group.lag.exceeds(0) {
        let words = format!("trimming past {} would remove entries that it has not read", group.last_delivered_id);
        risks.push(Risk { status: Status::Idle, words });
    }
    risks
}

#[cfg(test)]
mod tests {
    use domain::stream::{EntryId, Verdict};

    use super::*;

    fn id(ms: u64) -> EntryId {
        EntryId { ms, seq: 0 }
    }

    fn group() -> GroupSample {
        GroupSample {
            stream: "s".into(),
            name: "g".into(),
            lag: Figure::Exact(0),
            lag_reported: None,
            pending: 0,
            last_delivered_id: id(9),
            behind_ms: Some(0),
            oldest_pending_ms: None,
            oldest_pending_id: None,
            consumers: vec![],
            dead_letters: Figure::Exact(0),
            lag_per_minute: None,
            drained_in_ms: None,
            lag_history: vec![],
            read_per_second: None,
            handling: None,
            verdict: Verdict { status: Status::Ok, word: String::new(), reason: String::new() },
        }
    }

    fn stream(entries_added: u64, length: u64, first: u64) -> StreamSample {
        StreamSample {
            name: "s".into(),
            source: None,
            length,
            first_id: Some(id(first)),
            last_id: id(9),
            entries_added,
            max_deleted_id: EntryId::ZERO,
            memory_bytes: None,
            added_per_second: None,
            length_history: vec![],
            groups: vec![],
            dead_letters: 0,
        }
    }

    #[test]
    fn a_group_that_has_read_everything_has_nothing_to_fear() {
        assert_eq!(risks(&stream(9, 2, 8), &group()), []);
    }

    #[test]
    fn entries_removed_ahead_of_a_group_may_be_lost() {
        let behind = GroupSample { lag: Figure::Exact(2), last_delivered_id: EntryId::ZERO, ..group() };
        let risks = risks(&stream(5, 2, 4), &behind);
        assert_eq!(risks.len(), 1);
        assert_eq!(risks[0].status, Status::Warn);
        assert!(risks[0].words.contains("up to 3 of 5"), "{}", risks[0].words);
    }

    #[test]
    fn a_count_that_redis_cannot_keep_is_a_loss() {
        let behind = GroupSample { lag: Figure::Exact(1), lag_reported: Some(3), ..group() };
        assert!(risks(&stream(9, 2, 8), &behind)[0].words.contains("2 were removed"));
    }

    #[test]
    fn a_pending_id_before_the_first_entry_has_lost_its_body() {
        let pending = GroupSample { oldest_pending_id: Some(id(3)), ..group() };
        assert_eq!(risks(&stream(9, 2, 8), &pending)[0].status, Status::Bad);
    }

    #[test]
    fn unread_entries_are_what_trimming_could_cost() {
        let behind = GroupSample { lag: Figure::Exact(1), last_delivered_id: id(8), ..group() };
        assert_eq!(risks(&stream(9, 9, 1), &behind)[0].status, Status::Idle);
    }
}
