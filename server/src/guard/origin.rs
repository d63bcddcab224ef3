//! Refuses requests that another site makes a browser send. Server functions have no protection of their own.

use axum::{
    extract::Request,
    http::{HeaderMap, Method, StatusCode, header, uri::Authority},
    middleware::Next,
    response::Response,
};

use super::FUNCTIONS;
use crate::api::answer::detail;

/// Lets through what cannot change anything, what our own pages or the person at the keyboard send, and programs.
///
/// Every browser of the last years says with each request where it comes from: `Sec-Fetch-Site`, and with each unsafe
/// one `Origin` too. So a request with *neither* does not come from a browser: it is curl, a cron job, an agent. These
/// carry nothing that another site could abuse, and are let through.
pub async fn check(request: Request, next: Next) -> Response {
    // server functions are for our own pages alone, whatever the method
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS)
        && !request.uri().path().starts_with(FUNCTIONS);
    if safe || is_ours(request.headers(), request.uri().authority().map(Authority::as_str)) {
        return next.run(request).await;
    }
    tracing::warn!(method = %request.method(), path = request.uri().path(), "refused a request of another site");
    detail(StatusCode::FORBIDDEN, "this request comes from another site")
}

/// `target` is the host in the request's target, which stands there instead of `Host` in HTTP/2.
fn is_ours(headers: &HeaderMap, target: Option<&str>) -> bool {
    let mut sites = headers.get_all(header::HeaderName::from_static("sec-fetch-site")).iter().peekable();
    if sites.peek().is_some() {
        // `none`: typed, a bookmark, or a reload by the person
        return sites.all(|site| site == "same-origin" || site == "none");
    }
    let mut origins = headers.get_all(header::ORIGIN).iter().peekable();
    if origins.peek().is_some() {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).or(target);
        return origins.all(|origin| host.is_some_and(|host| is_origin_of(origin.to_str().unwrap_or_default(), host)));
    }
    true
}

/// Whether `origin` is `http://host` or, behind a proxy that ends TLS, `https://host`.
fn is_origin_of(origin: &str, host: &str) -> bool {
    let place = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    place.is_some_and(|place| place.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn ours(pairs: &[(&'static str, &'static str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_static(value));
        }
        is_ours(&headers, None)
    }

    #[test]
    fn what_the_browser_says_decides_and_silence_is_a_program() {
        let host = ("host", "127.0.0.1:3000");
        for site in ["same-origin", "none"] {
            assert!(ours(&[host, ("sec-fetch-site", site)]), "{site}");
        }
        for site in ["cross-site", "same-site", "", "SAME-ORIGIN"] {
            assert!(!ours(&[host, ("sec-fetch-site", site), ("origin", "http://127.0.0.1:3000")]), "{site}");
        }
        assert!(!ours(&[host, ("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")]));
        assert!(ours(&[host]));
    }

    #[test]
    fn an_origin_is_ours_only_to_the_last_digit() {
        let host = ("host", "127.0.0.1:3000");
        for origin in ["http://127.0.0.1:3000", "https://127.0.0.1:3000"] {
            assert!(ours(&[host, ("origin", origin)]), "{origin}");
        }
        for origin in [
            "null",
            "",
            "http://127.0.0.1",
            "http://127.0.0.1:30000",
            "http://127.0.0.1:3000.evil.example",
            "http://evil.example",
            "ftp://127.0.0.1:3000",
            "http://127.0.0.1:3000/",
        ] {
            assert!(!ours(&[host, ("origin", origin)]), "{origin}");
        }
        assert!(!ours(&[("origin", "http://127.0.0.1:3000")]), "without a host nothing can be compared");
    }
}
