//! What is answered while a database or Redis is away, and that everything comes back by itself.

use serde_json::{Value, json};

use crate::running::{Running, Wanted};

/// faults 24, 44, 47
#[tokio::test]
async fn without_databases_calls_are_503_with_a_reason_and_work_when_they_are_back() {
    let server = Running::start_as(Wanted { databases: false, ..Wanted::default() }).await;
    let project = json!({"id": "P-1", "name": "n", "description": "d", "status": "inactive"});
    for (method, path, body) in [
        ("GET", "/projects", Value::Null),
        ("POST", "/projects", project.clone()),
        ("POST", "/backlogs/P-1", Value::Null),
        ("GET", "/backlogs/summary", Value::Null),
        ("GET", "/sprints/active", Value::Null),
        ("POST", "/sprints/P-1", json!({"sprint_name": "s", "duration_weeks": 1})),
        ("GET", "/v1/notes/events", Value::Null),
        ("GET", "/api/console/audit", Value::Null),
        ("GET", "/api/console/demo", Value::Null),
    ] {
        let answer = server.expect(503, method, path, body).await;
        assert!(
            answer["detail"]
                .as_str()
                .is_some_and(|detail| ["available", "away"].iter().any(|word| detail.contains(word))),
            "{path}: {answer}"
        );
    }
    server.expect(200, "GET", "/health", Value::Null).await;
    assert_eq!(server.expect(200, "GET", "/api/console/outbox", Value::Null).await, json!([]));
    let ready = server.expect(503, "GET", "/health/ready", Value::Null).await;
    assert_eq!(
        (&ready["status"], &ready["database"], &ready["redis"]),
        (&json!("not_ready"), &json!("error"), &json!("ok"))
    );
    let sprint = server.expect(503, "GET", "/health/ready/sprint", Value::Null).await;
    assert_eq!((&sprint["service"], &sprint["database"]), (&json!("sprint-service"), &json!("error")));
    assert_eq!(sprint["external_apis"]["project_service"], "error");

    server.bring_databases_back();
    server.until("all services are ready", "/health/ready", |_| Some(())).await;
    server.expect(201, "POST", "/projects", project).await;
}

/// faults 12 to 15, 46
#[tokio::test]
async fn without_redis_sprints_start_and_their_events_follow_when_it_is_back() {
    let mut server = Running::start_as(Wanted { redis: false, ..Wanted::default() }).await;
    server.project("P-1").await;
    let sprint = server.sprint("P-1").await;
    server.expect(200, "POST", &format!("/sprints/{sprint}/run-daily-scrum"), Value::Null).await;
    let outbox = server.expect(200, "GET", "/api/console/outbox", Value::Null).await;
    assert_eq!((&outbox[0]["service"], &outbox[0]["unsent"]), (&json!("sprint"), &json!(21)));

    let ready = server.expect(503, "GET", "/health/ready", Value::Null).await;
    assert_eq!((&ready["database"], &ready["redis"]), (&json!("ok"), &json!("error")));
    let snapshot = server.expect(200, "GET", "/api/console/snapshot", Value::Null).await;
    assert!(snapshot["error"].is_string(), "{snapshot}");
    let stream = server.expect(503, "GET", "/api/console/streams/orders", Value::Null).await;
    assert!(stream["detail"].as_str().is_some_and(|detail| detail.contains("redis")), "{stream}");
    server.expect(503, "GET", "/api/console/streams/orders/entries", Value::Null).await;
    server.expect(503, "POST", "/api/console/streams/s/groups/g/move", json!({"to": "end", "dry_run": true})).await;
    let found = server.expect(200, "GET", "/api/console/places?q=P-1-S01", Value::Null).await;
    assert_eq!(found[0]["kind"], "sprint", "a source that is away is left out: {found}");

    server.redis.start_again().await;
    server.settled().await;
    assert_eq!(server.get("/projects/P-1").await.1["status"], "in_progress");
    let in_progress = server.expect(200, "GET", "/backlogs/P-1?status=in_progress", Value::Null).await;
    assert_eq!(in_progress.as_array().map(Vec::len), Some(10));
    server.until("all services are ready", "/health/ready", |ready| (ready["redis"] == "ok").then_some(())).await;
}

/// The form of both readiness answers (contract §2.0).
#[tokio::test]
async fn readiness_has_the_fields_of_the_contract() {
    let server = Running::start().await;
    let all = server.until("all services are ready", "/health/ready", |ready| Some(ready.clone())).await;
    assert_eq!((&all["service"], &all["status"]), (&json!("dsm-console"), &json!("ready")));
    assert!(all["timestamp"].is_string());
    let peers = json!({"project_service": "ok", "backlog_service": "ok", "chronicle_service": "ok"});
    assert_eq!(all["external_apis"], peers);
    let services: Vec<_> =
        all["services"].as_array().expect("services").iter().map(|one| one["service"].clone()).collect();
    assert_eq!(services, ["project-service", "backlog-service", "sprint-service", "chronicle-service"]);
    for service in ["project", "backlog", "sprint", "chronicle"] {
        let one = server.expect(200, "GET", &format!("/health/ready/{service}"), Value::Null).await;
        assert_eq!((&one["status"], &one["database"]), (&json!("ready"), &json!("ok")), "{service}");
    }
    assert_eq!(server.expect(200, "GET", "/v1/health", Value::Null).await, json!({"status": "ok"}));
}
