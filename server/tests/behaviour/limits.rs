//! Size and accidents, and what every answer tells the browser.

use std::{net::Ipv4Addr, time::Duration};

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode},
    middleware::from_fn_with_state,
    routing,
};
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use server::guard::{self, Hosts, limits};
use tokio::sync::{mpsc, watch};
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use crate::running::{Running, Wanted, answer_of};

#[tokio::test]
async fn a_body_that_is_too_long_is_refused_announced_or_not() {
    let server = Running::start().await;
    let long = format!(r#"{{"id":"P","name":"n","description":"{}","status":"s"}}"#, "x".repeat(1024 * 1024));
    let announced = server.request("POST", "/projects").header(CONTENT_TYPE, "application/json").body(long.clone());
    let chunks =
        long.into_bytes().chunks(64 * 1024).map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec())).collect::<Vec<_>>();
    let streamed = reqwest::Body::wrap_stream(futures::stream::iter(chunks));
    let streamed = server.request("POST", "/projects").header(CONTENT_TYPE, "application/json").body(streamed);
    for request in [announced, streamed] {
        let (status, answer) = answer_of(request).await;
        assert_eq!(status, 413, "{answer}");
        assert!(answer["detail"].is_string(), "{answer}");
    }
    // and just below it is taken
    let fits = json!({"id": "P", "name": "n", "description": "x".repeat(1_000_000), "status": "s"});
    server.expect(201, "POST", "/projects", fits).await;
}

#[tokio::test]
async fn a_panic_is_500_with_an_id_and_without_its_cause() {
    async fn panic() -> StatusCode {
        panic!("the secret cause")
    }
    let also = Router::new().route("/panic", routing::get(panic).post(panic));
    let server = Running::start_as(Wanted { also, ..Wanted::default() }).await;
    for method in ["GET", "POST"] {
        let answer = server.expect(500, method, "/panic", Value::Null).await;
        let detail = answer["detail"].as_str().expect("a detail");
        assert!(detail.starts_with("internal error ") && !detail.contains("secret"), "{answer}");
    }
    server.expect(200, "GET", "/health", Value::Null).await;
}

#[tokio::test]
async fn every_answer_carries_what_keeps_a_browser_safe() {
    let server = Running::start().await;
    for (method, path) in [
        ("GET", "/projects"),
        ("GET", "/nothing"),
        ("POST", "/health"),
        ("POST", "/projects"),
        ("GET", "/api/console/live"),
    ] {
        let response = server.request(method, path).send().await.expect("an answer");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        ] {
            assert_eq!(
                response.headers().get(name).and_then(|found| found.to_str().ok()),
                Some(value),
                "{path} {name}"
            );
        }
        assert!(response.headers().contains_key("permissions-policy"), "{path}");
        let keep = response.headers()["cache-control"].to_str().expect("text");
        assert!(["no-store", "no-cache"].contains(&keep), "{path}: {keep}");
        assert!(!response.headers().contains_key("access-control-allow-origin"), "{path}");
    }
}

#[tokio::test]
async fn an_answer_that_does_not_begin_is_503() {
    let never = async || -> StatusCode { std::future::pending().await };
    let limit = from_fn_with_state(Duration::from_millis(1), limits::time);
    let router = Router::new().route("/never", routing::get(never)).layer(limit);
    let answer = router.oneshot(Request::get("/never").body(Body::empty()).expect("a request")).await;
    assert_eq!(answer.expect("an answer").status(), StatusCode::SERVICE_UNAVAILABLE);
}

/// What a server does when its client hangs up is to drop the answer that is being made.
#[tokio::test]
async fn an_act_is_finished_when_its_caller_hangs_up() {
    let (began, mut begun) = mpsc::channel::<()>(1);
    let (end, ended) = watch::channel(false);
    let (finished, mut done) = mpsc::channel::<()>(1);
    let act = async move || {
        began.send(()).await.expect("a test that waits");
        ended.clone().wait_for(|ended| *ended).await.expect("a test that says when");
        finished.send(()).await.expect("a test that waits");
        StatusCode::OK
    };
    let acts = TaskTracker::new();
    let hosts = Hosts::of(Ipv4Addr::LOCALHOST.into(), []);
    let router = guard::around(Router::new().route("/act", routing::post(act)), hosts, acts.clone());
    let answer = router.oneshot(Request::post("/act").body(Body::empty()).expect("a request"));
    tokio::select! {
        answer = answer => panic!("it was not ended yet: {answer:?}"),
        begun = begun.recv() => begun.expect("it begins"),
    }
    assert_eq!(acts.len(), 1, "a shutdown can wait for it");
    end.send(true).expect("an act that waits");
    let finished = tokio::time::timeout(Duration::from_secs(20), done.recv()).await;
    finished.expect("it is finished").expect("it says so");
}
