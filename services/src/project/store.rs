//! SQL of projects, employees and teams. Column names are the contract's (§5).

use domain::{
    Timestamp,
    project::{CreateEmployee, CreateProject, Project, TeamMember},
};
use sqlx::AnyConnection;
use store::rows;

use crate::Error;

#[derive(sqlx::FromRow)]
struct ProjectRow {
    prjid: String,
    projectname: String,
    codename: String,
    status: String,
}

impl From<ProjectRow> for Project {
    fn from(row: ProjectRow) -> Self {
        Self { id: row.prjid, name: row.projectname, description: row.codename, status: row.status }
    }
}

/// Whether the id was free.
pub(super) async fn insert(
    connection: &mut AnyConnection,
    create: &CreateProject,
    at: Timestamp,
) -> Result<bool, Error> {
    let done = sqlx::query(
        "insert into projects (prjid, projectname, codename, status, changed_at_us) values ($1, $2, $3, $4, $5)
         on conflict (prjid) do nothing",
    )
    .bind(&create.id)
    .bind(&create.name)
    .bind(&create.description)
    .bind(&create.status)
    .bind(at.micros())
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn list(connection: &mut AnyConnection) -> Result<Vec<Project>, Error> {
    let rows: Vec<ProjectRow> =
        sqlx::query_as("select prjid, projectname, codename, status from projects").fetch_all(connection).await?;
    let mut projects: Vec<Project> = rows.into_iter().map(Project::from).collect();
    // here and not in SQL: the order of texts must not depend on the database's collation
    projects.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(projects)
}

pub(super) async fn find(connection: &mut AnyConnection, project_id: &str) -> Result<Option<Project>, Error> {
    let row: Option<ProjectRow> =
        sqlx::query_as("select prjid, projectname, codename, status from projects where prjid = $1")
            .bind(project_id)
            .fetch_optional(connection)
            .await?;
    Ok(row.map(Project::from))
}

/// Sets the status by hand: the last word, whatever the clock says, until a later event. Says whether the project
/// exists.
pub(super) async fn set_status(
    connection: &mut AnyConnection,
    project_id: &str,
    status: &str,
    at: Timestamp,
) -> Result<bool, Error> {
    let done = sqlx::query(
        "update projects
         set status = $2, changed_at_us = case when changed_at_us < $3 then $3 else changed_at_us + 1 end
         where prjid = $1",
    )
    .bind(project_id)
    .bind(status)
    .bind(at.micros())
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Sets the status that an event of time `at` implies, unless a later change was applied or `only_from` is another
/// status. Says whether the project exists.
pub(super) async fn apply_status(
    connection: &mut AnyConnection,
    project_id: &str,
    status: &str,
    only_from: Option<&str>,
    at: Timestamp,
) -> Result<bool, Error> {
    let done = sqlx::query(
        "update projects
         set status = case when changed_at_us <= $3 and ($4 = '' or status = $4) then $2 else status end,
             changed_at_us = case when changed_at_us <= $3 then $3 else changed_at_us end
         where prjid = $1",
    )
    .bind(project_id)
    .bind(status)
    .bind(at.micros())
    .bind(only_from.unwrap_or_default())
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn team(connection: &mut AnyConnection, project_id: &str) -> Result<Vec<TeamMember>, Error> {
    #[derive(sqlx::FromRow)]
    struct Row {
        id: String,
        name: String,
        gender: Option<String>,
        state: Option<String>,
        age: Option<i64>,
    }
    let rows: Vec<Row> = sqlx::query_as(
        "select teams.id, teams.name, teams.gender, teams.state, teams.age
         from teams join project_team_mapping on project_team_mapping.employee_id = teams.id
         where project_team_mapping.project_id = $1",
    )
    .bind(project_id)
    .fetch_all(connection)
    .await?;
    let mut team: Vec<TeamMember> = rows
        .into_iter()
        .map(|row| TeamMember { id: row.id, name: row.name, gender: row.gender, state: row.state, age: row.age })
        .collect();
    // planning deals out tasks in this order, so it must be the same everywhere
    team.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(team)
}

/// Puts those of `employee_ids` that exist on the project.
pub(super) async fn assign(
    connection: &mut AnyConnection,
    project_id: &str,
    employee_ids: &[String],
) -> Result<(), Error> {
    let map = format!(
        "insert into project_team_mapping (project_id, employee_id)
         select $1, id from teams where id in ({}) on conflict do nothing",
        rows::list(2, employee_ids.len())
    );
    let mark = format!("update teams set project_assign = 1 where id in ({})", rows::list(1, employee_ids.len()));
    let mut map = sqlx::query(sqlx::AssertSqlSafe(map)).bind(project_id);
    let mut mark = sqlx::query(sqlx::AssertSqlSafe(mark));
    for employee_id in employee_ids {
        map = map.bind(employee_id);
        mark = mark.bind(employee_id);
    }
    map.execute(&mut *connection).await?;
    mark.execute(connection).await?;
    Ok(())
}

/// Adds the employee if the id is free, and answers the name that is stored under it.
pub(super) async fn insert_employee(connection: &mut AnyConnection, create: &CreateEmployee) -> Result<String, Error> {
    sqlx::query(
        "insert into teams (id, name, gender, state, age) values ($1, $2, $3, $4, $5) on conflict (id) do nothing",
    )
    .bind(&create.employee_id)
    .bind(&create.name)
    .bind(&create.gender)
    .bind(&create.state)
    .bind(create.age)
    .execute(&mut *connection)
    .await?;
    let (name,): (String,) =
        sqlx::query_as("select name from teams where id = $1").bind(&create.employee_id).fetch_one(connection).await?;
    Ok(name)
}

/// Removes a project, its team mapping and the employees named.
pub(crate) async fn remove(
    connection: &mut AnyConnection,
    project_id: &str,
    employee_ids: &[String],
) -> Result<(), Error> {
    for statement in [
        "delete from project_team_mapping where project_id = $1",
        "delete from projects where prjid = $1",
        "delete from processed_events where project_id = $1",
    ] {
        sqlx::query(statement).bind(project_id).execute(&mut *connection).await?;
    }
    let people = format!("delete from teams where id in ({})", rows::list(1, employee_ids.len()));
    let mut query = sqlx::query(sqlx::AssertSqlSafe(people));
    for employee_id in employee_ids {
        query = query.bind(employee_id);
    }
    query.execute(connection).await?;
    Ok(())
}
