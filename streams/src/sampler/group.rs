//! What is asked about a group beyond XINFO GROUPS, and what need not be asked again: on a large installation most groups
//! have not moved since the last look.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use domain::{
    finding::OldPending,
    stream::{ConsumerSample, EntryId, Name},
};

use super::{
    history::{Minute, Ring},
    lag::{COUNT_AT_MOST, Decision, Ledger},
    oldest::{self, Bodies, Listed},
    questions::{Place, Questions, Told},
};
use crate::{
    Error,
    reply::{self, GroupFacts, StreamFacts},
};

/// What counting entries costs in usual commands: up to [`COUNT_AT_MOST`] entries are answered.
const COST_OF_COUNTING: usize = 50;

/// What is remembered of one group from look to look.
#[derive(Default)]
pub(super) struct GroupMemory {
    pub(super) name: String,
    /// It had consumers at the last look, so that they can be asked for without knowing whether it has any now.
    pub(super) has_consumers: bool,
    /// The names of its consumers, in the order in which Redis has them.
    names: Vec<Name>,
    pub(super) ledger: Ledger,
    pub(super) lag: Ring,
    pub(super) lag_minute: Minute,
    pub(super) read_minute: Minute,
    pub(super) acknowledged_minute: Minute,
    pub(super) bodies: Bodies,
    lag_before: Option<LagBefore>,
    unread: Option<KnownUnread>,
    oldest: Option<KnownOldest>,
}

/// What the last look knew of a group's lag.
#[derive(Debug, Clone, Copy)]
struct LagBefore {
    lag: u64,
    entries_added: u64,
    entries_read: u64,
}

/// The first entry that the group has not been given.
#[derive(Debug, Clone, Copy)]
struct KnownUnread {
    after: EntryId,
    /// Entries that the stream has lost: another one may have been this entry.
    removed: u64,
    first: EntryId,
}

/// The oldest pending entries, and what would be different if they were others by now.
#[derive(Debug, Clone)]
struct KnownOldest {
    last_delivered_id: EntryId,
    entries_read: Option<u64>,
    pending: u64,
    listed: Listed,
    asked_at: Instant,
    /// No consumer has read or claimed anything since it was asked.
    quiet: bool,
}

/// Where the answers about one group will be found.
pub(super) struct Asking {
    decision: Decision,
    consumers: Known<Vec<ConsumerSample>>,
    oldest: Known<Listed>,
    unread: Known<Option<EntryId>>,
}

/// What is known without asking, or the place of the answer.
enum Known<T> {
    Already(T),
    Answer(Place),
}

/// Where it was asked which entries follow one, and how many of them: groups of a stream are often at the same place.
pub(super) type Ranges = HashMap<(EntryId, usize), Place>;

/// Asks for the consumers of a group.
pub(super) fn ask_consumers(questions: &mut Questions, stream: &str, group: &str) -> Place {
    questions.add(1, &["XINFO", "CONSUMERS", stream, group])
}

/// Asks what must be asked about a group of `stream`. Of its consumers is told what was `asked` already; where that was refused,
/// it is an error, [`Error::NotFound`] where the group went away meanwhile.
pub(super) fn ask(
    questions: &mut Questions,
    ranges: &mut Ranges,
    stream: &str,
    (facts, group): (&StreamFacts, &GroupFacts),
    asked: Option<(&Told, Place)>,
    memory: &mut GroupMemory,
) -> Result<Asking, Error> {
    // it sees every look, also one that tells no more of the group
    let decision = memory.ledger.look(facts, group);
    memory.has_consumers = group.consumers > 0;
    let consumers = match asked {
        Some((told, place)) => Known::Already(memory.consumers(told, place)?),
        None if group.consumers == 0 => Known::Already(Vec::new()),
        None => Known::Answer(ask_consumers(questions, stream, &group.name)),
    };
    let oldest = if let Some(known) = memory.oldest(group) {
        Known::Already(known)
    } else {
        Known::Answer(questions.add(1, &["XPENDING", stream, &group.name, "-", "+", &oldest::LOOKED_AT.to_string()]))
    };
    let mut range = |count: usize| {
        let after = group.last_delivered_id;
        let cost = if count > 1 { COST_OF_COUNTING } else { 1 };
        let add = || {
            let (after, count) = (format!("({after}"), count.to_string());
            questions.add_range(cost, &["XRANGE", stream, &after, "+", "COUNT", &count])
        };
        Known::Answer(*ranges.entry((after, count)).or_insert_with(add))
    };
    let unread = match (&decision, memory.unread(facts, group)) {
        // one more than the limit tells that it was hit
        (Decision::Count, _) => range(COUNT_AT_MOST + 1),
        (Decision::Known(_), Unread::Nothing) => Known::Already(None),
        (Decision::Known(_), Unread::From(first)) => Known::Already(Some(first)),
        (Decision::Known(_), Unread::Unknown) => range(1),
    };
    Ok(Asking { decision, consumers, oldest, unread })
}

