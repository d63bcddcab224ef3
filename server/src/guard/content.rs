//! Refuses bodies that a plain form of another site could carry. The check of the origin refuses them too; this one does
//! not depend on what a browser says about itself.

use axum::{
    extract::Request,
    http::{
        HeaderMap, Method, StatusCode,
        header::{CONTENT_LENGTH, CONTENT_TYPE},
    },
    middleware::Next,
    response::Response,
};

use super::FUNCTIONS;
use crate::api::answer::detail;

const FORM: &str = "application/x-www-form-urlencoded";

/// Routes take JSON (a client that does not name its content means JSON); server functions take what our own forms and
/// islands send.
pub async fn check(request: Request, next: Next) -> Response {
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return next.run(request).await;
    }
    // `curl -d ''` names a form and sends nothing: a body that is not there carries nothing
    if request.headers().get(CONTENT_LENGTH).is_some_and(|length| length.as_bytes() == b"0") {
        return next.run(request).await;
    }
    let content = essence(request.headers());
    let is_function = request.uri().path().starts_with(FUNCTIONS);
    let (fits, wanted) = match content.as_deref() {
        None => (!is_function, FORM),
        Some(content) if is_function => (content == FORM || is_json(content), "a form or JSON"),
        Some(content) => (is_json(content), "application/json"),
    };
    if fits {
        return next.run(request).await;
    }
    detail(StatusCode::UNSUPPORTED_MEDIA_TYPE, format!("the body has to be {wanted}"))
}

/// The content type without its parameters, in lower case. One that cannot be read is none we take.
fn essence(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(CONTENT_TYPE)?.to_str().unwrap_or("unreadable");
    Some(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
}

fn is_json(content: &str) -> bool {
    content == "application/json" || (content.starts_with("application/") && content.ends_with("+json"))
}
