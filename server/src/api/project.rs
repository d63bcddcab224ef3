//! Projects and the people on them (contract §2.1).

use axum::extract::State;
use domain::project::{
    AssignTeamMembers, CreateEmployee, CreateProject, Done, EmployeeCreated, Project, ProjectCreated, ProjectStatusSet,
    SetProjectStatus, Team,
};
use services::project;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Context,
    answer::{Answer, BadRequest, Conflict, Created, NotFound, Unprocessable, answer, created},
    extract::{Json, JsonOr400, Path},
};

pub(super) fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new()
        .routes(routes!(list_projects, create_project))
        .routes(routes!(get_project))
        .routes(routes!(set_project_status))
        .routes(routes!(get_team))
        .routes(routes!(assign_team))
        .routes(routes!(create_employee))
}

/// Create a project
#[utoipa::path(
    post,
    path = "/projects",
    tag = "project",
    request_body(
        content = CreateProject,
        example = json!({"id": "ACM-7", "name": "Web shop", "description": "Checkout", "status": "inactive"}),
    ),
    responses((status = 201, description = "Created", body = ProjectCreated), Conflict, Unprocessable)
)]
async fn create_project(State(context): State<Context>, Json(create): Json<CreateProject>) -> Created<ProjectCreated> {
    created(project::create(&context.services, create).await)
}

/// List all projects
#[utoipa::path(
    get,
    path = "/projects",
    tag = "project",
    responses((status = 200, description = "By id", body = Vec<Project>))
)]
async fn list_projects(State(context): State<Context>) -> Answer<Vec<Project>> {
    answer(project::list(&context.services).await)
}

/// Get a project
#[utoipa::path(
    get,
    path = "/projects/{id}",
    tag = "project",
    responses((status = 200, description = "The project", body = Project), NotFound)
)]
async fn get_project(State(context): State<Context>, Path(id): Path<String>) -> Answer<Project> {
    answer(project::get(&context.services, &id).await)
}

/// Set the status of a project
///
/// Free text; starting a sprint sets `in_progress`.
#[utoipa::path(
    put,
    path = "/projects/{id}/status",
    tag = "project",
    request_body(content = SetProjectStatus, example = json!({"status": "active"})),
    responses((status = 200, description = "Set", body = ProjectStatusSet), NotFound, Unprocessable)
)]
async fn set_project_status(
    State(context): State<Context>,
    Path(id): Path<String>,
    Json(set): Json<SetProjectStatus>,
) -> Answer<ProjectStatusSet> {
    answer(project::set_status(&context.services, &id, set).await)
}

/// Get the team of a project
#[utoipa::path(
    get,
    path = "/projects/{id}/team-members",
    tag = "project",
    responses((status = 200, description = "By employee id", body = Team), NotFound)
)]
async fn get_team(State(context): State<Context>, Path(id): Path<String>) -> Answer<Team> {
    answer(project::team(&context.services, &id).await)
}

/// Put employees on a project
///
/// Unknown employees are skipped; those who are on it already stay.
#[utoipa::path(
    post,
    path = "/projects/{id}/team-members-assign",
    tag = "project",
    request_body(content = AssignTeamMembers, example = json!({"employee_ids": ["E001", "E002"]})),
    responses((status = 200, description = "Assigned", body = Done), BadRequest, NotFound, Unprocessable)
)]
async fn assign_team(
    State(context): State<Context>,
    Path(id): Path<String>,
    JsonOr400(assign): JsonOr400<AssignTeamMembers>,
) -> Answer<Done> {
    answer(project::assign_team(&context.services, &id, assign).await)
}

/// Add an employee
///
/// One with this id already stays as it is, and the answer is 201 all the same.
#[utoipa::path(
    post,
    path = "/employees",
    tag = "project",
    request_body(content = CreateEmployee, example = json!({"employee_id": "E001", "name": "Ines Keller", "age": 34})),
    responses((status = 201, description = "There", body = EmployeeCreated), BadRequest, Unprocessable)
)]
async fn create_employee(
    State(context): State<Context>,
    JsonOr400(create): JsonOr400<CreateEmployee>,
) -> Created<EmployeeCreated> {
    created(project::create_employee(&context.services, create).await)
}
