//! Size, time and accidents.

use std::{any::Any, time::Duration};

use axum::{
    body::Body,
    extract::{Request, State},
    http::{Method, StatusCode, header::CONTENT_LENGTH},
    middleware::Next,
    response::Response,
};
use http_body_util::Limited;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::api::answer::detail;

/// The longest body that is read: a thousand selected entries fit ten times.
pub const LONGEST_BODY: usize = 1024 * 1024;
/// How long an answer may take to begin. Clients of the contract wait 15 to 30 s.
pub const SLOWEST_ANSWER: Duration = Duration::from_secs(30);

/// Refuses a body that is too long: at once where its length is announced, else when it turns out.
pub async fn body(request: Request, next: Next) -> Response {
    let announced = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > LONGEST_BODY as u64) {
        return detail(StatusCode::PAYLOAD_TOO_LARGE, format!("the body is longer than {LONGEST_BODY} bytes"));
    }
    next.run(request.map(|body| Body::new(Limited::new(body, LONGEST_BODY)))).await
}

/// Answers 503 where the answer does not begin within `longest`. What is sent afterwards may take as long as it takes:
/// the live connection never ends.
pub async fn time(State(longest): State<Duration>, request: Request, next: Next) -> Response {
    tokio::time::timeout(longest, next.run(request)).await.unwrap_or_else(|_| {
        let why = format!("no answer within {longest:?}; an act may still be under way");
        detail(StatusCode::SERVICE_UNAVAILABLE, why)
    })
}

/// Runs acts in `acts`. A caller who hangs up, and a time-out, end the wait and not the act: a repair between its two
/// lines in the audit log, or a sprint between its rows and its note, is not cut in half.
pub async fn finish(State(acts): State<TaskTracker>, request: Request, next: Next) -> Response {
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return next.run(request).await;
    }
    match acts.spawn(next.run(request)).await {
        Ok(response) => response,
        Err(accident) => match accident.try_into_panic() {
            Ok(panic) => panicked(panic),
            Err(_) => detail(StatusCode::SERVICE_UNAVAILABLE, "the program is ending"),
        },
    }
}

/// The answer where a handler panicked: an id, and the cause in the log.
#[expect(clippy::needless_pass_by_value, reason = "what tower-http gives")]
pub fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let id = Uuid::new_v4();
    let cause = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("a panic without words");
    tracing::error!(error.id = %id, cause, "a handler panicked");
    detail(StatusCode::INTERNAL_SERVER_ERROR, format!("internal error {id}"))
}
