//! SQL of the backlog.

use std::collections::BTreeMap;

use domain::{
    Timestamp,
    backlog::{BacklogSummary, Standing, Task, TaskStatus},
};
use sqlx::AnyConnection;
use store::rows;

use crate::Error;

const COLUMNS: &str = "task_id, project_id, title, description, status, assigned_to, sprint_id, progress_percentage";

#[derive(sqlx::FromRow)]
struct TaskRow {
    task_id: String,
    project_id: String,
    title: String,
    description: Option<String>,
    status: String,
    assigned_to: Option<String>,
    sprint_id: Option<String>,
    progress_percentage: i64,
}

impl TryFrom<TaskRow> for Task {
    type Error = Error;
    fn try_from(row: TaskRow) -> Result<Self, Error> {
        Ok(Self {
            status: status(&row.status)?,
            task_id: row.task_id,
            project_id: row.project_id,
            title: row.title,
            description: row.description,
            assigned_to: row.assigned_to,
            sprint_id: row.sprint_id,
            progress_percentage: row.progress_percentage,
        })
    }
}

/// A status as stored; the table's check allows no other.
pub(crate) fn status(word: &str) -> Result<TaskStatus, Error> {
    TaskStatus::parse(word).ok_or_else(|| Error::Internal(anyhow::anyhow!("stored task status {word:?}")))
}

