//! All connections, to be read.

use app::Connection;
use axum::{Json, extract::State};
use domain::connection::Watched;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Context;

pub(super) fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new().routes(routes!(list_connections))
}

/// List the connections, and how each of them is
///
/// Home first, then by name. Nothing is asked for it: it is what each connection's own sampler and watcher know.
#[utoipa::path(
    get,
    path = "/api/console/connections",
    tag = "connections",
    responses((status = 200, description = "All of them", body = Vec<Watched>))
)]
async fn list_connections(State(context): State<Context>) -> Json<Vec<Watched>> {
    Json(context.connections.iter().map(Connection::watched).collect())
}
