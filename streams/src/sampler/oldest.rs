//! The oldest pending entries of a group, and whether they are still in the stream (F5).

use std::collections::HashMap;

use domain::{
    finding::OldPending,
    stream::{EntryId, Name},
};

use super::questions::{Place, Questions, Told};
use crate::{
    Error, keys,
    reply::{self, StreamFacts, raw::Reading, unexpected},
};

/// Pending entries looked at: enough to tell what is wrong with a group, little enough to ask for every second.
pub(super) const LOOKED_AT: usize = 10;

/// What asking for an entry costs in usual commands: it comes with its body, whatever size that has, so that few are asked for
/// at once.
const COST_OF_A_BODY: usize = 10;

/// What is known of the bodies of one group's oldest pending entries. Only deleted ones have to be asked for: whether an
/// entry was trimmed is seen from the first one.
#[derive(Debug, Default)]
pub(super) struct Bodies {
    /// What was known when the stream had lost so many entries.
    as_of: u64,
    known: HashMap<EntryId, bool>,
}

/// As XPENDING lists them. Whether they have bodies is told by [`Bodies::tell`].
pub(super) type Listed = Vec<OldPending>;

/// Reads an answer of XPENDING. Names of consumers that are known are shared.
pub(super) fn listed(answer: &mut Reading<'_>, known: &[Name]) -> Result<Listed, Error> {
    let rows = answer.list()?;
    let mut listed = Listed::with_capacity(rows.min(LOOKED_AT));
    for _ in 0..rows {
        if answer.list()? != 4 {
            return Err(unexpected("not a pending entry"));
        }
        let (id, consumer) = (answer.id()?, owner(answer.text_if_any()?, known));
        listed.push(OldPending { id, consumer, idle_ms: answer.count()?, deliveries: answer.count()?, has_body: true });
    }
    Ok(listed)
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
        self.known.retain(|id, _| listed.iter().any(|pending| pending.id == *id));
        let is_unknown = |id: &EntryId| told_by_ends(stream, *id).is_none() && !self.known.contains_key(id);
        listed.iter().map(|pending| pending.id).filter(is_unknown).collect()
    }

    fn has(&self, stream: &StreamFacts, id: EntryId) -> bool {
        // what could not be asked is not called lost
        told_by_ends(stream, id).or_else(|| self.known.get(&id).copied()).unwrap_or(true)
    }

    pub(super) fn tell(&self, stream: &StreamFacts, mut listed: Listed) -> Vec<OldPending> {
        for pending in &mut listed {
            pending.has_body = self.has(stream, pending.id);
        }
        listed
    }
}

/// `None` = it was released: by XNACK, which leaves no name, or by an operator here.
fn owner(name: Option<&[u8]>, known: &[Name]) -> Option<Name> {
    let name = name?;
    if let Some(known) =
        known.iter().find(|known| known.as_bytes() == name).filter(|known| known.as_str() != keys::HANDED_OVER)
    {
        return Some(known.clone());
    }
    reply::owner(Some(name.to_vec())).map(|name| name.as_str().into())
}

/// What the stream's ends say: trimmed, or never deleted; `None` = it may have been deleted.
fn told_by_ends(stream: &StreamFacts, id: EntryId) -> Option<bool> {
    // pending entries are listed after the stream was looked at: one that was added since is there
    if id > stream.last_id || id > stream.max_deleted_id && stream.first_id.is_some_and(|first| id >= first) {
        return Some(true);
    }
    stream.first_id.is_none_or(|first| id < first).then_some(false)
}

/// Asks whether an entry is in the stream.
pub(super) fn ask(questions: &mut Questions, stream: &str, id: EntryId) -> Place {
    let id = id.to_string();
    questions.add_range(COST_OF_A_BODY, &["XRANGE", stream, &id, &id])
}

impl Bodies {
    /// Takes the answer to [`ask`]; what could not be asked stays unknown.
    pub(super) fn learn(&mut self, told: &Told, place: Place, id: EntryId) {
        if let Some((_, count)) = told.range(place) {
            self.known.insert(id, count > 0);
        }
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
        let pending =
            |n: &u64| OldPending { id: id(*n), consumer: Some("c".into()), idle_ms: 0, deliveries: 1, has_body: true };
        ids.iter().map(pending).collect()
    }

    #[test]
    fn only_what_may_have_been_deleted_is_asked_for_and_only_once() {
        let (mut bodies, facts, listed) = (Bodies::default(), stream(Some(4), 9, 6), pending(&[2, 5, 6, 8]));
        assert_eq!(bodies.unknown(&facts, &listed), [id(5), id(6)]);
        bodies.known.extend([(id(5), true), (id(6), false)]);
        assert_eq!(bodies.unknown(&facts, &listed), []);
        let told: Vec<bool> = bodies.tell(&facts, listed.clone()).iter().map(|pending| pending.has_body).collect();
        assert_eq!(told, [false, true, false, true], "trimmed, there, deleted, after all that was deleted");
        let more = StreamFacts { length: 2, ..facts };
        assert_eq!(bodies.unknown(&more, &listed), [id(5), id(6)], "more was deleted since");
    }

    #[test]
    fn an_entry_that_came_after_the_look_at_an_empty_stream_is_not_called_lost() {
        let bodies = Bodies::default();
        let told = |listed| bodies.tell(&stream(None, 9, 0), listed)[0].has_body;
        assert!(told(pending(&[10])));
        assert!(!told(pending(&[9])));
    }

    #[test]
    fn what_belongs_to_nobody_has_no_consumer() {
        let known = ["a".into(), keys::HANDED_OVER.into()];
        let owner = |name| owner(Some(name), &known);
        assert_eq!(owner(b""), None);
        assert_eq!(owner(keys::HANDED_OVER.as_bytes()), None);
        assert_eq!(owner(b"a"), Some("a".into()));
        assert_eq!(owner(b"b"), Some("b".into()));
    }

    #[test]
    fn entries_come_with_their_bodies_and_are_asked_for_a_few_at_a_time() {
        let mut questions = Questions::new();
        for n in 1..=95 {
            ask(&mut questions, "s", id(n));
        }
        let asked: Vec<_> =
            questions.into_batches().iter().map(|one| (one.batch.commands(), one.ranges.len())).collect();
        assert_eq!(asked, [vec![(10, 10); 9], vec![(5, 5)]].concat());
    }

    /// XNACK (8.8) leaves no name, and names are any bytes: neither makes a group one that cannot be looked at.
    #[test]
    fn pending_entries_are_listed_whoever_has_them_and_whatever_that_name_is() {
        let row = |owner: &[u8]| [b"*4\r\n$3\r\n1-0\r\n", owner, b":5\r\n:2\r\n"].concat();
        let owners: [&[u8]; 4] = [b"$-1\r\n", b"$0\r\n\r\n", b"$1\r\n\xff\r\n", b"$1\r\na\r\n"];
        let answer = [b"*4\r\n".to_vec(), owners.map(row).concat()].concat();
        let listed = listed(&mut Reading::of(&answer), &["a".into()]).expect("a list");
        let owners: Vec<_> = listed.iter().map(|pending| pending.consumer.as_deref()).collect();
        assert_eq!(owners, [None, None, Some("\u{fffd}"), Some("a")]);
        assert!(listed.iter().all(|pending| (pending.idle_ms, pending.deliveries) == (5, 2)));
    }
}
