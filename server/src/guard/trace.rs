//! Which trace a request belongs to: the one that its caller names, or one of its own.

use crate::connection;
use axum::{
    extract::{MatchedPath, Request},
    http::{HeaderMap, Method},
    middleware::Next,
    response::Response,
};
use domain::trace::{TRACEPARENT, TraceContext};
use telemetry::{
    Span,
    span::{KeyValue, SpanKind, Start},
};

/// What is asked all the time by machines, and is part of nothing: a span of each would hide the others.
const NOT_TRACED: [&str; 4] = ["/health", "/metrics", "/api/console/live", "/pkg/"];

/// Answers a request within its trace, and makes a span of it where spans are exported.
pub async fn begin(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if NOT_TRACED.iter().any(|start| path.starts_with(start)) {
        return next.run(request).await;
    }
    let caller = named_by_caller(request.headers());
    let mut span = Span::start(caller, || Start {
        kind: SpanKind::Server,
        name: match method(request.method()) {
            OTHER => "HTTP".into(),
            known => known.into(),
        },
        attributes: described(&request),
    });
    let context = span.context().unwrap_or_else(telemetry::new_trace);
    let response = telemetry::within(context.into(), next.run(request)).await;
    let status = response.status();
    span.tell("http.response.status_code", i64::from(status.as_u16()));
    if let Some(Matched { method, route }) = response.extensions().get() {
        span.rename(format!("{} {route}", if *method == OTHER { "HTTP" } else { method }));
        span.tell("http.route", route.clone());
    }
    if status.is_server_error() {
        span.fail("server_error", || status.to_string());
    }
    response
}

/// Which route answered; travels from where that is known to the span of the request.
#[derive(Debug, Clone)]
pub(super) struct Matched {
    method: &'static str,
    route: String,
}

impl Matched {
    pub(super) fn new(method: &Method, matched: Option<&MatchedPath>) -> Option<Self> {
        // nobody reads it while spans are not exported
        let route = matched.filter(|_| telemetry::is_exporting())?.as_str().to_owned();
        Some(Self { method: self::method(method), route })
    }
}

/// What a method is called that is none of HTTP's (OpenTelemetry's conventions): callers may invent as many as they like, and
/// each would be a name of its own at the backend.
const OTHER: &str = "_OTHER";
/// Longest path that a span tells, in bytes.
const LONGEST_PATH: usize = 500;

/// The method as the conventions know it.
fn method(of: &Method) -> &'static str {
    const KNOWN: [&str; 9] = ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"];
    KNOWN.into_iter().find(|known| *known == of.as_str()).unwrap_or(OTHER)
}

/// The caller's context, if it is one and the only one.
fn named_by_caller(headers: &HeaderMap) -> Option<TraceContext> {
    let mut named = headers.get_all(TRACEPARENT).iter();
    let (only, None) = (named.next()?, named.next()) else { return None };
    TraceContext::parse(only.to_str().ok()?)
}

/// What is known before the answer. No query: a search may hold what is nobody's business.
fn described(request: &Request) -> Vec<KeyValue> {
    let path = connection::whole(request).path();
    let path = &path[..path.floor_char_boundary(LONGEST_PATH)];
    let mut attributes = vec![
        KeyValue::new("http.request.method", method(request.method())),
        KeyValue::new("url.scheme", "http"),
        KeyValue::new("url.path", path.to_owned()),
    ];
    let host = request.headers().get(axum::http::header::HOST).and_then(|host| host.to_str().ok());
    attributes.extend(host.map(|host| KeyValue::new("server.address", host.to_owned())));
    attributes
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    const GIVEN: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn named(values: &[&'static [u8]]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(TRACEPARENT, HeaderValue::from_bytes(value).expect("a header"));
        }
        named_by_caller(&headers).map(|context| context.to_string())
    }

    #[test]
    fn methods_that_callers_invent_have_one_name() {
        let named = |name: &str| method(&Method::from_bytes(name.as_bytes()).expect("a token"));
        assert_eq!((named("GET"), named("PATCH")), ("GET", "PATCH"));
        assert_eq!((named("BREW"), named("get"), named("X1")), (OTHER, OTHER, OTHER));
    }

    #[test]
    fn only_one_whole_context_is_taken_from_a_caller() {
        assert_eq!(named(&[GIVEN.as_bytes()]).as_deref(), Some(GIVEN));
        assert_eq!(named(&[]), None);
        assert_eq!(named(&[GIVEN.as_bytes(), GIVEN.as_bytes()]), None);
        assert_eq!(named(&[b"00-\xff"]), None);
        assert_eq!(named(&[b"' or 1=1 --"]), None);
    }
}
