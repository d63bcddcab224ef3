//! What Prometheus scrapes.

use axum::{
    extract::State,
    http::{HeaderMap, header::CONTENT_TYPE},
    response::IntoResponse,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Context;
use crate::metrics::{Format, scrape};

pub(super) fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new().routes(routes!(get_metrics))
}

/// Read all figures, as Prometheus does
///
/// The text format of Prometheus, or `OpenMetrics` where `Accept` names it. The figures are those of the newest look at
/// Redis, so that asking often costs Redis nothing. What is not known is left out. Every name is explained in
/// `docs/metrics.md`.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "metrics",
    responses((status = 200, description = "A line for each figure", body = String, content_type = "text/plain"))
)]
async fn get_metrics(State(context): State<Context>, headers: HeaderMap) -> impl IntoResponse {
    let format = Format::asked_for(&headers);
    ([(CONTENT_TYPE, format.content_type())], scrape(&context, format).await)
}
