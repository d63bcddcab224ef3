//! Whether this process lives, and whether its services can do their work (contract §2.0).

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use domain::{
    Refusal, Timestamp,
    health::{NOT_READY, READY, Readiness},
};
use serde::Serialize;
use services::health::{Service, readiness};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Context,
    answer::{NotFound, Refused},
    extract::Path,
};

pub(super) fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new()
        .routes(routes!(health))
        .routes(routes!(chronicle_health))
        .routes(routes!(ready))
        .routes(routes!(service_ready))
}

#[derive(Serialize, ToSchema)]
struct Health {
    /// Always `ok`.
    status: &'static str,
}

const OK: Health = Health { status: "ok" };

/// Say that the process lives
///
/// Touches nothing.
#[utoipa::path(get, path = "/health", tag = "health", responses((status = 200, description = "It does", body = Health)))]
async fn health() -> Json<Health> {
    Json(OK)
}

/// Say that the process lives, where the chronicle's clients ask
#[utoipa::path(
    get,
    path = "/v1/health",
    tag = "health",
    responses((status = 200, description = "It does", body = Health))
)]
async fn chronicle_health() -> Json<Health> {
    Json(OK)
}

/// All services of this process together: as ready as the least ready one.
#[derive(Serialize, ToSchema)]
struct AllReadiness {
    /// `dsm-console`, the program in which they run.
    service: &'static str,
    /// `ready` or `not_ready`
    status: &'static str,
    /// `ok`, or `error` where one of the databases is away.
    database: &'static str,
    /// `ok` or `error`
    redis: &'static str,
    /// Every `<peer>_service` that another one calls: `ok` or `error`.
    external_apis: BTreeMap<String, String>,
    timestamp: Timestamp,
    services: Vec<Readiness>,
}

impl AllReadiness {
    fn of(services: Vec<Readiness>) -> Self {
        let word = |good: bool| if good { "ok" } else { "error" };
        Self {
            service: "dsm-console",
            status: if services.iter().all(Readiness::is_ready) { READY } else { NOT_READY },
            database: word(services.iter().all(|service| service.database == "ok")),
            redis: word(services.iter().all(|service| service.redis == "ok")),
            external_apis: services.iter().flat_map(|service| service.external_apis.clone()).collect(),
            timestamp: services.iter().map(|service| service.timestamp).max().unwrap_or_default(),
            services,
        }
    }
}

/// Ask whether all four services can do their work
///
/// Databases and Redis decide; peers are reported.
#[utoipa::path(
    get,
    path = "/health/ready",
    tag = "health",
    responses(
        (status = 200, description = "They can", body = AllReadiness),
        (status = 503, description = "One of them cannot; the body says which and why", body = AllReadiness)
    )
)]
async fn ready(State(context): State<Context>) -> Response {
    let asked = Service::ALL.map(|service| readiness(&context.services, &context.redis, service));
    let all = AllReadiness::of(futures::future::join_all(asked).await);
    (status(all.status == READY), Json(all)).into_response()
}

/// Ask whether one service can do its work
///
/// `service` is `project`, `backlog`, `sprint` or `chronicle`.
#[utoipa::path(
    get,
    path = "/health/ready/{service}",
    tag = "health",
    responses(
        (status = 200, description = "It can", body = Readiness),
        (status = 503, description = "It cannot; the body says why", body = Readiness),
        NotFound
    )
)]
async fn service_ready(State(context): State<Context>, Path(service): Path<String>) -> Result<Response, Refused> {
    let service =
        Service::parse(&service).ok_or_else(|| Refusal::not_found(format!("there is no service {service}")))?;
    let readiness = readiness(&context.services, &context.redis, service).await;
    Ok((status(readiness.is_ready()), Json(readiness)).into_response())
}

fn status(ready: bool) -> StatusCode {
    if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}
