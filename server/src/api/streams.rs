//! Streams of any program on this Redis, and their entries.

use std::{convert::Infallible, sync::Arc};

use axum::{
    Extension, Json,
    body::Body,
    extract::State,
    http::{
        HeaderName,
        header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
};
use console::export::{self, Format};
use domain::{
    Refusal,
    filter::{Edge, Filter},
    operation::{EntriesDelete, Report, Trim},
    stream::{Entry, EntryId, EntryPage, Snapshot, StreamSample},
};
use futures::StreamExt;
use serde::Deserialize;
use streams::inspect::Browse;
use tokio_stream::wrappers::ReceiverStream;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Context,
    answer::{Answer, Conflict, NotFound, Refused, Unprocessable, answer},
    extract::{Json as Wanted, Parameters, Path},
};
use crate::live::Stop;

pub(super) fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new()
        .routes(routes!(get_snapshot))
        .routes(routes!(list_streams))
        .routes(routes!(get_stream))
        .routes(routes!(list_entries))
        .routes(routes!(export_entries))
        .routes(routes!(get_entry))
        .routes(routes!(delete_entries))
        .routes(routes!(trim_stream))
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
/// Newest first. A search looks at 5000 entries at most and then says in `older` (with `after`: in `newer`) where to go on.
/// A `filter` is made of conditions like `type = SprintStarted`, `data.payload.project_id != "ACM-7"`,
/// `field.total >= 12.5`, `added > 2026-03-10T14:32`, `key starts ACM`, `data.note exists`, of words to look for in any
/// value, and of `and`, `or`, `not` and parentheses.
#[utoipa::path(
    get,
    path = "/api/console/streams/{stream}/entries",
    tag = "streams",
    params(
        ("before" = Option<EntryId>, Query, description = "Only entries older than this one"),
        ("after" = Option<EntryId>, Query, description = "The entries right after this one; ignored with `before`"),
        ("count" = Option<usize>, Query, description = "At most this many: 50 if absent, 500 at most"),
        ("from" = Option<String>, Query, description = "No entry older than this time (UTC) or entry id"),
        ("to" = Option<String>, Query, description = "No entry newer than this time (UTC) or entry id"),
        ("filter" = Option<String>, Query, description = "Only entries that fit"),
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

/// What of a stream becomes a file, and how.
#[derive(Deserialize)]
struct Export {
    #[serde(default)]
    format: FileFormat,
    from: Option<Edge>,
    to: Option<Edge>,
    filter: Option<Filter>,
}

/// How a file is written.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum FileFormat {
    #[default]
    Jsonl,
    Csv,
}

impl FileFormat {
    /// How the console writes it, its content type and the ending of its name.
    pub(super) const fn written(self) -> (Format, &'static str, &'static str) {
        match self {
            Self::Jsonl => (Format::Lines, "application/x-ndjson", "jsonl"),
            Self::Csv => (Format::Csv, "text/csv; charset=utf-8; header=present", "csv"),
        }
    }
}

/// Export entries as a file
///
/// Oldest first: those that were there when it was asked for. The file is sent as it is read; to hang up ends the reading. It
/// has a million entries or 1 GiB at most. Its last line says how many there are, and whether that is all: a file
/// without that line is not whole. In CSV, a cell that a spreadsheet would take for a formula begins with an apostrophe.
#[utoipa::path(
    get,
    path = "/api/console/streams/{stream}/export",
    tag = "streams",
    params(
        ("format" = Option<String>, Query, description = "`jsonl`, an entry on each line, or `csv`; `jsonl` if absent"),
        ("from" = Option<String>, Query, description = "No entry older than this time (UTC) or entry id"),
        ("to" = Option<String>, Query, description = "No entry newer than this time (UTC) or entry id"),
        ("filter" = Option<String>, Query, description = "Only entries that fit, as in the list")
    ),
    responses(
        (status = 200, description = "The file", content((String = "application/x-ndjson"), (String = "text/csv"))),
        NotFound,
        Unprocessable
    )
)]
async fn export_entries(
    State(context): State<Context>,
    Extension(Stop(stop)): Extension<Stop>,
    Path(stream): Path<String>,
    Parameters(wanted): Parameters<Export>,
) -> Result<Response, Refused> {
    let Export { format, from, to, filter } = wanted;
    let browse = Browse { from, to, filter, ..Browse::default() };
    let (format, content_type, extension) = format.written();
    let parts = export::export(&context.console, &stream, &browse, format, stop).await?;
    let headers = [
        (CONTENT_TYPE, content_type.to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{}.{extension}\"", file_name(&stream))),
        (
            HeaderName::from_static("x-export-limit"),
            format!("entries={}, bytes={}", export::ENTRIES_AT_MOST, export::BYTES_AT_MOST),
        ),
    ];
    Ok((headers, Body::from_stream(ReceiverStream::new(parts).map(Ok::<_, Infallible>))).into_response())
}

/// A stream's name as a file may be called on any machine.
fn file_name(stream: &str) -> String {
    /// Characters that leave room for an ending and a copy's number.
    const LONGEST: usize = 80;
    let is_safe = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    let name: String = stream.chars().take(LONGEST).map(|c| if is_safe(c) { c } else { '_' }).collect();
    format!("entries-{name}")
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

/// Delete entries of a stream
///
/// With `dry_run` it only says which groups have them unread or pending, and gives the `state_token` that proves what was
/// seen.
#[utoipa::path(
    post,
    path = "/api/console/streams/{stream}/entries/delete",
    tag = "streams",
    request_body(content = EntriesDelete, example = json!({"ids": ["1773152545187-0"], "dry_run": true})),
    responses((status = 200, description = "What became of each", body = Report), NotFound, Conflict, Unprocessable)
)]
async fn delete_entries(
    State(context): State<Context>,
    Path(stream): Path<String>,
    Wanted(wanted): Wanted<EntriesDelete>,
) -> Answer<Report> {
    answer(console::stream::delete_entries(&context.console, &context.actor(), &stream, &wanted).await)
}

/// Trim a stream
///
/// Never past what a group needs, unless `past_groups` says so. The preview names the first entry that is kept; an act with
/// `before` that entry removes what the preview has counted, whatever was added since.
#[utoipa::path(
    post,
    path = "/api/console/streams/{stream}/trim",
    tag = "streams",
    request_body(content = Trim, example = json!({"to": {"keep": 10000}, "dry_run": true})),
    responses((status = 200, description = "What each group loses", body = Report), NotFound, Conflict, Unprocessable)
)]
async fn trim_stream(
    State(context): State<Context>,
    Path(stream): Path<String>,
    Wanted(wanted): Wanted<Trim>,
) -> Answer<Report> {
    answer(console::stream::trim(&context.console, &context.actor(), &stream, &wanted).await)
}
