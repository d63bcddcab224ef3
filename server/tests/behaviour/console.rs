//! The console's routes, on streams of a program that knows nothing of us and gives its things the worst of names.

use domain::{
    operation::{Outcome, Report},
    stream::{EntryPage, PendingPage, StreamSample},
};
use serde_json::{Value, json};

use crate::running::{Running, add, ask};

const STREAM: &str = "or/ders ?#%&\"><script>{ä}";
const GROUP: &str = "../mail er/%2F";

fn segment(name: &str) -> String {
    form_urlencoded::byte_serialize(name.as_bytes()).collect::<String>().replace('+', "%20")
}

async fn with_foreign_stream() -> (Running, String, String) {
    let server = Running::start().await;
    for n in 0..3 {
        add(&server.redis, STREAM, "order", &format!("number {n}"));
    }
    ask(&server.redis, &["XGROUP", "CREATE", STREAM, GROUP, "0"]);
    ask(&server.redis, &["XREADGROUP", "GROUP", GROUP, "c 1", "COUNT", "2", "STREAMS", STREAM, ">"]);
    let stream = format!("/api/console/streams/{}", segment(STREAM));
    let group = format!("{stream}/groups/{}", segment(GROUP));
    server.until("the stream was sampled", &group, |sample| (sample["pending"] == 2).then_some(())).await;
    (server, stream, group)
}

#[tokio::test]
async fn streams_of_any_name_are_found_and_browsed() {
    let (server, stream, group) = with_foreign_stream().await;
    let all = server.expect(200, "GET", "/api/console/streams", Value::Null).await;
    let all: Vec<StreamSample> = serde_json::from_value(all).expect("samples");
    assert!(all.iter().any(|sample| sample.name == STREAM));
    assert_eq!(server.expect(200, "GET", &stream, Value::Null).await["length"], 3);
    assert_eq!(server.expect(200, "GET", &format!("{stream}/groups"), Value::Null).await[0]["name"], GROUP);
    assert_eq!(server.expect(200, "GET", &group, Value::Null).await["lag"], json!({"exact": 1}));
    server.expect(404, "GET", &format!("{stream}/groups/none"), Value::Null).await;
    server.expect(404, "GET", "/api/console/streams/none", Value::Null).await;
    server.expect(404, "GET", "/api/console/streams/none/entries", Value::Null).await;

    let page = server.expect(200, "GET", &format!("{stream}/entries?count=2"), Value::Null).await;
    let page: EntryPage = serde_json::from_value(page).expect("a page");
    assert_eq!(
        page.entries.iter().map(|entry| entry.fields[0].value.as_str()).collect::<Vec<_>>(),
        ["number 2", "number 1"]
    );
    let older = page.older.expect("an older page");
    let next = server.expect(200, "GET", &format!("{stream}/entries?before={older}"), Value::Null).await;
    assert_eq!(next["entries"].as_array().map(Vec::len), Some(1));
    let searched = server.expect(200, "GET", &format!("{stream}/entries?text=NUMBER%201"), Value::Null).await;
    assert_eq!(searched["entries"].as_array().map(Vec::len), Some(1));
    let id = page.entries[0].id;
    let entry = server.expect(200, "GET", &format!("{stream}/entries/{id}"), Value::Null).await;
    assert_eq!(entry["fields"][0]["value"], "number 2");
    server.expect(404, "GET", &format!("{stream}/entries/1-1"), Value::Null).await;
}

#[tokio::test]
async fn pending_entries_are_listed_and_repaired_with_preview_and_proof() {
    let (server, _, group) = with_foreign_stream().await;
    let pending = format!("{group}/pending");
    let page = server.expect(200, "GET", &format!("{pending}?consumer=c%201&count=1"), Value::Null).await;
    let page: PendingPage = serde_json::from_value(page).expect("a page");
    assert_eq!((page.entries.len(), page.total), (1, 2));
    let id = page.entries[0].id;

    let preview = json!({"act": "dead_letter", "ids": [id], "dry_run": true});
    let preview: Report =
        serde_json::from_value(server.expect(200, "POST", &pending, preview).await).expect("a report");
    assert_eq!(preview.count(Outcome::Would), 1, "{preview:?}");
    let stale = json!({"act": "dead_letter", "ids": [id], "state_token": "stale", "reason": "r"});
    server.expect(409, "POST", &pending, stale).await;
    let act =
        json!({"act": "dead_letter", "ids": [id], "state_token": preview.state_token, "reason": "it is poisoned"});
    let report: Report = serde_json::from_value(server.expect(200, "POST", &pending, act).await).expect("a report");
    assert_eq!(report.count(Outcome::Done), 1, "{report:?}");
    let listed = server.until("it is a dead letter", "/api/console/dead-letters", |page| {
        let stream = page["records"][0]["provenance"]["stream"].as_str()?;
        Some(stream.to_owned())
    });
    assert_eq!(listed.await, STREAM);
    let audit = server.expect(200, "GET", "/api/console/audit", Value::Null).await;
    assert_eq!(audit["entries"][0]["reason"], "it is poisoned");
}

