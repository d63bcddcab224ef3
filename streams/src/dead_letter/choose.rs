//! What a recovery job can be about: dead letters that fit, or what a group was given before; looked at page by page.

use std::collections::{BTreeSet, HashMap};

use domain::{
    dead_letter::{Cursor, Filter},
    operation::ReplayWay,
    stream::EntryId,
};
use redis::Value;

use super::{find, record::Record, resend::Why, source_present};
use crate::{
    Error, Redis,
    inspect::{self, envelope},
    keys, reply,
};

/// Records or entries of a page.
const PAGE: usize = 500;
/// Entries of a stream that are read to tell which keys have newer ones.
const NEWER_AT_MOST: usize = 200_000;

/// One entry that was chosen, and what would be done with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    pub stream: String,
    pub group: String,
    pub record: Option<EntryId>,
    pub source_id: EntryId,
    pub key: Option<String>,
    pub event_type: Option<String>,
    pub plan: Plan,
}

/// What would be done with an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    Send(ReplayWay),
    LeaveAlone(Why),
}

/// A page of choices, and where to go on (exclusive; `None` = the end).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choices {
    pub found: Vec<Choice>,
    pub after: Option<EntryId>,
}

/// The newest dead letter of a stream, up to which a job may reach; `None` where it has none.
pub async fn newest(redis: &Redis, stream: &str) -> Result<Option<EntryId>, Error> {
    Ok(inspect::range(redis, &keys::dead_letter_stream(stream), None, false, 1).await?.pop().map(|raw| raw.id))
}

/// Dead letters of a stream that fit, oldest first, after a record and up to one.
pub async fn dead_letters(
    redis: &Redis,
    stream: &str,
    filter: &Filter,
    after: EntryId,
    up_to: EntryId,
) -> Result<Choices, Error> {
    let page = inspect::range(redis, &keys::dead_letter_stream(stream), Some(after), true, PAGE).await?;
    let is_whole = page.len() == PAGE;
    let last = page.last().map(|raw| raw.id).filter(|last| is_whole && *last < up_to);
    let records = page.into_iter().filter(|raw| raw.id <= up_to).map(|raw| Record::read(stream, raw));
    let records: Vec<Record> = records.filter(|record| filter.matches(&record.provenance)).collect();
    Ok(Choices { found: planned(redis, records).await?, after: last })
}

/// These dead letters, in this order; those that are gone are left out.
pub async fn chosen(redis: &Redis, items: &[Cursor]) -> Result<Vec<Choice>, Error> {
    let mut records = Vec::with_capacity(items.len());
    let mut seen = BTreeSet::new();
    for at in items.iter().filter(|at| seen.insert(*at)) {
        records.extend(find(redis, at).await?);
    }
    planned(redis, records).await
}

async fn planned(redis: &Redis, records: Vec<Record>) -> Result<Vec<Choice>, Error> {
    let present = source_present(redis, &records).await?;
    let mut groups: HashMap<String, Vec<(String, EntryId)>> = HashMap::new();
    let mut choices = Vec::with_capacity(records.len());
    for (record, present) in records.into_iter().zip(present) {
        if !groups.contains_key(&record.at.stream) {
            groups.insert(record.at.stream.clone(), delivered_of_all(redis, &record.at.stream).await?);
        }
        let p = record.provenance;
        let delivered = groups[&record.at.stream].iter().find(|(name, _)| *name == p.group).map(|(_, id)| *id);
        let plan = match delivered {
            _ if record.leading == 0 => Plan::LeaveAlone(Why::Foreign),
            _ if record.fields.is_empty() => Plan::LeaveAlone(Why::BodyLost),
            None => Plan::LeaveAlone(Why::NoGroup),
            Some(delivered) if present && delivered < p.source_id => Plan::LeaveAlone(Why::Unread),
            Some(_) => Plan::Send(if present { ReplayWay::ToGroup } else { ReplayWay::AddAgain }),
        };
        choices.push(Choice {
            stream: record.at.stream,
            group: p.group,
            record: Some(record.at.id),
            source_id: p.source_id,
            key: p.key,
            event_type: p.event_type,
            plan,
        });
    }
    Ok(choices)
}

