//! Addresses of several connections: what is under a prefix stays there, and the guard stands before it.

use reqwest::StatusCode;
use serde_json::{Value, json};
use testkit::redis::Server;

use crate::{
    running::{answer_of, ask},
    several::{GROUP, STREAM, Several, furnish, ids, table},
};

/// Addresses that a page leads to: links, forms, and buttons that go elsewhere.
fn addresses(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    for attribute in [" href=\"", " action=\"", " formaction=\""] {
        found.extend(page.split(attribute).skip(1).filter_map(|rest| Some(rest.split('"').next()?.to_owned())));
    }
    found
}

#[tokio::test]
async fn every_link_and_form_of_a_page_stays_at_its_connection() {
    let b = Server::start().await;
    let several = Several::start(&table("b", &b.url())).await;
    furnish(&b, 3);
    ask(&b, &["XADD", "lost", "*", "data", "{}"]);
    let group = format!("/at/b/api/console/streams/{STREAM}/groups/{GROUP}");
    several.until("b was looked at", &group, |group| (group["pending"] == 2).then_some(())).await;
    let bury = json!({"act": "dead_letter", "ids": [ids(&b)[1]], "reason": "a test"});
    assert_eq!(several.post(&format!("{group}/pending"), bury).await.0, StatusCode::OK);
    let letters = several.until("it is a dead letter", "/at/b/api/console/dead-letters", |page| {
        page["records"].as_array().filter(|records| !records.is_empty()).cloned()
    });
    let letter = format!("{STREAM}%2F{}", letters.await[0]["id"].as_str().expect("an id"));
    let id = ids(&b)[0].clone();
    let pages = [
        "/".to_owned(),
        "/streams".into(),
        format!("/streams/{STREAM}"),
        format!("/streams/{STREAM}?tab=groups"),
        format!("/streams/{STREAM}?open={id}"),
        format!("/streams/{STREAM}?filter=order"),
        format!("/streams/{STREAM}/groups/{GROUP}"),
        format!("/streams/{STREAM}/groups/{GROUP}?ids={id}&act=claim"),
        format!("/streams/{STREAM}/groups/{GROUP}?act=move&to=end"),
        "/streams/none".into(),
        "/dead-letters".into(),
        format!("/dead-letters?open={letter}"),
        format!("/dead-letters?act=replay&item={letter}"),
        format!("/dead-letters?act=discard&item={letter}"),
        "/findings".into(),
        "/trace".into(),
        "/trace?field=order&value=1".into(),
        "/trace/nobody-has-this-id".into(),
        "/alerts".into(),
        "/alerts?rule=behind".into(),
        "/alerts?new=rule".into(),
        "/alerts?rule=behind&act=delete".into(),
        "/audit".into(),
        "/audit?open=1".into(),
        "/access".into(),
        "/status".into(),
        "/runbooks/redis-unreachable".into(),
        "/api".into(),
    ];
    for path in pages.iter().map(|page| format!("/at/b{page}")) {
        let (status, page) = several.page(&path).await;
        assert!(status.is_success() || path.contains("none"), "{path}: {status}");
        // the switch leads elsewhere, as it should
        let (before, rest) =
            page.split_once("<details id=\"switch\"").unwrap_or_else(|| panic!("{path}: no switch: {page}"));
        let (switch, after) = rest.split_once("</details>").expect("its end");
        assert!(switch.contains("href=\"/at/b/") && switch.contains("aria-current=\"true\""), "{path}: {switch}");
        let of_files =
            |address: &str| ["/pkg/", "/icons.svg", "/favicon.svg"].iter().any(|file| address.starts_with(file));
        let elsewhere: Vec<String> = addresses(&format!("{before}{after}"))
            .into_iter()
            .filter(|address| address.starts_with('/') && !of_files(address) && address != "/connections")
            .filter(|address| !address.starts_with("/at/b/"))
            .collect();
        assert_eq!(elsewhere, Vec::<String>::new(), "{path}");
        assert!(!page.contains("/at/b/at/b"), "{path}");
    }
    several.program.stop().await;
}

