//! What Redis lost of what was published: noticed, sent again where the stream itself was lost, and written down.
//!
//! A row of the outbox is kept until every group has acknowledged its entry, so a stream that was flushed, deleted, or
//! restored to an earlier state is filled again from here (promise P10); inboxes absorb what was handled already.
//! What somebody removed from a stream that is still there is not sent again: that was meant, and is only written down.

use std::time::Duration;

use domain::{
    Timestamp,
    health::{Loss, LossKind},
    stream::EntryId,
};
use sqlx::AnyConnection;
use store::Transaction;
use streams::{Position, Progress};

use crate::Error;

/// How long a group may be missing before it counts as removed for good: longer than any restart of its service.
const GROUP_MAY_MISS: Duration = Duration::from_hours(1);
/// How long that a group was seen is not written down again.
const SEEN_LATELY: Duration = Duration::from_mins(1);
/// Losses told by [`recent`].
const TOLD: i64 = 10;

/// The rows of a stream whose entries somebody may still need.
const OPEN: &str = "stream = $1 and sent_at_us is not null and done_at_us is null";

pub(crate) async fn position(connection: &mut AnyConnection, stream: &str) -> Result<Option<Position>, Error> {
    let row: Option<(i64, i64, i64)> =
        sqlx::query_as("select entries_added, last_ms, last_seq from outbox_streams where stream = $1")
            .bind(stream)
            .fetch_optional(connection)
            .await?;
    Ok(row.map(|(entries_added, ms, seq)| Position {
        entries_added: unsigned(entries_added),
        last_id: EntryId { ms: unsigned(ms), seq: unsigned(seq) },
    }))
}

pub(crate) async fn keep_position(
    connection: &mut AnyConnection,
    stream: &str,
    position: Position,
) -> Result<(), Error> {
    sqlx::query(
        "insert into outbox_streams (stream, entries_added, last_ms, last_seq) values ($1, $2, $3, $4)
         on conflict (stream) do update set entries_added = excluded.entries_added, last_ms = excluded.last_ms,
             last_seq = excluded.last_seq",
    )
    .bind(stream)
    .bind(signed(position.entries_added))
    .bind(signed(position.last_id.ms))
    .bind(signed(position.last_id.seq))
    .execute(connection)
    .await?;
    Ok(())
}

/// Streams with rows that are sent and not done with.
pub(crate) async fn open_streams(connection: &mut AnyConnection) -> Result<Vec<String>, Error> {
    let streams: Vec<(String,)> = sqlx::query_as(
        "select stream from outbox_streams where exists (
             select 1 from outbox
             where outbox.stream = outbox_streams.stream and sent_at_us is not null and done_at_us is null)",
    )
    .fetch_all(connection)
    .await?;
    Ok(streams.into_iter().map(|(stream,)| stream).collect())
}

/// Lets every open row of a stream be sent again, and writes them down. Gives their number.
pub(crate) async fn send_again(transaction: &mut Transaction, stream: &str, now: Timestamp) -> Result<u64, Error> {
    let events = write_down(transaction, stream, LossKind::SentAgain, None, now).await?;
    for statement in [
        &format!("update outbox set sent_at_us = null, entry_ms = null, entry_seq = null where {OPEN}"),
        "delete from outbox_streams where stream = $1",
    ] {
        sqlx::query(sqlx::AssertSqlSafe(statement.to_owned())).bind(stream).execute(&mut **transaction).await?;
    }
    Ok(events)
}

/// Marks the rows that nobody needs any more, and writes down those whose entries were removed before every group had
/// read them. Gives the number of those.
pub(crate) async fn settle(
    transaction: &mut Transaction,
    stream: &str,
    progress: &Progress,
    now: Timestamp,
) -> Result<u64, Error> {
    let mut removed = 0;
    if let Some(range) = progress.removed_unread() {
        removed = write_down(transaction, stream, LossKind::Removed, Some(range), now).await?;
        if removed > 0 {
            done(transaction, stream, range, now).await?;
        }
    }
    if all_groups_are_there(transaction, stream, progress, now).await?
        && let Some(below) = progress.done_below()
    {
        done(transaction, stream, (EntryId::ZERO, below), now).await?;
    }
    Ok(removed)
}

