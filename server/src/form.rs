//! Forms that work without a script. A browser that posts a form wants a page back: what the server function answers
//! becomes a redirect, to where it points, or back to the page with the form.
//!
//! A refusal goes back as `refused=<message>`, and what was typed as `kept.<field>=<value>`, so that the page shows both
//! again and nothing typed is lost.

use axum::{
    body::{Body, to_bytes},
    extract::Request,
    http::{
        HeaderMap, HeaderValue, Method, StatusCode, Uri,
        header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HOST, LOCATION, REFERER},
    },
    middleware::Next,
    response::Response,
};
use domain::{Refusal, refusal::RefusalKind};
use leptos::server_fn::redirect::REDIRECT_HEADER;
use serde::Deserialize;

use crate::{
    api::answer::detail,
    connection,
    guard::{FUNCTIONS, limits::LONGEST_BODY},
};

/// Parameter of a page's address that says why the last form was refused.
pub const REFUSED: &str = "refused";
/// What the names of parameters with typed values begin with.
pub const KEPT: &str = "kept.";

/// Longest message in an address.
const LONGEST_MESSAGE: usize = 500;
/// Longest that all kept values may make an address: proxies between us and the browser take 8 kB of it at least.
const LONGEST_KEPT: usize = 4_000;

/// Turns a server function's answer to a plain form into a redirect; leaves its answer to an island alone, and what is
/// no server function.
pub async fn without_script(request: Request, next: Next) -> Response {
    if !request.uri().path().starts_with(FUNCTIONS) {
        return next.run(request).await;
    }
    let wants_page = request.method() == Method::POST
        && request
            .headers()
            .get_all(ACCEPT)
            .iter()
            .any(|accept| accept.to_str().is_ok_and(|accept| accept.contains("text/html")));
    if !wants_page {
        return truthful(next.run(request).await).await.0;
    }
    let page = page_of(&request);
    let (mut parts, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, LONGEST_BODY).await else {
        return detail(StatusCode::PAYLOAD_TOO_LARGE, "the form is too large");
    };
    // asked for a page, leptos would redirect by itself, to wherever `Referer` points
    parts.headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    let fields: Vec<(String, String)> = form_urlencoded::parse(&bytes).into_owned().collect();
    let (response, refusal) = truthful(next.run(Request::from_parts(parts, Body::from(bytes))).await).await;
    let to = match refusal {
        Some(message) => refused(&page, &message, &fields),
        None => response
            .headers()
            .get(LOCATION)
            .and_then(|to| to.to_str().ok())
            .filter(|to| is_path(to))
            .map_or(page, str::to_owned),
    };
    redirect(response, &to)
}

/// The answer with the status code of its refusal, and the refusal's message. Leptos answers 500 to arguments that it
/// cannot read, which are the caller's fault.
async fn truthful(response: Response) -> (Response, Option<String>) {
    if response.status().as_u16() < 400 {
        return (response, None);
    }
    let (mut parts, body) = response.into_parts();
    let bytes = to_bytes(body, LONGEST_BODY).await.unwrap_or_default();
    let message = match serde_json::from_slice::<Refusal>(&bytes) {
        Ok(refusal) => {
            if parts.status == StatusCode::INTERNAL_SERVER_ERROR && refusal.kind != RefusalKind::Internal {
                parts.status = StatusCode::from_u16(refusal.kind.http_status()).unwrap_or(parts.status);
            }
            refusal.message
        }
        Err(_) => serde_json::from_slice::<Said>(&bytes)
            .map_or_else(|_| format!("the server answered {}", parts.status), |said| said.detail),
    };
    (Response::from_parts(parts, Body::from(bytes)), Some(message))
}

/// What the guard answers.
#[derive(Deserialize)]
struct Said {
    detail: String,
}

