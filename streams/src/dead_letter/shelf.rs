//! The newest dead letters of each stream, without their payloads, read once for everybody who looks at them.
//!
//! The stream stays the truth. Before each look XINFO tells whether anything has changed: what was added is read, and after
//! a removal everything is read anew. So a look costs one round trip for a stream in which nothing happened, however many
//! letters it has and however many people look.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use domain::{
    Timestamp,
    dead_letter::{Cause, Cursor, DeadLetterPage, Filter, Provenance, normalise_error},
    stream::EntryId,
};

use super::{FIRST_STEP, HOUR_MS, HOURS, SCAN_AT_MOST, STEP, place, record::Record, with_presence};
use crate::{
    Error, Redis, clock,
    inspect::{self, Pace, Walk},
    keys,
    reply::{RawEntry, StreamFacts},
};

/// Streams whose letters are kept. With more than these, what is kept is dropped now and then and read anew.
const STREAMS_AT_MOST: usize = 20;

/// For so long nobody tries again what has just failed.
const NO_SECOND_TRY: Duration = Duration::from_secs(1);

/// Dead letters of any stream on one Redis.
pub struct Shelf {
    redis: Redis,
    streams: Mutex<HashMap<String, Arc<tokio::sync::Mutex<Kept>>>>,
}

/// What is kept of one dead-letter stream.
#[derive(Debug, Default)]
struct Kept {
    state: Option<State>,
    /// Oldest first.
    letters: Arc<Vec<Letter>>,
    /// When Redis did not answer last.
    failed_at: Option<Instant>,
}

#[derive(Debug, Clone)]
struct Letter {
    id: EntryId,
    provenance: Provenance,
}

/// What tells one state of a stream from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct State {
    added: u64,
    length: u64,
    last: EntryId,
}

impl State {
    /// How many entries were added since `before`, if nothing else happened.
    fn added_since(self, before: Self) -> Option<u64> {
        let removed = |state: Self| state.added.checked_sub(state.length);
        let added = self.added.checked_sub(before.added)?;
        let is_same_stream = removed(self) == removed(before) && (self.last > before.last) == (added > 0);
        is_same_stream.then_some(added)
    }
}

impl Shelf {
    pub fn new(redis: Redis) -> Self {
        Self { redis, streams: Mutex::default() }
    }

