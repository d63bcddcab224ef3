//! Recovery jobs.

use std::convert::Infallible;

use axum::{
    Extension,
    body::Body,
    extract::State,
    http::{
        StatusCode,
        header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
};
use console::recovery;
use domain::recovery::{ItemPage, ItemState, Job, Terms, Word};
use futures::StreamExt;
use serde::Deserialize;
use tokio_stream::wrappers::ReceiverStream;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Context,
    answer::{Answer, Conflict, NotFound, Refused, Unprocessable, answer},
    extract::{Json, Parameters, Path},
    streams::FileFormat,
};
use crate::live::Stop;

pub(super) fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new()
        .routes(routes!(list_jobs, make_job))
        .routes(routes!(get_job))
        .routes(routes!(say_word))
        .routes(routes!(list_items))
        .routes(routes!(export_items))
}

/// The number of a job as it is written in addresses. What is no number is the address of no job.
#[derive(Deserialize)]
#[serde(from = "String")]
struct Number(i64);

impl From<String> for Number {
    fn from(text: String) -> Self {
        // jobs are counted from 1
        Self(text.parse().unwrap_or(0))
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct JobChoice {
    /// Only jobs older than this one.
    before: Option<i64>,
    /// At most this many: 50 if absent and at most.
    count: Option<usize>,
}

/// List recovery jobs
#[utoipa::path(
    get,
    path = "/api/console/recovery",
    tag = "recovery",
    params(JobChoice),
    responses((status = 200, description = "Newest first", body = Vec<Job>), Unprocessable)
)]
async fn list_jobs(State(context): State<Context>, Parameters(choice): Parameters<JobChoice>) -> Answer<Vec<Job>> {
    answer(recovery::list(&context.console, choice.before, choice.count.unwrap_or(0)).await)
}

/// Make a recovery job
///
/// What is chosen is frozen; nothing is sent before the word `start`. When the job is `ready`, its entries say what would
/// become of each: that is its dry run.
#[utoipa::path(
    post,
    path = "/api/console/recovery",
    tag = "recovery",
    request_body(content = Terms, example = json!({
        "selection": {"dead_letters_that": {"stream": "orders", "group": "invoice-mailer"}},
        "order": "in_order",
        "rate_per_second": 100,
        "canary": 5,
        "reason": "the price list is there again"
    })),
    responses((status = 201, description = "The job", body = Job), Unprocessable)
)]
async fn make_job(State(context): State<Context>, Json(terms): Json<Terms>) -> Result<Response, Refused> {
    let id = recovery::create(&context.console, &context.actor(), terms).await?;
    let job = recovery::get(&context.console, id).await?;
    Ok((StatusCode::CREATED, axum::Json(job)).into_response())
}

/// Get a recovery job
#[utoipa::path(
    get,
    path = "/api/console/recovery/{id}",
    tag = "recovery",
    params(("id" = i64, Path, description = "Number of the job")),
    responses((status = 200, description = "As it is now", body = Job), NotFound)
)]
async fn get_job(State(context): State<Context>, Path(Number(id)): Path<Number>) -> Answer<Job> {
    answer(recovery::get(&context.console, id).await)
}

#[derive(Deserialize, utoipa::ToSchema)]
struct Said {
    word: Word,
    /// Why, for the audit log.
    #[serde(default)]
    reason: Option<String>,
}

/// Start, pause, resume or cancel a recovery job
#[utoipa::path(
    post,
    path = "/api/console/recovery/{id}/say",
    tag = "recovery",
    params(("id" = i64, Path, description = "Number of the job")),
    request_body(content = Said, example = json!({"word": "start"})),
    responses((status = 200, description = "The job after it", body = Job), NotFound, Conflict, Unprocessable)
)]
async fn say_word(
    State(context): State<Context>,
    Path(Number(id)): Path<Number>,
    Json(said): Json<Said>,
) -> Answer<Job> {
    let Said { word, reason } = said;
    recovery::say(&context.console, &context.actor(), id, word, reason).await?;
    answer(recovery::get(&context.console, id).await)
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ItemChoice {
    /// Only entries in this state.
    state: Option<ItemState>,
    /// Only entries after this number.
    after: Option<i64>,
    /// At most this many: 50 if absent, 500 at most.
    count: Option<usize>,
}

/// List what becomes of each entry of a job
#[utoipa::path(
    get,
    path = "/api/console/recovery/{id}/items",
    tag = "recovery",
    params(("id" = i64, Path, description = "Number of the job"), ItemChoice),
    responses((status = 200, description = "A page, by number", body = ItemPage), NotFound, Unprocessable)
)]
async fn list_items(
    State(context): State<Context>,
    Path(Number(id)): Path<Number>,
    Parameters(choice): Parameters<ItemChoice>,
) -> Answer<ItemPage> {
    let ItemChoice { state, after, count } = choice;
    answer(recovery::items(&context.console, id, state, after.unwrap_or(0), count.unwrap_or(0)).await)
}

#[derive(Deserialize)]
struct Export {
    #[serde(default)]
    format: FileFormat,
}

/// Export the report of a job as a file
///
/// A line for each entry, by number. The last line has their count; a file without that line is not whole.
#[utoipa::path(
    get,
    path = "/api/console/recovery/{id}/export",
    tag = "recovery",
    params(
        ("id" = i64, Path, description = "Number of the job"),
        ("format" = Option<String>, Query, description = "`jsonl`, an entry on each line, or `csv`; `jsonl` if absent")
    ),
    responses(
        (status = 200, description = "The file", content((String = "application/x-ndjson"), (String = "text/csv"))),
        NotFound,
        Unprocessable
    )
)]
async fn export_items(
    State(context): State<Context>,
    Extension(Stop(stop)): Extension<Stop>,
    Path(Number(id)): Path<Number>,
    Parameters(wanted): Parameters<Export>,
) -> Result<Response, Refused> {
    let (format, content_type, extension) = wanted.format.written();
    let parts = recovery::export(&context.console, id, format, stop).await?;
    let disposition = format!("attachment; filename=\"recovery-{id}.{extension}\"");
    let headers = [(CONTENT_TYPE, content_type.to_owned()), (CONTENT_DISPOSITION, disposition)];
    Ok((headers, Body::from_stream(ReceiverStream::new(parts).map(Ok::<_, Infallible>))).into_response())
}
