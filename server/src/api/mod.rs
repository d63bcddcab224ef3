//! The HTTP API, a file for each feature. Handlers are thin: read the request, ask the service, answer.
//!
//! | module | what |
//! | --- | --- |
//! | `project` `backlog` `sprint` `chronicle` `health` | the four services (wire contract §2), on one address |
//! | `streams` `groups` `dead_letters` `recovery` `findings` `alerts` `audit` `outbox` `connections` `demo` `places` `permissions` | the console, under `/api/console` |
//! | `metrics` | the same figures for Prometheus |
//! | `extract` | what a request is read with |
//! | `answer` | what is answered where something is not done |

mod alerts;
pub(crate) mod answer;
mod audit;
mod backlog;
mod chronicle;
mod connections;
mod dead_letters;
mod demo;
mod extract;
mod findings;
mod groups;
mod health;
mod metrics;
mod outbox;
mod permissions;
mod places;
mod project;
mod recovery;
mod sprint;
mod streams;

pub(crate) use app::Context;
use axum::{
    Extension, Json, Router,
    extract::State,
    http::{Method, StatusCode, Uri},
    response::Response,
};
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

use self::answer::{Detail, Invalid, InvalidOrRefused, Problem, Step, detail};
use crate::live;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "DSM Console",
        description = "The four services of the Digital Scrum Master, and a console for Redis Streams. Refusals are \
                       `{\"detail\": …}`; look at the status code, never into the text. Dates are `YYYY-MM-DD`, times \
                       are UTC without an offset; with one they are read too."
    ),
    components(schemas(Detail, Invalid, InvalidOrRefused, Problem, Step)),
    tags(
        (name = "project", description = "Projects and the people on them"),
        (name = "backlog", description = "The master task list"),
        (name = "sprint", description = "Sprints, daily scrums, closing"),
        (name = "chronicle", description = "Notes, reports, retrospectives, velocity"),
        (name = "health", description = "Whether the services can do their work"),
        (name = "streams", description = "Streams of any program, and their entries"),
        (name = "groups", description = "Consumer groups of any stream, and their repair"),
        (name = "dead letters", description = "Entries that a group gave up on"),
        (name = "recovery", description = "Many of them sent back as one job: frozen, tried, at a bounded rate"),
        (name = "findings", description = "What is wrong with Redis in ways that its figures do not say"),
        (name = "alerts", description = "What fires, and the rules behind it"),
        (name = "audit", description = "Who did what"),
        (name = "outbox", description = "Events that wait to be published"),
        (name = "connections", description = "Several Redis, each watched by itself: what is here under /api/console is theirs under /at/NAME/api/console"),
        (name = "demo", description = "The sample project and its traffic"),
        (name = "metrics", description = "Figures for Prometheus"),
        (name = "permissions", description = "What every route needs, and what the caller holds"),
        (name = "console", description = "What the pages use")
    )
)]
struct Document;

/// All routes of the API, and the document that describes them. `stop` ends the live connections.
pub fn router(stop: CancellationToken) -> (Router<Context>, utoipa::openapi::OpenApi) {
    let (router, mut document) = OpenApiRouter::with_openapi(Document::openapi())
        .merge(project::routes())
        .merge(backlog::routes())
        .merge(sprint::routes())
        .merge(chronicle::routes())
        .merge(health::routes())
        .merge(streams::routes())
        .merge(groups::routes())
        .merge(dead_letters::routes())
        .merge(recovery::routes())
        .merge(findings::routes())
        .merge(alerts::routes())
        .merge(audit::routes())
        .merge(outbox::routes())
        .merge(connections::routes())
        .merge(demo::routes())
        .merge(places::routes())
        .merge(permissions::routes())
        .merge(metrics::routes())
        .merge(live::routes())
        .routes(routes!(get_document))
        .split_for_parts();
    answer::describe_what_every_route_may_answer(&mut document);
    let router =
        router.fallback(not_found).method_not_allowed_fallback(method_not_allowed).layer(Extension(live::Stop(stop)));
    (router, document)
}

/// Read this document
#[utoipa::path(
    get,
    path = "/api/openapi.json",
    tag = "console",
    responses((status = 200, description = "An OpenAPI 3.1 document", body = Object))
)]
async fn get_document(State(context): State<Context>) -> Json<Value> {
    Json(context.settings.openapi.clone())
}

/// The answer for an address that nothing has.
pub async fn not_found(uri: Uri) -> Response {
    let path = uri.path();
    let of_connections =
        if path.starts_with("/at/") { "; GET /api/console/connections lists what is watched" } else { "" };
    detail(StatusCode::NOT_FOUND, format!("there is nothing at {path}{of_connections}"))
}

async fn method_not_allowed(method: Method, uri: Uri) -> Response {
    detail(StatusCode::METHOD_NOT_ALLOWED, format!("{} does not take {method}", uri.path()))
}
