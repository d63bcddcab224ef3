//! What became of entries that were given back.

use std::collections::BTreeSet;

use domain::stream::EntryId;

use super::{choose::delivered, record::Record};
use crate::{Error, Redis, inspect, keys, reply};

/// Pending entries, or records, asked for at once.
const PAGE: usize = 1_000;

/// Which of these entries a group has done with: it has been given them, and they pend no more. Handled, or dead letters
/// once more: [`deaths`] tells, asked afterwards.
pub async fn done_with(
    redis: &Redis,
    stream: &str,
    group: &str,
    entries: &BTreeSet<EntryId>,
) -> Result<BTreeSet<EntryId>, Error> {
    let (Some(first), Some(last)) = (entries.first(), entries.last()) else { return Ok(BTreeSet::new()) };
    let Some(delivered) = delivered(redis, stream, group).await? else {
        // it went with all that it had pending
        return Ok(BTreeSet::new());
    };
    let mut done: BTreeSet<EntryId> = entries.range(..=delivered).copied().collect();
    let mut from = first.to_string();
    loop {
        let mut pending = redis::cmd("XPENDING");
        pending.arg(stream).arg(group).arg(&from).arg(last.to_string()).arg(PAGE);
        let page: Vec<(String, String, u64, u64)> = redis.query(&pending).await?;
        for (id, ..) in &page {
            done.remove(&reply::entry_id(id)?);
        }
        match page.last() {
            Some((id, ..)) if page.len() == PAGE => from = format!("({id}"),
            _ => return Ok(done),
        }
    }
}

/// An entry that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Death {
    pub group: String,
    pub source_id: EntryId,
    pub error: String,
    pub record: EntryId,
}

/// What became a dead letter of a stream after this record, oldest first, and where to go on; at most a thousand.
pub async fn deaths(redis: &Redis, stream: &str, after: EntryId) -> Result<(Vec<Death>, EntryId), Error> {
    let page = inspect::range(redis, &keys::dead_letter_stream(stream), Some(after), true, PAGE).await?;
    let next = page.last().map_or(after, |raw| raw.id);
    let death = |raw| {
        let record = Record::read(stream, raw);
        let p = record.provenance;
        Death { group: p.group, source_id: p.source_id, error: p.error, record: record.at.id }
    };
    Ok((page.into_iter().map(death).collect(), next))
}