#[tokio::test]
async fn forms_and_functions_work_under_a_prefix_and_the_guard_stands_before_them() {
    let b = Server::start().await;
    let several = Several::start(&table("b", &b.url())).await;
    let form = |path: &str| {
        several
            .request("POST", path)
            .header("accept", "text/html")
            .header("content-type", "application/x-www-form-urlencoded")
    };
    let location = |answer: &reqwest::Response| answer.headers()["location"].to_str().expect("text").to_owned();
    let referer = format!("{}/at/b/alerts?rule=behind", several.program.url);
    let mute = form("/at/b/api/fn/alert/mute").header("referer", &referer).body("id=behind&minutes=5");
    let answer = mute.send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert!(location(&answer).starts_with("/at/b/alerts?"), "{}", location(&answer));
    let refused = form("/at/b/api/fn/group/move").header("referer", &referer).body("stream=none&group=none&to=end");
    let refused = refused.send().await.expect("an answer");
    assert!(location(&refused).starts_with("/at/b/alerts?rule=behind&refused="), "{}", location(&refused));
    let nowhere = form("/at/b/api/fn/view/prefer").body("scheme=dark").send().await.expect("an answer");
    assert_eq!(location(&nowhere), "/at/b/");

    let foreign = form("/at/b/api/fn/alert/mute").header("sec-fetch-site", "cross-site").body("id=behind&minutes=5");
    assert_eq!(foreign.send().await.expect("an answer").status(), StatusCode::FORBIDDEN);
    let foreign = several.request("GET", "/at/b/api/fn/alert/mute").header("sec-fetch-site", "cross-site");
    assert_eq!(foreign.send().await.expect("an answer").status(), StatusCode::FORBIDDEN);
    let no_form =
        several.request("POST", "/at/b/api/fn/alert/mute").header("content-type", "text/plain").body("id=behind");
    assert_eq!(no_form.send().await.expect("an answer").status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let unknown = several.request("DELETE", "/at/b/api/console/audit");
    assert_eq!(unknown.send().await.expect("an answer").status(), StatusCode::METHOD_NOT_ALLOWED);
    several.program.stop().await;
}

#[tokio::test]
async fn what_is_of_the_services_is_at_home_alone() {
    let b = Server::start().await;
    let several = Several::start(&table("b", &b.url())).await;
    for page in ["/projects", "/backlog", "/sprints", "/chronicle", "/connections"] {
        assert_eq!(several.page(page).await.0, StatusCode::OK, "{page}");
        assert_eq!(several.page(&format!("/at/b{page}")).await.0, StatusCode::NOT_FOUND, "{page}");
    }
    for route in [
        "/projects",
        "/health",
        "/health/ready",
        "/api/console/outbox",
        "/api/console/demo",
        "/api/console/connections",
    ] {
        let (status, answer) = answer_of(several.request("GET", &format!("/at/b{route}"))).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{route}: {answer}");
        assert!(answer["detail"].as_str().is_some_and(|detail| detail.contains("at home alone")), "{answer}");
    }
    let function = several.request("POST", "/at/b/api/fn/demo/load");
    let function =
        function.header("content-type", "application/x-www-form-urlencoded").send().await.expect("an answer");
    assert_eq!(function.status(), StatusCode::NOT_FOUND);
    assert_eq!(several.get("/api/console/demo").await["loaded"], false);
    let (_, page) = several.page("/at/b/").await;
    assert!(!page.contains("title=\"Backlog\"") && page.contains("href=\"/at/b/dead-letters\""), "{page}");
    let health = several.page("/at/b/status").await.1;
    assert!(!health.contains("outbox") && health.contains("Rights"), "{health}");
    several.program.stop().await;
}

#[tokio::test]
async fn an_unknown_connection_is_not_found_and_the_known_ones_are_listed() {
    let b = Server::start().await;
    let several = Several::start(&table("eu-1", &b.url())).await;
    for path in ["/at/none/streams", "/at/none", "/at/", "/at/home/streams"] {
        let (status, page) = several.page(path).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
        assert!(page.contains("No such connection") && page.contains("href=\"/at/eu-1/\""), "{path}: {page}");
        let (status, answer) = answer_of(several.request("GET", path)).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
        assert!(
            answer["detail"].as_str().is_some_and(|detail| detail.contains("/api/console/connections")),
            "{answer}"
        );
    }
    several.program.stop().await;
}

#[tokio::test]
async fn the_palette_leads_to_things_of_its_connection_and_to_the_others() {
    let b = Server::start().await;
    let several = Several::start(&table("eu-1", &b.url())).await;
    furnish(&b, 3);
    let hrefs = |places: &Value| -> Vec<String> {
        let places = places.as_array().expect("places");
        places.iter().map(|place| place["href"].as_str().expect("text").to_owned()).collect()
    };
    let found = several.until("the stream is offered", "/at/eu-1/api/console/places?q=orders", |places| {
        let found = hrefs(places);
        found.contains(&"/at/eu-1/streams/orders/groups/mailer".to_owned()).then_some(found)
    });
    assert!(found.await.contains(&"/at/eu-1/streams/orders".to_owned()));
    let all = hrefs(&several.get("/at/eu-1/api/console/places").await);
    assert!(all.contains(&"/at/eu-1/alerts".to_owned()) && all.contains(&"/connections".to_owned()), "{all:?}");
    assert!(all.contains(&"/".to_owned()) && !all.iter().any(|href| href.contains("projects")), "{all:?}");
    let home = hrefs(&several.get("/api/console/places?q=eu-1").await);
    assert_eq!(home.first().map(String::as_str), Some("/at/eu-1/"), "{home:?}");
    several.program.stop().await;
}
