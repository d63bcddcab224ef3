//! Dead letters: what groups gave up on, listed and grouped by cause. The stream is the truth; nothing is cached here.

pub(crate) mod record;
mod recovery;

use std::collections::HashMap;

use domain::{
    Timestamp,
    dead_letter::{Cause, Cursor, DeadLetter, DeadLetterPage, Filter, normalise_error},
};
pub use recovery::{discard, replay};

use crate::{Error, Redis, clock, dead_letter::record::Record, inspect, keys};

/// Records looked at per dead-letter stream for one answer: the newest ones.
pub const SCAN_AT_MOST: usize = 10_000;
/// Records fetched at once.
const STEP: usize = 500;
const HOUR_MS: i64 = 3_600_000;
const HOURS: usize = 24;

/// Why entries died, most frequent cause first. `streams` are source streams; at most the newest 10 000 records of each
/// are looked at.
pub async fn causes(redis: &Redis, streams: &[String], filter: &Filter) -> Result<Vec<Cause>, Error> {
    let now = clock::now();
    let mut causes: HashMap<(String, String, String), Cause> = HashMap::new();
    for stream in wanted(streams, filter) {
        for record in scan(redis, stream, filter).await? {
            let p = record.provenance;
            let key = (p.stream.clone(), p.group.clone(), p.fingerprint.clone());
            let cause = causes.entry(key).or_insert_with(|| Cause {
                fingerprint: p.fingerprint.clone(),
                error: normalise_error(&p.error),
                event_type: p.event_type.clone(),
                stream: p.stream.clone(),
                group: p.group.clone(),
                count: 0,
                first: p.last_failed_at,
                last: p.last_failed_at,
                per_hour: vec![0; HOURS],
            });
            cause.count += 1;
            cause.first = cause.first.min(p.last_failed_at);
            cause.last = cause.last.max(p.last_failed_at);
            if let Some(hour) = hour_of_day_before(p.last_failed_at, now) {
                cause.per_hour[hour] += 1;
            }
        }
    }
    let mut causes: Vec<Cause> = causes.into_values().collect();
    causes.sort_by(|a, b| (b.count, b.last, &a.fingerprint).cmp(&(a.count, a.last, &b.fingerprint)));
    Ok(causes)
}

/// Which of the last 24 hours a moment lies in, 0 = the oldest.
fn hour_of_day_before(at: Timestamp, now: Timestamp) -> Option<usize> {
    let hours_ago = usize::try_from((now.millis() - at.millis()).max(0) / HOUR_MS).ok()?;
    (HOURS - 1).checked_sub(hours_ago)
}

/// A page of dead letters of these source streams, newest first, and how many match in all. Filtering looks at the
/// newest 10 000 of each stream; without a filter nothing but the page is fetched.
pub async fn list(
    redis: &Redis,
    streams: &[String],
    filter: &Filter,
    before: Option<&Cursor>,
    count: usize,
) -> Result<DeadLetterPage, Error> {
    let everything = Filter { stream: filter.stream.clone(), ..Filter::default() } == *filter;
    let (mut records, mut total) = (Vec::new(), 0);
    for stream in wanted(streams, filter) {
        if everything {
            let name = keys::dead_letter_stream(stream);
            total += redis.query::<u64>(redis::cmd("XLEN").arg(&name)).await?;
            // ids are unique in a stream only: the record with the cursor's id counts where its stream sorts lower
            let from = before.map(|before| if *stream < before.stream { before.id.next() } else { before.id });
            let page = inspect::range(redis, &name, from, false, count + 1).await?;
            records.extend(page.into_iter().map(|raw| Record::read(stream, raw)));
        } else {
            let found = scan(redis, stream, filter).await?;
            total += found.len() as u64;
            records.extend(found);
        }
    }
    records.sort_by(|a, b| place(&b.at).cmp(&place(&a.at)));
    records.retain(|record| before.is_none_or(|before| place(&record.at) < place(before)));
    let more = records.len() > count;
    records.truncate(count);
    let older = records.last().filter(|_| more).map(|record| record.at.clone());
    Ok(DeadLetterPage { records: with_presence(redis, records).await?, older, total })
}

/// One dead letter, whole.
pub async fn get(redis: &Redis, at: &Cursor) -> Result<DeadLetter, Error> {
    let record = find(redis, at).await?.ok_or_else(|| Error::NotFound(format!("no dead letter {at}")))?;
    let mut shown = with_presence(redis, vec![record]).await?;
    Ok(shown.remove(0))
}

async fn find(redis: &Redis, at: &Cursor) -> Result<Option<Record>, Error> {
    let found = inspect::find(redis, &keys::dead_letter_stream(&at.stream), at.id).await?;
    Ok(found.map(|raw| Record::read(&at.stream, raw)))
}

/// Order over all streams: by id, so by time of death.
fn place(at: &Cursor) -> (domain::stream::EntryId, &str) {
    (at.id, &at.stream)
}

fn wanted<'a>(streams: &'a [String], filter: &'a Filter) -> impl Iterator<Item = &'a String> {
    streams.iter().filter(|stream| filter.stream.as_ref().is_none_or(|wanted| wanted == *stream))
}

/// The records of one stream that match, newest first.
async fn scan(redis: &Redis, stream: &str, filter: &Filter) -> Result<Vec<Record>, Error> {
    let name = keys::dead_letter_stream(stream);
    let (mut found, mut looked_at, mut from) = (Vec::new(), 0, None);
    while looked_at < SCAN_AT_MOST {
        let page = inspect::range(redis, &name, from, false, STEP).await?;
        let at_end = page.len() < STEP;
        looked_at += page.len();
        from = page.last().map(|raw| raw.id);
        let records = page.into_iter().map(|raw| Record::read(stream, raw));
        found.extend(records.filter(|record| filter.matches(&record.provenance)));
        if at_end {
            break;
        }
    }
    Ok(found)
}

/// Whether the entry is still in its stream as it was: decides how a replay is sent.
async fn source_present(redis: &Redis, records: &[Record]) -> Result<Vec<bool>, Error> {
    let mut present = vec![false; records.len()];
    let mut by_stream: HashMap<&str, Vec<usize>> = HashMap::new();
    for (place, record) in records.iter().enumerate() {
        by_stream.entry(&record.at.stream).or_default().push(place);
    }
    for (stream, places) in by_stream {
        let ids: Vec<_> = places.iter().map(|place| records[*place].provenance.source_id).collect();
        for (place, source) in places.into_iter().zip(inspect::find_many(redis, stream, &ids).await?) {
            present[place] = source.is_some_and(|source| source.fields == records[place].fields);
        }
    }
    Ok(present)
}

async fn with_presence(redis: &Redis, records: Vec<Record>) -> Result<Vec<DeadLetter>, Error> {
    let present = source_present(redis, &records).await?;
    Ok(records.into_iter().zip(present).map(|(record, present)| record.shown(present)).collect())
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
}
