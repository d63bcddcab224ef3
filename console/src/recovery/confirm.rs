//! Sees what became of entries that were given to their groups: handled, dead letters once more, or still pending.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::{
    recovery::{ItemState, Job, Order},
    stream::EntryId,
};
use streams::dead_letter::outcome::{Death, deaths, done_with};

use super::{
    answered,
    item::{self, Outcome, Row},
    job,
};
use crate::{Console, Error};

/// Longest part of an error that is repeated in a report.
const ERROR_CHARS: usize = 300;

/// Looks once at everything that was given; how many have come to an end, and how many are still out.
pub(super) async fn look(console: &Console, job: &Job) -> Result<(usize, usize), Error> {
    let sent = item::in_state(console, job.id, ItemState::Sent).await.map_err(Error::RecoveryAway)?;
    let mut by_stream: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in &sent {
        by_stream.entry(&row.stream).or_default().push(row);
    }
    let sources = job::sources(console, job.id).await.map_err(Error::RecoveryAway)?;
    let mut ended = 0;
    for (stream, rows) in by_stream {
        let watched_to = sources.iter().find(|source| source.stream == stream).map_or(EntryId::ZERO, |s| s.watched_to);
        ended += stream_look(console, job, stream, &rows, watched_to).await?;
    }
    Ok((ended, sent.len() - ended))
}

async fn stream_look(
    console: &Console,
    job: &Job,
    stream: &str,
    rows: &[&Row],
    watched_to: EntryId,
) -> Result<usize, Error> {
    let mut by_group: HashMap<&str, BTreeMap<EntryId, &Row>> = HashMap::new();
    for row in rows {
        by_group.entry(&row.group_name).or_default().insert(row.entry(), row);
    }
    // first what pends no more, then who died: the move to the dead letters is one step, so no death is missed
    let mut done: Vec<i64> = Vec::new();
    for (group, entries) in &by_group {
        let ids: BTreeSet<EntryId> = entries.keys().copied().collect();
        done.extend(done_with(console.redis(), stream, group, &ids).await?.iter().map(|id| entries[id].place));
    }
    let mut watched = watched_to;
    let mut failed: BTreeMap<i64, (String, &Row)> = BTreeMap::new();
    loop {
        let (died, next) = deaths(console.redis(), stream, watched).await?;
        for death in &died {
            if let Some(row) = by_group.get(death.group.as_str()).and_then(|entries| entries.get(&death.source_id)) {
                failed.insert(row.place, (detail(death), row));
            }
        }
        if next == watched {
            break;
        }
        watched = next;
    }
    let confirmed: Vec<i64> = done.into_iter().filter(|place| !failed.contains_key(place)).collect();
    let ended = confirmed.len() + failed.len();
    answered(async {
        let mut transaction = console.database().begin().await?;
        let outcome = |to, detail| Outcome { from: ItemState::Sent, to, detail, added_as: None, sent_at_us: None };
        let handled = outcome(ItemState::Confirmed, "handled since");
        item::settle(&mut transaction, job.id, &confirmed, &handled).await?;
        for (place, (detail, row)) in &failed {
            item::settle(&mut transaction, job.id, &[*place], &outcome(ItemState::FailedAgain, detail)).await?;
            if let (Order::InOrder, Some(key)) = (job.terms.order, &row.key_text) {
                sqlx::query(
                    "update recovery_items set state = 'skipped',
                         detail = 'left alone: the one before it of its key has failed again'
                     where job = $1 and state = 'queued' and stream = $2 and group_name = $3 and key_text = $4",
                )
                .bind(job.id)
                .bind(&row.stream)
                .bind(&row.group_name)
                .bind(key)
                .execute(&mut *transaction)
                .await?;
            }
        }
        sqlx::query("update recovery_sources set watched_to = $3 where job = $1 and stream = $2")
            .bind(job.id)
            .bind(stream)
            .bind(watched.to_string())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    })
    .await
    .map_err(Error::RecoveryAway)?;
    Ok(ended)
}

fn detail(death: &Death) -> String {
    let error: String = death.error.chars().take(ERROR_CHARS).collect();
    format!("failed again, now dead letter {}: {error}", death.record)
}
