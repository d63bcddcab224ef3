//! What a rule reads from a look at Redis.

use crate::{
    Figure, Status,
    alert::{Arrivals, Scope, Subject, Terms, Watched},
    stream::{GroupSample, NOT_ASKED, Snapshot, StreamSample},
};

/// The figure of everything that the rule is about. `None` while Redis does not answer: then nothing is known, not even
/// what is there; only whether Redis answers is known all the time.
pub fn readings(terms: &Terms, snapshot: &Snapshot, arrivals: &Arrivals) -> Option<Vec<(Subject, Figure)>> {
    if terms.watched == Watched::RedisAway {
        let away = match snapshot.error.as_deref() {
            // every start of a process would be an outage otherwise
            Some(NOT_ASKED) => Figure::unknown(NOT_ASKED),
            error => Figure::Exact(u64::from(error.is_some())),
        };
        return Some(vec![(Subject::Redis, away)]);
    }
    if snapshot.error.is_some() {
        return None;
    }
    let streams = snapshot.streams.iter();
    let readings = match terms.watched.scope() {
        Scope::Redis => vec![(Subject::Redis, memory_percent(snapshot))],
        Scope::Stream => streams
            .filter(|stream| terms.watched != Watched::NewDeadLetters || stream.source.is_none())
            .map(|stream| (Subject::Stream { stream: stream.name.clone() }, of_stream(terms.watched, stream, arrivals)))
            .filter(|(subject, _)| terms.covers(subject))
            .collect(),
        Scope::Group => streams
            .flat_map(|stream| &stream.groups)
            .map(|group| {
                let subject = Subject::Group { stream: group.stream.clone(), group: group.name.clone() };
                (subject, of_group(terms.watched, group))
            })
            .filter(|(subject, _)| terms.covers(subject))
            .collect(),
    };
    Some(readings)
}

fn memory_percent(snapshot: &Snapshot) -> Figure {
    let redis = &snapshot.redis;
    match redis.max_memory_bytes {
        0 => Figure::unknown("redis has no memory limit"),
        limit => Figure::Exact(percent(redis.used_memory_bytes, limit)),
    }
}

fn of_stream(watched: Watched, stream: &StreamSample, arrivals: &Arrivals) -> Figure {
    match watched {
        Watched::StreamMemoryBytes => {
            stream.memory_bytes.map_or_else(|| Figure::unknown("it has not been measured yet"), Figure::Exact)
        }
        Watched::NewDeadLetters => arrivals.of(&stream.name),
        _ => Figure::Exact(stream.length),
    }
}

fn of_group(watched: Watched, group: &GroupSample) -> Figure {
    match watched {
        Watched::BehindSeconds => group.behind_ms.map_or_else(
            || Figure::unknown("the age of the oldest unread entry is not known"),
            |ms| Figure::Exact(ms / 1_000),
        ),
        Watched::Pending => Figure::Exact(group.pending),
        // nothing pends: nothing is old
        Watched::OldestPendingSeconds if group.pending == 0 => Figure::Exact(0),
        Watched::OldestPendingSeconds => group.oldest_pending_ms.map_or_else(
            || Figure::unknown("the age of the oldest pending entry is not known"),
            |ms| Figure::Exact(ms / 1_000),
        ),
        Watched::ErrorPercent => match &group.handling {
            None => Figure::unknown("no process tells what its consumers measure"),
            Some(handling) => Figure::Exact(percent(handling.failed, handling.handled + handling.failed)),
        },
        Watched::DeadLetters => group.dead_letters.clone(),
        Watched::Consumers => Figure::Exact(group.consumers.len() as u64),
        // whoever reads it, there is nothing that waits for a reader
        Watched::UnreadWithoutConsumer if !group.consumers.is_empty() => Figure::Exact(0),
        Watched::VerdictBad => match group.verdict.status {
            Status::Unknown => Figure::unknown(group.verdict.reason.clone()),
            status => Figure::Exact(u64::from(status == Status::Bad)),
        },
        _ => group.lag.clone(),
    }
}

