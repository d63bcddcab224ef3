//! Sprints (contract §2.3). `POST /sprints/{id}` takes a project's id, every other `{id}` here is a sprint's.

use axum::extract::State;
use domain::{
    project::Done,
    sprint::{
        ActiveSprint, DailyScrumRun, ProjectSprints, SetProgress, Sprint, SprintClosed, SprintDetail, SprintStarted,
        SprintTask, StartSprint, TaskSummary,
    },
};
use serde::Deserialize;
use services::sprint;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Context,
    answer::{Answer, Conflict, Created, NotFound, Unprocessable, answer, created},
    extract::{Json, Parameters, Path},
};

pub(super) fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new()
        .routes(routes!(get_sprint, start_sprint))
        .routes(routes!(list_sprint_tasks))
        .routes(routes!(get_task_summary))
        .routes(routes!(list_sprints))
        .routes(routes!(list_projects_with_sprints))
        .routes(routes!(get_active_sprint))
        .routes(routes!(get_active_sprint_of_project))
        .routes(routes!(set_progress))
        .routes(routes!(run_daily_scrum))
        .routes(routes!(close_sprint))
}

/// Start a project's next sprint
///
/// `id` is the **project**. Takes every unassigned task of its backlog; who has nothing assigned gets it in turn.
/// Works with Redis away, and says in `warnings` what it had to do without.
#[utoipa::path(
    post,
    path = "/sprints/{id}",
    tag = "sprint",
    request_body(content = StartSprint, example = json!({"sprint_name": "Checkout", "duration_weeks": 2})),
    responses(
        (status = 201, description = "Started", body = SprintStarted),
        NotFound, Conflict, Unprocessable
    )
)]
async fn start_sprint(
    State(context): State<Context>,
    Path(id): Path<String>,
    Json(start): Json<StartSprint>,
) -> Created<SprintStarted> {
    created(sprint::start(&context.services, &id, start).await)
}

/// Get a sprint with its tasks
#[utoipa::path(
    get,
    path = "/sprints/{id}",
    tag = "sprint",
    responses((status = 200, description = "The sprint", body = SprintDetail), NotFound)
)]
async fn get_sprint(State(context): State<Context>, Path(id): Path<String>) -> Answer<SprintDetail> {
    answer(sprint::get(&context.services, &id).await)
}

/// List the tasks of a sprint
#[utoipa::path(
    get,
    path = "/sprints/{id}/tasks",
    tag = "sprint",
    responses((status = 200, description = "Its tasks", body = Vec<SprintTask>), NotFound)
)]
async fn list_sprint_tasks(State(context): State<Context>, Path(id): Path<String>) -> Answer<Vec<SprintTask>> {
    answer(sprint::tasks(&context.services, &id).await)
}

/// Count the tasks of a sprint
#[utoipa::path(
    get,
    path = "/sprints/{id}/task-summary",
    tag = "sprint",
    responses((status = 200, description = "The counts", body = TaskSummary), NotFound)
)]
async fn get_task_summary(State(context): State<Context>, Path(id): Path<String>) -> Answer<TaskSummary> {
    answer(sprint::task_summary(&context.services, &id).await)
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct SprintFilter {
    /// Only sprints in this status.
    status: Option<String>,
}

/// List the sprints of a project
#[utoipa::path(
    get,
    path = "/sprints/by-project/{project}",
    tag = "sprint",
    params(SprintFilter),
    responses((status = 200, description = "Newest start first", body = Vec<Sprint>))
)]
async fn list_sprints(
    State(context): State<Context>,
    Path(project): Path<String>,
    Parameters(filter): Parameters<SprintFilter>,
) -> Answer<Vec<Sprint>> {
    answer(sprint::by_project(&context.services, &project, filter.status.as_deref()).await)
}

/// List the projects that have sprints, with these
#[utoipa::path(
    get,
    path = "/sprints/list_projects",
    tag = "sprint",
    responses((status = 200, description = "By project id", body = Vec<ProjectSprints>))
)]
async fn list_projects_with_sprints(State(context): State<Context>) -> Answer<Vec<ProjectSprints>> {
    answer(sprint::list_projects(&context.services).await)
}

/// Find the sprint in progress that was started last
#[utoipa::path(
    get,
    path = "/sprints/active",
    tag = "sprint",
    responses((status = 200, description = "Its id", body = ActiveSprint), NotFound)
)]
async fn get_active_sprint(State(context): State<Context>) -> Answer<ActiveSprint> {
    answer(sprint::active(&context.services, None).await)
}

/// Find a project's sprint in progress
#[utoipa::path(
    get,
    path = "/sprints/active/{project}",
    tag = "sprint",
    responses((status = 200, description = "Its id", body = ActiveSprint), NotFound)
)]
async fn get_active_sprint_of_project(
    State(context): State<Context>,
    Path(project): Path<String>,
) -> Answer<ActiveSprint> {
    answer(sprint::active(&context.services, Some(&project)).await)
}

/// Set status or progress of a task
///
/// Of the sprint that is in progress; the backlog follows by event.
#[utoipa::path(
    post,
    path = "/tasks/{task}/progress",
    tag = "sprint",
    request_body(content = SetProgress, example = json!({"progress_percentage": 40})),
    responses((status = 200, description = "Set", body = Done), NotFound, Unprocessable)
)]
async fn set_progress(
    State(context): State<Context>,
    Path(task): Path<String>,
    Json(set): Json<SetProgress>,
) -> Answer<Done> {
    answer(sprint::set_progress(&context.services, &task, set).await)
}

/// Simulate a day of work
///
/// Each call is one day. `report_id` is null where the chronicle could not be reached.
#[utoipa::path(
    post,
    path = "/sprints/{id}/run-daily-scrum",
    tag = "sprint",
    responses((status = 200, description = "Worked", body = DailyScrumRun), NotFound)
)]
async fn run_daily_scrum(State(context): State<Context>, Path(id): Path<String>) -> Answer<DailyScrumRun> {
    answer(sprint::run_daily_scrum(&context.services, &id).await)
}

/// Close a sprint
///
/// What is unfinished goes back to the backlog, by event.
#[utoipa::path(
    post,
    path = "/sprints/{id}/close",
    tag = "sprint",
    responses((status = 200, description = "Closed", body = SprintClosed), NotFound, Conflict)
)]
async fn close_sprint(State(context): State<Context>, Path(id): Path<String>) -> Answer<SprintClosed> {
    answer(sprint::close(&context.services, &id).await)
}
