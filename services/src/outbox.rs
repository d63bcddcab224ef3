//! Events that are committed with the rows they speak of, and wait here to be published by the relay.

use domain::{Timestamp, health::OutboxState, stream::EntryId, trace::TraceContext};
use sqlx::AnyConnection;
use store::{Database, Transaction, rows};

use crate::{Error, Services, loss};

/// An event on its way out.
pub struct Event {
    pub stream: &'static str,
    /// Events of one key leave in the order in which they were appended.
    pub key: String,
    pub project_id: String,
    /// The JSON of the wire.
    pub data: String,
}

/// A row of the outbox.
#[derive(sqlx::FromRow)]
pub(crate) struct Waiting {
    pub(crate) id: i64,
    pub(crate) stream: String,
    pub(crate) data: String,
    traceparent: Option<String>,
}

impl Waiting {
    /// The trace in which it was written.
    pub(crate) fn trace(&self) -> Option<TraceContext> {
        TraceContext::parse(self.traceparent.as_deref()?)
    }
}

/// The services that have an outbox. The others publish nothing (contract §3).
pub(crate) fn producers(services: &Services) -> [(&'static str, &Database); 1] {
    [("sprint", &services.databases().sprint)]
}

/// Appends events in the caller's transaction, as its last statements: the ids' row is locked until the commit.
pub async fn append(transaction: &mut Transaction, events: &[Event], at: Timestamp) -> Result<(), Error> {
    if events.is_empty() {
        return Ok(());
    }
    let count = i64::try_from(events.len()).expect("an event takes more than a byte");
    let (last_id,): (i64,) =
        sqlx::query_as("update outbox_position set last_id = last_id + $1 where only_row = 1 returning last_id")
            .bind(count)
            .fetch_one(&mut **transaction)
            .await?;
    let traceparent = telemetry::current().map(|current| current.context.to_string());
    let mut id = last_id - count;
    for events in events.chunks(rows::ROWS_PER_STATEMENT) {
        let statement = format!(
            "insert into outbox (id, stream, key, project_id, data, created_at_us, traceparent) values {}",
            rows::placeholders(events.len(), 7)
        );
        let mut query = sqlx::query(sqlx::AssertSqlSafe(statement));
        for event in events {
            id += 1;
            query = query
                .bind(id)
                .bind(event.stream)
                .bind(&event.key)
                .bind(&event.project_id)
                .bind(&event.data)
                .bind(at.micros())
                .bind(&traceparent);
        }
        query.execute(&mut **transaction).await?;
    }
    Ok(())
}

/// The oldest events that wait, in order.
pub(crate) async fn next(connection: &mut AnyConnection, count: i64) -> Result<Vec<Waiting>, Error> {
    Ok(sqlx::query_as("select id, stream, data, traceparent from outbox where sent_at_us is null order by id limit $1")
        .bind(count)
        .fetch_all(connection)
        .await?)
}

/// Marks rows as sent, each with the entry that it became.
pub(crate) async fn mark_sent(
    connection: &mut AnyConnection,
    sent: &[(i64, EntryId)],
    at: Timestamp,
) -> Result<(), Error> {
    for sent in sent.chunks(rows::ROWS_PER_STATEMENT) {
        let statement = format!(
            "update outbox set sent_at_us = new.column4, entry_ms = new.column2, entry_seq = new.column3
             from (values {}) as new where id = new.column1",
            rows::typed(sent.len(), &["bigint", "bigint", "bigint", "bigint"])
        );
        let mut query = sqlx::query(sqlx::AssertSqlSafe(statement));
        for (id, entry) in sent {
            query = query.bind(id).bind(loss::signed(entry.ms)).bind(loss::signed(entry.seq)).bind(at.micros());
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

/// Deletes events that nobody needs since `done_before`, and those that were sent before `sent_before` and that nobody
/// has handled yet.
pub(crate) async fn delete_sent(
    connection: &mut AnyConnection,
    done_before: Timestamp,
    sent_before: Timestamp,
) -> Result<u64, Error> {
    let done = sqlx::query("delete from outbox where done_at_us < $1 or sent_at_us < $2")
        .bind(done_before.micros())
        .bind(sent_before.micros())
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}

/// Takes or keeps the right to publish until `until`; whether it is ours.
pub(crate) async fn lease(
    connection: &mut AnyConnection,
    holder: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, Error> {
    let ours: Option<(String,)> = sqlx::query_as(
        "insert into outbox_lease (only_row, holder, until_us) values (1, $1, $2)
         on conflict (only_row) do update set holder = excluded.holder, until_us = excluded.until_us
             where outbox_lease.holder = $1 or outbox_lease.until_us < $3
         returning holder",
    )
    .bind(holder)
    .bind(until.micros())
    .bind(now.micros())
    .fetch_optional(connection)
    .await?;
    Ok(ours.is_some())
}

/// Gives the right back, so that another process need not wait for its end.
pub(crate) async fn release(connection: &mut AnyConnection, holder: &str) -> Result<(), Error> {
    sqlx::query("delete from outbox_lease where holder = $1").bind(holder).execute(connection).await?;
    Ok(())
}

/// How many events of one project wait.
pub(crate) async fn waiting_of(connection: &mut AnyConnection, project_id: &str) -> Result<u64, Error> {
    let (count,): (i64,) =
        sqlx::query_as("select cast(count(*) as bigint) from outbox where sent_at_us is null and project_id = $1")
            .bind(project_id)
            .fetch_one(connection)
            .await?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// What waits in each service's outbox, and what Redis lost of the rest. A service whose database is away is left out: nobody knows.
pub async fn waiting(services: &Services) -> Vec<OutboxState> {
    let mut states = Vec::new();
    for (service, database) in producers(services) {
        match state(service, database).await {
            Ok(state) => states.push(state),
            Err(error) => tracing::debug!(service.name = service, %error, "outbox could not be counted"),
        }
    }
    states
}

async fn state(service: &str, database: &Database) -> Result<OutboxState, Error> {
    let mut connection = database.connection().await?;
    let (unsent, oldest_us): (i64, Option<i64>) = sqlx::query_as(
        "select cast(count(*) as bigint), cast(min(created_at_us) as bigint) from outbox where sent_at_us is null",
    )
    .fetch_one(&mut *connection)
    .await?;
    Ok(OutboxState {
        service: service.to_owned(),
        unsent: u64::try_from(unsent).unwrap_or(0),
        oldest: oldest_us.map(Timestamp::from_micros),
        losses: loss::recent(&mut connection).await?,
    })
}