/// Path and query of the page that the form was on, without what an earlier refusal left; the first page if `Referer`
/// is missing or names another site.
fn page_of(request: &Request) -> String {
    let first = || format!("{}/", connection::prefix(request));
    referring_path(request.headers()).map_or_else(first, |uri| without_refusal(&uri))
}

fn referring_path(headers: &HeaderMap) -> Option<Uri> {
    let referer: Uri = headers.get(REFERER)?.to_str().ok()?.parse().ok()?;
    let host = headers.get(HOST)?.to_str().ok()?;
    let same_host = referer.authority()?.as_str().eq_ignore_ascii_case(host);
    let known_scheme = matches!(referer.scheme_str(), Some("http" | "https"));
    (same_host && known_scheme && is_path(referer.path())).then_some(referer)
}

fn without_refusal(page: &Uri) -> String {
    let is_left_over = |name: &str| name == REFUSED || name.starts_with(KEPT);
    let query = page.query().unwrap_or_default();
    let parameters = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| !is_left_over(name));
    with_parameters(page.path(), parameters)
}

fn refused(page: &str, message: &str, fields: &[(String, String)]) -> String {
    let message: String = message.chars().take(LONGEST_MESSAGE).collect();
    let mut to = with_parameters(page, [(REFUSED.to_owned(), message)]);
    let longest = to.len() + LONGEST_KEPT;
    for (name, value) in fields {
        let longer = with_parameters(&to, [(format!("{KEPT}{name}"), value.clone())]);
        if longer.len() <= longest {
            to = longer;
        }
    }
    to
}

fn with_parameters(page: &str, parameters: impl IntoIterator<Item = (impl AsRef<str>, impl AsRef<str>)>) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    match (query.is_empty(), page.contains('?')) {
        (true, _) => page.to_owned(),
        (false, true) => format!("{page}&{query}"),
        (false, false) => format!("{page}?{query}"),
    }
}

/// Whether a browser reads this as a path on our own site. It reads `//host`, `/\host` and, as it drops tabs, `/⇥/host`
/// as other sites.
fn is_path(to: &str) -> bool {
    to.starts_with('/') && !to.starts_with("//") && !to.chars().any(|c| c == '\\' || c.is_control() || c == ' ')
}

/// 303 to `to`, with what else the answer says (a cookie), without its body.
fn redirect(response: Response, to: &str) -> Response {
    let (mut parts, _) = response.into_parts();
    parts.status = StatusCode::SEE_OTHER;
    for name in [CONTENT_TYPE, CONTENT_LENGTH] {
        parts.headers.remove(name);
    }
    parts.headers.remove(REDIRECT_HEADER);
    let to = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/"));
    parts.headers.insert(LOCATION, to);
    Response::from_parts(parts, Body::empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_our_own_site_are_followed() {
        for path in ["/", "/projects?new=project", "/a//b", "/streams/%2F%2Fevil.example"] {
            assert!(is_path(path), "{path}");
        }
        for elsewhere in [
            "",
            "//evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "https://evil.example",
            "evil",
            "javascript:alert(1)",
            "/ok\r\nset-cookie: a=b",
        ] {
            assert!(!is_path(elsewhere), "{elsewhere}");
        }
    }

    #[test]
    fn a_second_refusal_replaces_the_first() {
        let page = "http://h/projects?new=project&refused=old&kept.id=A&kept.name=b%20c".parse().expect("an address");
        assert_eq!(without_refusal(&page), "/projects?new=project");
    }

    #[test]
    fn what_was_typed_is_kept_unless_it_is_too_long() {
        let fields = [("id", "A&B".to_owned()), ("text", "x".repeat(5_000)), ("name", "ä".to_owned())];
        let fields = fields.map(|(name, value)| (name.to_owned(), value));
        let to = refused("/projects?new=project", "id is taken", &fields);
        assert_eq!(to, "/projects?new=project&refused=id+is+taken&kept.id=A%26B&kept.name=%C3%A4");
    }
}