impl GroupMemory {
    /// Of a group that was not looked at before.
    pub(super) fn of(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// Whether the lag is what reading and adding since the last look make of it; also where that cannot be told.
    pub(super) fn lag_moved_by_reading(&mut self, lag: Option<u64>, facts: &StreamFacts, group: &GroupFacts) -> bool {
        let now = lag.zip(group.entries_read).map(|(lag, entries_read)| LagBefore {
            lag,
            entries_added: facts.entries_added,
            entries_read,
        });
        let before = std::mem::replace(&mut self.lag_before, now);
        match (before, now) {
            (Some(before), Some(now)) => {
                // Stream, group and entries are not looked at in one moment: what was added meanwhile may be in one of
                // them already. Sums on both sides, for nothing here goes below zero.
                let meanwhile = now.entries_added.saturating_sub(before.entries_added);
                before.lag + now.entries_added + before.entries_read
                    <= now.lag + now.entries_read + before.entries_added + meanwhile
            }
            // Redis has just lost count: of a move it keeps none
            (Some(_), None) => false,
            (None, _) => true,
        }
    }

    /// Its consumers, where the answer to [`ask_consumers`] can be read; and notes whether any of them has acted since the
    /// oldest pending entries were asked for.
    fn consumers(&mut self, told: &Told, place: Place) -> Result<Vec<ConsumerSample>, Error> {
        let consumers = reply::consumers(&mut told.get(place)?, &self.names)?;
        if !consumers.iter().map(|consumer| &consumer.name).eq(&self.names) {
            self.names = consumers.iter().map(|consumer| consumer.name.clone()).collect();
        }
        if let Some(known) = &mut self.oldest {
            known.quiet &= quiet_for(&consumers, known.asked_at.elapsed());
        }
        Ok(consumers)
    }

    /// The oldest pending entries where they can only be the same as at the last look; `None` where Redis must be asked.
    ///
    /// An acknowledgement changes the count, a delivery the position, and who claims an entry is not quiet.
    ///
    /// Of a group whose consumers are not asked for beforehand (it had none at the last look), it is seen only afterwards that
    /// somebody claimed: what was claimed anew in place of something acknowledged in the same moment is told one look later.
    fn oldest(&mut self, group: &GroupFacts) -> Option<Listed> {
        if group.pending == 0 {
            self.oldest = None;
            return Some(Listed::new());
        }
        let known = self.oldest.as_ref()?;
        let same = known.quiet
            && known.pending == group.pending
            && known.last_delivered_id == group.last_delivered_id
            && known.entries_read == group.entries_read;
        let since = millis(known.asked_at.elapsed());
        let older = |pending: &OldPending| OldPending { idle_ms: pending.idle_ms + since, ..pending.clone() };
        same.then(|| known.listed.iter().map(older).collect())
    }

    /// What the group has not been given, where that needs no asking.
    fn unread(&self, facts: &StreamFacts, group: &GroupFacts) -> Unread {
        match (facts.first_id, facts.last_entry_id) {
            (None, _) | (_, None) => Unread::Nothing,
            (_, Some(last)) if last <= group.last_delivered_id => Unread::Nothing,
            (Some(first), _) if first > group.last_delivered_id => Unread::From(first),
            _ => self
                .unread
                .filter(|known| known.after == group.last_delivered_id && known.removed == facts.removed())
                .map_or(Unread::Unknown, |known| Unread::From(known.first)),
        }
    }
}

/// What a group has not been given, as far as it is known.
enum Unread {
    Nothing,
    From(EntryId),
    Unknown,
}

/// What a look has learned about one group.
pub(super) struct Learned {
    pub(super) decision: Decision,
    pub(super) consumers: Vec<ConsumerSample>,
    pub(super) oldest: Listed,
    /// The first entry that the group has not been given, if one is known.
    pub(super) unread: Option<EntryId>,
    /// How many there are, where they had to be counted and could be.
    pub(super) counted: Option<usize>,
}

impl Asking {
    /// Reads what was told of what was asked, the first of it at `begun`. [`Error::NotFound`] where the group went away while
    /// it was looked at.
    pub(super) fn learn(
        self,
        told: &Told,
        begun: Instant,
        (facts, group): (&StreamFacts, &GroupFacts),
        memory: &mut GroupMemory,
    ) -> Result<Learned, Error> {
        let consumers = match self.consumers {
            Known::Already(consumers) => consumers,
            Known::Answer(place) => memory.consumers(told, place)?,
        };
        let oldest = match self.oldest {
            Known::Already(oldest) => oldest,
            Known::Answer(place) => {
                let listed = oldest::listed(&mut told.get(place)?, &memory.names)?;
                memory.oldest = (!listed.is_empty()).then(|| KnownOldest {
                    last_delivered_id: group.last_delivered_id,
                    entries_read: group.entries_read,
                    pending: group.pending,
                    listed: listed.clone(),
                    asked_at: begun,
                    quiet: true,
                });
                listed
            }
        };
        let (unread, counted) = match self.unread {
            Known::Already(first) => (first, None),
            Known::Answer(place) => {
                let found = told.range(place);
                let first = found.and_then(|(first, _)| first);
                memory.unread =
                    first.map(|first| KnownUnread { after: group.last_delivered_id, removed: facts.removed(), first });
                (first, found.map(|(_, count)| count))
            }
        };
        Ok(Learned { decision: self.decision, consumers, oldest, unread, counted })
    }
}

/// Whether no consumer has asked for anything for so long. Time is counted from before the question to after the answer,
/// so that nothing in between is overlooked.
fn quiet_for(consumers: &[ConsumerSample], time: Duration) -> bool {
    consumers.iter().all(|consumer| consumer.idle_ms > millis(time))
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
