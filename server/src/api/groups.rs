//! Groups of any stream: where they stand, what pends, and the repairs.

use axum::{Json, extract::State};
use domain::{
    Refusal,
    operation::{ConsumerDelete, GroupCreate, GroupDelete, GroupMove, LaneClear, ParkedLane, PendingSelection, Report},
    project::Done,
    stream::{EntryId, GroupSample, PendingPage},
};
use streams::inspect::PendingBrowse;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Context,
    answer::{Answer, Conflict, NotFound, Unprocessable, answer},
    extract::{Json as Body, Parameters, Path},
    streams::sample,
};

pub(super) fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new()
        .routes(routes!(list_groups, create_group))
        .routes(routes!(get_group))
        .routes(routes!(delete_group))
        .routes(routes!(delete_consumers))
        .routes(routes!(list_lanes))
        .routes(routes!(clear_lane))
        .routes(routes!(list_pending, repair_pending))
        .routes(routes!(move_group))
        .routes(routes!(pause_group))
        .routes(routes!(resume_group))
}

/// List the groups of a stream
#[utoipa::path(
    get,
    path = "/api/console/streams/{stream}/groups",
    tag = "groups",
    responses((status = 200, description = "As the newest look found them", body = Vec<GroupSample>), NotFound)
)]
async fn list_groups(State(context): State<Context>, Path(stream): Path<String>) -> Answer<Vec<GroupSample>> {
    Ok(Json(sample(&context, &stream)?.groups))
}

/// Create a group
///
/// With `dry_run` it only says what would happen, and gives the `state_token` that proves what was seen.
#[utoipa::path(
    post,
    path = "/api/console/streams/{stream}/groups",
    tag = "groups",
    request_body(content = GroupCreate, example = json!({"group": "invoice-mailer", "at": "start", "dry_run": true})),
    responses((status = 200, description = "Where it begins", body = Report), NotFound, Conflict, Unprocessable)
)]
async fn create_group(
    State(context): State<Context>,
    Path(stream): Path<String>,
    Body(wanted): Body<GroupCreate>,
) -> Answer<Report> {
    answer(console::group::create(&context.console, &context.actor(), &stream, &wanted).await)
}

/// Get a group
#[utoipa::path(
    get,
    path = "/api/console/streams/{stream}/groups/{group}",
    tag = "groups",
    responses((status = 200, description = "As the newest look found it", body = GroupSample), NotFound)
)]
async fn get_group(
    State(context): State<Context>,
    Path((stream, group)): Path<(String, String)>,
) -> Answer<GroupSample> {
    let found = sample(&context, &stream)?.groups.into_iter().find(|sample| sample.name == group);
    Ok(Json(found.ok_or_else(|| Refusal::not_found(format!("stream {stream} has no group {group}")))?))
}

/// Browse what pends in a group
///
/// Delivered and not acknowledged; oldest id first.
#[utoipa::path(
    get,
    path = "/api/console/streams/{stream}/groups/{group}/pending",
    tag = "groups",
    params(
        ("after" = Option<EntryId>, Query, description = "Only ids after this one"),
        ("consumer" = Option<String>, Query, description = "Only what this consumer holds"),
        ("min_idle_ms" = Option<u64>, Query, description = "Only what was not delivered again for this long"),
        ("count" = Option<usize>, Query, description = "At most this many: 50 if absent, 500 at most")
    ),
    responses((status = 200, description = "A page", body = PendingPage), NotFound, Unprocessable)
)]
async fn list_pending(
    State(context): State<Context>,
    Path((stream, group)): Path<(String, String)>,
    Parameters(browse): Parameters<PendingBrowse>,
) -> Answer<PendingPage> {
    answer(console::group::pending(&context.console, &stream, &group, &browse).await)
}

/// Claim, acknowledge or dead-letter pending entries
///
/// With `dry_run` it only says what would happen, and gives the `state_token` that proves what was seen. To acknowledge
/// needs the permission `destroy` as well.
#[utoipa::path(
    post,
    path = "/api/console/streams/{stream}/groups/{group}/pending",
    tag = "groups",
    request_body(content = PendingSelection, example = json!({
        "act": "claim",
        "ids": ["1773152545187-0"],
        "dry_run": true
    })),
    responses((status = 200, description = "What became of each", body = Report), NotFound, Conflict, Unprocessable)
)]
async fn repair_pending(
    State(context): State<Context>,
    Path((stream, group)): Path<(String, String)>,
    Body(selection): Body<PendingSelection>,
) -> Answer<Report> {
    answer(console::group::repair(&context.console, &context.actor(), &stream, &group, &selection).await)
}

