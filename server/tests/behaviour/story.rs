//! Both workflows by HTTP alone: planning a sprint, working in it, closing it; and repairing what a group gave up on.

use std::borrow::Borrow;

use domain::{
    chronicle::{DailyScrumReport, EventNote, Retrospective, SprintPlanning, Velocity},
    dead_letter::DeadLetterPage,
    operation::{Outcome, Report},
    sprint::{DailyScrumRun, ProjectSprints, Sprint, SprintClosed, SprintDetail, SprintTask, TaskSummary},
};
use reqwest::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::running::{Running, add};

fn read<T: DeserializeOwned>(value: impl Borrow<Value>) -> T {
    let value = value.borrow();
    T::deserialize(value).unwrap_or_else(|error| panic!("{error}: {value}"))
}

/// faults 1 to 6, 16, 17, 20, 21, 27, 34, 36, 39
#[tokio::test]
async fn a_sprint_is_planned_worked_in_and_closed() {
    let server = Running::start().await;
    server.project("TEST-001").await;
    let sprint = server.sprint("TEST-001").await;
    assert_eq!(sprint, "TEST-001-S01");

    let active = server.expect(200, "GET", "/sprints/active/TEST-001", Value::Null).await;
    assert_eq!(active, json!({"sprint_id": sprint}));
    assert_eq!(server.get("/sprints/active").await.1, json!({"sprint_id": sprint}));
    let detail: SprintDetail = read(server.expect(200, "GET", &format!("/sprints/{sprint}"), Value::Null).await);
    assert_eq!((detail.tasks.len(), detail.sprint.duration_weeks), (10, 2));
    assert_eq!(detail.tasks[1].assigned_to.as_deref(), Some("E002"));
    server.settled().await;
    assert_eq!(server.get("/projects/TEST-001").await.1["status"], "in_progress");
    let note: Vec<SprintPlanning> =
        read(server.expect(200, "GET", &format!("/v1/notes/sprint_planning?sprint_id={sprint}"), Value::Null).await);
    assert_eq!((note[0].sprint_name.as_deref(), note[0].planned_tasks.len()), (Some("Checkout"), 10));

    let run: DailyScrumRun =
        read(server.expect(200, "POST", &format!("/sprints/{sprint}/run-daily-scrum"), Value::Null).await);
    assert_eq!((run.tasks_updated_count, run.report_id.is_some()), (10, true));
    let done = json!({"progress_percentage": 100});
    server.expect(200, "POST", "/tasks/TEST-001-TASK001/progress", done).await;
    server.settled().await;
    let completed = server.expect(200, "GET", "/backlogs/TEST-001?status=completed", Value::Null).await;
    assert_eq!(completed[0]["task_id"], "TEST-001-TASK001", "{completed}");
    let report: DailyScrumReport =
        read(server.expect(200, "GET", &format!("/v1/notes/daily_scrum_report?sprint_id={sprint}"), Value::Null).await);
    assert_eq!(report.reports.0.values().flatten().flat_map(|entry| &entry.tasks).count(), 10);

    let closed: SprintClosed = read(server.expect(200, "POST", &format!("/sprints/{sprint}/close"), Value::Null).await);
    assert_eq!((closed.completed_tasks_count, closed.uncompleted_tasks_moved_to_backlog_count), (1, 9));
    assert!(closed.retrospective_report_id.is_some());
    server.settled().await;
    let summary: TaskSummary = read(server.get(&format!("/sprints/{sprint}/task-summary")).await.1);
    assert_eq!((summary.total_tasks, summary.completed_tasks), (10, 1));
    let tasks: Vec<SprintTask> = read(server.get(&format!("/sprints/{sprint}/tasks")).await.1);
    assert_eq!(tasks.len(), 10);
    assert_eq!(server.get("/backlogs/TEST-001/summary").await.1["unassigned_for_sprint_count"], 9);
    assert_eq!(server.get("/backlogs/summary").await.1[0]["total_tasks"], 10);
    let sprints: Vec<Sprint> = read(server.get("/sprints/by-project/TEST-001").await.1);
    assert_eq!(sprints.len(), 1);
    let projects: Vec<ProjectSprints> = read(server.get("/sprints/list_projects").await.1);
    assert_eq!(projects[0].sprints, sprints);
    let events: Vec<EventNote> = read(server.get(&format!("/v1/notes/events?sprint_id={sprint}")).await.1);
    let types: Vec<_> = events.iter().map(|event| event.event_type.as_str()).collect();
    assert_eq!(types, ["SprintCompleted", "SprintStarted"]);
    let retrospectives: Vec<Retrospective> =
        read(server.get("/v1/notes/sprint_retrospective?project_id=TEST-001").await.1);
    assert_eq!(retrospectives[0].body.tasks_summary.len(), 10);
    let velocity: Velocity = read(server.get("/v1/analytics/project/TEST-001/velocity").await.1);
    assert_eq!((velocity.velocity_trend_data.len(), velocity.velocity_trend_data[0].completed_tasks), (1, 1));
}

