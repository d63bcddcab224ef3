//! The oldest pending entries of a group, and whether they are still in the stream (F5).

use std::collections::HashMap;

use domain::{finding::OldPending, stream::EntryId};
use redis::{RedisResult, Value};

use crate::{
    Error, Redis,
    reply::{self, StreamFacts},
};

/// Pending entries looked at: enough to tell what is wrong with a group, little enough to ask for every second.
pub(super) const LOOKED_AT: usize = 10;

/// Entries looked for in one pipeline: each comes with its body, whatever size that has.
const BODIES_AT_ONCE: usize = 20;

/// What is known of the bodies of one group's oldest pending entries. Only deleted ones have to be asked for: whether an
/// entry was trimmed is seen from the first one.
#[derive(Debug, Default)]
pub(super) struct Bodies {
    /// What was known when the stream had lost so many entries.
    as_of: u64,
    known: HashMap<EntryId, bool>,
}

/// As XPENDING lists them: id, consumer, idle milliseconds, deliveries.
pub(super) type Listed = Vec<(EntryId, Option<Vec<u8>>, u64, u64)>;

pub(super) fn listed(answer: Value) -> Result<Listed, Error> {
    let rows: Vec<reply::Pending> = redis::from_redis_value(answer)?;
    rows.into_iter().map(|(id, consumer, idle, count)| Ok((reply::entry_id(&id)?, consumer, idle, count))).collect()
}

impl Bodies {
    /// Ids of which only a look into the stream can tell.
    pub(super) fn unknown(&mut self, stream: &StreamFacts, listed: &Listed) -> Vec<EntryId> {
        // the largest deleted id does not tell: an older entry may be deleted after a younger one
        let removed = stream.removed();
        if self.as_of != removed {
            self.as_of = removed;
            self.known.clear();
        }
        self.known.retain(|id, _| listed.iter().any(|(listed, ..)| listed == id));
        let is_unknown = |id: &EntryId| told_by_ends(stream, *id).is_none() && !self.known.contains_key(id);
        listed.iter().map(|(id, ..)| *id).filter(is_unknown).collect()
    }

    fn has(&self, stream: &StreamFacts, id: EntryId) -> bool {
        // what could not be asked is not called lost
        told_by_ends(stream, id).or_else(|| self.known.get(&id).copied()).unwrap_or(true)
    }

    pub(super) fn told(&self, stream: &StreamFacts, listed: Listed) -> Vec<OldPending> {
        let told = |(id, consumer, idle_ms, deliveries): (EntryId, Option<Vec<u8>>, u64, u64)| OldPending {
            id,
            consumer: reply::owner(consumer),
            idle_ms,
            deliveries,
            has_body: self.has(stream, id),
        };
        listed.into_iter().map(told).collect()
    }
}

/// What the stream's ends say: trimmed, or never deleted; `None` = it may have been deleted.
fn told_by_ends(stream: &StreamFacts, id: EntryId) -> Option<bool> {
    // pending entries are listed after the stream was looked at: one that was added since is there
    if id > stream.last_id || id > stream.max_deleted_id && stream.first_id.is_some_and(|first| id >= first) {
        return Some(true);
    }
    stream.first_id.is_none_or(|first| id < first).then_some(false)
}

/// Looks into the stream for all ids at once; each belongs to the group at `place`.
pub(super) async fn ask(
    redis: &Redis,
    wanted: &[(usize, &str, EntryId)],
) -> Result<Vec<(usize, EntryId, bool)>, Error> {
    let has = |answer: Value| reply::entries(answer).ok().map(|entries| !entries.is_empty());
    let mut told = Vec::with_capacity(wanted.len());
    for wanted in wanted.chunks(BODIES_AT_ONCE) {
        let mut pipeline = redis::pipe();
        pipeline.ignore_errors();
        for (_, stream, id) in wanted {
            pipeline.cmd("XRANGE").arg(*stream).arg(id.to_string()).arg(id.to_string());
        }
        let answers = redis.pipeline::<Vec<RedisResult<Value>>>(&pipeline).await?;
        let known = wanted.iter().zip(answers);
        told.extend(known.filter_map(|((place, _, id), answer)| Some((*place, *id, has(answer.ok()?)?))));
    }
    Ok(told)
}

impl Bodies {
    pub(super) fn learn(&mut self, id: EntryId, has_body: bool) {
        self.known.insert(id, has_body);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(ms: u64) -> EntryId {
        EntryId { ms, seq: 0 }
    }

    fn stream(first: Option<u64>, last: u64, max_deleted: u64) -> StreamFacts {
        StreamFacts {
            length: 3,
            first_id: first.map(id),
            last_entry_id: first.map(|_| id(last)),
            last_id: id(last),
            entries_added: 9,
            max_deleted_id: id(max_deleted),
        }
    }

    fn pending(ids: &[u64]) -> Listed {
        ids.iter().map(|n| (id(*n), Some(b"c".to_vec()), 0, 1)).collect()
    }

    #[test]
    fn only_what_may_have_been_deleted_is_asked_for_and_only_once() {
        let (mut bodies, facts, listed) = (Bodies::default(), stream(Some(4), 9, 6), pending(&[2, 5, 6, 8]));
        assert_eq!(bodies.unknown(&facts, &listed), [id(5), id(6)]);
        bodies.learn(id(5), true);
        bodies.learn(id(6), false);
        assert_eq!(bodies.unknown(&facts, &listed), []);
        let told: Vec<bool> = bodies.told(&facts, listed.clone()).iter().map(|pending| pending.has_body).collect();
        assert_eq!(told, [false, true, false, true], "trimmed, there, deleted, after all that was deleted");
        let more = StreamFacts { length: 2, ..facts };
        assert_eq!(bodies.unknown(&more, &listed), [id(5), id(6)], "more was deleted since");
    }

    #[test]
    fn an_entry_that_came_after_the_look_at_an_empty_stream_is_not_called_lost() {
        let bodies = Bodies::default();
        let told = |listed| bodies.told(&stream(None, 9, 0), listed)[0].has_body;
        assert!(told(pending(&[10])));
        assert!(!told(pending(&[9])));
    }
}