/// Whether every group that is known to read this stream is there; keeps in mind those that are.
async fn all_groups_are_there(
    transaction: &mut Transaction,
    stream: &str,
    progress: &Progress,
    now: Timestamp,
) -> Result<bool, Error> {
    let known: Vec<(String, i64)> = sqlx::query_as("select name, seen_at_us from outbox_groups where stream = $1")
        .bind(stream)
        .fetch_all(&mut **transaction)
        .await?;
    let since = |seen_at_us: i64| now.since(Timestamp::from_micros(seen_at_us));
    for group in &progress.groups {
        // most looks find what the last one found, and write nothing
        if known.iter().any(|(name, seen)| *name == group.name && since(*seen) < SEEN_LATELY) {
            continue;
        }
        sqlx::query(
            "insert into outbox_groups (stream, name, seen_at_us) values ($1, $2, $3)
             on conflict (stream, name) do update set seen_at_us = excluded.seen_at_us",
        )
        .bind(stream)
        .bind(&group.name)
        .bind(now.micros())
        .execute(&mut **transaction)
        .await?;
    }
    let is_missing = |(name, seen): &(String, i64)| {
        since(*seen) < GROUP_MAY_MISS && progress.groups.iter().all(|group| group.name != *name)
    };
    Ok(!known.iter().any(is_missing))
}

async fn done(
    transaction: &mut Transaction,
    stream: &str,
    (from, below): (EntryId, EntryId),
    now: Timestamp,
) -> Result<(), Error> {
    let statement = format!(
        "update outbox set done_at_us = $6
         where {OPEN} and (entry_ms, entry_seq) >= ($2, $3) and (entry_ms, entry_seq) < ($4, $5)"
    );
    sqlx::query(sqlx::AssertSqlSafe(statement))
        .bind(stream)
        .bind(signed(from.ms))
        .bind(signed(from.seq))
        .bind(signed(below.ms))
        .bind(signed(below.seq))
        .bind(now.micros())
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

/// Writes down the open rows of a stream, or those in a range of ids.
async fn write_down(
    transaction: &mut Transaction,
    stream: &str,
    how: LossKind,
    range: Option<(EntryId, EntryId)>,
    now: Timestamp,
) -> Result<u64, Error> {
    let (from, below) = range.unwrap_or((EntryId::ZERO, EntryId::MAX));
    let statement = format!(
        "insert into outbox_losses (noticed_at_us, stream, how, outbox_id, data)
         select $6, stream, $7, id, data from outbox
         where {OPEN} and (entry_ms, entry_seq) >= ($2, $3) and (entry_ms, entry_seq) < ($4, $5)"
    );
    let written = sqlx::query(sqlx::AssertSqlSafe(statement))
        .bind(stream)
        .bind(signed(from.ms))
        .bind(signed(from.seq))
        .bind(signed(below.ms))
        .bind(signed(below.seq))
        .bind(now.micros())
        .bind(how.as_str())
        .execute(&mut **transaction)
        .await?;
    Ok(written.rows_affected())
}

/// The newest losses, the newest first.
pub(crate) async fn recent(connection: &mut AnyConnection) -> Result<Vec<Loss>, Error> {
    let rows: Vec<(i64, String, String, i64)> = sqlx::query_as(
        "select noticed_at_us, stream, how, cast(count(*) as bigint) from outbox_losses
         group by noticed_at_us, stream, how order by noticed_at_us desc limit $1",
    )
    .bind(TOLD)
    .fetch_all(connection)
    .await?;
    let loss = |(noticed_at_us, stream, how, events): (i64, String, String, i64)| {
        let how = LossKind::parse(&how).ok_or_else(|| Error::Internal(anyhow::anyhow!("stored loss {how:?}")))?;
        Ok(Loss { noticed_at: Timestamp::from_micros(noticed_at_us), stream, how, events: unsigned(events) })
    };
    rows.into_iter().map(loss).collect()
}

/// Forgets losses noticed before `before`.
pub(crate) async fn forget(connection: &mut AnyConnection, before: Timestamp) -> Result<(), Error> {
    sqlx::query("delete from outbox_losses where noticed_at_us < $1").bind(before.micros()).execute(connection).await?;
    Ok(())
}

/// Ids given by the clock of a server and counts of entries are far below the half that SQL's numbers lack.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
