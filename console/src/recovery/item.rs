//! The entries of a job as SQL has them.

use domain::{
    operation::ReplayWay,
    recovery::{Item, ItemState},
    stream::EntryId,
};
use sqlx::AnyConnection;
use store::{Transaction, rows};
use streams::dead_letter::choose::{Choice, Plan};

use super::answered;
use crate::{Console, Error, audit::storable};

pub(super) const COLUMNS: &str =
    "place, stream, group_name, record, source_id, key_text, event_type, newer, state, detail, added_as, way";
const INSERTED: &[&str] = &[
    "job",
    "place",
    "stream",
    "group_name",
    "record",
    "source_id",
    "source_ms",
    "source_seq",
    "key_text",
    "event_type",
    "way",
    "state",
    "detail",
];

#[derive(sqlx::FromRow)]
pub(super) struct Row {
    pub(super) place: i64,
    pub(super) stream: String,
    pub(super) group_name: String,
    record: Option<String>,
    source_id: String,
    pub(super) key_text: Option<String>,
    event_type: Option<String>,
    newer: Option<i64>,
    state: String,
    detail: String,
    added_as: Option<String>,
    way: Option<String>,
}

impl Row {
    /// Whether its entry was still in the stream when it was chosen.
    pub(super) fn is_in_stream(&self) -> bool {
        self.way.as_deref() == Some(way_word(ReplayWay::ToGroup))
    }

    pub(super) fn source_id(&self) -> EntryId {
        self.source_id.parse().unwrap_or(EntryId::ZERO)
    }

    pub(super) fn record(&self) -> Option<EntryId> {
        self.record.as_deref().and_then(|id| id.parse().ok())
    }

    /// The entry in the stream that its group handles.
    pub(super) fn entry(&self) -> EntryId {
        self.added_as.as_deref().and_then(|id| id.parse().ok()).unwrap_or_else(|| self.source_id())
    }
}

impl From<Row> for Item {
    fn from(row: Row) -> Self {
        Self {
            place: row.place,
            record: row.record(),
            source_id: row.source_id(),
            added_as: row.added_as.as_deref().and_then(|id| id.parse().ok()),
            newer: row.newer.map(i64::unsigned_abs),
            state: ItemState::parse(&row.state).unwrap_or(ItemState::Queued),
            stream: row.stream,
            group: row.group_name,
            key: row.key_text,
            event_type: row.event_type,
            detail: row.detail,
        }
    }
}

/// Writes choices down, numbered from `place` on.
pub(super) async fn insert(
    transaction: &mut Transaction,
    job: i64,
    mut place: i64,
    choices: &[Choice],
) -> Result<i64, store::Error> {
    for part in choices.chunks(rows::ROWS_PER_STATEMENT) {
        let statement = format!(
            "insert into recovery_items ({}) values {}",
            INSERTED.join(", "),
            rows::placeholders(part.len(), INSERTED.len())
        );
        let mut query = sqlx::query(sqlx::AssertSqlSafe(statement));
        for choice in part {
            place += 1;
            let (way, state, detail) = match choice.plan {
                Plan::Send(way) => (Some(way_word(way)), ItemState::Queued, would(way, &choice.group)),
                Plan::LeaveAlone(why) => (None, ItemState::Skipped, why.sentence(&choice.stream, &choice.group)),
            };
            let number = |part: u64| i64::try_from(part).unwrap_or(i64::MAX);
            query = query
                .bind(job)
                .bind(place)
                .bind(storable(&choice.stream))
                .bind(storable(&choice.group))
                .bind(choice.record.map(|id| id.to_string()))
                .bind(choice.source_id.to_string())
                .bind(number(choice.source_id.ms))
                .bind(number(choice.source_id.seq))
                .bind(choice.key.as_deref().map(storable))
                .bind(choice.event_type.as_deref().map(storable))
                .bind(way)
                .bind(state.as_str())
                .bind(storable(&detail));
        }
        query.execute(&mut **transaction).await?;
    }
    Ok(place)
}

const fn way_word(way: ReplayWay) -> &'static str {
    match way {
        ReplayWay::ToGroup => "to_group",
        ReplayWay::AddAgain => "add_again",
    }
}

fn would(way: ReplayWay, group: &str) -> String {
    match way {
        ReplayWay::ToGroup => format!("would be given back to {group}, seen by nobody else"),
        ReplayWay::AddAgain => {
            format!("would be added again with a mark for {group}: its entry is no longer there")
        }
    }
}

/// The highest number given out in a job; 0 where there is none.
pub(super) async fn last_place(console: &Console, job: i64) -> Result<i64, store::Error> {
    answered(async {
        let mut connection = console.database().connection().await?;
        let statement = "select cast(coalesce(max(place), 0) as bigint) from recovery_items where job = $1";
        let (place,): (i64,) = sqlx::query_as(statement).bind(job).fetch_one(&mut *connection).await?;
        Ok(place)
    })
    .await
}

/// A state that entries get, and why.
pub(super) struct Outcome<'a> {
    pub(super) from: ItemState,
    pub(super) to: ItemState,
    pub(super) detail: &'a str,
    pub(super) added_as: Option<EntryId>,
    pub(super) sent_at_us: Option<i64>,
}

/// Gives these entries a state, those that are still in the one that they had.
pub(super) async fn settle(
    connection: &mut AnyConnection,
    job: i64,
    places: &[i64],
    outcome: &Outcome<'_>,
) -> Result<(), store::Error> {
    for part in places.chunks(rows::ROWS_PER_STATEMENT) {
        let statement = format!(
            "update recovery_items set state = $3, detail = $4, added_as = coalesce(cast($5 as text), added_as),
                 sent_at_us = coalesce(cast($6 as bigint), sent_at_us)
             where job = $1 and state = $2 and place in ({})",
            rows::list(7, part.len())
        );
        let mut query = sqlx::query(sqlx::AssertSqlSafe(statement))
            .bind(job)
            .bind(outcome.from.as_str())
            .bind(outcome.to.as_str())
            .bind(storable(outcome.detail))
            .bind(outcome.added_as.map(|id| id.to_string()))
            .bind(outcome.sent_at_us);
        for place in part {
            query = query.bind(*place);
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

/// Entries of a job in one state, in the order in which they are sent.
pub(super) async fn in_state(console: &Console, job: i64, state: ItemState) -> Result<Vec<Row>, store::Error> {
    let statement = format!(
        "select {COLUMNS} from recovery_items where job = $1 and state = $2 order by source_ms, source_seq, place"
    );
    answered(async {
        let mut connection = console.database().connection().await?;
        let query = sqlx::query_as(sqlx::AssertSqlSafe(statement)).bind(job).bind(state.as_str());
        Ok(query.fetch_all(&mut *connection).await?)
    })
    .await
}

/// A page of entries, by number; all, or those in one state.
pub(super) async fn page(
    console: &Console,
    job: i64,
    state: Option<ItemState>,
    after: i64,
    count: usize,
) -> Result<Vec<Row>, Error> {
    let which = if state.is_some() { "and state = $4" } else { "and cast($4 as text) is null" };
    let statement =
        format!("select {COLUMNS} from recovery_items where job = $1 and place > $2 {which} order by place limit $3");
    answered(async {
        let mut connection = console.database().connection().await?;
        let query = sqlx::query_as(sqlx::AssertSqlSafe(statement))
            .bind(job)
            .bind(after)
            .bind(i64::try_from(count).expect("a page is short"))
            .bind(state.map(ItemState::as_str));
        Ok(query.fetch_all(&mut *connection).await?)
    })
    .await
    .map_err(Error::RecoveryAway)
}