#[tokio::test]
async fn a_group_is_moved_and_ours_is_paused() {
    let (server, _, group) = with_foreign_stream().await;
    let moved = json!({"to": "end", "dry_run": true});
    let preview = server.expect(200, "POST", &format!("{group}/move"), moved).await;
    let act = json!({"to": "end", "state_token": preview["state_token"], "reason": "skip"});
    server.expect(200, "POST", &format!("{group}/move"), act).await;
    server.until("nothing is unread", &group, |sample| (sample["lag"] == json!({"exact": 0})).then_some(())).await;

    let nobody_here = server.expect(409, "POST", &format!("{group}/pause"), Value::Null).await;
    assert!(nobody_here["detail"].is_string());
    let ours = "/api/console/streams/task_update_events/groups/backlog_service_group";
    let paused = |wanted: bool| move |sample: &Value| (sample["handling"]["paused"] == wanted).then_some(());
    server.until("our group was sampled", ours, paused(false)).await;
    server.expect(200, "POST", &format!("{ours}/pause"), Value::Null).await;
    server.until("it is paused", ours, paused(true)).await;
    server.expect(200, "POST", &format!("{ours}/resume"), Value::Null).await;
    server.until("it goes on", ours, paused(false)).await;
}

#[tokio::test]
async fn a_word_leads_to_places() {
    let (server, ..) = with_foreign_stream().await;
    server.project("ACM-7").await;
    server.sprint("ACM-7").await;
    server.settled().await;
    let find =
        async |q: &str| server.expect(200, "GET", &format!("/api/console/places?q={}", segment(q)), Value::Null).await;
    assert_eq!(find("").await[0]["href"], "/");
    assert_eq!(find("dead").await[0]["href"], "/dead-letters");
    assert_eq!(
        find("acm-7").await[0],
        json!({"kind": "project", "title": "ACM-7", "detail": "Project ACM-7", "href": "/projects/ACM-7"})
    );
    assert_eq!(find("checkout").await[0]["href"], "/sprints/ACM-7-S01");
    let stream = format!("/streams/{}", segment(STREAM).replace('*', "%2A"));
    assert_eq!(find("or/ders").await[0]["href"], json!(stream));
    assert_eq!(find("mail er").await[0]["title"], GROUP);
    assert_eq!(find("no such thing anywhere").await, json!([]));

    let events = server.expect(200, "GET", "/api/console/streams/dsm%3Aevents/entries", Value::Null).await;
    let (id, event_id) = (
        events["entries"][0]["id"].as_str().expect("an id"),
        events["entries"][0]["event_id"].as_str().expect("an id"),
    );
    let href = format!("/streams/dsm%3Aevents?open={id}");
    assert_eq!(find(id).await[0]["href"], json!(href));
    let by_event = find(event_id).await;
    assert_eq!((&by_event[0]["href"], &by_event[0]["kind"]), (&json!(href), &json!("entry")));
    let many = find("a").await;
    assert!(many.as_array().is_some_and(|places| places.len() <= 20));
}

/// The sample project from its load to its removal.
#[tokio::test]
async fn the_demo_is_loaded_runs_and_leaves_nothing() {
    let server = Running::start().await;
    let demo = "/api/console/demo";
    server.expect(409, "POST", &format!("{demo}/start"), Value::Null).await;
    server.expect(200, "POST", &format!("{demo}/load"), Value::Null).await;
    server.expect(200, "POST", &format!("{demo}/start"), Value::Null).await;
    assert_eq!(server.get(demo).await.1, json!({"loaded": true, "traffic": true, "failing": true}));
    server.expect(200, "POST", &format!("{demo}/mend"), Value::Null).await;
    server.expect(200, "POST", &format!("{demo}/stop"), Value::Null).await;
    assert_eq!(server.get(demo).await.1, json!({"loaded": true, "traffic": false, "failing": false}));
    server.expect(200, "POST", &format!("{demo}/fail"), Value::Null).await;
    server.expect(200, "POST", &format!("{demo}/remove"), Value::Null).await;
    assert_eq!(server.get(demo).await.1, json!({"loaded": false, "traffic": false, "failing": false}));
    assert_eq!(server.get("/projects").await.1, json!([]));
}
