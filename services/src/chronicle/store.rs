//! SQL of the chronicle.

use std::collections::{BTreeMap, BTreeSet};

use domain::chronicle::ActionItem;
use sqlx::AnyConnection;
use store::rows;
use uuid::Uuid;

use crate::Error;

/// A row of `chronicle_notes`.
#[derive(Default, sqlx::FromRow)]
pub(super) struct NoteRow {
    pub(super) id: String,
    pub(super) event_type: String,
    pub(super) project_id: Option<String>,
    pub(super) sprint_id: Option<String>,
    pub(super) note_content: Option<String>,
    pub(super) report_date: Option<String>,
    pub(super) summary: Option<String>,
    pub(super) summary_metrics: Option<String>,
    pub(super) additional_data: Option<String>,
    pub(super) correlation_id: Option<String>,
    pub(super) event_id: Option<String>,
    pub(super) created_at_us: i64,
}

const NOTE_COLUMNS: &str = "id, event_type, project_id, sprint_id, note_content, report_date, summary, \
                            summary_metrics, additional_data, correlation_id, event_id, created_at_us";

/// Adds a note, unless its event has one.
pub(super) async fn insert_note(connection: &mut AnyConnection, note: &NoteRow) -> Result<(), Error> {
    let statement = format!(
        "insert into chronicle_notes ({NOTE_COLUMNS}) values {} on conflict (event_id) do nothing",
        rows::placeholders(1, 12)
    );
    sqlx::query(sqlx::AssertSqlSafe(statement))
        .bind(&note.id)
        .bind(&note.event_type)
        .bind(&note.project_id)
        .bind(&note.sprint_id)
        .bind(&note.note_content)
        .bind(&note.report_date)
        .bind(&note.summary)
        .bind(&note.summary_metrics)
        .bind(&note.additional_data)
        .bind(&note.correlation_id)
        .bind(&note.event_id)
        .bind(note.created_at_us)
        .execute(connection)
        .await?;
    Ok(())
}

/// Notes of any of these kinds, newest first.
pub(super) async fn notes(
    connection: &mut AnyConnection,
    event_types: &[&str],
    sprint_id: Option<&str>,
    project_id: Option<&str>,
) -> Result<Vec<NoteRow>, Error> {
    let statement = format!(
        "select {NOTE_COLUMNS} from chronicle_notes
         where ($1 = '' or sprint_id = $1) and ($2 = '' or project_id = $2) and event_type in ({})
         order by created_at_us desc, id",
        rows::list(3, event_types.len())
    );
    let mut query = sqlx::query_as(sqlx::AssertSqlSafe(statement))
        .bind(sprint_id.unwrap_or_default())
        .bind(project_id.unwrap_or_default());
    for event_type in event_types {
        query = query.bind(*event_type);
    }
    Ok(query.fetch_all(connection).await?)
}

/// A row of `sprint_retrospectives`.
#[derive(sqlx::FromRow)]
pub(super) struct RetrospectiveRow {
    pub(super) id: String,
    pub(super) sprint_id: String,
    pub(super) project_id: String,
    pub(super) sprint_name: Option<String>,
    pub(super) start_date: Option<String>,
    pub(super) end_date: Option<String>,
    pub(super) duration_weeks: Option<i64>,
    pub(super) what_went_well: Option<String>,
    pub(super) what_could_be_improved: Option<String>,
    pub(super) facilitator_id: Option<String>,
    pub(super) tasks_summary: String,
    pub(super) created_at_us: i64,
}

const RETROSPECTIVE_COLUMNS: &str = "id, sprint_id, project_id, sprint_name, start_date, end_date, duration_weeks, \
                                     what_went_well, what_could_be_improved, facilitator_id, tasks_summary, \
                                     created_at_us";