/// Move a group to another position
#[utoipa::path(
    post,
    path = "/api/console/streams/{stream}/groups/{group}/move",
    tag = "groups",
    request_body(content = GroupMove, example = json!({"to": {"after": "1773152545187-0"}, "dry_run": true})),
    responses(
        (status = 200, description = "What it skips or delivers again", body = Report),
        NotFound, Conflict, Unprocessable
    )
)]
async fn move_group(
    State(context): State<Context>,
    Path((stream, group)): Path<(String, String)>,
    Body(to): Body<GroupMove>,
) -> Answer<Report> {
    answer(console::group::move_to(&context.console, &context.actor(), &stream, &group, &to).await)
}

/// Delete a group
///
/// Its place and what it has pending are gone for good; the entries stay. What is added to the stream after the preview
/// does not make the preview stale.
#[utoipa::path(
    post,
    path = "/api/console/streams/{stream}/groups/{group}/delete",
    tag = "groups",
    request_body(content = GroupDelete, example = json!({"dry_run": true})),
    responses((status = 200, description = "What it loses", body = Report), NotFound, Conflict, Unprocessable)
)]
async fn delete_group(
    State(context): State<Context>,
    Path((stream, group)): Path<(String, String)>,
    Body(wanted): Body<GroupDelete>,
) -> Answer<Report> {
    answer(console::group::delete(&context.console, &context.actor(), &stream, &group, &wanted).await)
}

/// Delete consumers of a group
///
/// What they have pending is handed over first, in the same step, so that nothing is lost.
#[utoipa::path(
    post,
    path = "/api/console/streams/{stream}/groups/{group}/consumers/delete",
    tag = "groups",
    request_body(content = ConsumerDelete, example = json!({"consumers": ["pod-7f9c"], "dry_run": true})),
    responses((status = 200, description = "What became of each", body = Report), NotFound, Conflict, Unprocessable)
)]
async fn delete_consumers(
    State(context): State<Context>,
    Path((stream, group)): Path<(String, String)>,
    Body(wanted): Body<ConsumerDelete>,
) -> Answer<Report> {
    answer(console::group::delete_consumers(&context.console, &context.actor(), &stream, &group, &wanted).await)
}

/// List the lanes that wait behind an entry that fails
///
/// Of consumers in this process, the one that is tried next first; a conflict where none of the group runs here.
#[utoipa::path(
    get,
    path = "/api/console/streams/{stream}/groups/{group}/lanes",
    tag = "groups",
    responses((status = 200, description = "As they are now", body = Vec<ParkedLane>), Conflict)
)]
async fn list_lanes(
    State(context): State<Context>,
    Path((stream, group)): Path<(String, String)>,
) -> Answer<Vec<ParkedLane>> {
    let lanes = console::group::parked_lanes(&context.console, &stream, &group).await;
    let nobody = || Refusal::conflict(format!("no consumer of group {group} on {stream} runs in this process"));
    Ok(Json(lanes.ok_or_else(nobody)?))
}

/// Dead-letter the entry that holds up a lane
///
/// Refused where it is being tried at that moment, or was handled meanwhile.
#[utoipa::path(
    post,
    path = "/api/console/streams/{stream}/groups/{group}/lanes/clear",
    tag = "groups",
    request_body(content = LaneClear, example = json!({"entry": "1773152545187-0", "dry_run": true})),
    responses((status = 200, description = "What goes on then", body = Report), Conflict, Unprocessable)
)]
async fn clear_lane(
    State(context): State<Context>,
    Path((stream, group)): Path<(String, String)>,
    Body(wanted): Body<LaneClear>,
) -> Answer<Report> {
    answer(console::group::clear_lane(&context.console, &context.actor(), &stream, &group, &wanted).await)
}

/// Hold the consumers of a group that run in this process
#[utoipa::path(
    post,
    path = "/api/console/streams/{stream}/groups/{group}/pause",
    tag = "groups",
    responses((status = 200, description = "Held", body = Done), Conflict)
)]
async fn pause_group(State(context): State<Context>, Path((stream, group)): Path<(String, String)>) -> Answer<Done> {
    console::group::pause(&context.console, &context.actor(), &stream, &group, true).await?;
    Ok(Json(Done::new("Paused")))
}

/// Let the consumers of a group go on
#[utoipa::path(
    post,
    path = "/api/console/streams/{stream}/groups/{group}/resume",
    tag = "groups",
    responses((status = 200, description = "Going on", body = Done), Conflict)
)]
async fn resume_group(State(context): State<Context>, Path((stream, group)): Path<(String, String)>) -> Answer<Done> {
    console::group::pause(&context.console, &context.actor(), &stream, &group, false).await?;
    Ok(Json(Done::new("Resumed")))
}
