//! Events looked for in many streams, newest first, at a cost that is bounded and told; and how far groups are with them.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use domain::{
    Timestamp,
    stream::EntryId,
    trace::{Found, Sought, waterfall::GroupState},
};

use tokio::sync::Semaphore;

use crate::{Error, Progress, Redis, clock, inspect, keys, progress, reply::RawEntry};

/// Entries looked at for one answer, over all streams: some ten megabytes of ordinary events.
pub const LOOK_AT_MOST: usize = 10_000;
/// Events found for one answer.
pub const FIND_AT_MOST: usize = 100;
/// How long one answer looks; a page that takes longer is not waited for.
const LOOK_FOR: Duration = Duration::from_secs(2);
/// Entries fetched at once.
const STEP: usize = 200;
/// Searches at one time: however many pages ask again every second, Redis and this process are not busy with them.
static TURNS: Semaphore = Semaphore::const_new(2);

/// Where a search goes on in a stream: with what is older than this entry, `None` = with the newest.
pub type From = (String, Option<EntryId>);

/// What a search found, and how far it came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    /// Newest first.
    pub found: Vec<Found>,
    pub looked_at: u64,
    /// Streams that were not looked through to their end, or to the time asked for; empty: that was all.
    pub go_on: Vec<From>,
}

/// Looks through streams, each from its place backwards, until it has looked at enough.
pub async fn search(redis: &Redis, places: &[From], sought: &Sought) -> Result<Search, Error> {
    let _turn = TURNS.acquire().await.expect("never closed");
    let begun = Instant::now();
    let mut search = Search::default();
    for (nth, (stream, from)) in places.iter().enumerate() {
        // what one stream does not need of its share, the next ones may have
        let left = LOOK_AT_MOST.saturating_sub(usize::try_from(search.looked_at).unwrap_or(usize::MAX));
        let share = (left / (places.len() - nth)).max(STEP);
        let mut from = from.or(sought.until.map(just_after));
        let (mut looked_at, mut at_end) = (0, false);
        while !at_end && looked_at < share && search.found.len() < FIND_AT_MOST && begun.elapsed() < LOOK_FOR {
            let page = inspect::range(redis, stream, from, false, STEP).await?;
            at_end = page.len() < STEP || page.last().is_some_and(|raw| is_too_old(raw.id, sought));
            looked_at += page.len();
            from = page.last().map_or(from, |raw| Some(raw.id));
            let in_time = page.into_iter().filter(|raw| !is_too_old(raw.id, sought));
            search.found.extend(in_time.filter_map(|raw| found(stream, &raw, Some(sought))));
        }
        search.looked_at += looked_at as u64;
        if !at_end {
            search.go_on.push((stream.clone(), from));
        }
    }
    search.found.sort_by(|a, b| (b.entry, &b.stream).cmp(&(a.entry, &a.stream)));
    Ok(search)
}

/// The events of these entries, `None` where one is gone or is no event.
pub async fn at(redis: &Redis, stream: &str, ids: &[EntryId]) -> Result<Vec<(bool, Option<Found>)>, Error> {
    let raw = inspect::find_many(redis, stream, ids).await?;
    Ok(raw.into_iter().map(|raw| (raw.is_some(), raw.and_then(|raw| found(stream, &raw, None)))).collect())
}

/// What XPENDING says of one entry: its id, its owner, how long it is idle, how often it was given out; nothing if it does not
/// pend.
type Pending = Vec<(String, String, u64, u64)>;

/// How far the groups of a stream are with each of these entries. Whether an entry that no longer pends was handled or moved
/// aside is not told here.
pub async fn standing(
    redis: &Redis,
    stream: &str,
    ids: &[EntryId],
) -> Result<HashMap<EntryId, Vec<(String, GroupState)>>, Error> {
    let Some(Progress { groups, .. }) = progress(redis, stream).await? else { return Ok(HashMap::new()) };
    let mut asked = Vec::new();
    let mut pipeline = redis::pipe();
    for group in &groups {
        for id in ids.iter().filter(|id| **id <= group.delivered) {
            asked.push((group, *id));
            pipeline.cmd("XPENDING").arg(stream).arg(&group.name).arg(id.to_string()).arg(id.to_string()).arg(1);
        }
    }
    let answers: Vec<Pending> = if asked.is_empty() { Vec::new() } else { redis.pipeline(&pipeline).await? };
    let now = clock::now();
    let mut pending = HashMap::new();
    for ((group, id), answer) in asked.into_iter().zip(answers) {
        let state = match answer.into_iter().next() {
            Some((_, consumer, idle_ms, deliveries)) => {
                GroupState::Pending { consumer, since: before(now, idle_ms), deliveries }
            }
            None => GroupState::Through,
        };
        pending.insert((&group.name, id), state);
    }
    let of = |id: EntryId| {
        let state = |name: &String| pending.get(&(name, id)).cloned().unwrap_or(GroupState::NotGiven);
        groups.iter().map(|group| (group.name.clone(), state(&group.name))).collect()
    };
    Ok(ids.iter().map(|id| (*id, of(*id))).collect())
}

fn found(stream: &str, raw: &RawEntry, sought: Option<&Sought>) -> Option<Found> {
    let value = |wanted: &str| raw.fields.iter().rfind(|(name, _)| name == wanted.as_bytes()).map(|(_, value)| value);
    let envelope = inspect::envelope(raw)?;
    let trace = envelope.trace;
    let data = value(keys::DATA)?;
    let is_one = sought.is_none_or(|sought| sought.matches(&envelope, trace, data));
    is_one.then(|| Found { stream: stream.to_owned(), entry: raw.id, envelope, trace })
}

fn is_too_old(id: EntryId, sought: &Sought) -> bool {
    sought.from.is_some_and(|from| id.added_at() < from)
}

/// The first id that is later than the millisecond of a moment.
fn just_after(moment: Timestamp) -> EntryId {
    EntryId { ms: u64::try_from(moment.millis()).unwrap_or(0).saturating_add(1), seq: 0 }
}

fn before(now: Timestamp, by_ms: u64) -> Timestamp {
    Timestamp::from_millis(now.millis().saturating_sub(i64::try_from(by_ms).unwrap_or(i64::MAX)))
}
