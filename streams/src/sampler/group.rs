//! What is asked about a group beyond XINFO GROUPS, and what need not be asked again: on a large installation most groups
//! have not moved since the last look.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use domain::stream::{ConsumerSample, EntryId};
use redis::{Pipeline, RedisResult, Value};

use super::{
    history::{Minute, Ring},
    lag::{COUNT_AT_MOST, Decision, Ledger},
    oldest::{self, Bodies, Listed},
};
use crate::{
    Error,
    reply::{self, GroupFacts, StreamFacts},
};

/// What one pipeline may cost, in commands of a few microseconds each: others get their turn between two.
const ENOUGH: usize = 100;
/// What counting entries costs in such commands: up to [`COUNT_AT_MOST`] entries are answered.
const COST_OF_COUNTING: usize = 50;

/// What is remembered of one group from look to look.
#[derive(Default)]
pub(super) struct GroupMemory {
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

/// The questions about some groups.
pub(super) struct Questions {
    pub(super) pipeline: Pipeline,
    /// Before any of them was asked.
    begun: Instant,
    commands: usize,
    cost: usize,
    /// The stream that is asked about, and after which entries of it: its groups are often at the same place.
    stream: String,
    ranges: HashMap<(EntryId, usize), usize>,
}

/// Where the answers about one group will be found.
pub(super) struct Asking {
    decision: Decision,
    consumers: Option<usize>,
    oldest: Known<Listed>,
    unread: Known<Option<EntryId>>,
}

/// What is known without asking, or the place of the answer.
enum Known<T> {
    Already(T),
    Answer(usize),
}

impl Questions {
    pub(super) fn new() -> Self {
        let mut pipeline = redis::pipe();
        pipeline.ignore_errors();
        let (stream, ranges) = (String::new(), HashMap::new());
        Self { pipeline, begun: Instant::now(), commands: 0, cost: 0, stream, ranges }
    }

    pub(super) fn none(&self) -> bool {
        self.commands == 0
    }

    /// Whether they are as many as one pipeline should have.
    pub(super) fn enough(&self) -> bool {
        self.cost >= ENOUGH
    }

    /// Asks what must be asked about a group.
    pub(super) fn ask(
        &mut self,
        stream: &str,
        facts: &StreamFacts,
        group: &GroupFacts,
        memory: &mut GroupMemory,
    ) -> Asking {
        if self.stream != stream {
            stream.clone_into(&mut self.stream);
            self.ranges.clear();
        }
        let decision = memory.ledger.look(facts, group);
        let consumers = (group.consumers > 0).then(|| {
            self.pipeline.cmd("XINFO").arg("CONSUMERS").arg(stream).arg(&group.name);
            self.asked(1)
        });
        let oldest = if let Some(known) = memory.oldest(group) {
            Known::Already(known)
        } else {
            self.pipeline.cmd("XPENDING").arg(stream).arg(&group.name).arg("-").arg("+").arg(oldest::LOOKED_AT);
            Known::Answer(self.asked(1))
        };
        let unread = match (&decision, memory.unread(facts, group)) {
            // one more than the limit tells that it was hit
            (Decision::Count, _) => Known::Answer(self.range(group.last_delivered_id, COUNT_AT_MOST + 1)),
            (Decision::Known(_), Unread::Nothing) => Known::Already(None),
            (Decision::Known(_), Unread::From(first)) => Known::Already(Some(first)),
            (Decision::Known(_), Unread::Unknown) => Known::Answer(self.range(group.last_delivered_id, 1)),
        };
        Asking { decision, consumers, oldest, unread }
    }

    fn range(&mut self, after: EntryId, count: usize) -> usize {
        if let Some(place) = self.ranges.get(&(after, count)) {
            return *place;
        }
        self.pipeline.cmd("XRANGE").arg(&self.stream).arg(format!("({after}")).arg("+").arg("COUNT").arg(count);
        let place = self.asked(if count > 1 { COST_OF_COUNTING } else { 1 });
        self.ranges.insert((after, count), place);
        place
    }

    fn asked(&mut self, cost: usize) -> usize {
        self.cost += cost;
        self.commands += 1;
        self.commands - 1
    }
}

impl GroupMemory {
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

    /// The oldest pending entries where they can only be the same as at the last look; `None` where Redis must be asked.
    ///
    /// An acknowledgement changes the count, a delivery the position, and who claims an entry is not quiet.
    ///
    /// That somebody claimed is seen only after the next question could have been asked: what was claimed anew in place of
    /// something acknowledged in the same moment is told one look later.
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
        let older = |(id, owner, idle_ms, deliveries): &(_, Option<Vec<u8>>, _, _)| {
            (*id, owner.clone(), idle_ms + since, *deliveries)
        };
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

/// What Redis said, in the order of the questions.
pub(super) struct Answers {
    begun: Instant,
    left: Vec<Option<RedisResult<Value>>>,
    /// Entries found: the first of them and how many. Several groups may have asked for the same ones.
    ranges: HashMap<usize, Option<(Option<EntryId>, usize)>>,
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

impl Answers {
    pub(super) fn read(questions: &Questions, answers: Vec<RedisResult<Value>>) -> Self {
        let answers = answers.into_iter().map(Some).collect();
        Self { begun: questions.begun, left: answers, ranges: HashMap::new() }
    }

    /// [`Error::NotFound`] where the group went away while it was looked at.
    pub(super) fn learn(
        &mut self,
        facts: &StreamFacts,
        group: &GroupFacts,
        asking: Asking,
        memory: &mut GroupMemory,
    ) -> Result<Learned, Error> {
        let consumers: Vec<ConsumerSample> = match asking.consumers {
            Some(place) => {
                reply::items(self.take(place)?)?.into_iter().filter_map(|c| reply::consumer(c).ok()).collect()
            }
            None => Vec::new(),
        };
        let oldest = match asking.oldest {
            Known::Already(oldest) => {
                if let Some(known) = &mut memory.oldest {
                    known.quiet &= quiet_for(&consumers, known.asked_at.elapsed());
                }
                oldest
            }
            Known::Answer(place) => {
                let listed = oldest::listed(self.take(place)?)?;
                memory.oldest = (!listed.is_empty()).then(|| KnownOldest {
                    last_delivered_id: group.last_delivered_id,
                    entries_read: group.entries_read,
                    pending: group.pending,
                    listed: listed.clone(),
                    asked_at: self.begun,
                    quiet: true,
                });
                listed
            }
        };
        let (unread, counted) = match asking.unread {
            Known::Already(first) => (first, None),
            Known::Answer(place) => {
                let found = self.range(place);
                let first = found.and_then(|(first, _)| first);
                memory.unread =
                    first.map(|first| KnownUnread { after: group.last_delivered_id, removed: facts.removed(), first });
                (first, found.map(|(_, count)| count))
            }
        };
        Ok(Learned { decision: asking.decision, consumers, oldest, unread, counted })
    }

    fn take(&mut self, place: usize) -> Result<Value, Error> {
        let answer = self.left.get_mut(place).and_then(Option::take);
        Ok(answer.ok_or_else(|| reply::unexpected("too few answers"))??)
    }

    /// `None` where they could not be read.
    fn range(&mut self, place: usize) -> Option<(Option<EntryId>, usize)> {
        if let Some(found) = self.ranges.get(&place) {
            return *found;
        }
        let entries = self.take(place).and_then(reply::entries).ok();
        let found = entries.map(|entries| (entries.first().map(|entry| entry.id), entries.len()));
        self.ranges.insert(place, found);
        found
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