/// Whole percent, rounded down; of nothing, nothing.
fn percent(part: u64, whole: u64) -> u64 {
    part.saturating_mul(100).checked_div(whole).unwrap_or(0)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::{
        Timestamp,
        alert::rule::tests::terms,
        finding::Found,
        stream::{ConsumerSample, EntryId, Handling, History, RedisFacts, Verdict},
    };

    pub(in crate::alert) fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000 + second * 1_000)
    }

    pub(in crate::alert) fn snapshot(second: i64, streams: Vec<StreamSample>) -> Snapshot {
        Snapshot {
            at: at(second),
            error: None,
            redis: RedisFacts::default(),
            streams,
            unread: vec![],
            found: Found::default(),
        }
    }

    pub(in crate::alert) fn stream(name: &str, groups: Vec<GroupSample>) -> StreamSample {
        StreamSample {
            name: name.to_owned(),
            source: None,
            length: 0,
            first_id: None,
            last_id: EntryId::ZERO,
            entries_added: 0,
            max_deleted_id: EntryId::ZERO,
            memory_bytes: None,
            added_per_second: None,
            length_history: History::default(),
            groups,
            dead_letters: 0,
            can_dead_letter: true,
        }
    }

    /// The group `workers` of the stream `orders`, with one consumer.
    pub(in crate::alert) fn group(lag: Figure) -> GroupSample {
        GroupSample {
            stream: "orders".into(),
            name: "workers".into(),
            lag,
            lag_reported: None,
            entries_read: None,
            pending: 0,
            last_delivered_id: EntryId::ZERO,
            behind_ms: Some(0),
            oldest_pending_ms: None,
            oldest_pending_id: None,
            oldest: vec![],
            consumers: vec![ConsumerSample { name: "c".into(), pending: 0, idle_ms: 10, inactive_ms: None }],
            dead_letters: Figure::Exact(0),
            lag_per_minute: None,
            drained_in_ms: None,
            lag_history: History::default(),
            read_per_second: None,
            handling: None,
            derived: crate::latency::Derived::default(),
            verdict: Verdict { status: Status::Ok, word: String::new(), reason: String::new() },
        }
    }

    fn read(watched: Watched, group: GroupSample) -> Figure {
        let seen = snapshot(0, vec![stream("orders", vec![group])]);
        let all = readings(&Terms { watched, ..terms() }, &seen, &Arrivals::default()).expect("readings");
        let [(_, figure)] = all.as_slice() else { panic!("{all:?}") };
        figure.clone()
    }

    #[test]
    fn each_figure_of_a_group_is_read_in_its_unit() {
        let busy = GroupSample {
            pending: 3,
            behind_ms: Some(61_900),
            oldest_pending_ms: Some(5_000),
            handling: Some(Handling { handled: 3, failed: 1, ..Handling::default() }),
            ..group(Figure::AtLeast(12))
        };
        for (watched, expected) in [
            (Watched::Lag, Figure::AtLeast(12)),
            (Watched::BehindSeconds, Figure::Exact(61)),
            (Watched::Pending, Figure::Exact(3)),
            (Watched::OldestPendingSeconds, Figure::Exact(5)),
            (Watched::ErrorPercent, Figure::Exact(25)),
            (Watched::Consumers, Figure::Exact(1)),
            (Watched::UnreadWithoutConsumer, Figure::Exact(0)),
            (Watched::VerdictBad, Figure::Exact(0)),
        ] {
            assert_eq!(read(watched, busy.clone()), expected, "{watched:?}");
        }
        let alone = GroupSample { consumers: vec![], ..group(Figure::Exact(4)) };
        assert_eq!(read(Watched::UnreadWithoutConsumer, alone), Figure::Exact(4));
    }

    #[test]
    fn what_is_not_known_is_never_a_number() {
        let dark = GroupSample {
            behind_ms: None,
            verdict: Verdict { status: Status::Unknown, word: "Lag unknown".into(), reason: "why".into() },
            ..group(Figure::unknown("why"))
        };
        for watched in [Watched::Lag, Watched::BehindSeconds, Watched::ErrorPercent, Watched::VerdictBad] {
            assert!(matches!(read(watched, dark.clone()), Figure::Unknown(_)), "{watched:?}");
        }
        let memory = Terms { watched: Watched::RedisMemoryPercent, ..terms() };
        let read = readings(&memory, &snapshot(0, vec![]), &Arrivals::default()).expect("readings");
        assert!(matches!(read.as_slice(), [(Subject::Redis, Figure::Unknown(_))]), "no limit, no part of it");
    }

    #[test]
    fn what_pends_and_has_no_age_is_not_called_new() {
        let pending = |pending| GroupSample { pending, oldest_pending_ms: None, ..group(Figure::Exact(0)) };
        assert_eq!(read(Watched::OldestPendingSeconds, pending(0)), Figure::Exact(0));
        assert!(matches!(read(Watched::OldestPendingSeconds, pending(2)), Figure::Unknown(_)));
    }

    #[test]
    fn a_process_that_has_not_asked_redis_yet_does_not_call_it_away() {
        let terms = Terms { watched: Watched::RedisAway, ..terms() };
        let read = readings(&terms, &Snapshot::not_asked(), &Arrivals::default()).expect("a reading");
        assert_eq!(read, [(Subject::Redis, Figure::unknown(NOT_ASKED))]);
    }

    #[test]
    fn while_redis_is_away_only_that_is_known() {
        let seen = Snapshot {
            error: Some("away".into()),
            ..snapshot(0, vec![stream("orders", vec![group(Figure::Exact(9))])])
        };
        let read = |watched| readings(&Terms { watched, ..terms() }, &seen, &Arrivals::default());
        for watched in Watched::ALL.into_iter().filter(|watched| *watched != Watched::RedisAway) {
            assert_eq!(read(watched), None, "{watched:?}");
        }
        assert_eq!(read(Watched::RedisAway), Some(vec![(Subject::Redis, Figure::Exact(1))]));
    }

    #[test]
    fn a_rule_reads_what_its_patterns_name() {
        let seen = snapshot(0, vec![stream("orders", vec![group(Figure::Exact(9))]), stream("invoices", vec![])]);
        let subjects = |stream: &str, group: &str, watched| {
            let terms = Terms { watched, stream: stream.into(), group: group.into(), ..terms() };
            let read = readings(&terms, &seen, &Arrivals::default()).expect("readings");
            read.into_iter().map(|(subject, _)| subject.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(subjects("ord*", "workers", Watched::Lag), ["orders/workers"]);
        assert_eq!(subjects("*", "others", Watched::Lag), Vec::<String>::new());
        assert_eq!(subjects("*", "", Watched::StreamLength), ["orders", "invoices"]);
    }
}
