//! How far the groups of a stream are: what a publisher must know to say what became of its entries.

use domain::stream::EntryId;

use crate::{Error, Redis, reply, script};

/// A stream and its groups, all at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Entries ever added to this stream, since it was made.
    pub entries_added: u64,
    /// The last id given out.
    pub last_id: EntryId,
    /// The first entry that is there; `None` where none is.
    pub first_id: Option<EntryId>,
    pub groups: Vec<GroupProgress>,
}

/// How far a stream was when something was published to it last: what it must have had since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Position {
    /// Entries ever added.
    pub entries_added: u64,
    pub last_id: EntryId,
}

impl Position {
    /// Whether the stream is not the one that was published to, or an earlier state of it.
    pub fn is_lost(&self, now: Option<&Progress>) -> bool {
        now.is_none_or(|now| now.entries_added < self.entries_added || now.last_id < self.last_id)
    }
}

/// How far one group is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupProgress {
    pub name: String,
    /// The last entry it was given.
    pub delivered: EntryId,
    /// The oldest entry it was given and has not acknowledged.
    pub lowest_pending: Option<EntryId>,
}

impl Progress {
    /// Entries below this id are done with: every group was given them and has acknowledged them. `None` where nobody
    /// reads the stream yet.
    pub fn done_below(&self) -> Option<EntryId> {
        let below = |group: &GroupProgress| group.lowest_pending.unwrap_or(group.delivered.next());
        self.groups.iter().map(below).min()
    }

    /// Entries from the first id to below the second were removed before every group had read them (F4). `None` where
    /// that happened to none, or where nobody reads the stream yet.
    pub fn removed_unread(&self) -> Option<(EntryId, EntryId)> {
        let from = self.groups.iter().map(|group| group.delivered.next()).min()?;
        let to = self.first_id.unwrap_or(self.last_id.next());
        (from < to).then_some((from, to))
    }
}

/// Looks at a stream; `None` where there is none.
pub async fn progress(redis: &Redis, stream: &str) -> Result<Option<Progress>, Error> {
    type Answer = (u64, String, String, Vec<(String, String, String)>);
    let answer: Option<Answer> = redis.script(&script::PROGRESS.key(stream)).await?;
    let Some((entries_added, last_id, first_id, groups)) = answer else { return Ok(None) };
    let optional = |id: &str| (!id.is_empty()).then(|| reply::entry_id(id)).transpose();
    let groups = groups.into_iter().map(|(name, delivered, lowest_pending)| {
        let (delivered, lowest_pending) = (reply::entry_id(&delivered)?, optional(&lowest_pending)?);
        Ok(GroupProgress { name, delivered, lowest_pending })
    });
    Ok(Some(Progress {
        entries_added,
        last_id: reply::entry_id(&last_id)?,
        first_id: optional(&first_id)?,
        groups: groups.collect::<Result<_, Error>>()?,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(ms: u64) -> EntryId {
        EntryId { ms, seq: 0 }
    }

    fn progress(first: Option<u64>, groups: &[(u64, Option<u64>)]) -> Progress {
        let group = |(delivered, pending): &(u64, Option<u64>)| GroupProgress {
            name: "g".to_owned(),
            delivered: id(*delivered),
            lowest_pending: pending.map(id),
        };
        Progress {
            entries_added: 9,
            last_id: id(9),
            first_id: first.map(id),
            groups: groups.iter().map(group).collect(),
        }
    }

    #[test]
    fn a_stream_that_says_less_than_was_published_is_lost() {
        let position = Position { entries_added: 10, last_id: id(500) };
        let seen = |entries_added, last| Progress { entries_added, last_id: id(last), first_id: None, groups: vec![] };
        assert!(position.is_lost(None));
        assert!(position.is_lost(Some(&seen(3, 900))), "a new one, already written to");
        assert!(position.is_lost(Some(&seen(10, 400))), "restored to an earlier state");
        assert!(!position.is_lost(Some(&seen(10, 500))));
        assert!(!position.is_lost(Some(&seen(12, 700))), "others publish too");
    }

    #[test]
    fn the_slowest_group_says_what_is_done() {
        assert_eq!(progress(Some(1), &[]).done_below(), None);
        assert_eq!(progress(Some(1), &[(9, None), (4, None)]).done_below(), Some(id(4).next()));
        assert_eq!(progress(Some(1), &[(9, Some(2)), (4, None)]).done_below(), Some(id(2)));
    }

    #[test]
    fn only_what_a_group_had_still_to_read_was_removed_unread() {
        assert_eq!(progress(Some(1), &[(0, None)]).removed_unread(), Some((id(0).next(), id(1))));
        assert_eq!(progress(Some(6), &[(9, None), (4, None)]).removed_unread(), Some((id(4).next(), id(6))));
        assert_eq!(progress(None, &[(4, None)]).removed_unread(), Some((id(4).next(), id(9).next())));
        assert_eq!(progress(None, &[(9, None)]).removed_unread(), None);
        assert_eq!(progress(Some(6), &[(7, Some(5))]).removed_unread(), None, "it pends: its own story");
    }
}
