//! Dead letters: what groups gave up on, listed, grouped by cause and repaired. The stream is the truth.

pub mod choose;
pub mod outcome;
pub(crate) mod record;
mod recovery;
mod resend;
mod shelf;

use std::collections::HashMap;

use domain::dead_letter::{Cursor, DeadLetter};
pub use recovery::{discard, replay};
pub use resend::{Resend, Sent, Why, forget, send};
pub use shelf::Shelf;

use crate::{Error, Redis, dead_letter::record::Record, inspect, keys};

/// Records looked at per dead-letter stream for one answer: the newest ones.
pub const SCAN_AT_MOST: usize = 10_000;
/// Records fetched at once, at most, and at first, before it is known how large they are.
const STEP: usize = 500;
const FIRST_STEP: usize = 50;
const HOUR_MS: i64 = 3_600_000;
const HOURS: usize = 24;

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

/// Whether the entry is still in its stream as it was: decides how a replay is sent.
async fn source_present(redis: &Redis, records: &[Record]) -> Result<Vec<bool>, Error> {
    let mut present = vec![false; records.len()];
    let mut by_stream: HashMap<&str, Vec<usize>> = HashMap::new();
    for (place, record) in records.iter().enumerate() {
        by_stream.entry(&record.at.stream).or_default().push(place);
    }
    for (stream, places) in by_stream {
        let ids: Vec<_> = places.iter().map(|place| records[*place].provenance.source_id).collect();
        let mut asked = places.iter();
        let same = inspect::find_each(redis, stream, &ids, |source| {
            let record = asked.next().map(|place| &records[*place]);
            source.zip(record).is_some_and(|(source, record)| source.fields == record.fields)
        });
        for (place, same) in places.iter().zip(same.await?) {
            present[*place] = same;
        }
    }
    Ok(present)
}

async fn with_presence(redis: &Redis, records: Vec<Record>) -> Result<Vec<DeadLetter>, Error> {
    let present = source_present(redis, &records).await?;
    Ok(records.into_iter().zip(present).map(|(record, present)| record.shown(present)).collect())
}
