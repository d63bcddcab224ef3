//! SQL of sprints.

use domain::{
    Date, Timestamp,
    sprint::{BurndownPoint, Sprint, SprintStatus, SprintTask},
};
use sqlx::AnyConnection;
use store::rows;

use crate::{Error, backlog::store::status as task_status};

const COLUMNS: &str = "sprint_id, project_id, sprint_name, start_date, end_date, duration_weeks, status, number";

#[derive(sqlx::FromRow)]
struct SprintRow {
    sprint_id: String,
    project_id: String,
    sprint_name: String,
    start_date: String,
    end_date: String,
    duration_weeks: i64,
    status: String,
    number: i64,
}

impl TryFrom<SprintRow> for Sprint {
    type Error = Error;
    fn try_from(row: SprintRow) -> Result<Self, Error> {
        let status = SprintStatus::parse(&row.status)
            .ok_or_else(|| Error::Internal(anyhow::anyhow!("stored sprint status {:?}", row.status)))?;
        Ok(Self {
            start_date: date(&row.start_date)?,
            end_date: date(&row.end_date)?,
            sprint_id: row.sprint_id,
            project_id: row.project_id,
            sprint_name: row.sprint_name,
            duration_weeks: row.duration_weeks,
            status,
        })
    }
}

/// A day as stored.
pub(crate) fn date(text: &str) -> Result<Date, Error> {
    text.parse().map_err(|error: domain::time::NotATime| Error::Internal(error.into()))
}

pub(super) async fn find(connection: &mut AnyConnection, sprint_id: &str) -> Result<Option<Sprint>, Error> {
    let statement = format!("select {COLUMNS} from sprints where sprint_id = $1");
    let row: Option<SprintRow> =
        sqlx::query_as(sqlx::AssertSqlSafe(statement)).bind(sprint_id).fetch_optional(connection).await?;
    row.map(Sprint::try_from).transpose()
}

/// Newest start first.
pub(super) async fn list(
    connection: &mut AnyConnection,
    project_id: Option<&str>,
    status: Option<&str>,
) -> Result<Vec<Sprint>, Error> {
    let statement =
        format!("select {COLUMNS} from sprints where ($1 = '' or project_id = $1) and ($2 = '' or status = $2)");
    let mut rows: Vec<SprintRow> = sqlx::query_as(sqlx::AssertSqlSafe(statement))
        .bind(project_id.unwrap_or_default())
        .bind(status.unwrap_or_default())
        .fetch_all(connection)
        .await?;
    // several sprints may start on one day
    rows.sort_by(|a, b| (&b.start_date, b.number).cmp(&(&a.start_date, a.number)));
    rows.into_iter().map(Sprint::try_from).collect()
}

/// By number of task.
pub(super) async fn tasks(connection: &mut AnyConnection, sprint_id: &str) -> Result<Vec<SprintTask>, Error> {
    #[derive(sqlx::FromRow)]
    struct Row {
        task_id: String,
        title: String,
        status: String,
        sprint_id: String,
        progress_percentage: i64,
        assigned_to: Option<String>,
    }
    let rows: Vec<Row> = sqlx::query_as(
        "select task_id, title, status, sprint_id, progress_percentage, assigned_to from tasks where sprint_id = $1
         order by length(task_id), task_id",
    )
    .bind(sprint_id)
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(SprintTask {
                status: task_status(&row.status)?,
                task_id: row.task_id,
                title: row.title,
                sprint_id: row.sprint_id,
                progress_percentage: row.progress_percentage,
                assigned_to: row.assigned_to,
            })
        })
        .collect()
}

/// The next number of the project's sprints, and the time of the last act on any of them. Locks the number, so that
/// starts of one project come one after the other.
pub(super) async fn next_number(connection: &mut AnyConnection, project_id: &str) -> Result<(i64, Timestamp), Error> {
    let (number,): (i64,) = sqlx::query_as(
        "insert into sprint_numbers (project_id, last_number) values ($1, 1)
         on conflict (project_id) do update set last_number = sprint_numbers.last_number + 1
         returning last_number",
    )
    .bind(project_id)
    .fetch_one(&mut *connection)
    .await?;
    let (last_us,): (Option<i64>,) =
        sqlx::query_as("select cast(max(changed_at_us) as bigint) from sprints where project_id = $1")
            .bind(project_id)
            .fetch_one(connection)
            .await?;
    Ok((number, Timestamp::from_micros(last_us.unwrap_or(0))))
}

