//! The log of acts, to be read.

use std::convert::Infallible;

use axum::{
    Extension,
    body::Body,
    extract::State,
    http::header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use console::audit;
use domain::audit::{AuditEntry, AuditPage, Verification};
use futures::StreamExt;
use serde::Deserialize;
use tokio_stream::wrappers::ReceiverStream;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Context,
    answer::{Answer, NotFound, Refused, Unprocessable, answer},
    extract::{Parameters, Path},
    streams::FileFormat,
};
use crate::live::Stop;

/// Acts on a page where no number is asked for, and at most.
const PAGE: usize = 50;
const LONGEST_PAGE: usize = 500;

pub(super) fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new()
        .routes(routes!(list_acts))
        .routes(routes!(verify_chain))
        .routes(routes!(export_acts))
        .routes(routes!(get_act))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ActFilter {
    /// Only acts older than this one.
    before: Option<i64>,
    /// Part of act, subject, who or reason.
    text: Option<String>,
    /// At most this many: 50 if absent, 500 at most.
    count: Option<usize>,
}

/// List who did what
#[utoipa::path(
    get,
    path = "/api/console/audit",
    tag = "audit",
    params(ActFilter),
    responses((status = 200, description = "A page, newest first", body = AuditPage), Unprocessable)
)]
async fn list_acts(State(context): State<Context>, Parameters(filter): Parameters<ActFilter>) -> Answer<AuditPage> {
    let count = filter.count.filter(|count| *count > 0).map_or(PAGE, |count| count.min(LONGEST_PAGE));
    answer(audit::list(&context.console, filter.before, filter.text.as_deref(), count).await)
}

#[derive(Deserialize)]
struct Verify {
    head: Option<String>,
}

/// Verify that the log was not changed
///
/// Walks the chain of hashes through the whole log, and names each act that does not fit it. Give the head that you wrote
/// down earlier: who can write the database could make a new chain, but not one that has this hash.
#[utoipa::path(
    get,
    path = "/api/console/audit/verify",
    tag = "audit",
    params(("head" = Option<String>, Query, description = "A hash of an earlier answer, which must be in the chain")),
    responses((status = 200, description = "What was found", body = Verification), Unprocessable)
)]
async fn verify_chain(State(context): State<Context>, Parameters(asked): Parameters<Verify>) -> Answer<Verification> {
    answer(audit::verify(&context.console, asked.head.as_deref().map(str::trim).filter(|head| !head.is_empty())).await)
}

#[derive(Deserialize)]
struct Export {
    #[serde(default)]
    format: FileFormat,
    text: Option<String>,
}

/// Export the log as a file
///
/// Oldest first. The last line has the head of the chain and says whether the log fits it; a file without that line is not
/// whole. In CSV, a cell that a spreadsheet would take for a formula begins with an apostrophe, and reports are left out.
#[utoipa::path(
    get,
    path = "/api/console/audit/export",
    tag = "audit",
    params(
        ("format" = Option<String>, Query, description = "`jsonl`, an act on each line, or `csv`; `jsonl` if absent"),
        ("text" = Option<String>, Query, description = "Part of act, subject, who or reason")
    ),
    responses(
        (status = 200, description = "The file", content((String = "application/x-ndjson"), (String = "text/csv"))),
        Unprocessable
    )
)]
async fn export_acts(
    State(context): State<Context>,
    Extension(Stop(stop)): Extension<Stop>,
    Parameters(wanted): Parameters<Export>,
) -> Result<Response, Refused> {
    let (format, content_type, extension) = wanted.format.written();
    let parts = audit::export(&context.console, wanted.text.as_deref(), format, stop).await?;
    let disposition = format!("attachment; filename=\"audit.{extension}\"");
    let headers = [(CONTENT_TYPE, content_type.to_owned()), (CONTENT_DISPOSITION, disposition)];
    Ok((headers, Body::from_stream(ReceiverStream::new(parts).map(Ok::<_, Infallible>))).into_response())
}

/// Get an act with its report
#[utoipa::path(
    get,
    path = "/api/console/audit/{id}",
    tag = "audit",
    responses((status = 200, description = "The act", body = AuditEntry), NotFound, Unprocessable)
)]
async fn get_act(State(context): State<Context>, Path(id): Path<i64>) -> Answer<AuditEntry> {
    answer(audit::get(&context.console, id).await)
}
