//! Looking, which cannot break anything: every read is capped.

use std::fmt::Write;

use domain::{
    event::Envelope,
    stream::{Entry, EntryId, EntryPage, Field, PendingEntry, PendingPage},
};
use redis::Value;
use serde::{Deserialize, Serialize};

use crate::{
    Error, Redis, keys,
    reply::{self, Fields, RawEntry},
};

/// Which entries of a stream, newest first. Both cursors are exclusive.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Browse {
    /// Only entries older than this one.
    pub before: Option<EntryId>,
    /// The entries right after this one: one page towards the newest. Ignored where `before` is given.
    pub after: Option<EntryId>,
    /// At most this many; 0 stands for 50, more than 500 for 500.
    pub count: usize,
    pub event_type: Option<String>,
    /// Part of a field's value; letter case does not matter.
    pub text: Option<String>,
}

/// Which pending entries of a group, oldest id first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PendingBrowse {
    /// Only ids after this one.
    pub after: Option<EntryId>,
    pub consumer: Option<String>,
    pub min_idle_ms: Option<u64>,
    /// At most this many; 0 stands for 50, more than 500 for 500.
    pub count: usize,
}

const PAGE: usize = 50;
const LONGEST_PAGE: usize = 500;
/// Entries fetched at once: a round trip of some 100 kB, so that Redis is never held up.
const STEP: usize = 200;
/// Entries looked at for one page when searching; after that the page ends with a cursor to go on from.
const SCAN_AT_MOST: usize = 5_000;
/// Bytes of a value shown in a list.
const EXCERPT: usize = 4 * 1024;
/// Bytes of a value shown where one entry is looked at.
pub(crate) const WHOLE: usize = 1024 * 1024;

/// A page of entries. Searching looks at no more than 5000 entries; `older` then says where to go on.
pub async fn entries(redis: &Redis, stream: &str, browse: &Browse) -> Result<EntryPage, Error> {
    let count = page_size(browse.count);
    let forward = browse.before.is_none() && browse.after.is_some();
    let mut from = if forward { browse.after } else { browse.before };
    let (mut found, mut scanned, mut at_end) = (Vec::new(), 0, false);
    // one more than asked for tells whether there is another page
    while found.len() <= count && scanned < SCAN_AT_MOST && !at_end {
        let page = range(redis, stream, from, forward, STEP).await?;
        at_end = page.len() < STEP;
        scanned += page.len();
        from = page.last().map_or(from, |raw| Some(raw.id));
        found.extend(page.into_iter().filter(|raw| matches(raw, browse)));
    }
    let more = found.len() > count;
    found.truncate(count);
    // where the next page in this direction begins: after the last one shown, or after the last one looked at
    let next = if more {
        found.last().map(|raw| raw.id)
    } else if at_end {
        None
    } else {
        from
    };
    if found.is_empty() && browse == (&Browse { count: browse.count, ..Browse::default() }) {
        exists(redis, stream).await?;
    }
    let (older, newer) = if forward {
        found.reverse();
        (found.last().map(|raw| raw.id).or(browse.after), next)
    } else {
        let newest_shown = found.first().map(|raw| raw.id).or(browse.before.filter(|_| !at_end));
        (next, browse.before.and(newest_shown))
    };
    Ok(EntryPage { entries: found.iter().map(|raw| shown(raw, EXCERPT)).collect(), older, newer })
}

/// One entry, whole.
pub async fn entry(redis: &Redis, stream: &str, id: EntryId) -> Result<Entry, Error> {
    let found = find(redis, stream, id).await?;
    found.map(|raw| shown(&raw, WHOLE)).ok_or_else(|| Error::NotFound(format!("no entry {id} in stream {stream}")))
}

/// A page of a group's pending entries.
pub async fn pending(redis: &Redis, stream: &str, group: &str, browse: &PendingBrowse) -> Result<PendingPage, Error> {
    let count = page_size(browse.count);
    let total = pending_total(redis, stream, group, browse.consumer.as_deref()).await?;
    let mut list = redis::cmd("XPENDING");
    list.arg(stream).arg(group);
    if let Some(idle) = browse.min_idle_ms {
        list.arg("IDLE").arg(idle);
    }
    list.arg(browse.after.map_or_else(|| "-".to_owned(), |id| format!("({id}"))).arg("+").arg(count);
    if let Some(consumer) = &browse.consumer {
        list.arg(consumer);
    }
    let listed: Vec<(String, String, u64, u64)> = redis.query(&list).await?;
    let ids = listed.iter().map(|p| reply::entry_id(&p.0)).collect::<Result<Vec<_>, _>>()?;
    let bodies = find_many(redis, stream, &ids).await?;
    let next = ids.last().copied().filter(|_| ids.len() == count);
    let entries = listed
        .into_iter()
        .zip(ids)
        .zip(bodies)
        .map(|(((_, consumer, idle_ms, deliveries), id), body)| {
            let envelope = body.as_ref().and_then(envelope).unwrap_or_default();
            PendingEntry {
                id,
                consumer,
                idle_ms,
                deliveries,
                event_type: envelope.event_type,
                key: envelope.aggregate_id,
                body_lost: body.is_none(),
            }
        })
        .collect();
    Ok(PendingPage { entries, next, total })
}

