//! What is wrong with Redis in ways that its figures do not say.

use axum::{Json, extract::State};
use domain::{
    Status,
    finding::{Finding, Found},
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Context, answer::Unprocessable, extract::Parameters};

pub(super) fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new().routes(routes!(list_findings))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Only findings of this status.
    status: Option<Status>,
    /// Only findings of this stream and its groups.
    stream: Option<String>,
}

/// List what is wrong with Redis
///
/// Recognised at every look at Redis, and kept while Redis is away. What each kind means is in `docs/detectors.md`; `runbook` is the
/// name of a page under `/runbooks`.
#[utoipa::path(
    get,
    path = "/api/console/findings",
    tag = "findings",
    params(Wanted),
    responses((status = 200, description = "Worst first, 1000 at most", body = Found), Unprocessable)
)]
async fn list_findings(State(context): State<Context>, Parameters(wanted): Parameters<Wanted>) -> Json<Found> {
    let Found { mut findings, left_out } = context.snapshot().found.clone();
    let is_wanted = |finding: &Finding| {
        wanted.status.is_none_or(|status| finding.status == status)
            && (wanted.stream.is_none() || finding.stream == wanted.stream)
    };
    findings.retain(is_wanted);
    Json(Found { findings, left_out })
}
