//! What XINFO says, whatever order and whatever newer names it has.

use domain::stream::{ConsumerSample, EntryId, Name};
use redis::Value;

use super::{
    raw::{self, Reading},
    unexpected,
};
use crate::Error;

/// XINFO STREAM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StreamFacts {
    pub(crate) length: u64,
    pub(crate) first_id: Option<EntryId>,
    /// The last entry that is still there.
    pub(crate) last_entry_id: Option<EntryId>,
    /// The last id ever given out.
    pub(crate) last_id: EntryId,
    pub(crate) entries_added: u64,
    pub(crate) max_deleted_id: EntryId,
}

impl StreamFacts {
    /// Entries that are no longer there.
    pub(crate) fn removed(&self) -> u64 {
        self.entries_added.saturating_sub(self.length)
    }

    pub(crate) fn read(value: Value) -> Result<Self, Error> {
        Self::told(&mut Reading::of(&written(&value)))
    }

    pub(crate) fn told(answer: &mut Reading<'_>) -> Result<Self, Error> {
        let (mut length, mut entries_added) = (None, None);
        let (mut first_id, mut last_entry_id, mut last_id, mut max_deleted_id) = (None, None, None, None);
        for _ in 0..answer.list()? / 2 {
            match answer.text()? {
                b"length" => length = Some(answer.count()?),
                b"entries-added" => entries_added = Some(answer.count()?),
                b"first-entry" => first_id = answer.entry()?,
                b"last-entry" => last_entry_id = answer.entry()?,
                b"last-generated-id" => last_id = Some(answer.id()?),
                b"max-deleted-entry-id" => max_deleted_id = Some(answer.id()?),
                _ => answer.skip()?,
            }
        }
        Ok(Self {
            length: there(length)?,
            first_id,
            last_entry_id,
            last_id: there(last_id)?,
            entries_added: there(entries_added)?,
            max_deleted_id: there(max_deleted_id)?,
        })
    }
}

/// XINFO GROUPS, one group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GroupFacts {
    pub(crate) name: String,
    pub(crate) consumers: u64,
    pub(crate) pending: u64,
    pub(crate) last_delivered_id: EntryId,
    /// Nil where Redis has lost count; never taken for 0 (F3).
    pub(crate) entries_read: Option<u64>,
    pub(crate) lag: Option<u64>,
}

impl GroupFacts {
    pub(crate) fn read(value: Value) -> Result<Self, Error> {
        Self::told(&mut Reading::of(&written(&value)))
    }

    pub(crate) fn told(answer: &mut Reading<'_>) -> Result<Self, Error> {
        let (mut name, mut consumers, mut pending, mut last_delivered_id) = (None, None, None, None);
        let (mut entries_read, mut lag) = (None, None);
        for _ in 0..answer.list()? / 2 {
            match answer.text()? {
                b"name" => name = Some(answer.string()?),
                b"consumers" => consumers = Some(answer.count()?),
                b"pending" => pending = Some(answer.count()?),
                b"last-delivered-id" => last_delivered_id = Some(answer.id()?),
                b"entries-read" => entries_read = count(answer.number()?),
                b"lag" => lag = count(answer.number()?),
                _ => answer.skip()?,
            }
        }
        Ok(Self {
            name: there(name)?.to_owned(),
            consumers: there(consumers)?,
            pending: there(pending)?,
            last_delivered_id: there(last_delivered_id)?,
            entries_read,
            lag,
        })
    }

    /// XINFO GROUPS. A group that cannot be read, as its name is no text, is left out.
    pub(crate) fn all(answer: &mut Reading<'_>) -> Result<Vec<Self>, Error> {
        each(answer, Self::told)
    }
}

/// A count that can be set by hand, and then be no count: below zero nothing is known (redis#14257).
fn count(told: Option<i64>) -> Option<u64> {
    told.and_then(|count| u64::try_from(count).ok())
}

/// XINFO CONSUMERS, one consumer.
pub(crate) fn consumer(value: Value) -> Result<ConsumerSample, Error> {
    one_of(&mut Reading::of(&written(&value)), &mut [].iter())
}

/// XINFO CONSUMERS. A consumer that cannot be read, as its name is no text, is left out. Names that are known, best in the
/// order in which Redis has them, are shared.
pub(crate) fn consumers(answer: &mut Reading<'_>, known: &[Name]) -> Result<Vec<ConsumerSample>, Error> {
    let mut known = known.iter();
    each(answer, |answer| one_of(answer, &mut known))
}

/// A consumer; its name is shared where it is one of those that are known.
fn one_of<'a>(
    answer: &mut Reading<'_>,
    known: &mut (impl Iterator<Item = &'a Name> + Clone),
) -> Result<ConsumerSample, Error> {
    let (mut name, mut pending, mut idle_ms, mut inactive_ms) = (None, None, None, None);
    for _ in 0..answer.list()? / 2 {
        match answer.text()? {
            b"name" => name = Some(answer.string()?),
            b"pending" => pending = Some(answer.count()?),
            b"idle" => idle_ms = Some(answer.count()?),
            // -1 = never
            b"inactive" => inactive_ms = count(answer.number()?),
            _ => answer.skip()?,
        }
    }
    let name = there(name)?;
    // one that is passed over is gone; after one that is new they begin where they were
    let mut ahead = known.clone();
    let shared = ahead.find(|known| known.as_str() == name);
    if shared.is_some() {
        *known = ahead;
    }
    Ok(ConsumerSample {
        name: shared.map_or_else(|| name.into(), Name::clone),
        pending: there(pending)?,
        idle_ms: there(idle_ms)?,
        inactive_ms,
    })
}

/// All of a list that can be read.
fn each<T>(
    answer: &mut Reading<'_>,
    mut read: impl FnMut(&mut Reading<'_>) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    let length = answer.list()?;
    // no more room than an answer of this length can need, whatever it says
    let mut all = Vec::with_capacity(length.min(64));
    for _ in 0..length {
        let begins = *answer;
        if let Ok(one) = read(answer) {
            all.push(one);
        } else {
            *answer = begins;
            answer.skip()?;
        }
    }
    Ok(all)
}

fn there<T>(figure: Option<T>) -> Result<T, Error> {
    figure.ok_or_else(|| unexpected("a figure is missing"))
}

fn written(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    raw::write(value, &mut bytes);
    bytes
}
