//! The one connection that tells a browser when to look again. It carries no figures: the page that is open asks for
//! itself, so that everything on it is of one moment.

use std::{
    convert::Infallible,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use app::Context;
use axum::{
    Extension,
    extract::State,
    response::{
        Sse,
        sse::{Event, KeepAlive},
    },
};
use domain::stream::Snapshot;
use futures::{Stream, StreamExt};
use serde::Serialize;
use tokio_stream::wrappers::WatchStream;
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// How often something is said while nothing happens, so that a dead connection is noticed on both sides and no proxy
/// between them ends a quiet one.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// Ends the live connections, which would hold up an orderly shutdown otherwise.
#[derive(Clone)]
pub(crate) struct Stop(pub(crate) CancellationToken);

pub(crate) fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new().routes(routes!(live))
}

/// The data of a `tick`.
#[derive(Serialize, ToSchema)]
struct Tick {
    /// When Redis was asked last, in milliseconds since 1970 by the server's clock; 0 before the first answer.
    at: i64,
    /// The server's clock now: a browser's own may be wrong.
    now: i64,
    /// Why Redis could not be asked since; null while it answers.
    error: Option<String>,
}

/// Listen for ticks
///
/// Server-sent events: a `tick` for every look at Redis, the newest one first. Who is slow misses some and is never
/// sent old ones.
#[utoipa::path(
    get,
    path = "/api/console/live",
    tag = "console",
    responses((status = 200, description = "`tick` events", body = Tick, content_type = "text/event-stream"))
)]
async fn live(
    State(context): State<Context>,
    Extension(Stop(stop)): Extension<Stop>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let ticks = WatchStream::new(context.console.snapshots())
        .map(|snapshot| Ok(tick(&snapshot)))
        .take_until(stop.cancelled_owned());
    Sse::new(ticks).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
}

fn tick(snapshot: &Snapshot) -> Event {
    let tick = Tick { at: snapshot.at.millis(), now: now_ms(), error: snapshot.error.clone() };
    Event::default().event("tick").json_data(tick).expect("three plain fields are JSON")
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
