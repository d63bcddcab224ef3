//! Dead letters of any stream: look, group by cause, replay, discard.

use axum::extract::State;
use console::dead_letter;
use domain::{
    dead_letter::{Cause, Cursor, DeadLetter, DeadLetterPage, Filter},
    operation::{DeadLetterSelection, Report},
    stream::NotAnEntryId,
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Context,
    answer::{Answer, Conflict, NotFound, Unprocessable, answer},
    extract::{Json, Parameters},
};

/// Records on a page where no number is asked for, and at most.
const PAGE: usize = 50;
const LONGEST_PAGE: usize = 500;

pub(super) fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new()
        .routes(routes!(list_dead_letters))
        .routes(routes!(list_causes))
        .routes(routes!(get_dead_letter))
        .routes(routes!(replay_dead_letters))
        .routes(routes!(discard_dead_letters))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct CauseFilter {
    /// Only of this source stream.
    stream: Option<String>,
    /// Only of this group.
    group: Option<String>,
    /// Only of this type.
    event_type: Option<String>,
    /// Only of this cause.
    fingerprint: Option<String>,
    /// Part of the error, key, event id or source id, whatever its letter case.
    text: Option<String>,
}

impl From<CauseFilter> for Filter {
    fn from(filter: CauseFilter) -> Self {
        let CauseFilter { stream, group, event_type, fingerprint, text } = filter;
        Self { stream, group, event_type, fingerprint, text }
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct PageChoice {
    /// Only records older than this one, written `<stream>/<id>`.
    #[param(value_type = Option<String>)]
    before: Option<At>,
    /// At most this many: 50 if absent, 500 at most.
    count: Option<usize>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Address {
    /// Source stream and id of the record, written `<stream>/<id>`.
    #[param(value_type = String)]
    at: At,
}

/// A dead letter's address as it is written in URLs.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct At(Cursor);

impl TryFrom<String> for At {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let cursor: Cursor = text.parse().map_err(|error: NotAnEntryId| error.to_string())?;
        if cursor.stream.is_empty() { Err(format!("not <stream>/<id>: {text}")) } else { Ok(Self(cursor)) }
    }
}

/// Browse dead letters
///
/// Newest first, of all streams.
#[utoipa::path(
    get,
    path = "/api/console/dead-letters",
    tag = "dead letters",
    params(CauseFilter, PageChoice),
    responses((status = 200, description = "A page", body = DeadLetterPage), Unprocessable)
)]
async fn list_dead_letters(
    State(context): State<Context>,
    Parameters(filter): Parameters<CauseFilter>,
    Parameters(page): Parameters<PageChoice>,
) -> Answer<DeadLetterPage> {
    let count = page.count.filter(|count| *count > 0).map_or(PAGE, |count| count.min(LONGEST_PAGE));
    let before = page.before.as_ref().map(|At(cursor)| cursor);
    answer(dead_letter::list(&context.console, &filter.into(), before, count).await)
}

/// List why entries died
///
/// Records are of one cause when error (without ids and numbers), type and group are the same. Most frequent first.
#[utoipa::path(
    get,
    path = "/api/console/dead-letters/causes",
    tag = "dead letters",
    params(CauseFilter),
    responses((status = 200, description = "Most frequent first", body = Vec<Cause>))
)]
async fn list_causes(
    State(context): State<Context>,
    Parameters(filter): Parameters<CauseFilter>,
) -> Answer<Vec<Cause>> {
    answer(dead_letter::causes(&context.console, &filter.into()).await)
}

/// Get a dead letter, whole
#[utoipa::path(
    get,
    path = "/api/console/dead-letters/record",
    tag = "dead letters",
    params(Address),
    responses((status = 200, description = "The record", body = DeadLetter), NotFound, Unprocessable)
)]
async fn get_dead_letter(
    State(context): State<Context>,
    Parameters(address): Parameters<Address>,
) -> Answer<DeadLetter> {
    answer(dead_letter::get(&context.console, &address.at.0).await)
}

/// Send dead letters back to the groups that failed
///
/// With `dry_run` it only says what would happen, and gives the `state_token` that proves what was seen.
#[utoipa::path(
    post,
    path = "/api/console/dead-letters/replay",
    tag = "dead letters",
    request_body(content = DeadLetterSelection, example = json!({
        "items": [{"stream": "orders", "id": "1773152545187-0"}],
        "dry_run": true
    })),
    responses((status = 200, description = "What became of each", body = Report), NotFound, Conflict, Unprocessable)
)]
async fn replay_dead_letters(
    State(context): State<Context>,
    Json(selection): Json<DeadLetterSelection>,
) -> Answer<Report> {
    answer(dead_letter::replay(&context.console, &context.actor(), &selection).await)
}

/// Throw dead letters away
///
/// Needs a reason, which the audit log keeps.
#[utoipa::path(
    post,
    path = "/api/console/dead-letters/discard",
    tag = "dead letters",
    request_body(content = DeadLetterSelection, example = json!({
        "items": [{"stream": "orders", "id": "1773152545187-0"}],
        "dry_run": true,
        "reason": "sent by a test"
    })),
    responses((status = 200, description = "What became of each", body = Report), NotFound, Conflict, Unprocessable)
)]
async fn discard_dead_letters(
    State(context): State<Context>,
    Json(selection): Json<DeadLetterSelection>,
) -> Answer<Report> {
    answer(dead_letter::discard(&context.console, &context.actor(), &selection).await)
}
