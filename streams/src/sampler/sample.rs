//! Samples, out of what a look has learned and what is remembered of those before.

use std::time::Duration;

use domain::{
    Figure, Status,
    latency::Derived,
    stream::{EntryId, GroupSample, StreamSample, Verdict, judge},
};

use super::{
    Sampler,
    group::{GroupMemory, Learned},
    heartbeats::Heartbeats,
    history::drained_in_ms,
    lag::{Decision, Lag},
    round::{Looked, LookedGroup},
};
use crate::{Metrics, keys, reply::StreamFacts};

/// What is the same for all groups of a stream.
struct Scene<'a> {
    stream: &'a str,
    facts: &'a StreamFacts,
    /// By the server's clock.
    now_ms: u64,
    /// Since the start of the program.
    at: Duration,
    heartbeats: &'a Heartbeats,
    metrics: &'a Metrics,
}

impl Sampler {
    /// Without its dead letters, which are counted when all streams are known.
    pub(super) fn stream_sample(&mut self, looked: Looked<Learned>, now_ms: u64) -> StreamSample {
        let Looked { name, facts, groups } = looked;
        let at = self.started.elapsed();
        let memory = self.streams.entry(name.clone()).or_default();
        memory.length.record(at, Some(facts.length));
        memory.added.record_counter(at, Some(facts.entries_added));
        let (heartbeats, metrics) = (&self.heartbeats, &self.metrics);
        let scene = Scene { stream: &name, facts: &facts, now_ms, at, heartbeats, metrics };
        let groups = groups.into_iter().map(|group| scene.group_sample(group, &mut memory.groups)).collect();
        StreamSample {
            source: keys::source_of(&name).map(str::to_owned),
            length: facts.length,
            first_id: facts.first_id,
            last_id: facts.last_id,
            entries_added: facts.entries_added,
            max_deleted_id: facts.max_deleted_id,
            memory_bytes: memory.memory_bytes,
            added_per_second: memory.added.per_second(),
            length_history: memory.length.values(),
            groups,
            dead_letters: 0,
            can_dead_letter: !self.is_cluster || keys::can_dead_letter_in_a_cluster(&name),
            name,
        }
    }
}

impl Scene<'_> {
    fn group_sample(&self, looked: LookedGroup<Learned>, remembered: &mut [GroupMemory]) -> GroupSample {
        let Scene { stream, facts, now_ms, at, .. } = *self;
        let LookedGroup { facts: group, at: place, of_it } = looked;
        let Learned { consumers, oldest: listed, unread, counted, decision } = of_it;
        let memory = &mut remembered[place];
        let oldest = listed.first().map(|pending| (pending.id, pending.idle_ms));
        let lag = match (decision, counted) {
            (Decision::Known(lag), _) => lag,
            (Decision::Count, Some(found)) => memory.ledger.counted(facts, &group, found),
            (Decision::Count, None) => Lag::unknown(group.lag),
        };
        let exact = if let Figure::Exact(lag) = lag.figure { Some(lag) } else { None };
        memory.lag.record(at, exact);
        if !memory.lag_moved_by_reading(exact, facts, &group) {
            // trimmed, or passed over by a move: no rate at which it drains
            memory.lag_minute.record(at, None);
        }
        memory.lag_minute.record(at, exact);
        memory.read_minute.record_counter(at, group.entries_read);
        let acknowledged = group.entries_read.and_then(|read| read.checked_sub(group.pending));
        memory.acknowledged_minute.record_counter(at, acknowledged);
        let derived = Derived {
            acknowledged_per_second: memory.acknowledged_minute.per_second(),
            oldest_delivery_ms: oldest.map(|(_, idle_ms)| idle_ms),
        };
        let lag_per_second = memory.lag_minute.per_second();
        let behind_ms = match (&lag.figure, unread) {
            (Figure::Exact(0), _) => Some(0),
            (_, Some(first)) => age_ms(first, now_ms),
            (_, None) => None,
        };
        let mut sample = GroupSample {
            stream: stream.to_owned(),
            lag: lag.figure,
            lag_reported: lag.reported,
            entries_read: group.entries_read,
            pending: group.pending,
            last_delivered_id: group.last_delivered_id,
            behind_ms,
            // where the id is no time, the time since the last delivery is the best that is known
            oldest_pending_ms: oldest.map(|(id, idle_ms)| age_ms(id, now_ms).unwrap_or(idle_ms)),
            oldest_pending_id: oldest.map(|(id, _)| id),
            oldest: memory.bodies.tell(facts, listed),
            consumers,
            dead_letters: Figure::Exact(0),
            lag_per_minute: lag_per_second.map(|rate| rate * 60.0),
            drained_in_ms: exact.zip(lag_per_second).and_then(|(lag, rate)| drained_in_ms(lag, rate)),
            lag_history: memory.lag.values(),
            read_per_second: memory.read_minute.per_second(),
            handling: self.heartbeats.handling(self.metrics, stream, &group.name, now_ms),
            derived,
            verdict: Verdict { status: Status::Unknown, word: String::new(), reason: String::new() },
            name: group.name,
        };
        sample.verdict = judge(&sample);
        sample
    }
}

/// How long ago an entry was added, by the server's clock.
fn age_ms(id: EntryId, now_ms: u64) -> Option<u64> {
    id.tells_time().then(|| now_ms.saturating_sub(id.ms))
}