    /// Why entries died, most frequent cause first. `streams` are source streams; at most the newest 10 000 records of each
    /// are looked at.
    pub async fn causes(&self, streams: &[String], filter: &Filter) -> Result<Vec<Cause>, Error> {
        let now = clock::now();
        let mut causes = Vec::new();
        for stream in wanted(streams, filter) {
            let letters = self.letters(stream).await?;
            let mut of_stream: HashMap<(&str, &str), Cause> = HashMap::new();
            for p in letters.iter().map(|letter| &letter.provenance).filter(|p| filter.matches(p)) {
                let cause = match of_stream.entry((&p.group, &p.fingerprint)) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(new) => new.insert(first_of(p)),
                };
                cause.count += 1;
                cause.first = cause.first.min(p.last_failed_at);
                cause.last = cause.last.max(p.last_failed_at);
                if let Some(hour) = hour_of_day_before(p.last_failed_at, now) {
                    cause.per_hour[hour] += 1;
                }
            }
            causes.extend(of_stream.into_values());
        }
        causes.sort_by(|a, b| (b.count, b.last, &a.fingerprint).cmp(&(a.count, a.last, &b.fingerprint)));
        Ok(causes)
    }

    /// A page of dead letters of these source streams, newest first, and how many match in all. Filtering looks at the
    /// newest 10 000 of each stream; without a filter nothing but the page is fetched.
    pub async fn list(
        &self,
        streams: &[String],
        filter: &Filter,
        before: Option<&Cursor>,
        count: usize,
    ) -> Result<DeadLetterPage, Error> {
        let everything = Filter { stream: filter.stream.clone(), ..Filter::default() } == *filter;
        let (mut records, total) = if everything {
            self.newest(streams, filter, before, count + 1).await?
        } else {
            self.matching(streams, filter, before, count + 1).await?
        };
        let more = records.len() > count;
        records.truncate(count);
        let older = records.last().filter(|_| more).map(|record| record.at.clone());
        Ok(DeadLetterPage { records: with_presence(&self.redis, records).await?, older, total })
    }

    /// The newest records without a filter, and how many there are.
    async fn newest(
        &self,
        streams: &[String],
        filter: &Filter,
        before: Option<&Cursor>,
        count: usize,
    ) -> Result<(Vec<Record>, u64), Error> {
        let (mut records, mut total) = (Vec::new(), 0);
        for stream in wanted(streams, filter) {
            let name = keys::dead_letter_stream(stream);
            total += self.redis.query::<u64>(redis::cmd("XLEN").arg(&name)).await?;
            // ids are unique in a stream only: the record with the cursor's id counts where its stream sorts lower
            let from = before.map(|before| if *stream < before.stream { before.id.next() } else { before.id });
            let page = inspect::range(&self.redis, &name, from, false, count).await?;
            records.extend(page.into_iter().map(|raw| Record::read(stream, raw)));
        }
        keep_newest(&mut records, |record| &record.at, before, count);
        Ok((records, total))
    }

    /// The newest records that match, and how many do. Only their payloads are fetched.
    async fn matching(
        &self,
        streams: &[String],
        filter: &Filter,
        before: Option<&Cursor>,
        count: usize,
    ) -> Result<(Vec<Record>, u64), Error> {
        let (mut found, mut total) = (Vec::new(), 0);
        for stream in wanted(streams, filter) {
            let letters = self.letters(stream).await?;
            let matching = letters.iter().filter(|letter| filter.matches(&letter.provenance));
            let places = matching.map(|letter| Cursor { stream: stream.clone(), id: letter.id });
            let known = found.len();
            found.extend(places);
            total += (found.len() - known) as u64;
        }
        keep_newest(&mut found, |at| at, before, count);
        let mut ids: HashMap<&str, Vec<EntryId>> = HashMap::new();
        for at in &found {
            ids.entry(&at.stream).or_default().push(at.id);
        }
        let mut records = Vec::with_capacity(found.len());
        for (stream, ids) in ids {
            let bodies = inspect::find_many(&self.redis, &keys::dead_letter_stream(stream), &ids).await?;
            // what was removed since is not missed
            records.extend(bodies.into_iter().flatten().map(|raw| Record::read(stream, raw)));
        }
        records.sort_by(|a, b| place(&b.at).cmp(&place(&a.at)));
        Ok((records, total))
    }

    /// The newest letters of one stream, as it is now. Who comes while somebody reads waits for what he gets, and hears of
    /// his failure instead of waiting for one of his own.
    async fn letters(&self, stream: &str) -> Result<Arc<Vec<Letter>>, Error> {
        let kept = self.kept(stream);
        let mut kept = kept.lock().await;
        if kept.failed_at.is_some_and(|at| at.elapsed() < NO_SECOND_TRY) {
            return Err(Error::Unavailable("redis did not answer a moment ago".to_owned()));
        }
        let letters = self.brought_up_to_date(&mut kept, stream).await;
        kept.failed_at = letters.is_err().then(Instant::now);
        letters
    }

    async fn brought_up_to_date(&self, kept: &mut Kept, stream: &str) -> Result<Arc<Vec<Letter>>, Error> {
        let Some(now) = self.state(stream).await? else {
            *kept = Kept::default();
            return Ok(Arc::default());
        };
        if kept.state != Some(now) {
            let added = kept.state.and_then(|before| Some((before, now.added_since(before)?)));
            let is_current = match added {
                Some((before, added)) => self.append(kept, stream, before.last, added, now).await?,
                None => false,
            };
            if !is_current {
                kept.letters = Arc::new(self.read(stream, now).await?);
            }
            kept.state = Some(now);
        }
        Ok(Arc::clone(&kept.letters))
    }

    fn kept(&self, stream: &str) -> Arc<tokio::sync::Mutex<Kept>> {
        // a map of handles is whole after every statement, so a panic elsewhere does not spoil it
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        if streams.len() >= STREAMS_AT_MOST && !streams.contains_key(stream) {
            streams.clear();
        }
        Arc::clone(streams.entry(stream.to_owned()).or_default())
    }

    async fn state(&self, stream: &str) -> Result<Option<State>, Error> {
        let name = keys::dead_letter_stream(stream);
        match self.redis.query(redis::cmd("XINFO").arg("STREAM").arg(name)).await {
            Err(Error::NotFound(_)) => Ok(None),
            answer => {
                let facts = StreamFacts::read(answer?)?;
                Ok(Some(State { added: facts.entries_added, length: facts.length, last: facts.last_id }))
            }
        }
    }

    /// Reads the `added` letters behind `from`; false where they are not what was expected.
    async fn append(
        &self,
        kept: &mut Kept,
        stream: &str,
        from: EntryId,
        added: u64,
        now: State,
    ) -> Result<bool, Error> {
        let Some(added) = usize::try_from(added).ok().filter(|added| *added <= SCAN_AT_MOST) else { return Ok(false) };
        let name = keys::dead_letter_stream(stream);
        let mut new = Vec::with_capacity(added);
        let mut walk = Walk::new(Some(from), true, Pace::new(FIRST_STEP, STEP));
        while new.len() < added {
            let page = walk.next(&self.redis, &name, added - new.len()).await?;
            if page.is_empty() {
                return Ok(false);
            }
            new.extend(page.into_iter().map(|raw| Letter::read(stream, raw)));
        }
        if new.last().is_some_and(|last| last.id != now.last) {
            return Ok(false);
        }
        let letters = Arc::make_mut(&mut kept.letters);
        letters.extend(new);
        let surplus = letters.len().saturating_sub(SCAN_AT_MOST);
        letters.drain(..surplus);
        Ok(true)
    }

    /// Reads the newest letters up to the state that XINFO told.
    async fn read(&self, stream: &str, now: State) -> Result<Vec<Letter>, Error> {
        let name = keys::dead_letter_stream(stream);
        let mut letters = Vec::new();
        let mut walk = Walk::new(Some(now.last.next()), false, Pace::new(FIRST_STEP, STEP));
        while letters.len() < SCAN_AT_MOST && !walk.is_at_end() {
            let page = walk.next(&self.redis, &name, SCAN_AT_MOST - letters.len()).await?;
            letters.extend(page.into_iter().map(|raw| Letter::read(stream, raw)));
        }
        letters.sort_unstable_by_key(|letter| letter.id);
        Ok(letters)
    }
}

