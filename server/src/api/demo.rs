//! The sample project and its traffic.

use axum::extract::State;
use domain::{demo::DemoState, project::Done};
use services::demo;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Context,
    answer::{Answer, Conflict, answer},
};

pub(super) fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new()
        .routes(routes!(get_demo))
        .routes(routes!(load_demo))
        .routes(routes!(start_demo))
        .routes(routes!(stop_demo))
        .routes(routes!(mend_demo))
        .routes(routes!(fail_demo))
        .routes(routes!(remove_demo))
}

/// Ask whether the sample project is there, and what is switched on
#[utoipa::path(
    get,
    path = "/api/console/demo",
    tag = "demo",
    responses((status = 200, description = "Its state", body = DemoState))
)]
async fn get_demo(State(context): State<Context>) -> Answer<DemoState> {
    answer(demo::state(&context.services).await)
}

/// Load the sample project
#[utoipa::path(
    post,
    path = "/api/console/demo/load",
    tag = "demo",
    responses((status = 200, description = "It is there", body = Done))
)]
async fn load_demo(State(context): State<Context>) -> Answer<Done> {
    answer(demo::load_sample(&context.services).await)
}

/// Start daily scrums on the sample project, with slow and failing handling
#[utoipa::path(
    post,
    path = "/api/console/demo/start",
    tag = "demo",
    responses((status = 200, description = "Started", body = Done), Conflict)
)]
async fn start_demo(State(context): State<Context>) -> Answer<Done> {
    answer(demo::start_traffic(&context.services).await)
}

/// Stop the daily scrums
#[utoipa::path(
    post,
    path = "/api/console/demo/stop",
    tag = "demo",
    responses((status = 200, description = "Stopped", body = Done))
)]
async fn stop_demo(State(context): State<Context>) -> Answer<Done> {
    answer(demo::stop_traffic(&context.services).await)
}

/// Mend the handling of the sample project's events
#[utoipa::path(
    post,
    path = "/api/console/demo/mend",
    tag = "demo",
    responses((status = 200, description = "Mended", body = Done))
)]
async fn mend_demo(State(context): State<Context>) -> Answer<Done> {
    answer(demo::set_failing(&context.services, false).await)
}

/// Let some handling of the sample project's events be slow and fail
#[utoipa::path(
    post,
    path = "/api/console/demo/fail",
    tag = "demo",
    responses((status = 200, description = "Some of it fails now", body = Done))
)]
async fn fail_demo(State(context): State<Context>) -> Answer<Done> {
    answer(demo::set_failing(&context.services, true).await)
}

/// Remove the sample project without a trace
#[utoipa::path(
    post,
    path = "/api/console/demo/remove",
    tag = "demo",
    responses((status = 200, description = "Gone", body = Done))
)]
async fn remove_demo(State(context): State<Context>) -> Answer<Done> {
    answer(demo::remove(&context.services, &context.redis).await)
}
