//! Repairs over the HTTP API: a preview, its proof, the act, on names as people choose them.

use serde_json::{Value, json};

use crate::running::{Running, add, ask};

const STREAM: &str = "or/ders ?#%&\"><script>{ä}";
const GROUP: &str = "../mail er/%2F";
const CONSUMER: &str = "pod 1/ü\"";

pub(crate) fn segment(name: &str) -> String {
    form_urlencoded::byte_serialize(name.as_bytes()).collect::<String>().replace('+', "%20")
}

/// Six entries, of which [`CONSUMER`] of [`GROUP`] has two pending.
async fn furnished() -> (Running, String, String) {
    let server = Running::start().await;
    for n in 0..6 {
        add(&server.redis, STREAM, "order", &format!("number {n}"));
    }
    ask(&server.redis, &["XGROUP", "CREATE", STREAM, GROUP, "0"]);
    ask(&server.redis, &["XREADGROUP", "GROUP", GROUP, CONSUMER, "COUNT", "2", "STREAMS", STREAM, ">"]);
    ask(&server.redis, &["XGROUP", "CREATECONSUMER", STREAM, GROUP, "idle"]);
    let stream = format!("/api/console/streams/{}", segment(STREAM));
    let group = format!("{stream}/groups/{}", segment(GROUP));
    (server, stream, group)
}

/// Previews, is refused with a wrong proof, acts with the right one; what the act told.
async fn repair(server: &Running, path: &str, mut wanted: Value) -> Value {
    wanted["dry_run"] = json!(true);
    let preview = server.expect(200, "POST", path, wanted.clone()).await;
    assert_eq!(preview["items"][0]["outcome"], "would", "{preview}");
    assert!(preview.get("audit_id").is_none(), "{preview}");
    wanted["dry_run"] = json!(false);
    wanted["reason"] = json!("a test");
    wanted["state_token"] = json!("stale");
    server.expect(409, "POST", path, wanted.clone()).await;
    wanted["state_token"] = preview["state_token"].clone();
    let report = server.expect(200, "POST", path, wanted).await;
    assert_eq!(report["items"][0]["outcome"], "done", "{report}");
    assert!(report["audit_id"].is_i64(), "{report}");
    assert_eq!(report["warnings"], preview["warnings"], "the cost was the one that was shown");
    report
}

#[tokio::test]
async fn every_repair_shows_its_cost_first_and_does_what_it_showed() {
    let (server, stream, group) = furnished().await;
    let created = repair(&server, &format!("{stream}/groups"), json!({"group": "new / ü", "at": "start"})).await;
    assert_eq!(created["warnings"], json!(["6 entries in the stream wait for new / ü from the start"]));

    let consumers = format!("{group}/consumers/delete");
    let deleted = repair(&server, &consumers, json!({"consumers": [CONSUMER], "hand_over_to": "idle"})).await;
    assert_eq!(deleted["items"][0]["detail"], "deleted: handed 2 over to idle");
    let pending = ask(&server.redis, &["XPENDING", STREAM, GROUP, "-", "+", "9", "idle"]);
    assert_eq!(pending.lines().filter(|line| *line == "idle").count(), 2, "{pending}");

    let first = ask(&server.redis, &["XRANGE", STREAM, "-", "+", "COUNT", "1"]);
    let first = first.lines().next().expect("an id");
    let entries = repair(&server, &format!("{stream}/entries/delete"), json!({"ids": [first]})).await;
    let cost = format!("1 pending for {GROUP} loses its body");
    assert!(entries["warnings"].as_array().is_some_and(|all| all.iter().any(|one| *one == cost)), "{entries}");

    let kept = server.expect(200, "POST", &format!("{stream}/trim"), json!({"to": {"keep": 1}, "dry_run": true})).await;
    assert_eq!(kept["items"][0]["outcome"], "skipped", "both groups still need all of it: {kept}");
    let trimmed = repair(&server, &format!("{stream}/trim"), json!({"to": {"keep": 1}, "past_groups": true})).await;
    assert!(trimmed["items"][0]["detail"].as_str().is_some_and(|told| told.starts_with("lost 4 entries")));

    let gone = repair(&server, &format!("{group}/delete"), json!({})).await;
    assert_eq!(gone["items"][0]["item"], GROUP);
    assert!(!ask(&server.redis, &["XINFO", "GROUPS", STREAM]).contains(GROUP));

    let audit = server.expect(200, "GET", "/api/console/audit", Value::Null).await;
    let acts: Vec<&str> = audit["entries"]
        .as_array()
        .expect("entries")
        .iter()
        .filter(|entry| entry["state"] == "done")
        .map(|entry| entry["act"].as_str().expect("an act"))
        .collect();
    assert_eq!(acts, ["group.delete", "stream.trim", "entries.delete", "consumers.delete", "group.create"]);
}

#[tokio::test]
async fn what_is_not_there_is_not_found_and_what_destroys_needs_a_reason() {
    let (server, stream, group) = furnished().await;
    let nowhere = "/api/console/streams/none";
    for (path, body) in [
        (format!("{nowhere}/groups"), json!({"group": "g", "at": "end"})),
        (format!("{nowhere}/trim"), json!({"to": {"keep": 1}, "reason": "r"})),
        (format!("{nowhere}/entries/delete"), json!({"ids": ["1-1"], "reason": "r"})),
        (format!("{stream}/groups/none/delete"), json!({"reason": "r"})),
        (format!("{stream}/groups/none/consumers/delete"), json!({"consumers": ["c"]})),
        (format!("{group}/consumers/delete"), json!({"consumers": [CONSUMER], "hand_over_to": "nobody"})),
    ] {
        server.expect(404, "POST", &path, body).await;
    }
    for (path, body) in [
        (format!("{group}/delete"), json!({})),
        (format!("{stream}/trim"), json!({"to": {"keep": 1}})),
        (format!("{stream}/entries/delete"), json!({"ids": ["1-1"]})),
    ] {
        let refused = server.expect(422, "POST", &path, body).await;
        assert!(refused["detail"].as_str().is_some_and(|why| why.contains("needs a reason")), "{refused}");
    }
    server.expect(409, "GET", &format!("{group}/lanes"), Value::Null).await;
    server.expect(409, "POST", &format!("{group}/lanes/clear"), json!({"entry": "1-1"})).await;
    let ours = "/api/console/streams/task_update_events/groups/backlog_service_group";
    server.until("our consumer runs", &format!("{ours}/lanes"), |lanes| (*lanes == json!([])).then_some(())).await;
}