/// Whether the project had no sprint in progress: the unique index decides.
pub(super) async fn insert(
    connection: &mut AnyConnection,
    sprint: &Sprint,
    number: i64,
    at: Timestamp,
) -> Result<bool, Error> {
    let statement = format!(
        "insert into sprints ({COLUMNS}, changed_at_us) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict do nothing"
    );
    let done = sqlx::query(sqlx::AssertSqlSafe(statement))
        .bind(&sprint.sprint_id)
        .bind(&sprint.project_id)
        .bind(&sprint.sprint_name)
        .bind(sprint.start_date.to_string())
        .bind(sprint.end_date.to_string())
        .bind(sprint.duration_weeks)
        .bind(sprint.status.as_str())
        .bind(number)
        .bind(at.micros())
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Adds tasks to their sprint, or changes status and progress of those that are in it.
pub(super) async fn put_tasks(connection: &mut AnyConnection, tasks: &[SprintTask]) -> Result<(), Error> {
    for tasks in tasks.chunks(rows::ROWS_PER_STATEMENT) {
        let statement = format!(
            "insert into tasks (sprint_id, task_id, title, status, progress_percentage, assigned_to) values {}
             on conflict (sprint_id, task_id) do update
             set status = excluded.status, progress_percentage = excluded.progress_percentage",
            rows::placeholders(tasks.len(), 6)
        );
        let mut query = sqlx::query(sqlx::AssertSqlSafe(statement));
        for task in tasks {
            query = query
                .bind(&task.sprint_id)
                .bind(&task.task_id)
                .bind(&task.title)
                .bind(task.status.as_str())
                .bind(task.progress_percentage)
                .bind(&task.assigned_to);
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

/// The sprint, if it is in progress, with its row locked until the transaction ends, and the time of this act: `now`,
/// or just after the last act where the clock says otherwise.
pub(super) async fn lock_active(
    connection: &mut AnyConnection,
    sprint_id: &str,
    now: Timestamp,
) -> Result<Option<(Sprint, Timestamp)>, Error> {
    let locked: Option<(i64,)> = sqlx::query_as(
        "update sprints set changed_at_us = case when changed_at_us < $2 then $2 else changed_at_us + 1 end
         where sprint_id = $1 and status = 'in_progress'
         returning changed_at_us",
    )
    .bind(sprint_id)
    .bind(now.micros())
    .fetch_optional(&mut *connection)
    .await?;
    let Some((at_us,)) = locked else { return Ok(None) };
    let sprint = find(connection, sprint_id).await?;
    Ok(sprint.map(|sprint| (sprint, Timestamp::from_micros(at_us))))
}

/// The sprint in progress that holds the task. A task belongs to one project, which has at most one such sprint.
pub(super) async fn active_sprint_of(connection: &mut AnyConnection, task_id: &str) -> Result<Option<String>, Error> {
    let row: Option<(String,)> = sqlx::query_as(
        "select sprints.sprint_id from tasks join sprints on sprints.sprint_id = tasks.sprint_id
         where tasks.task_id = $1 and sprints.status = 'in_progress'",
    )
    .bind(task_id)
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|(sprint_id,)| sprint_id))
}

pub(super) async fn set_status(
    connection: &mut AnyConnection,
    sprint_id: &str,
    status: SprintStatus,
) -> Result<(), Error> {
    sqlx::query("update sprints set status = $2 where sprint_id = $1")
        .bind(sprint_id)
        .bind(status.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

/// Records how many tasks are unfinished as the next day of the sprint.
pub(super) async fn record_burndown(
    connection: &mut AnyConnection,
    sprint_id: &str,
    at: Timestamp,
) -> Result<(), Error> {
    sqlx::query(
        "insert into burndown (sprint_id, day, tasks_left, recorded_at_us)
         select $1,
             (select cast(coalesce(max(day) + 1, 0) as bigint) from burndown where sprint_id = $1),
             (select cast(count(*) as bigint) from tasks where sprint_id = $1 and progress_percentage < 100),
             $2",
    )
    .bind(sprint_id)
    .bind(at.micros())
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn burndown(connection: &mut AnyConnection, sprint_id: &str) -> Result<Vec<BurndownPoint>, Error> {
    let rows: Vec<(i64, i64)> =
        sqlx::query_as("select day, tasks_left from burndown where sprint_id = $1 order by day")
            .bind(sprint_id)
            .fetch_all(connection)
            .await?;
    Ok(rows
        .into_iter()
        .map(|(day, left)| BurndownPoint { day, tasks_left: u64::try_from(left).unwrap_or(0) })
        .collect())
}

/// Removes a project's sprints and what is left of its events.
pub(crate) async fn remove(connection: &mut AnyConnection, project_id: &str) -> Result<(), Error> {
    for statement in [
        "delete from sprints where project_id = $1",
        "delete from sprint_numbers where project_id = $1",
        "delete from outbox where project_id = $1",
    ] {
        sqlx::query(statement).bind(project_id).execute(&mut *connection).await?;
    }
    Ok(())
}
