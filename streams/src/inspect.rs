//! Looking, which cannot break anything: every read is capped.

mod scan;
mod walk;

use std::{
    fmt::Write,
    time::{Duration, Instant},
};

use domain::{
    event::Envelope,
    filter::{Edge, Filter},
    stream::{Entry, EntryId, EntryPage, Field, PendingEntry, PendingPage},
};
use redis::Value;
use serde::{Deserialize, Serialize};

pub use self::scan::{Reached, Scan};
pub(crate) use self::walk::{Pace, Walk, find_each};
use crate::{
    Error, Redis, keys,
    reply::{self, Fields, RawEntry},
};

/// Which entries of a stream, newest first. Both cursors are exclusive, both ends of the range inclusive.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Browse {
    /// Only entries older than this one.
    pub before: Option<EntryId>,
    /// The entries right after this one: one page towards the newest. Ignored where `before` is given.
    pub after: Option<EntryId>,
    /// At most this many; 0 stands for 50, more than 500 for 500.
    pub count: usize,
    /// No entry older than this.
    pub from: Option<Edge>,
    /// No entry newer than this.
    pub to: Option<Edge>,
    /// Only entries that fit, see [`domain::filter`].
    pub filter: Option<Filter>,
    pub event_type: Option<String>,
    /// Part of a field's value; letter case does not matter.
    pub text: Option<String>,
}

impl Browse {
    /// How many entries a page has.
    pub fn page_size(&self) -> usize {
        page_size(self.count)
    }

    /// Whether the page goes from its cursor towards the newest entry.
    pub fn is_forward(&self) -> bool {
        self.before.is_none() && self.after.is_some()
    }

    /// All that an entry must fit, in one filter; `None` where every entry does.
    pub fn wanted(&self) -> Option<Filter> {
        let of_type = self.event_type.clone().map(Filter::of_type);
        let with_text = self.text.clone().map(Filter::text);
        [self.filter.clone(), of_type, with_text].into_iter().flatten().reduce(Filter::and)
    }
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
/// Entries looked at for one page when searching; after that the page ends with a cursor to go on from.
const SCAN_AT_MOST: u64 = 5_000;
/// How long one page searches: somebody waits for it.
const SCAN_FOR: Duration = Duration::from_secs(2);
/// Bytes of a value shown in a list.
const EXCERPT: usize = 4 * 1024;
/// Bytes of a value shown where one entry is looked at.
pub(crate) const WHOLE: usize = 1024 * 1024;

/// A page of entries. Searching looks at no more than 5000 entries; the page then says where to go on.
pub async fn entries(redis: &Redis, stream: &str, browse: &Browse) -> Result<EntryPage, Error> {
    let mut scan = Scan::of(redis, stream, browse);
    let found = first_look(&mut scan, browse.page_size()).await?;
    if found.is_empty() && browse == (&Browse { count: browse.count, ..Browse::default() }) {
        exists(redis, stream).await?;
    }
    Ok(page(found, browse, scan.reached()))
}

/// Goes on until there is one entry more than a page has (which tells that there is another page), until the scan is over,
/// or as long as somebody may be kept waiting.
pub async fn first_look(scan: &mut Scan, count: usize) -> Result<Vec<Entry>, Error> {
    let started = Instant::now();
    let mut found = Vec::new();
    let goes_on =
        |reached: Reached| reached.looked_at < SCAN_AT_MOST && !reached.is_over && started.elapsed() < SCAN_FOR;
    while found.len() <= count && goes_on(scan.reached()) {
        found.append(&mut scan.step().await?);
    }
    Ok(found)
}

/// The page of what a scan found, in the scan's order.
pub fn page(mut found: Vec<Entry>, browse: &Browse, reached: Reached) -> EntryPage {
    let more = found.len() > browse.page_size();
    found.truncate(browse.page_size());
    // where the next page in this direction begins: after the last one shown, or after the last one looked at
    let next = if more { found.last().map(|entry| entry.id) } else { reached.position.filter(|_| !reached.is_over) };
    let (older, newer) = if browse.is_forward() {
        found.reverse();
        (found.last().map(|entry| entry.id).or(browse.after), next)
    } else {
        let is_beside_nothing = reached.is_over && found.is_empty();
        let newest_shown = found.first().map(|entry| entry.id).or(browse.before.filter(|_| !is_beside_nothing));
        (next, browse.before.and(newest_shown))
    };
    EntryPage { entries: found, older, newer, looked_at: reached.looked_at }
}

/// These entries as a list shows them, in their order, without those that are gone.
pub async fn entries_by_id(redis: &Redis, stream: &str, ids: &[EntryId]) -> Result<Vec<Entry>, Error> {
    let found = find_each(redis, stream, ids, |raw| raw.map(|raw| shown(&raw, EXCERPT))).await?;
    Ok(found.into_iter().flatten().collect())
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
    let listed: Vec<reply::Pending> = redis.query(&list).await?;
    let ids = listed.iter().map(|p| reply::entry_id(&p.0)).collect::<Result<Vec<_>, _>>()?;
    // what a list shows of a body is short
    let bodies = find_each(redis, stream, &ids, |raw| raw.map(|raw| envelope(&raw).unwrap_or_default())).await?;
    let next = ids.last().copied().filter(|_| ids.len() == count);
    let entries = listed
        .into_iter()
        .zip(ids)
        .zip(bodies)
        .map(|(((_, consumer, idle_ms, deliveries), id), body)| {
            let body_lost = body.is_none();
            let envelope = body.unwrap_or_default();
            PendingEntry {
                id,
                consumer: reply::name(consumer),
                idle_ms,
                deliveries,
                event_type: envelope.event_type,
                key: envelope.aggregate_id,
                body_lost,
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
    let per_consumer: Vec<(Option<Vec<u8>>, u64)> = redis::from_redis_value_ref(consumers)?;
    let of = per_consumer.into_iter().find(|(name, _)| name.as_deref() == Some(consumer.as_bytes()));
    Ok(of.map_or(0, |(_, pending)| pending))
}

/// The last id that a stream gave out.
pub async fn last_id(redis: &Redis, stream: &str) -> Result<EntryId, Error> {
    exists(redis, stream).await?;
    let facts = redis.query(redis::cmd("XINFO").arg("STREAM").arg(stream)).await?;
    Ok(reply::StreamFacts::read(facts)?.last_id)
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

/// The entries of these ids with their bodies, `None` where one is gone: for few ids, or for who needs every body.
pub(crate) async fn find_many(redis: &Redis, stream: &str, ids: &[EntryId]) -> Result<Vec<Option<RawEntry>>, Error> {
    find_each(redis, stream, ids, |raw| raw).await
}

fn page_size(asked: usize) -> usize {
    if asked == 0 { PAGE } else { asked.min(LONGEST_PAGE) }
}

/// The envelope of an entry, where field `data` holds a JSON object.
pub(crate) fn envelope(raw: &RawEntry) -> Option<Envelope> {
    let (_, data) = raw.fields.iter().find(|(name, _)| name == keys::DATA.as_bytes())?;
    Envelope::read(data).ok()
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
