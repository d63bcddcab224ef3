//! One effect for an event that is delivered twice: its id is marked in the transaction of the effect.

use std::collections::HashSet;

use domain::Timestamp;
use sqlx::{Any, AnyConnection, Row, query::Query};
use store::{Database, Transaction, rows};
use streams::Failure;

use crate::{Error, clock};

/// Starts the transaction in which the event takes effect; `None` if it did already.
pub async fn first_time(database: &Database, event_id: &str, project_id: &str) -> Result<Option<Transaction>, Error> {
    let mut transaction = database.begin().await?;
    let marked = sqlx::query(
        "insert into processed_events (event_id, project_id, processed_at_us) values ($1, $2, $3)
         on conflict (event_id) do nothing",
    )
    .bind(event_id)
    .bind(project_id)
    .bind(clock::now().micros())
    .execute(&mut *transaction)
    .await?;
    Ok((marked.rows_affected() == 1).then_some(transaction))
}

/// Starts the transaction in which many events take effect, and gives the ids of those that did not yet. At most
/// [`rows::ROWS_PER_STATEMENT`] events, all different: `(event_id, project_id)`.
pub async fn first_times<'a>(
    database: &Database,
    events: &[(&'a str, &str)],
) -> Result<(Transaction, HashSet<&'a str>), Error> {
    let all = events.iter().map(|(id, _)| *id);
    let mut transaction = database.begin().await?;
    // counted and not returned: rows of an answer cost as much as those that are written
    let marked = marks(events, "").execute(&mut *transaction).await?.rows_affected();
    if usize::try_from(marked) == Ok(events.len()) {
        return Ok((transaction, all.collect()));
    }
    // a repeat among them is rare: then it is done once more, and said which
    drop(transaction);
    let mut transaction = database.begin().await?;
    let mut first = HashSet::new();
    for row in marks(events, "returning event_id").fetch_all(&mut *transaction).await? {
        first.insert(row.try_get::<String, _>(0)?);
    }
    Ok((transaction, all.filter(|id| first.contains(*id)).collect()))
}

fn marks<'q>(events: &[(&'q str, &'q str)], returning: &str) -> Query<'q, Any, <Any as sqlx::Database>::Arguments> {
    let now = clock::now().micros();
    let statement = format!(
        "insert into processed_events (event_id, project_id, processed_at_us) values {}
         on conflict (event_id) do nothing {returning}",
        rows::placeholders(events.len(), 3)
    );
    let mut query = sqlx::query(sqlx::AssertSqlSafe(statement));
    for &(event_id, project_id) in events {
        query = query.bind(event_id).bind(project_id).bind(now);
    }
    query
}

/// Forgets events processed before `before`.
pub(crate) async fn forget(connection: &mut AnyConnection, before: Timestamp) -> Result<u64, Error> {
    let done = sqlx::query("delete from processed_events where processed_at_us < $1")
        .bind(before.micros())
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}

/// Reads an event of a known type; one without its required fields will not get them by waiting.
pub(crate) fn read<T: serde::de::DeserializeOwned>(data: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(data).map_err(|error| Failure::Reject(anyhow::Error::new(error).context("malformed event")))
}

/// The database being away costs the event none of its attempts; whatever else went wrong may go well later.
impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Unavailable(_) => Self::Outage(error.into()),
            Error::Refused(_) | Error::Internal(_) => Self::Retry(error.into()),
        }
    }
}
