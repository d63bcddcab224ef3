//! Streams of any program on this Redis, and their entries.

use std::sync::Arc;

use axum::{Json, extract::State};
use domain::{
    Refusal,
    stream::{Entry, EntryId, EntryPage, Snapshot, StreamSample},
};
use streams::inspect::Browse;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Context,
    answer::{Answer, NotFound, Refused, Unprocessable, answer},
    extract::{Parameters, Path},
};

pub(super) fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new()
        .routes(routes!(get_snapshot))
        .routes(routes!(list_streams))
        .routes(routes!(get_stream))
        .routes(routes!(list_entries))
        .routes(routes!(get_entry))
}

/// Read what one look at Redis found
///
/// Made once per second for everybody. While Redis is away it is the last one, and `error` says why.
#[utoipa::path(
    get,
    path = "/api/console/snapshot",
    tag = "streams",
    responses((status = 200, description = "The newest look", body = Snapshot))
)]
async fn get_snapshot(State(context): State<Context>) -> Json<Arc<Snapshot>> {
    Json(context.snapshot())
}

/// List all streams with their groups
#[utoipa::path(
    get,
    path = "/api/console/streams",
    tag = "streams",
    responses((status = 200, description = "By name", body = Vec<StreamSample>))
)]
async fn list_streams(State(context): State<Context>) -> Json<Vec<StreamSample>> {
    Json(context.snapshot().streams.clone())
}

/// Get a stream with its groups
#[utoipa::path(
    get,
    path = "/api/console/streams/{stream}",
    tag = "streams",
    responses((status = 200, description = "As the newest look found it", body = StreamSample), NotFound)
)]
async fn get_stream(State(context): State<Context>, Path(stream): Path<String>) -> Answer<StreamSample> {
    sample(&context, &stream).map(Json)
}

/// A stream as the newest look found it. Where nothing was ever seen, that it does not exist would be a guess.
pub(super) fn sample(context: &Context, stream: &str) -> Result<StreamSample, Refused> {
    let snapshot = context.snapshot();
    match (snapshot.stream(stream), &snapshot.error) {
        (Some(sample), _) => Ok(sample.clone()),
        (None, Some(error)) => Err(Refusal::unavailable(format!("redis cannot be asked: {error}")).into()),
        (None, None) => Err(Refusal::not_found(format!("no stream {stream}")).into()),
    }
}

/// Browse the entries of a stream
///
/// Newest first. A search looks at 5000 entries at most and then says in `older` where to go on.
#[utoipa::path(
    get,
    path = "/api/console/streams/{stream}/entries",
    tag = "streams",
    params(
        ("before" = Option<EntryId>, Query, description = "Only entries older than this one"),
        ("after" = Option<EntryId>, Query, description = "The entries right after this one; ignored with `before`"),
        ("count" = Option<usize>, Query, description = "At most this many: 50 if absent, 500 at most"),
        ("event_type" = Option<String>, Query, description = "Only entries of this type"),
        ("text" = Option<String>, Query, description = "Part of a field's value, whatever its letter case")
    ),
    responses((status = 200, description = "A page", body = EntryPage), NotFound, Unprocessable)
)]
async fn list_entries(
    State(context): State<Context>,
    Path(stream): Path<String>,
    Parameters(browse): Parameters<Browse>,
) -> Answer<EntryPage> {
    answer(console::stream::entries(&context.console, &stream, &browse).await)
}

/// Get an entry, whole
#[utoipa::path(
    get,
    path = "/api/console/streams/{stream}/entries/{id}",
    tag = "streams",
    responses((status = 200, description = "The entry", body = Entry), NotFound, Unprocessable)
)]
async fn get_entry(State(context): State<Context>, Path((stream, id)): Path<(String, EntryId)>) -> Answer<Entry> {
    answer(console::stream::entry(&context.console, &stream, id).await)
}