impl Letter {
    fn read(stream: &str, raw: RawEntry) -> Self {
        let Record { at, provenance, .. } = Record::read(stream, raw);
        Self { id: at.id, provenance }
    }
}

/// Leaves the newest `count` before the cursor, newest first.
fn keep_newest<T>(found: &mut Vec<T>, at: impl Fn(&T) -> &Cursor, before: Option<&Cursor>, count: usize) {
    found.retain(|one| before.is_none_or(|before| place(at(one)) < place(before)));
    found.sort_by(|a, b| place(at(b)).cmp(&place(at(a))));
    found.truncate(count);
}

fn wanted<'a>(streams: &'a [String], filter: &'a Filter) -> impl Iterator<Item = &'a String> {
    streams.iter().filter(|stream| filter.stream.as_ref().is_none_or(|wanted| wanted == *stream))
}

/// A cause with no letter counted yet, as its first letter tells it.
fn first_of(p: &Provenance) -> Cause {
    Cause {
        fingerprint: p.fingerprint.clone(),
        error: normalise_error(&p.error),
        event_type: p.event_type.clone(),
        stream: p.stream.clone(),
        group: p.group.clone(),
        count: 0,
        first: p.last_failed_at,
        last: p.last_failed_at,
        per_hour: vec![0; HOURS],
    }
}

/// Which of the last 24 hours a moment lies in, 0 = the oldest.
fn hour_of_day_before(at: Timestamp, now: Timestamp) -> Option<usize> {
    let hours_ago = usize::try_from((now.millis() - at.millis()).max(0) / HOUR_MS).ok()?;
    (HOURS - 1).checked_sub(hours_ago)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_hour_is_the_last_bar() {
        let now = Timestamp::from_millis(1_700_000_000_000);
        let ago = |hours: i64| Timestamp::from_millis(now.millis() - hours * HOUR_MS);
        assert_eq!(hour_of_day_before(now, now), Some(23));
        assert_eq!(hour_of_day_before(ago(23), now), Some(0));
        assert_eq!(hour_of_day_before(ago(24), now), None);
    }

    fn state(added: u64, length: u64, last: u64) -> State {
        State { added, length, last: EntryId { ms: last, seq: 0 } }
    }

    #[test]
    fn only_additions_are_read_on_and_everything_else_anew() {
        let before = state(10, 10, 50);
        assert_eq!(state(13, 13, 70).added_since(before), Some(3));
        assert_eq!(state(13, 12, 70).added_since(before), None, "three came, one went");
        assert_eq!(state(10, 9, 50).added_since(before), None, "one went");
        assert_eq!(state(10, 10, 60).added_since(before), None, "another stream of the same length");
        assert_eq!(state(2, 2, 60).added_since(before), None, "begun anew");
        assert_eq!(state(12, 12, 50).added_since(before), None, "more were added, and none is newer");
    }
}
