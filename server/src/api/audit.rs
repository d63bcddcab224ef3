//! The log of acts, to be read.

use axum::extract::State;
use console::audit;
use domain::audit::{AuditEntry, AuditPage};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Context,
    answer::{Answer, NotFound, Unprocessable, answer},
    extract::{Parameters, Path},
};

/// Acts on a page where no number is asked for, and at most.
const PAGE: usize = 50;
const LONGEST_PAGE: usize = 500;

pub(super) fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new().routes(routes!(list_acts)).routes(routes!(get_act))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ActFilter {
    /// Only acts older than this one.
    before: Option<i64>,
    /// Part of act, subject, who or reason.
    text: Option<String>,
    /// At most this many: 50 if absent, 500 at most.
    count: Option<usize>,
}

/// List who did what
#[utoipa::path(
    get,
    path = "/api/console/audit",
    tag = "audit",
    params(ActFilter),
    responses((status = 200, description = "A page, newest first", body = AuditPage), Unprocessable)
)]
async fn list_acts(State(context): State<Context>, Parameters(filter): Parameters<ActFilter>) -> Answer<AuditPage> {
    let count = filter.count.filter(|count| *count > 0).map_or(PAGE, |count| count.min(LONGEST_PAGE));
    answer(audit::list(&context.console, filter.before, filter.text.as_deref(), count).await)
}

/// Get an act with its report
#[utoipa::path(
    get,
    path = "/api/console/audit/{id}",
    tag = "audit",
    responses((status = 200, description = "The act", body = AuditEntry), NotFound, Unprocessable)
)]
async fn get_act(State(context): State<Context>, Path(id): Path<i64>) -> Answer<AuditEntry> {
    answer(audit::get(&context.console, id).await)
}
