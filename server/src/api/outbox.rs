//! Events that are committed and not published yet.

use axum::{Json, extract::State};
use domain::health::OutboxState;
use services::outbox;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Context;

pub(super) fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new().routes(routes!(list_outboxes))
}

/// Count what waits in each service's outbox
///
/// A service whose database is away is left out: nobody knows.
#[utoipa::path(
    get,
    path = "/api/console/outbox",
    tag = "outbox",
    responses((status = 200, description = "By service", body = Vec<OutboxState>))
)]
async fn list_outboxes(State(context): State<Context>) -> Json<Vec<OutboxState>> {
    Json(outbox::waiting(&context.services).await)
}
