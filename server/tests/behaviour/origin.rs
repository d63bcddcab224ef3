//! Requests that another site makes a browser send, for every route and every server function.

use reqwest::RequestBuilder;
use server::guard::table::{Surface, TABLE};

use crate::running::{Running, answer_of};

/// The address of a pattern, with something in its segments.
pub(crate) fn address(pattern: &str) -> String {
    pattern.split('/').map(|part| if part.starts_with('{') { "X-1" } else { part }).collect::<Vec<_>>().join("/")
}

/// What changes something: method and address.
fn unsafe_ways() -> Vec<(&'static str, String)> {
    let ways: Vec<_> =
        TABLE.iter().filter(|entry| entry.method != "GET").map(|entry| (entry.method, address(entry.path))).collect();
    assert!(ways.len() > 20, "{ways:?}");
    ways
}

async fn status(request: RequestBuilder) -> u16 {
    let (status, answer) = answer_of(request).await;
    if status.is_client_error() {
        assert!(!answer["detail"].is_null() || !answer["message"].is_null(), "{status} {answer}");
    }
    status.as_u16()
}

#[tokio::test]
async fn what_another_site_sends_is_refused_everywhere() {
    let server = Running::start().await;
    let origin = format!("http://{}", server.address);
    let foreign: [&[(&str, &str)]; 8] = [
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "cross-site"), ("origin", &origin)],
        &[("sec-fetch-site", "cross-site"), ("content-type", "text/plain")],
        &[("origin", "http://evil.example")],
        &[("origin", "null"), ("content-type", "application/x-www-form-urlencoded")],
        &[("origin", "http://127.0.0.1")],
        &[("origin", "http://localhost:3000")],
    ];
    for (method, path) in unsafe_ways() {
        for headers in foreign {
            let request = headers
                .iter()
                .fold(server.request(method, &path), |request, (name, value)| request.header(*name, *value));
            assert_eq!(status(request.body("{}")).await, 403, "{method} {path} {headers:?}");
        }
    }
}

#[tokio::test]
async fn our_pages_and_programs_come_in_everywhere() {
    let server = Running::start().await;
    let origin = format!("http://{}", server.address);
    let ours: [&[(&str, &str)]; 4] = [
        &[],
        &[("origin", &origin)],
        &[("sec-fetch-site", "same-origin"), ("origin", &origin)],
        &[("sec-fetch-site", "none")],
    ];
    for (method, path) in unsafe_ways() {
        for headers in ours {
            let request = headers
                .iter()
                .fold(server.request(method, &path), |request, (name, value)| request.header(*name, *value));
            let request = if path.starts_with("/api/fn/") {
                request.header("content-type", "application/x-www-form-urlencoded")
            } else {
                request.header("content-type", "application/json").body("{}")
            };
            let status = status(request).await;
            assert!(![403, 405, 415, 500].contains(&status), "{method} {path} {headers:?}: {status}");
        }
    }
}

#[tokio::test]
async fn bodies_that_a_plain_form_can_carry_are_refused() {
    let server = Running::start().await;
    for (method, path) in unsafe_ways() {
        let is_function = path.starts_with("/api/fn/");
        for content in [
            "text/plain",
            "text/plain;charset=UTF-8",
            "multipart/form-data; boundary=x",
            "application/x-www-form-urlencoded",
            "text/html",
            "x",
        ] {
            let request = server.request(method, &path).header("content-type", content).body("{}");
            let taken = is_function && content.ends_with("urlencoded");
            assert_eq!(status(request).await == 415, !taken, "{method} {path} {content}");
        }
        for content in ["application/json", "application/json; charset=utf-8", "application/merge-patch+json"] {
            let request = server.request(method, &path).header("content-type", content).body("{}");
            assert_ne!(status(request).await, 415, "{method} {path} {content}");
        }
    }
}

#[tokio::test]
async fn names_that_are_not_ours_are_refused_everywhere() {
    let server = Running::start().await;
    let port = server.address.port();
    for entry in TABLE.iter().filter(|entry| entry.surface == Surface::Api) {
        let path = address(entry.path);
        for host in
            ["evil.example".to_owned(), format!("evil.example:{port}"), format!("127.0.0.1.evil.example:{port}")]
        {
            let request =
                server.request(entry.method, &path).header("host", &host).header("sec-fetch-site", "same-origin");
            assert_eq!(status(request).await, 403, "{} {path} {host}", entry.method);
        }
    }
    for host in [format!("localhost:{port}"), format!("[::1]:{port}"), "console.example".to_owned()] {
        assert_eq!(status(server.request("GET", "/projects").header("host", &host)).await, 200, "{host}");
    }
}

#[tokio::test]
async fn a_get_of_a_server_function_does_nothing() {
    let server = Running::start().await;
    for entry in TABLE.iter().filter(|entry| entry.surface == Surface::Function) {
        let address = format!("{}?scheme=dark", entry.path);
        assert_eq!(status(server.request("GET", &address)).await, 405, "{address}");
        assert_eq!(
            status(server.request("GET", &address).header("sec-fetch-site", "cross-site")).await,
            403,
            "{address}"
        );
    }
    assert_eq!(
        status(server.request("POST", "/api/fn/none").header("content-type", "application/json").body("{}")).await,
        404
    );
}

/// Cross-site reading is no act: links to us from elsewhere work.
#[tokio::test]
async fn a_link_from_another_site_is_followed() {
    let server = Running::start().await;
    let request = server.request("GET", "/projects").header("sec-fetch-site", "cross-site");
    assert_eq!(status(request).await, 200);
}