async fn pending_total(redis: &Redis, stream: &str, group: &str, consumer: Option<&str>) -> Result<u64, Error> {
    let summary: Value = redis.query(redis::cmd("XPENDING").arg(stream).arg(group)).await?;
    let parts = reply::items(summary)?;
    let [total, _, _, consumers] = parts.as_slice() else { return Err(reply::unexpected("not a pending summary")) };
    let Some(consumer) = consumer else { return Ok(redis::from_redis_value_ref(total)?) };
    let per_consumer: Vec<(String, u64)> = redis::from_redis_value_ref(consumers)?;
    Ok(per_consumer.into_iter().find(|(name, _)| name == consumer).map_or(0, |(_, pending)| pending))
}

/// Fails where there is no such stream.
pub(crate) async fn exists(redis: &Redis, stream: &str) -> Result<(), Error> {
    let kind: String = redis.query(redis::cmd("TYPE").arg(stream)).await?;
    if kind == "stream" { Ok(()) } else { Err(Error::NotFound(format!("no stream {stream}"))) }
}

/// Entries next to a cursor (exclusive; `None` = from the end of that direction): oldest first if `forward`.
pub(crate) async fn range(
    redis: &Redis,
    stream: &str,
    from: Option<EntryId>,
    forward: bool,
    count: usize,
) -> Result<Vec<RawEntry>, Error> {
    let (command, start, end) = if forward { ("XRANGE", "-", "+") } else { ("XREVRANGE", "+", "-") };
    let start = from.map_or_else(|| start.to_owned(), |id| format!("({id}"));
    reply::entries(redis.query(redis::cmd(command).arg(stream).arg(start).arg(end).arg("COUNT").arg(count)).await?)
}

pub(crate) async fn find(redis: &Redis, stream: &str, id: EntryId) -> Result<Option<RawEntry>, Error> {
    Ok(find_many(redis, stream, &[id]).await?.pop().flatten())
}

/// The entries of these ids in one round trip, `None` where one is gone.
pub(crate) async fn find_many(redis: &Redis, stream: &str, ids: &[EntryId]) -> Result<Vec<Option<RawEntry>>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut pipeline = redis::pipe();
    for id in ids {
        pipeline.cmd("XRANGE").arg(stream).arg(id.to_string()).arg(id.to_string());
    }
    let answers: Vec<Value> = redis.pipeline(&pipeline).await?;
    answers.into_iter().map(|answer| Ok(reply::entries(answer)?.pop())).collect()
}

fn page_size(asked: usize) -> usize {
    if asked == 0 { PAGE } else { asked.min(LONGEST_PAGE) }
}

/// The envelope of an entry, where field `data` holds a JSON object.
pub(crate) fn envelope(raw: &RawEntry) -> Option<Envelope> {
    let (_, data) = raw.fields.iter().find(|(name, _)| name == keys::DATA.as_bytes())?;
    Envelope::read(data).ok()
}

fn matches(raw: &RawEntry, browse: &Browse) -> bool {
    let of_type = browse.event_type.as_ref().is_none_or(|wanted| {
        envelope(raw).and_then(|envelope| envelope.event_type).is_some_and(|event_type| event_type == *wanted)
    });
    of_type
        && browse.text.as_ref().is_none_or(|text| {
            let needle = text.to_lowercase();
            raw.fields.iter().any(|(_, value)| String::from_utf8_lossy(value).to_lowercase().contains(&needle))
        })
}

fn shown(raw: &RawEntry, cut_at: usize) -> Entry {
    let envelope = envelope(raw).unwrap_or_default();
    Entry {
        id: raw.id,
        fields: shown_fields(&raw.fields, cut_at),
        event_type: envelope.event_type,
        event_id: envelope.event_id,
        key: envelope.aggregate_id,
    }
}

pub(crate) fn shown_fields(fields: &Fields, cut_at: usize) -> Vec<Field> {
    let show = |(name, value): &(Vec<u8>, Vec<u8>)| {
        let (text, exact) = shown_value(value, cut_at);
        Field { name: shown_value(name, cut_at).0, value: text, exact, bytes: value.len() as u64 }
    };
    fields.iter().map(show).collect()
}

/// A value as text, and whether that is the whole truth: `false` where it was cut or bytes had to be escaped.
fn shown_value(value: &[u8], cut_at: usize) -> (String, bool) {
    let part = &value[..value.len().min(cut_at)];
    let mut text = String::with_capacity(part.len());
    let mut exact = part.len() == value.len();
    let cut = !exact;
    let mut chunks = part.utf8_chunks().peekable();
    while let Some(chunk) = chunks.next() {
        text.push_str(chunk.valid());
        // a character that the cut went through is left out, not escaped
        if cut && chunks.peek().is_none() {
            break;
        }
        for byte in chunk.invalid() {
            exact = false;
            write!(text, "\\x{byte:02x}").expect("writing to a string cannot fail");
        }
    }
    (text, exact)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bytes_that_are_not_text_are_escaped_and_marked() {
        assert_eq!(shown_value(b"a\xffb", 100), ("a\\xffb".to_owned(), false));
        assert_eq!(shown_value("häß".as_bytes(), 100), ("häß".to_owned(), true));
        assert_eq!(shown_value("aä".as_bytes(), 2), ("a".to_owned(), false));
    }

    proptest! {
        #[test]
        fn any_text_is_shown_as_it_is(text in "\\PC{0,50}") {
            prop_assert_eq!(shown_value(text.as_bytes(), 1_000), (text, true));
        }

        #[test]
        fn any_bytes_can_be_shown_and_stay_short(value in prop::collection::vec(any::<u8>(), 0..60), cut in 0usize..60) {
            let (text, exact) = shown_value(&value, cut);
            prop_assert!(text.len() <= 4 * cut.min(value.len()));
            prop_assert!(!exact || text.as_bytes() == value);
        }
    }
}
