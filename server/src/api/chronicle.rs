//! Notes, reports, retrospectives and what can be read from them (contract §2.4).

use axum::extract::State;
use domain::{
    Date,
    chronicle::{
        CreateDailyScrumReport, CreateRetrospective, CreateSprintPlanning, DailyScrumReport, EventNote, NoteCreated,
        Retrospective, RetrospectiveCreated, SprintPlanning, Velocity,
    },
};
use serde::Deserialize;
use services::chronicle;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Context,
    answer::{Answer, Conflict, Created, NotFound, Unprocessable, answer, created},
    extract::{Json, Parameters, Path},
};

pub(super) fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new()
        .routes(routes!(get_daily_scrum_report, create_daily_scrum_report))
        .routes(routes!(list_sprint_plannings, create_sprint_planning))
        .routes(routes!(list_retrospectives, create_retrospective))
        .routes(routes!(list_event_notes))
        .routes(routes!(get_velocity))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct NoteFilter {
    sprint_id: Option<String>,
    project_id: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ReportFilter {
    sprint_id: Option<String>,
    project_id: Option<String>,
    daily_scrum_date: Option<Date>,
}

/// Store the report of a daily scrum
#[utoipa::path(
    post,
    path = "/v1/notes/daily_scrum_report",
    tag = "chronicle",
    request_body(content = CreateDailyScrumReport, example = json!({
        "project_id": "ACM-7",
        "sprint_id": "ACM-7-S01",
        "report_date": "2026-03-02",
        "summary": "Three tasks moved",
        "summary_metrics": {"total_team_members": 1, "total_tasks": 3, "completed_tasks": 1, "pending_tasks": 2},
        "reports": {"2026-03-02": [{"assigned_to": "E001", "tasks": [{
            "id": "ACM-7-TASK001",
            "yesterday_work": "12 % done",
            "today_work": "Continue",
            "impediments": null,
            "created_at": "2026-03-02T09:15:04.120331"
        }]}]}
    })),
    responses((status = 201, description = "Stored", body = NoteCreated), Unprocessable)
)]
async fn create_daily_scrum_report(
    State(context): State<Context>,
    Json(create): Json<CreateDailyScrumReport>,
) -> Created<NoteCreated> {
    created(chronicle::create_daily_scrum_report(&context.services, create).await)
}

/// Read the daily scrums that match, merged
#[utoipa::path(
    get,
    path = "/v1/notes/daily_scrum_report",
    tag = "chronicle",
    params(ReportFilter),
    responses((status = 200, description = "Newest day first", body = DailyScrumReport), NotFound, Unprocessable)
)]
async fn get_daily_scrum_report(
    State(context): State<Context>,
    Parameters(filter): Parameters<ReportFilter>,
) -> Answer<DailyScrumReport> {
    let ReportFilter { sprint_id, project_id, daily_scrum_date } = filter;
    let report =
        chronicle::daily_scrum_report(&context.services, sprint_id.as_deref(), project_id.as_deref(), daily_scrum_date);
    answer(report.await)
}

/// Store the note of a sprint planning
#[utoipa::path(
    post,
    path = "/v1/notes/sprint_planning",
    tag = "chronicle",
    request_body(content = CreateSprintPlanning, example = json!({
        "project_id": "ACM-7",
        "sprint_id": "ACM-7-S01",
        "sprint_goal": "A cart that can be paid",
        "planned_tasks": ["ACM-7-TASK001"],
        "sprint_name": "Checkout",
        "start_date": "2026-03-02",
        "end_date": "2026-03-16",
        "duration_weeks": 2
    })),
    responses((status = 201, description = "Stored", body = NoteCreated), Unprocessable)
)]
async fn create_sprint_planning(
    State(context): State<Context>,
    Json(create): Json<CreateSprintPlanning>,
) -> Created<NoteCreated> {
    created(chronicle::create_sprint_planning(&context.services, create).await)
}

/// List planning notes
#[utoipa::path(
    get,
    path = "/v1/notes/sprint_planning",
    tag = "chronicle",
    params(NoteFilter),
    responses((status = 200, description = "Newest first", body = Vec<SprintPlanning>))
)]
async fn list_sprint_plannings(
    State(context): State<Context>,
    Parameters(filter): Parameters<NoteFilter>,
) -> Answer<Vec<SprintPlanning>> {
    let NoteFilter { sprint_id, project_id } = filter;
    answer(chronicle::sprint_plannings(&context.services, sprint_id.as_deref(), project_id.as_deref()).await)
}

/// Store the retrospective of a sprint
///
/// One per sprint; a second is a conflict.
#[utoipa::path(
    post,
    path = "/v1/notes/sprint_retrospective",
    tag = "chronicle",
    request_body(content = CreateRetrospective, example = json!({
        "sprint_id": "ACM-7-S01",
        "project_id": "ACM-7",
        "sprint_name": "Checkout",
        "start_date": "2026-03-02",
        "end_date": "2026-03-16",
        "duration_weeks": 2,
        "what_went_well": "7 of 10 tasks were finished.",
        "what_could_be_improved": "3 tasks were started but not finished.",
        "action_items": [{"description": "Plan fewer tasks", "status": "open"}],
        "facilitator_id": "E001",
        "attendees": ["E001", "E002"],
        "tasks_summary": [{
            "description": "Cart survives a restart",
            "status": "completed",
            "task_id": "ACM-7-TASK001",
            "employee_id": "E001",
            "progress_percentage": 100
        }]
    })),
    responses((status = 201, description = "Stored", body = RetrospectiveCreated), Conflict, Unprocessable)
)]
async fn create_retrospective(
    State(context): State<Context>,
    Json(create): Json<CreateRetrospective>,
) -> Created<RetrospectiveCreated> {
    created(chronicle::create_retrospective(&context.services, create).await)
}

/// List retrospectives
#[utoipa::path(
    get,
    path = "/v1/notes/sprint_retrospective",
    tag = "chronicle",
    params(NoteFilter),
    responses((status = 200, description = "Newest first", body = Vec<Retrospective>), NotFound)
)]
async fn list_retrospectives(
    State(context): State<Context>,
    Parameters(filter): Parameters<NoteFilter>,
) -> Answer<Vec<Retrospective>> {
    let NoteFilter { sprint_id, project_id } = filter;
    answer(chronicle::retrospectives(&context.services, sprint_id.as_deref(), project_id.as_deref()).await)
}

/// List the domain events that were recorded
#[utoipa::path(
    get,
    path = "/v1/notes/events",
    tag = "chronicle",
    params(NoteFilter),
    responses((status = 200, description = "Newest first", body = Vec<EventNote>))
)]
async fn list_event_notes(
    State(context): State<Context>,
    Parameters(filter): Parameters<NoteFilter>,
) -> Answer<Vec<EventNote>> {
    let NoteFilter { sprint_id, project_id } = filter;
    answer(chronicle::events(&context.services, sprint_id.as_deref(), project_id.as_deref()).await)
}

/// Read a project's velocity
#[utoipa::path(
    get,
    path = "/v1/analytics/project/{project}/velocity",
    tag = "chronicle",
    responses((status = 200, description = "By start; nothing for an unknown project", body = Velocity))
)]
async fn get_velocity(State(context): State<Context>, Path(project): Path<String>) -> Answer<Velocity> {
    answer(chronicle::velocity(&context.services, &project).await)
}
