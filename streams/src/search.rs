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

use tokio::{sync::Semaphore, time::timeout};

use crate::{
    Error, Progress, Redis, clock,
    inspect::{self, Pace, Walk},
    keys, progress,
    reply::{self, RawEntry},
};

/// Entries looked at for one answer, over all streams: some ten megabytes of ordinary events.
pub const LOOK_AT_MOST: usize = 10_000;
/// Events found for one answer.
pub const FIND_AT_MOST: usize = 100;
/// How long one answer looks; a page that takes longer is not waited for.
const LOOK_FOR: Duration = Duration::from_secs(2);
/// Entries fetched at once, at most, and at first, before it is known how large they are.
const STEP: usize = 200;
const FIRST_STEP: usize = 50;
/// Searches at one time: however many pages ask again every second, Redis and this process are not busy with them.
static TURNS: Semaphore = Semaphore::const_new(2);
/// How long a search waits for its turn: behind a Redis that hangs nobody queues for minutes.
const TURN_WITHIN: Duration = Duration::from_secs(5);
/// Questions in one pipeline: others get their turn between two.
const QUESTIONS_AT_ONCE: usize = 200;

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

/// Looks through streams, each from its place backwards, until it has looked at enough. [`Error::Unavailable`] where too many
/// others search.
pub async fn search(redis: &Redis, places: &[From], sought: &Sought) -> Result<Search, Error> {
    let turn = timeout(TURN_WITHIN, TURNS.acquire()).await;
    let turn = turn.map_err(|_| Error::Unavailable("other searches run; try again in a moment".to_owned()))?;
    let _turn = turn.expect("never closed");
    let begun = Instant::now();
    let mut search = Search::default();
    for (nth, (stream, from)) in places.iter().enumerate() {
        // what one stream does not need of its share, the next ones may have
        let left = LOOK_AT_MOST.saturating_sub(usize::try_from(search.looked_at).unwrap_or(usize::MAX));
        let share = (left / (places.len() - nth)).max(STEP);
        let from = from.or(sought.until.map(just_after));
        let mut walk = Walk::new(from, false, Pace::new(FIRST_STEP, STEP));
        let (mut looked_at, mut at_end) = (0, false);
        while !at_end && looked_at < share && search.found.len() < FIND_AT_MOST && begun.elapsed() < LOOK_FOR {
            let page = walk.next(redis, stream, STEP).await?;
            at_end = walk.is_at_end() || page.last().is_some_and(|raw| is_too_old(raw.id, sought));
            looked_at += page.len();
            let in_time = page.into_iter().filter(|raw| !is_too_old(raw.id, sought));
            search.found.extend(in_time.filter_map(|raw| found(stream, &raw, Some(sought))));
        }
        search.looked_at += looked_at as u64;
        if !at_end {
            search.go_on.push((stream.clone(), walk.from()));
        }
    }
    search.found.sort_by(|a, b| (b.entry, &b.stream).cmp(&(a.entry, &a.stream)));
    Ok(search)
}

/// The events of these entries, `None` where one is gone or is no event.
pub async fn at(redis: &Redis, stream: &str, ids: &[EntryId]) -> Result<Vec<(bool, Option<Found>)>, Error> {
    inspect::find_each(redis, stream, ids, |raw| (raw.is_some(), raw.and_then(|raw| found(stream, &raw, None)))).await
}

/// How far the groups of a stream are with each of these entries. Whether an entry that no longer pends was handled or moved
/// aside is not told here.
pub async fn standing(
    redis: &Redis,
    stream: &str,
    ids: &[EntryId],
) -> Result<HashMap<EntryId, Vec<(String, GroupState)>>, Error> {
    let Some(Progress { groups, .. }) = progress(redis, stream).await? else { return Ok(HashMap::new()) };
    let mut asked = Vec::new();
    for group in &groups {
        asked.extend(ids.iter().filter(|id| **id <= group.delivered).map(|id| (&group.name, *id)));
    }
    let mut pending = HashMap::new();
    for asked in asked.chunks(QUESTIONS_AT_ONCE) {
        let mut pipeline = redis::pipe();
        for (group, id) in asked {
            pipeline.cmd("XPENDING").arg(stream).arg(*group).arg(id.to_string()).arg(id.to_string()).arg(1);
        }
        // nothing of one that does not pend
        let answers: Vec<Vec<reply::Pending>> = redis.pipeline(&pipeline).await?;
        let now = clock::now();
        for ((group, id), answer) in asked.iter().zip(answers) {
            let state = answer.into_iter().next().map_or(GroupState::Through, |(_, consumer, idle_ms, deliveries)| {
                GroupState::Pending { consumer: reply::owner(consumer), since: before(now, idle_ms), deliveries }
            });
            pending.insert((*group, *id), state);
        }
    }
    let of = |id: EntryId| {
        let state = |name: &String| pending.get(&(name, id)).cloned().unwrap_or(GroupState::NotGiven);
        groups.iter().map(|group| (group.name.clone(), state(&group.name))).collect()
    };
    Ok(ids.iter().map(|id| (*id, of(*id))).collect())
}

fn found(stream: &str, raw: &RawEntry, sought: Option<&Sought>) -> Option<Found> {
    // the first field of the name, as handlers take it
    let (_, data) = raw.fields.iter().find(|(name, _)| name == keys::DATA.as_bytes())?;
    let envelope = inspect::envelope(raw)?;
    let trace = envelope.trace;
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
