//! Forms that work without a script: what a server function answers becomes a redirect.

#![expect(clippy::unused_async, reason = "a server function is async, whatever it does")]

use app::refused::Refused;
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode, header::LOCATION},
    middleware::from_fn,
    routing::post,
};
use domain::Refusal;
use leptos::{prelude::*, server_fn::codec::PostUrl};
use server::form;
use tower::ServiceExt;

/// Refuses some names, points elsewhere for others, as a real one does.
#[server(prefix = "/api/fn", endpoint = "test/rename", input = PostUrl)]
async fn rename(id: String, name: String) -> Result<String, Refused> {
    match name.as_str() {
        "" => Err(Refusal::invalid("name is empty").into()),
        "taken" => Err(Refusal::conflict(format!("a project {name:?} exists already")).into()),
        "elsewhere" => {
            leptos_axum::redirect("//evil.example/");
            Ok(id)
        }
        "new" => {
            leptos_axum::redirect(&format!("/projects/{id}?renamed"));
            Ok(id)
        }
        _ => Ok(id),
    }
}

const FORM: &str = "application/x-www-form-urlencoded";
const BROWSER: &str = "text/html,application/xhtml+xml,*/*;q=0.8";

async fn submit(headers: &[(&str, &str)], body: &str) -> (StatusCode, HeaderMap, String) {
    let router = Router::new()
        .route("/api/fn/{*function}", post(leptos_axum::handle_server_fns))
        .layer(from_fn(form::without_script));
    let mut request =
        Request::post("/api/fn/test/rename").header("host", "127.0.0.1:3000").header("content-type", FORM);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response =
        router.oneshot(request.body(Body::from(body.to_owned())).expect("a request")).await.expect("an answer");
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, 100_000).await.expect("a body");
    (parts.status, parts.headers, String::from_utf8(body.to_vec()).expect("text"))
}

/// Where a browser that was on `referer` is sent.
async fn sent_to(referer: Option<&str>, body: &str) -> String {
    let mut headers = vec![("accept", BROWSER)];
    headers.extend(referer.map(|referer| ("referer", referer)));
    let (status, headers, text) = submit(&headers, body).await;
    assert_eq!((status, text.as_str()), (StatusCode::SEE_OTHER, ""), "{body}");
    assert!(!headers.contains_key("serverfnredirect") && !headers.contains_key("content-type"), "{headers:?}");
    headers[LOCATION].to_str().expect("text").to_owned()
}

const PAGE: &str = "http://127.0.0.1:3000/projects?new=project";

#[tokio::test]
async fn success_goes_where_the_function_points_or_back_to_the_page() {
    assert_eq!(sent_to(Some(PAGE), "id=A-1&name=new").await, "/projects/A-1?renamed");
    assert_eq!(sent_to(Some(PAGE), "id=A-1&name=fine").await, "/projects?new=project");
    let after_refusal = "http://127.0.0.1:3000/projects?refused=no&kept.id=A&new=project&kept.name=";
    assert_eq!(sent_to(Some(after_refusal), "id=A-1&name=fine").await, "/projects?new=project");
    assert_eq!(sent_to(None, "id=A-1&name=fine").await, "/");
}

#[tokio::test]
async fn a_refusal_goes_back_with_its_message_and_what_was_typed() {
    let to = sent_to(Some(PAGE), "id=A%26B&name=taken").await;
    assert_eq!(to, "/projects?new=project&refused=a+project+%22taken%22+exists+already&kept.id=A%26B&kept.name=taken");
    let again = sent_to(Some(&format!("http://127.0.0.1:3000{to}")), "id=C&name=").await;
    assert_eq!(again, "/projects?new=project&refused=name+is+empty&kept.id=C&kept.name=");
    // a field is missing: leptos itself refuses, and the form is told so as well
    let missing = sent_to(Some(PAGE), "id=C").await;
    assert!(missing.starts_with("/projects?new=project&refused=") && missing.ends_with("&kept.id=C"), "{missing}");
    let long = format!("name=taken&id={}", "x".repeat(100_000));
    assert!(sent_to(Some(PAGE), &long).await.ends_with("&kept.name=taken"));
}

#[tokio::test]
async fn nobody_is_sent_to_another_site() {
    for foreign in [
        "http://evil.example/projects",
        "https://evil.example",
        "http://127.0.0.1:3000.evil.example/",
        "http://127.0.0.1:3000@evil.example/",
        "http://127.0.0.1/projects",
        "http://127.0.0.1:3000//evil.example/x",
        "http://127.0.0.1:3000/\\evil.example",
        "javascript:alert(1)",
        "nonsense",
        "",
    ] {
        assert_eq!(sent_to(Some(foreign), "id=A-1&name=fine").await, "/", "{foreign}");
        assert!(sent_to(Some(foreign), "id=A-1&name=").await.starts_with("/?refused="), "{foreign}");
    }
    assert_eq!(sent_to(Some(PAGE), "id=A-1&name=elsewhere").await, "/projects?new=project");
}

#[tokio::test]
async fn an_island_gets_data_and_true_codes() {
    let call = async |body: &str| submit(&[("accept", "application/json"), ("referer", PAGE)], body).await;
    let (status, headers, text) = call("id=A-1&name=fine").await;
    assert_eq!((status, text.as_str()), (StatusCode::OK, "\"A-1\""));
    assert!(!headers.contains_key(LOCATION));
    let (status, headers, _) = call("id=A-1&name=new").await;
    assert_eq!(status, StatusCode::OK, "a script reads where to go");
    assert!(headers.contains_key(LOCATION) && headers.contains_key("serverfnredirect"));
    let (status, _, text) = call("id=A-1&name=taken").await;
    let refusal: Refusal = serde_json::from_str(&text).expect("a refusal");
    assert_eq!((status.as_u16(), refusal.kind.http_status()), (409, 409), "{text}");
    let (status, _, text) = call("id=A-1").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "arguments that do not fit are no defect: {text}");
}