pub(super) async fn insert_missing(connection: &mut AnyConnection, tasks: &[Task]) -> Result<(), Error> {
    for tasks in tasks.chunks(rows::ROWS_PER_STATEMENT) {
        let statement = format!(
            "insert into tasks ({COLUMNS}) values {} on conflict (task_id) do nothing",
            rows::placeholders(tasks.len(), 8)
        );
        let mut query = sqlx::query(sqlx::AssertSqlSafe(statement));
        for task in tasks {
            query = query
                .bind(&task.task_id)
                .bind(&task.project_id)
                .bind(&task.title)
                .bind(&task.description)
                .bind(task.status.as_str())
                .bind(&task.assigned_to)
                .bind(&task.sprint_id)
                .bind(task.progress_percentage);
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

pub(super) async fn list(
    connection: &mut AnyConnection,
    project_id: &str,
    status: Option<&str>,
) -> Result<Vec<Task>, Error> {
    // ids of one project share their beginning, so the shorter one has the smaller number
    let statement = format!(
        "select {COLUMNS} from tasks where project_id = $1 and ($2 = '' or status = $2)
         order by length(task_id), task_id"
    );
    let rows: Vec<TaskRow> = sqlx::query_as(sqlx::AssertSqlSafe(statement))
        .bind(project_id)
        .bind(status.unwrap_or_default())
        .fetch_all(connection)
        .await?;
    rows.into_iter().map(Task::try_from).collect()
}

pub(super) async fn find(connection: &mut AnyConnection, task_id: &str) -> Result<Option<Task>, Error> {
    let statement = format!("select {COLUMNS} from tasks where task_id = $1");
    let row: Option<TaskRow> =
        sqlx::query_as(sqlx::AssertSqlSafe(statement)).bind(task_id).fetch_optional(connection).await?;
    row.map(Task::try_from).transpose()
}

/// The task and the time of its last change, with its row locked until the transaction ends. An update that changes
/// nothing locks on both databases alike.
pub(super) async fn lock(connection: &mut AnyConnection, task_id: &str) -> Result<Option<(Task, Timestamp)>, Error> {
    let locked: Option<(i64,)> =
        sqlx::query_as("update tasks set task_id = task_id where task_id = $1 returning changed_at_us")
            .bind(task_id)
            .fetch_optional(&mut *connection)
            .await?;
    let Some((changed_at_us,)) = locked else { return Ok(None) };
    let task = find(connection, task_id).await?;
    Ok(task.map(|task| (task, Timestamp::from_micros(changed_at_us))))
}

pub(super) async fn update(connection: &mut AnyConnection, task: &Task, changed_at: Timestamp) -> Result<(), Error> {
    sqlx::query(
        "update tasks set title = $2, description = $3, status = $4, assigned_to = $5, sprint_id = $6,
             progress_percentage = $7, changed_at_us = $8
         where task_id = $1",
    )
    .bind(&task.task_id)
    .bind(&task.title)
    .bind(&task.description)
    .bind(task.status.as_str())
    .bind(&task.assigned_to)
    .bind(&task.sprint_id)
    .bind(task.progress_percentage)
    .bind(changed_at.micros())
    .execute(connection)
    .await?;
    Ok(())
}

/// What `TASK_UPDATED` carries, unless a later change was applied. Says whether the task exists.
pub(super) async fn apply_update(
    connection: &mut AnyConnection,
    task_id: &str,
    standing: Standing,
    assigned_to: Option<&str>,
    sprint_id: Option<&str>,
    at: Timestamp,
) -> Result<bool, Error> {
    let Some((task, changed_at)) = lock(connection, task_id).await? else { return Ok(false) };
    if changed_at <= at {
        let task = Task {
            status: standing.status,
            progress_percentage: standing.progress,
            assigned_to: assigned_to.map(str::to_owned),
            sprint_id: sprint_id.map(str::to_owned),
            ..task
        };
        update(connection, &task, at).await?;
    }
    Ok(true)
}

/// What one `TASK_UPDATED` carries.
pub(super) struct Update<'a> {
    pub(super) task_id: &'a str,
    pub(super) standing: Standing,
    pub(super) assigned_to: Option<&'a str>,
    pub(super) sprint_id: Option<&'a str>,
    pub(super) at: Timestamp,
}

/// [`apply_update`] for updates of different tasks, at most [`rows::ROWS_PER_STATEMENT`]. Answers how many of the tasks
/// exist.
pub(super) async fn apply_updates(connection: &mut AnyConnection, updates: &[Update<'_>]) -> Result<usize, Error> {
    if updates.is_empty() {
        return Ok(0);
    }
    let statement = format!(
        "update tasks set status = new.column2, progress_percentage = new.column3, assigned_to = new.column4,
             sprint_id = new.column5, changed_at_us = new.column6
         from (values {}) as new
         where task_id = new.column1 and changed_at_us <= new.column6",
        rows::typed(updates.len(), &["text", "text", "bigint", "text", "text", "bigint"])
    );
    let mut query = sqlx::query(sqlx::AssertSqlSafe(statement));
    for update in updates {
        query = query
            .bind(update.task_id)
            .bind(update.standing.status.as_str())
            .bind(update.standing.progress)
            .bind(update.assigned_to)
            .bind(update.sprint_id)
            .bind(update.at.micros());
    }
    let updated = usize::try_from(query.execute(&mut *connection).await?.rows_affected()).unwrap_or(usize::MAX);
    if updated == updates.len() {
        return Ok(updated);
    }
    // the others were changed later, or are not there
    let statement =
        format!("select cast(count(*) as bigint) from tasks where task_id in ({})", rows::list(1, updates.len()));
    let mut query = sqlx::query_as(sqlx::AssertSqlSafe(statement));
    for update in updates {
        query = query.bind(update.task_id);
    }
    let (existing,): (i64,) = query.fetch_one(connection).await?;
    Ok(usize::try_from(existing).unwrap_or(0))
}

/// The effect of an event of time `at` on many tasks at once.
#[derive(Clone, Copy)]
pub(super) enum Effect<'a> {
    /// Planned into this sprint: work starts at nothing.
    Plan(&'a str),
    /// Finished in this sprint.
    Finalise(&'a str),
    /// Back to the backlog; who had it keeps it.
    Return,
}

/// Applies `effect` to those tasks whose last applied change is not later than `at`, and answers which of the tasks do
/// not exist.
pub(super) async fn apply_to_all<'a>(
    connection: &mut AnyConnection,
    effect: Effect<'_>,
    task_ids: &'a [String],
    at: Timestamp,
) -> Result<Vec<&'a str>, Error> {
    let (set, sprint_id) = match effect {
        Effect::Plan(sprint) => ("status = 'assigned_to_sprint', progress_percentage = 0", Some(sprint)),
        Effect::Finalise(sprint) => ("status = 'completed', progress_percentage = 100", Some(sprint)),
        Effect::Return => ("status = 'unassigned'", None),
    };
    let mut missing: Vec<&str> = task_ids.iter().map(String::as_str).collect();
    for task_ids in task_ids.chunks(rows::ROWS_PER_STATEMENT) {
        let update = format!(
            "update tasks set {set}, sprint_id = $1, changed_at_us = $2 where changed_at_us <= $2 and task_id in ({})",
            rows::list(3, task_ids.len())
        );
        let mut update = sqlx::query(sqlx::AssertSqlSafe(update)).bind(sprint_id).bind(at.micros());
        let existing = format!("select task_id from tasks where task_id in ({})", rows::list(1, task_ids.len()));
        let mut existing = sqlx::query_as(sqlx::AssertSqlSafe(existing));
        for task_id in task_ids {
            update = update.bind(task_id);
            existing = existing.bind(task_id);
        }
        update.execute(&mut *connection).await?;
        let existing: Vec<(String,)> = existing.fetch_all(&mut *connection).await?;
        missing.retain(|id| !existing.iter().any(|(known,)| known == id));
    }
    Ok(missing)
}

/// Counts of tasks by project and status.
pub(super) async fn counts(
    connection: &mut AnyConnection,
    project_id: Option<&str>,
) -> Result<BTreeMap<String, BacklogSummary>, Error> {
    #[derive(sqlx::FromRow)]
    struct Row {
        project_id: String,
        status: String,
        tasks: i64,
        without_sprint: i64,
    }
    let rows: Vec<Row> = sqlx::query_as(
        "select project_id, status, cast(count(*) as bigint) as tasks,
             cast(sum(case when sprint_id is null then 1 else 0 end) as bigint) as without_sprint
         from tasks where $1 = '' or project_id = $1
         group by project_id, status",
    )
    .bind(project_id.unwrap_or_default())
    .fetch_all(connection)
    .await?;
    let mut summaries = BTreeMap::new();
    for row in rows {
        let summary = summaries.entry(row.project_id.clone()).or_insert_with(|| super::empty(&row.project_id));
        let tasks = u64::try_from(row.tasks).unwrap_or(0);
        summary.total_tasks += tasks;
        if row.status == TaskStatus::Unassigned.as_str() {
            summary.unassigned_for_sprint_count = u64::try_from(row.without_sprint).unwrap_or(0);
        }
        summary.status_counts.insert(row.status, tasks);
    }
    Ok(summaries)
}

/// Removes a project's tasks.
pub(crate) async fn remove(connection: &mut AnyConnection, project_id: &str) -> Result<(), Error> {
    for statement in ["delete from tasks where project_id = $1", "delete from processed_events where project_id = $1"] {
        sqlx::query(statement).bind(project_id).execute(&mut *connection).await?;
    }
    Ok(())
}
