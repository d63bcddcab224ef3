//! Denies what has no entry in the table, and who does not hold its permission.

use app::Context;
use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    http::{HeaderValue, StatusCode, header::ALLOW},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
};
use domain::Refusal;

use super::FUNCTIONS;
use super::{
    table::{self, Access, Place, Surface},
    trace::Matched,
};
use crate::api::answer::{Refused, detail};

#[derive(Clone)]
struct Gate {
    context: Context,
    surface: Surface,
}

/// Puts the gate before every route of `router`: all of the API, or all pages; server functions may be among either.
/// Routes that are added afterwards are not behind it, nor are fallbacks.
pub fn permitted<S: Clone + Send + Sync + 'static>(router: Router<S>, context: Context, surface: Surface) -> Router<S> {
    router.route_layer(from_fn_with_state(Gate { context, surface }, check))
}

async fn check(State(gate): State<Gate>, matched: Option<MatchedPath>, request: Request, next: Next) -> Response {
    let route = Matched::new(request.method(), matched.as_ref());
    let mut response = answer(&gate, matched, request, next).await;
    if let Some(route) = route {
        response.extensions_mut().insert(route);
    }
    response
}

async fn answer(gate: &Gate, matched: Option<MatchedPath>, request: Request, next: Next) -> Response {
    // leptos finds a server function by exactly this text, whatever the pattern of its route
    let asked = request.uri().path();
    let (surface, path) = match matched.as_ref() {
        _ if asked.starts_with(FUNCTIONS) => (Surface::Function, asked),
        Some(matched) => (gate.surface, matched.as_str()),
        None => (gate.surface, ""),
    };
    if table::place(surface, path) == Place::Home && !gate.context.is_home() {
        return detail(
            StatusCode::NOT_FOUND,
            format!("{path} is at home alone: leave {} out", gate.context.connection.prefix()),
        );
    }
    match table::find(surface, request.method(), path) {
        Some(Access::Public) => next.run(request).await,
        Some(Access::Needs(permission)) => {
            let actor = gate.context.actor();
            match actor.require(permission) {
                Ok(()) => next.run(request).await,
                Err(error) => {
                    let (who, permission) = (actor.name(), permission.as_str());
                    tracing::warn!(who, permission, method = %request.method(), path, "denied");
                    Refused::from(error).into_response()
                }
            }
        }
        None => no_entry(surface, &request, path),
    }
}

/// Without an entry nothing is let through. Which answer that is depends on what else there is.
fn no_entry(surface: Surface, request: &Request, path: &str) -> Response {
    let method = request.method();
    let mut others = table::methods(surface, path);
    if surface == Surface::Function && others.is_empty() && !is_function(path) {
        return detail(StatusCode::NOT_FOUND, format!("there is no server function at {path}"));
    }
    if others.is_empty() {
        tracing::error!(%method, path, "denied, because the table of permissions has no entry for it");
        return Refused::from(Refusal::new(
            domain::refusal::RefusalKind::Forbidden,
            format!("no permission is known for {method} {path}, so nobody may do it"),
        ))
        .into_response();
    }
    let mut response = detail(StatusCode::METHOD_NOT_ALLOWED, format!("{path} does not take {method}"));
    others.sort_unstable();
    if let Ok(allow) = HeaderValue::from_str(&others.join(",")) {
        response.headers_mut().insert(ALLOW, allow);
    }
    response
}

fn is_function(path: &str) -> bool {
    leptos::server_fn::axum::server_fn_paths().any(|(known, _)| known == path)
}
