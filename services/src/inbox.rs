//! One effect for an event that is delivered twice: its id is marked in the transaction of the effect.

use domain::Timestamp;
use sqlx::AnyConnection;
use store::{Database, Transaction};
use streams::Failure;

use crate::{Error, clock};

/// Starts the transaction in which the event takes effect; `None` if it did already.
pub(crate) async fn first_time(
    database: &Database,
    event_id: &str,
    project_id: &str,
) -> Result<Option<Transaction>, Error> {
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
