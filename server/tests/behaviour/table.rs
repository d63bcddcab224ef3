//! The table of permissions: complete, without leftovers, and obeyed.

use std::collections::BTreeSet;

use app::App;
use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode, header::ALLOW},
    routing,
};
use console::Actor;
use domain::Permission;
use leptos::prelude::provide_context;
use serde_json::{Value, json};
use server::guard::{
    Surface, permitted,
    table::{Access, Entry, TABLE},
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::{
    origin::address,
    running::{Running, router},
};

fn of(surface: Surface) -> BTreeSet<(String, String)> {
    let entries = TABLE.iter().filter(|entry| entry.surface == surface);
    entries.map(|entry| (entry.method.to_owned(), entry.path.to_owned())).collect()
}

#[tokio::test]
async fn every_route_has_an_entry_and_every_entry_a_route() {
    let (_, document) = server::api::router(CancellationToken::new());
    let document = serde_json::to_value(document).expect("a document");
    let operations = document["paths"].as_object().expect("paths").iter().flat_map(|(path, item)| {
        let methods = item.as_object().expect("operations").keys();
        methods.map(|method| (method.to_uppercase(), path.clone()))
    });
    assert_eq!(operations.collect::<BTreeSet<_>>(), of(Surface::Api));
    let twice = TABLE.iter().map(|entry| (entry.surface, entry.method, entry.path)).collect::<BTreeSet<_>>();
    assert_eq!(twice.len(), TABLE.len(), "an address has two entries");
}

#[tokio::test]
async fn every_server_function_has_an_entry_and_every_entry_a_function() {
    let registered: BTreeSet<_> = leptos::server_fn::axum::server_fn_paths()
        .filter(|(path, _)| !path.starts_with("/api/fn/test/"))
        .map(|(path, method)| (method.to_string(), path.to_owned()))
        .collect();
    assert_eq!(registered, of(Surface::Function));
}

#[tokio::test]
async fn every_page_has_an_entry_and_every_entry_a_page() {
    let server = Running::start().await;
    let context = server.context.clone();
    let provide = move || provide_context(context.clone());
    let (listed, _) = leptos_axum::generate_route_list_with_exclusions_and_ssg_and_context(App, None, provide);
    let pages: BTreeSet<_> = listed.iter().map(|page| ("GET".to_owned(), page.path().to_owned())).collect();
    assert_eq!(pages, of(Surface::Page));
}

#[tokio::test]
async fn what_has_no_entry_cannot_be_reached() {
    async fn reached() -> StatusCode {
        panic!("nobody gets here")
    }
    let server = Running::start().await;
    let routes = Router::new()
        .route("/nobody/knows", routing::get(reached).post(reached))
        .route("/projects", routing::delete(reached));
    let routes = permitted(routes, server.context.clone(), Surface::Api);
    let ask = async |method: &str, path: &str| {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).expect("a request");
        routes.clone().oneshot(request).await.expect("an answer")
    };
    assert_eq!(ask("GET", "/nobody/knows").await.status(), StatusCode::FORBIDDEN);
    assert_eq!(ask("POST", "/nobody/knows").await.status(), StatusCode::FORBIDDEN);
    let known_path = ask("DELETE", "/projects").await;
    assert_eq!(known_path.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(known_path.headers()[ALLOW], "GET,HEAD,POST");
}

fn permission(entry: &Entry) -> Option<Permission> {
    match entry.access {
        Access::Public => None,
        Access::Needs(permission) => Some(permission),
    }
}

#[tokio::test]
async fn who_holds_everything_but_the_permission_is_refused_and_who_holds_it_comes_in() {
    let server = Running::start().await;
    let as_somebody = |held: &[Permission]| {
        let mut context = server.context.clone();
        context.actor = Actor::new("somebody", held);
        router(&context, Router::new(), CancellationToken::new())
    };
    let ask = async |router: Router, entry: &Entry| {
        let content =
            if entry.surface == Surface::Function { "application/x-www-form-urlencoded" } else { "application/json" };
        let request = Request::builder().method(entry.method).uri(address(entry.path)).header("content-type", content);
        let body = if entry.surface == Surface::Function { "" } else { "{}" };
        router.oneshot(request.body(Body::from(body)).expect("a request")).await.expect("an answer").status()
    };
    for entry in TABLE.iter().filter(|entry| entry.surface != Surface::Page) {
        let Some(needed) = permission(entry) else {
            assert_ne!(ask(as_somebody(&[]), entry).await, StatusCode::FORBIDDEN, "{entry:?}");
            continue;
        };
        let others: Vec<_> = Permission::ALL.into_iter().filter(|held| *held != needed).collect();
        assert_eq!(ask(as_somebody(&others), entry).await, StatusCode::FORBIDDEN, "{entry:?}");
        assert_ne!(ask(as_somebody(&[needed]), entry).await, StatusCode::FORBIDDEN, "{entry:?}");
    }
}

#[tokio::test]
async fn to_acknowledge_needs_more_than_the_route_asks() {
    let server = Running::holding(&[Permission::Recover, Permission::SeeMetadata]).await;
    let pending = "/api/console/streams/s/groups/g/pending";
    let refused = json!({"act": "acknowledge", "ids": ["1-1"], "reason": "r"});
    server.expect(403, "POST", pending, refused).await;
    server.expect(404, "POST", pending, json!({"act": "claim", "ids": ["1-1"]})).await;
}

#[tokio::test]
async fn the_table_can_be_read_with_what_the_caller_holds() {
    let server = Running::holding(&[Permission::SeeMetadata]).await;
    let answer = server.expect(200, "GET", "/api/console/permissions", Value::Null).await;
    assert_eq!((&answer["who"], &answer["held"]), (&json!("somebody"), &json!(["see_metadata"])));
    let rules = answer["rules"].as_array().expect("rules");
    assert_eq!(rules.len(), TABLE.len());
    let rule = |path: &str| rules.iter().find(|rule| rule["path"] == path).expect("a rule").clone();
    let health = json!({"surface": "api", "method": "GET", "path": "/health", "permission": null, "allowed": true});
    assert_eq!(rule("/health"), health);
    let replay = rule("/api/console/dead-letters/replay");
    assert_eq!((&replay["permission"], &replay["allowed"]), (&json!("recover"), &json!(false)));
    let refused = server.expect(403, "POST", "/api/console/dead-letters/replay", json!({"items": []})).await;
    assert!(refused["detail"].as_str().is_some_and(|detail| detail.contains("recover")), "{refused}");
}