/// Entries of a stream that a group was given before, oldest first, after an id and up to one.
pub async fn history(
    redis: &Redis,
    stream: &str,
    group: &str,
    after: Option<EntryId>,
    up_to: EntryId,
) -> Result<Choices, Error> {
    let delivered = delivered(redis, stream, group).await?;
    let Some(delivered) = delivered else {
        return Err(Error::NotFound(format!("no group {group} on stream {stream}")));
    };
    let page = inspect::range(redis, stream, after, true, PAGE).await?;
    let is_whole = page.len() == PAGE;
    let last = page.last().map(|raw| raw.id).filter(|last| is_whole && *last < up_to);
    let choice = |raw: reply::RawEntry| {
        let event = envelope(&raw).unwrap_or_default();
        let plan = if raw.id > delivered { Plan::LeaveAlone(Why::Unread) } else { Plan::Send(ReplayWay::ToGroup) };
        Choice {
            stream: stream.to_owned(),
            group: group.to_owned(),
            record: None,
            source_id: raw.id,
            key: event.aggregate_id,
            event_type: event.event_type,
            plan,
        }
    };
    Ok(Choices { found: page.into_iter().filter(|raw| raw.id <= up_to).map(choice).collect(), after: last })
}

/// How far a group has been given its stream; `None` where it is not there.
pub async fn delivered(redis: &Redis, stream: &str, group: &str) -> Result<Option<EntryId>, Error> {
    let all = delivered_of_all(redis, stream).await?;
    Ok(all.into_iter().find(|(name, _)| name == group).map(|(_, id)| id))
}

/// How far each group of a stream has been given it.
pub async fn delivered_of_all(redis: &Redis, stream: &str) -> Result<Vec<(String, EntryId)>, Error> {
    let groups: Value = match redis.query(redis::cmd("XINFO").arg("GROUPS").arg(stream)).await {
        Err(Error::NotFound(_)) => return Ok(Vec::new()),
        answer => answer?,
    };
    let facts = reply::items(groups)?.into_iter().map(reply::GroupFacts::read);
    facts.map(|facts| facts.map(|facts| (facts.name, facts.last_delivered_id))).collect()
}

/// How many entries of the same key, newer than each of these, a group has been given. `None` where nothing newer was
/// found in the part of the stream that was read, and that was not all.
pub async fn newer(
    redis: &Redis,
    stream: &str,
    delivered: EntryId,
    entries: &[(EntryId, &str)],
) -> Result<Vec<Option<u64>>, Error> {
    let Some(first) = entries.iter().map(|(id, _)| *id).min() else { return Ok(Vec::new()) };
    let mut counts: HashMap<&str, Vec<EntryId>> = entries.iter().map(|(_, key)| (*key, Vec::new())).collect();
    let (mut read, mut after, mut is_all) = (0, first, false);
    while read < NEWER_AT_MOST {
        let page = inspect::range(redis, stream, Some(after), true, PAGE).await?;
        read += page.len();
        for raw in page.iter().filter(|raw| raw.id <= delivered) {
            let key = envelope(raw).and_then(|event| event.aggregate_id);
            if let Some(ids) = key.as_deref().and_then(|key| counts.get_mut(key)) {
                ids.push(raw.id);
            }
        }
        match page.last() {
            Some(last) if page.len() == PAGE && last.id < delivered => after = last.id,
            _ => {
                is_all = true;
                break;
            }
        }
    }
    let count = |(id, key): &(EntryId, &str)| {
        let ids = &counts[key];
        let newer = (ids.len() - ids.partition_point(|other| other <= id)) as u64;
        (newer > 0 || is_all).then_some(newer)
    };
    Ok(entries.iter().map(count).collect())
}
