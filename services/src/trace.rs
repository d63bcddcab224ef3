//! What the services have written down about events: when they were written, sent and handled.

use domain::{
    Timestamp,
    event::Envelope,
    stream::EntryId,
    trace::{TraceContext, sought::is_named, waterfall::Written},
};
use store::{Database, rows};

use crate::{
    Error, Services,
    keys::{BACKLOG_GROUP, CHRONICLE_GROUP, PROJECT_GROUP},
    outbox,
};

/// Rows of an outbox that are looked at: the newest ones.
pub const LOOK_AT_MOST: i64 = 20_000;
/// Rows that are told.
const TELL_AT_MOST: i64 = 100;

/// An event in an outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub stream: String,
    pub envelope: Envelope,
    pub trace: Option<TraceContext>,
    pub written: Written,
    /// The entry that it became.
    pub entry: Option<EntryId>,
}

/// Events that are still in an outbox and have this id: of the event, its correlation or its trace; oldest first.
pub async fn written(services: &Services, id: &str) -> Result<Vec<Row>, Error> {
    let mut found = Vec::new();
    for (service, database) in outbox::producers(services) {
        found.extend(written_by(service, database, id).await?);
    }
    Ok(found)
}

async fn written_by(service: &str, database: &Database, id: &str) -> Result<Vec<Row>, Error> {
    type Stored = (String, String, Option<String>, i64, Option<i64>, Option<i64>, Option<i64>);
    let mut connection = database.connection().await?;
    // the id as JSON has it, quotes and all; both databases know `replace`, and neither's `like` is the other's
    let stored: Vec<Stored> = sqlx::query_as(
        "select stream, data, traceparent, created_at_us, sent_at_us, entry_ms, entry_seq
         from (select * from outbox order by id desc limit $3) as newest
         where replace(data, $1, '') <> data or substr(traceparent, 4, 32) = $2 order by id limit $4",
    )
    .bind(serde_json::to_string(id)?)
    .bind(id)
    .bind(LOOK_AT_MOST)
    .bind(TELL_AT_MOST)
    .fetch_all(&mut *connection)
    .await?;
    let row = |(stream, data, traceparent, created_at_us, sent_at_us, ms, seq): Stored| {
        let envelope = Envelope::read(data.as_bytes()).ok()?;
        let trace = traceparent.as_deref().and_then(TraceContext::parse);
        let number = |number: Option<i64>| number.and_then(|number| u64::try_from(number).ok());
        let written = Written {
            service: service.to_owned(),
            at: Timestamp::from_micros(created_at_us),
            sent_at: sent_at_us.map(Timestamp::from_micros),
        };
        let entry = number(ms).zip(number(seq)).map(|(ms, seq)| EntryId { ms, seq });
        // an id may be in any part of the JSON: only where it names the event is it meant
        is_named(id, &envelope, trace).then_some(Row { stream, envelope, trace, written, entry })
    };
    Ok(stored.into_iter().filter_map(row).collect())
}

/// When events took effect in the service that reads as `group`; nothing for a group of another program.
pub async fn handled(services: &Services, group: &str, event_ids: &[&str]) -> Result<Vec<(String, Timestamp)>, Error> {
    let databases = services.databases();
    let database = match group {
        BACKLOG_GROUP => &databases.backlog,
        PROJECT_GROUP => &databases.project,
        CHRONICLE_GROUP => &databases.chronicle,
        _ => return Ok(Vec::new()),
    };
    let mut handled = Vec::new();
    let mut connection = database.connection().await?;
    for event_ids in event_ids.chunks(rows::ROWS_PER_STATEMENT) {
        let statement = format!(
            "select event_id, processed_at_us from processed_events where event_id in (values {})",
            rows::placeholders(event_ids.len(), 1)
        );
        let mut query = sqlx::query_as::<_, (String, i64)>(sqlx::AssertSqlSafe(statement));
        for event_id in event_ids {
            query = query.bind(*event_id);
        }
        let marks = query.fetch_all(&mut *connection).await?;
        handled.extend(marks.into_iter().map(|(event_id, at_us)| (event_id, Timestamp::from_micros(at_us))));
    }
    Ok(handled)
}