/// Whether the sprint had none.
pub(super) async fn insert_retrospective(
    connection: &mut AnyConnection,
    row: &RetrospectiveRow,
) -> Result<bool, Error> {
    let statement = format!(
        "insert into sprint_retrospectives ({RETROSPECTIVE_COLUMNS}) values {} on conflict (sprint_id) do nothing",
        rows::placeholders(1, 12)
    );
    let done = sqlx::query(sqlx::AssertSqlSafe(statement))
        .bind(&row.id)
        .bind(&row.sprint_id)
        .bind(&row.project_id)
        .bind(&row.sprint_name)
        .bind(&row.start_date)
        .bind(&row.end_date)
        .bind(row.duration_weeks)
        .bind(&row.what_went_well)
        .bind(&row.what_could_be_improved)
        .bind(&row.facilitator_id)
        .bind(&row.tasks_summary)
        .bind(row.created_at_us)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn insert_action_items(
    connection: &mut AnyConnection,
    retrospective_id: &str,
    action_items: &[ActionItem],
) -> Result<(), Error> {
    for (position, item) in (0_i64..).zip(action_items) {
        sqlx::query(
            "insert into retrospective_action_items (id, retrospective_id, position, description, status)
             values ($1, $2, $3, $4, $5)",
        )
        .bind(Uuid::new_v4().to_string())
        .bind(retrospective_id)
        .bind(position)
        .bind(&item.description)
        .bind(&item.status)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Whoever is named twice attended once.
pub(super) async fn insert_attendees(
    connection: &mut AnyConnection,
    retrospective_id: &str,
    attendees: &[String],
) -> Result<(), Error> {
    let mut seen = BTreeSet::new();
    for (position, employee_id) in (0_i64..).zip(attendees.iter().filter(|id| seen.insert(id.as_str()))) {
        sqlx::query(
            "insert into retrospective_attendees (retrospective_id, employee_id, position) values ($1, $2, $3)",
        )
        .bind(retrospective_id)
        .bind(employee_id)
        .bind(position)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Newest first.
pub(super) async fn retrospectives(
    connection: &mut AnyConnection,
    sprint_id: Option<&str>,
    project_id: Option<&str>,
) -> Result<Vec<RetrospectiveRow>, Error> {
    let statement = format!(
        "select {RETROSPECTIVE_COLUMNS} from sprint_retrospectives
         where ($1 = '' or sprint_id = $1) and ($2 = '' or project_id = $2)
         order by created_at_us desc, id"
    );
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(statement))
        .bind(sprint_id.unwrap_or_default())
        .bind(project_id.unwrap_or_default())
        .fetch_all(connection)
        .await?)
}

/// Action items by retrospective, in the order in which they were written.
pub(super) async fn action_items(
    connection: &mut AnyConnection,
    retrospective_ids: &[&str],
) -> Result<BTreeMap<String, Vec<ActionItem>>, Error> {
    let mut items = BTreeMap::<String, Vec<ActionItem>>::new();
    for ids in retrospective_ids.chunks(rows::ROWS_PER_STATEMENT) {
        let statement = format!(
            "select retrospective_id, description, status from retrospective_action_items
             where retrospective_id in ({}) order by retrospective_id, position",
            rows::list(1, ids.len())
        );
        let mut query = sqlx::query_as(sqlx::AssertSqlSafe(statement));
        for id in ids {
            query = query.bind(*id);
        }
        let rows: Vec<(String, String, String)> = query.fetch_all(&mut *connection).await?;
        for (id, description, status) in rows {
            items.entry(id).or_default().push(ActionItem { description, status });
        }
    }
    Ok(items)
}

/// Attendees by retrospective, in the order in which they were named.
pub(super) async fn attendees(
    connection: &mut AnyConnection,
    retrospective_ids: &[&str],
) -> Result<BTreeMap<String, Vec<String>>, Error> {
    let mut attendees = BTreeMap::<String, Vec<String>>::new();
    for ids in retrospective_ids.chunks(rows::ROWS_PER_STATEMENT) {
        let statement = format!(
            "select retrospective_id, employee_id from retrospective_attendees
             where retrospective_id in ({}) order by retrospective_id, position",
            rows::list(1, ids.len())
        );
        let mut query = sqlx::query_as(sqlx::AssertSqlSafe(statement));
        for id in ids {
            query = query.bind(*id);
        }
        let rows: Vec<(String, String)> = query.fetch_all(&mut *connection).await?;
        for (id, employee_id) in rows {
            attendees.entry(id).or_default().push(employee_id);
        }
    }
    Ok(attendees)
}

/// Removes what was told about a project.
pub(crate) async fn remove(connection: &mut AnyConnection, project_id: &str) -> Result<(), Error> {
    for statement in [
        "delete from chronicle_notes where project_id = $1",
        "delete from sprint_retrospectives where project_id = $1",
        "delete from processed_events where project_id = $1",
    ] {
        sqlx::query(statement).bind(project_id).execute(&mut *connection).await?;
    }
    Ok(())
}