/// faults 9, 32
#[tokio::test]
async fn a_dead_letter_is_read_previewed_replayed_and_gone() {
    let server = Running::start().await;
    let event = json!({
        "event_id": "5b1e9b6e-0000-4000-8000-000000000001",
        "event_type": "TASK_UPDATED",
        "timestamp": "2026-03-02T09:15:04.120331",
        "aggregate_id": "FIX-TASK001",
        "aggregate_type": "Task",
        "event_data": {
            "task_id": "FIX-TASK001", "project_id": "FIX", "sprint_id": null, "status": "in_progress",
            "progress_percentage": 40, "updated_at": "2126-03-02T09:15:04.120331", "assigned_to": null
        },
        "metadata": {"source_service": "test", "correlation_id": "90aa"}
    });
    add(&server.redis, "task_update_events", "data", &event.to_string());
    add(&server.redis, "task_update_events", "data", "this is not JSON");

    let look = |answer: &Value| {
        let page: DeadLetterPage = read(answer);
        page.records.into_iter().next()
    };
    let malformed = server.until("the malformed entry is a dead letter", "/api/console/dead-letters", look).await;
    let discard = json!({"items": [{"stream": malformed.provenance.stream, "id": malformed.id}]});
    server.expect(422, "POST", "/api/console/dead-letters/discard", discard.clone()).await;
    let mut with_reason = discard;
    with_reason["reason"] = json!("sent by a test");
    let report: Report = read(server.expect(200, "POST", "/api/console/dead-letters/discard", with_reason).await);
    assert_eq!(report.count(Outcome::Done), 1, "{report:?}");

    let by_task = "/api/console/dead-letters?text=fix-task001&count=5";
    let record = server.until("the attempts are used up", by_task, look).await;
    assert!(record.provenance.error.contains("FIX-TASK001"), "{record:?}");
    let at = format!("task_update_events/{}", record.id);
    let whole = server.expect(200, "GET", &format!("/api/console/dead-letters/record?at={at}"), Value::Null).await;
    assert_eq!(whole["id"], json!(record.id));
    let causes = server.expect(200, "GET", "/api/console/dead-letters/causes", Value::Null).await;
    assert_eq!((causes.as_array().map(Vec::len), &causes[0]["count"]), (Some(1), &json!(1)), "{causes}");

    server.project("FIX").await;
    let items = json!([{"stream": "task_update_events", "id": record.id}]);
    let replay = "/api/console/dead-letters/replay";
    let preview: Report = read(server.expect(200, "POST", replay, json!({"items": items, "dry_run": true})).await);
    assert_eq!((preview.count(Outcome::Would), preview.audit_id), (1, None));
    let stale = json!({"items": items, "state_token": "stale"});
    server.expect(409, "POST", replay, stale).await;
    let act = json!({"items": items, "state_token": preview.state_token});
    let done: Report = read(server.expect(200, "POST", replay, act).await);
    assert_eq!(done.count(Outcome::Done), 1, "{done:?}");
    server
        .until("the replayed event is handled", "/backlogs/FIX?status=in_progress", |tasks| {
            (tasks[0]["progress_percentage"] == 40).then_some(())
        })
        .await;
    let (_, left) = server.get(by_task).await;
    assert_eq!(left["records"], json!([]));

    let audit_id = done.audit_id.expect("an act leaves a trace");
    let entry = server.expect(200, "GET", &format!("/api/console/audit/{audit_id}"), Value::Null).await;
    assert_eq!(
        (&entry["state"], &entry["act"], &entry["who"]),
        (&json!("done"), &json!("dead_letters.replay"), &json!("local"))
    );
    let page = server.expect(200, "GET", "/api/console/audit?count=1&text=replay", Value::Null).await;
    assert_eq!(page["entries"][0]["id"], json!(audit_id));
    let (status, _) = server.get("/api/console/audit/999999").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    server.settled().await;
}
