//! The master task list (contract §2.2).

use axum::extract::State;
use domain::{
    backlog::{BacklogGenerated, BacklogSummary, ChangeTask, Task},
    project::Done,
};
use serde::Deserialize;
use services::backlog;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Context,
    answer::{Answer, Created, NotFound, Unprocessable, answer, created},
    extract::{Json, Parameters, Path},
};

pub(super) fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new()
        .routes(routes!(list_tasks, generate_backlog))
        .routes(routes!(get_backlog_summary))
        .routes(routes!(list_backlog_summaries))
        .routes(routes!(change_task))
}

/// Give a project its ten generic tasks
///
/// Tasks that are there already stay as they are.
#[utoipa::path(
    post,
    path = "/backlogs/{project}",
    tag = "backlog",
    responses((status = 201, description = "There", body = BacklogGenerated), NotFound)
)]
async fn generate_backlog(State(context): State<Context>, Path(project): Path<String>) -> Created<BacklogGenerated> {
    created(backlog::generate(&context.services, &project).await)
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct TaskFilter {
    /// Only tasks in this status.
    status: Option<String>,
}

/// List the tasks of a project
#[utoipa::path(
    get,
    path = "/backlogs/{project}",
    tag = "backlog",
    params(TaskFilter),
    responses((status = 200, description = "By number; none for an unknown project", body = Vec<Task>))
)]
async fn list_tasks(
    State(context): State<Context>,
    Path(project): Path<String>,
    Parameters(filter): Parameters<TaskFilter>,
) -> Answer<Vec<Task>> {
    answer(backlog::list(&context.services, &project, filter.status.as_deref()).await)
}

/// Count the tasks of a project
#[utoipa::path(
    get,
    path = "/backlogs/{project}/summary",
    tag = "backlog",
    responses((status = 200, description = "The counts; zeros for an unknown project", body = BacklogSummary))
)]
async fn get_backlog_summary(State(context): State<Context>, Path(project): Path<String>) -> Answer<BacklogSummary> {
    answer(backlog::summary(&context.services, &project).await)
}

/// Count the tasks of every project
#[utoipa::path(
    get,
    path = "/backlogs/summary",
    tag = "backlog",
    responses((status = 200, description = "Every project, zeros included", body = Vec<BacklogSummary>))
)]
async fn list_backlog_summaries(State(context): State<Context>) -> Answer<Vec<BacklogSummary>> {
    answer(backlog::summaries(&context.services).await)
}

/// Change a task
///
/// An absent key leaves the value alone. An explicit null clears `sprint_id` and `assigned_to`. Status follows
/// progress: 1 to 99 is `in_progress`, 100 is `completed`.
#[utoipa::path(
    put,
    path = "/tasks/{task}",
    tag = "backlog",
    request_body(content = ChangeTask, example = json!({"title": "Cart survives a restart", "progress_percentage": 40})),
    responses((status = 200, description = "Changed", body = Done), NotFound, Unprocessable)
)]
async fn change_task(
    State(context): State<Context>,
    Path(task): Path<String>,
    Json(change): Json<ChangeTask>,
) -> Answer<Done> {
    answer(backlog::change(&context.services, &task, change).await)
}
