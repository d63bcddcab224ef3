//! The status code of every kind of answer that the contract names, and that no request, however strange, is a defect.

use std::collections::BTreeSet;

use reqwest::{RequestBuilder, header::CONTENT_TYPE};
use serde_json::{Value, json};

use crate::running::{Running, answer_of};

/// Method, path, body (null: none), status.
type Row = (&'static str, &'static str, Value, u16);

/// Rows of one group happen in this order, after a project `P-1` with ten tasks was made.
fn project_rows() -> Vec<Row> {
    let new = json!({"id": "P-2", "name": "n", "description": "d", "status": "inactive"});
    vec![
        ("GET", "/projects", Value::Null, 200),
        ("POST", "/projects", new.clone(), 201),
        ("POST", "/projects", new, 409),
        ("POST", "/projects", json!({"id": "P-3", "name": "n", "description": "d"}), 422),
        ("POST", "/projects", json!({"id": "", "name": "n", "description": "d", "status": "s"}), 422),
        ("POST", "/projects", json!({"id": 7, "name": "n", "description": "d", "status": "s"}), 422),
        ("GET", "/projects/P-1", Value::Null, 200),
        ("GET", "/projects/NONE", Value::Null, 404),
        ("PUT", "/projects/P-1/status", json!({"status": "active"}), 200),
        ("PUT", "/projects/NONE/status", json!({"status": "active"}), 404),
        ("PUT", "/projects/P-1/status", json!({}), 422),
        ("GET", "/projects/P-1/team-members", Value::Null, 200),
        ("GET", "/projects/NONE/team-members", Value::Null, 404),
        ("POST", "/projects/P-1/team-members-assign", json!({"employee_ids": ["E001", "NOBODY"]}), 200),
        ("POST", "/projects/P-1/team-members-assign", json!({"employee_ids": []}), 200),
        ("POST", "/projects/NONE/team-members-assign", json!({"employee_ids": ["E001"]}), 404),
        ("POST", "/projects/P-1/team-members-assign", json!({"employee_ids": "E001"}), 422),
        ("POST", "/projects/P-1/team-members-assign", json!({"employee_ids": [1]}), 422),
        ("POST", "/projects/P-1/team-members-assign", json!({}), 422),
        ("POST", "/employees", json!({"employee_id": "E009", "name": "n", "age": 40, "gender": "f"}), 201),
        ("POST", "/employees", json!({"employee_id": "E009", "name": "other"}), 201),
        ("POST", "/employees", json!({"employee_id": "E010"}), 422),
        ("POST", "/employees", json!({"name": "n"}), 422),
    ]
}

fn backlog_rows() -> Vec<Row> {
    vec![
        ("POST", "/backlogs/P-1", Value::Null, 201),
        ("POST", "/backlogs/NONE", Value::Null, 404),
        ("GET", "/backlogs/P-1", Value::Null, 200),
        ("GET", "/backlogs/P-1?status=unassigned", Value::Null, 200),
        ("GET", "/backlogs/NONE", Value::Null, 200),
        ("GET", "/backlogs/P-1/summary", Value::Null, 200),
        ("GET", "/backlogs/summary", Value::Null, 200),
        ("PUT", "/tasks/P-1-TASK010", json!({"title": "Another"}), 200),
        ("PUT", "/tasks/P-1-TASK010", json!({"assigned_to": null}), 200),
        ("PUT", "/tasks/NONE", json!({"title": "Another"}), 404),
        ("PUT", "/tasks/P-1-TASK010", json!({}), 422),
        ("PUT", "/tasks/P-1-TASK010", json!({"status": "done"}), 422),
        ("PUT", "/tasks/P-1-TASK010", json!({"progress_percentage": 101}), 422),
        ("PUT", "/tasks/P-1-TASK010", json!({"progress_percentage": -1}), 422),
        ("PUT", "/tasks/P-1-TASK010", json!({"progress_percentage": "40"}), 422),
    ]
}

fn sprint_rows() -> Vec<Row> {
    let start = json!({"sprint_name": "First", "duration_weeks": 2});
    vec![
        ("GET", "/sprints/active", Value::Null, 404),
        ("GET", "/sprints/active/P-1", Value::Null, 404),
        ("POST", "/sprints/P-1", json!({"sprint_name": "First", "duration_weeks": 0}), 422),
        ("POST", "/sprints/P-1", json!({"sprint_name": "First", "duration_weeks": 1.5}), 422),
        ("POST", "/sprints/P-1", json!({"duration_weeks": 2}), 422),
        ("POST", "/sprints/NONE", start.clone(), 404),
        ("POST", "/sprints/P-2", start.clone(), 409),
        ("POST", "/sprints/P-1", start.clone(), 201),
        ("POST", "/sprints/P-1", start, 409),
        ("GET", "/sprints/P-1-S01", Value::Null, 200),
        ("GET", "/sprints/NONE", Value::Null, 404),
        ("GET", "/sprints/P-1-S01/tasks", Value::Null, 200),
        ("GET", "/sprints/NONE/tasks", Value::Null, 404),
        ("GET", "/sprints/P-1-S01/task-summary", Value::Null, 200),
        ("GET", "/sprints/NONE/task-summary", Value::Null, 404),
        ("GET", "/sprints/by-project/P-1?status=in_progress", Value::Null, 200),
        ("GET", "/sprints/by-project/NONE", Value::Null, 200),
        ("GET", "/sprints/list_projects", Value::Null, 200),
        ("GET", "/sprints/active", Value::Null, 200),
        ("GET", "/sprints/active/P-1", Value::Null, 200),
        ("POST", "/tasks/P-1-TASK001/progress", json!({"progress_percentage": 40}), 200),
        ("POST", "/tasks/P-1-TASK001/progress", json!({"status": "completed"}), 200),
        ("POST", "/tasks/NONE/progress", json!({"progress_percentage": 40}), 404),
        ("POST", "/tasks/P-1-TASK001/progress", json!({}), 422),
        ("POST", "/tasks/P-1-TASK001/progress", json!({"progress_percentage": 150}), 422),
        ("POST", "/tasks/P-1-TASK001/progress", json!({"status": "done"}), 422),
        ("POST", "/sprints/P-1-S01/run-daily-scrum", Value::Null, 200),
        ("POST", "/sprints/NONE/run-daily-scrum", Value::Null, 404),
        ("POST", "/sprints/P-1-S01/close", Value::Null, 200),
        ("POST", "/sprints/P-1-S01/close", Value::Null, 409),
        ("POST", "/sprints/NONE/close", Value::Null, 404),
        ("POST", "/sprints/P-1-S01/run-daily-scrum", Value::Null, 404),
        ("POST", "/tasks/P-1-TASK001/progress", json!({"progress_percentage": 50}), 404),
    ]
}

fn chronicle_rows() -> Vec<Row> {
    let retrospective = json!({"sprint_id": "X-S01", "project_id": "X"});
    vec![
        ("POST", "/v1/notes/daily_scrum_report", json!({"project_id": "X", "sprint_id": "X-S01", "reports": {}}), 201),
        ("POST", "/v1/notes/daily_scrum_report", json!({"project_id": "X"}), 422),
        ("POST", "/v1/notes/daily_scrum_report", json!({"project_id": "X", "reports": {"today": []}}), 422),
        ("GET", "/v1/notes/daily_scrum_report?sprint_id=X-S01", Value::Null, 200),
        ("GET", "/v1/notes/daily_scrum_report?sprint_id=NONE", Value::Null, 404),
        ("GET", "/v1/notes/daily_scrum_report?daily_scrum_date=yesterday", Value::Null, 422),
        (
            "POST",
            "/v1/notes/sprint_planning",
            json!({"project_id": "X", "sprint_id": "X-S01", "sprint_goal": "g", "planned_tasks": ["X-TASK001"]}),
            201,
        ),
        ("POST", "/v1/notes/sprint_planning", json!({"project_id": "X", "sprint_id": "X-S01"}), 422),
        ("GET", "/v1/notes/sprint_planning?project_id=X", Value::Null, 200),
        ("GET", "/v1/notes/sprint_planning?project_id=NONE", Value::Null, 200),
        ("POST", "/v1/notes/sprint_retrospective", retrospective.clone(), 201),
        ("POST", "/v1/notes/sprint_retrospective", retrospective, 409),
        ("POST", "/v1/notes/sprint_retrospective", json!({"sprint_id": "X-S01"}), 422),
        ("GET", "/v1/notes/sprint_retrospective?sprint_id=X-S01", Value::Null, 200),
        ("GET", "/v1/notes/sprint_retrospective?sprint_id=NONE", Value::Null, 404),
        ("GET", "/v1/notes/events?sprint_id=NONE", Value::Null, 200),
        ("GET", "/v1/analytics/project/X/velocity", Value::Null, 200),
        ("GET", "/v1/analytics/project/NONE/velocity", Value::Null, 200),
    ]
}

fn other_rows() -> Vec<Row> {
    vec![
        ("GET", "/health", Value::Null, 200),
        ("GET", "/v1/health", Value::Null, 200),
        ("GET", "/health/ready", Value::Null, 200),
        ("GET", "/health/ready/backlog", Value::Null, 200),
        ("GET", "/health/ready/nothing", Value::Null, 404),
        ("GET", "/nothing", Value::Null, 404),
        ("POST", "/nothing/at/all", json!({}), 404),
        ("GET", "/projects/", Value::Null, 404),
        ("DELETE", "/projects/P-1", Value::Null, 405),
        ("PATCH", "/sprints/active", json!({}), 405),
    ]
}

/// faults 22, 23, 24, 29, 38
#[tokio::test]
async fn every_answer_has_the_code_of_the_contract() {
    let server = Running::start().await;
    server.project("P-1").await;
    let rows = [project_rows(), backlog_rows(), sprint_rows(), chronicle_rows(), other_rows()];
    for (method, path, body, expected) in rows.into_iter().flatten() {
        let (status, answer) = server.call(method, path, &body).await;
        assert_eq!(status.as_u16(), expected, "{method} {path} {body}: {answer}");
        if expected >= 400 {
            assert!(is_refusal(&answer), "{method} {path} {body}: {answer}");
        }
    }
}

/// `{"detail": <text>}`, or a list of what does not fit.
fn is_refusal(answer: &Value) -> bool {
    let is_problem = |problem: &Value| {
        problem["loc"].as_array().is_some_and(|loc| !loc.is_empty())
            && problem["msg"].is_string()
            && problem["type"].is_string()
    };
    answer["detail"].as_str().is_some_and(|detail| !detail.is_empty())
        || answer["detail"].as_array().is_some_and(|problems| !problems.is_empty() && problems.iter().all(is_problem))
}

#[tokio::test]
async fn what_does_not_fit_is_named_by_its_place() {
    let server = Running::start().await;
    let place = async |method: &str, path: &str, body: Value| {
        let answer = server.expect(422, method, path, body).await;
        (answer["detail"][0]["loc"].clone(), answer["detail"][0]["type"].clone())
    };
    let missing = place("POST", "/projects", json!({"name": "n"})).await;
    assert_eq!(missing, (json!(["body", "id"]), json!("missing")));
    let list = place("POST", "/projects/X/team-members-assign", json!({"employee_ids": ["E001", 2]})).await;
    assert_eq!(list, (json!(["body", "employee_ids", 1]), json!("type_error")));
    let date = place("GET", "/v1/notes/daily_scrum_report?daily_scrum_date=now", Value::Null).await;
    assert_eq!(date, (json!(["query", "daily_scrum_date"]), json!("value_error")));
    let id = place("GET", "/api/console/streams/s/entries/yesterday", Value::Null).await;
    assert_eq!(id, (json!(["path"]), json!("value_error")));
    let at = place("GET", "/api/console/dead-letters/record", Value::Null).await;
    assert_eq!(at, (json!(["query", "at"]), json!("missing")));
}

#[tokio::test]
async fn what_is_no_json_is_400_where_the_contract_says_so_and_422_elsewhere() {
    let server = Running::start().await;
    let bad = ["", "{", "nonsense", "{\"a\":1} x", "\u{0}", "{\"a\":1e999}", "{\"a\":\"\\ud800\"}"];
    for text in bad {
        for (path, expected) in [("/employees", 400), ("/projects/X/team-members-assign", 400), ("/projects", 422)] {
            let request = server.request("POST", path).header(CONTENT_TYPE, "application/json").body(text);
            let (status, answer) = answer_of(request).await;
            assert_eq!(status.as_u16(), expected, "{path} {text:?}: {answer}");
            assert!(is_refusal(&answer), "{path} {text:?}: {answer}");
        }
    }
    // a body without a name is JSON: programs forget the header
    let unnamed = server.request("POST", "/employees").body(r#"{"employee_id":"E1","name":"n"}"#);
    assert_eq!(answer_of(unnamed).await.0, 201);
}

#[tokio::test]
async fn a_parameter_left_empty_is_absent_and_of_two_the_last_counts() {
    let server = Running::start().await;
    server.project("P-1").await;
    let count = async |path: &str| {
        let tasks = server.expect(200, "GET", path, Value::Null).await;
        tasks.as_array().map(Vec::len)
    };
    assert_eq!(count("/backlogs/P-1?status=").await, Some(10));
    assert_eq!(count("/backlogs/P-1?status=completed&status=unassigned").await, Some(10));
    assert_eq!(count("/backlogs/P-1?status=unassigned&status=completed").await, Some(0));
}

/// fault 23
#[tokio::test]
async fn no_request_however_strange_is_a_defect() {
    let server = Running::start().await;
    server.project("P-1").await;
    server.sprint("P-1").await;
    let segments =
        ["%00", "%ff", "%F0%9F%92%A5", "..%2F..%2Fetc", "%25", "a%0D%0Ab", "-1", "99999999999999999999-1", "0"];
    let long = "x".repeat(4_000);
    let queries = [
        "?count=-1",
        "?count=99999999999999999999",
        "?before=%00&after=%ff&text=%00&status=%00&q=%00",
        "?at=%00/1-1",
        "?daily_scrum_date=2026-13-45",
        "?a=%",
        "?&&&=",
        "?text=%25%5F%27%22%5C",
    ];
    let nested = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let bodies = [
        "null".to_owned(), "[]".to_owned(), "7".to_owned(), "\"x\"".to_owned(), "{}".to_owned(), "{".to_owned(),
        nested.clone(), format!(r#"{{"project_id":"X","reports":{{}},"orchestration_decision_details":{nested}}}"#),
        r#"{"id":"a\u0000b","name":"\u0000","description":"\u0000","status":"\u0000","employee_id":"\u0000","sprint_name":"\u0000",
            "duration_weeks":9223372036854775807,"project_id":"\u0000","sprint_id":"\u0000","sprint_goal":"\u0000",
            "planned_tasks":["\u0000"],"reports":{},"employee_ids":["\u0000"],"title":"\u0000","age":9223372036854775807}"#
            .to_owned(),
        r#"{"age":1e308,"duration_weeks":-9223372036854775808,"progress_percentage":9223372036854775808,"employee_id":"e","name":"n",
            "sprint_name":"s","items":[{"stream":"","id":"0-0"}],"ids":["18446744073709551615-18446744073709551615"],"act":"claim",
            "to":{"after":"18446744073709551615-18446744073709551615"},"reason":"\u0000"}"#
            .to_owned(),
        r#"{"items":[],"ids":[],"act":"acknowledge","to":"start","dry_run":true,"reason":""}"#.to_owned(),
        format!(r#"{{"id":"{long}","name":"{long}","description":"{long}","status":"{long}","employee_id":"{long}"}}"#),
    ];
    let paths = server.context.settings.openapi["paths"].as_object().expect("paths").clone();
    let mut asked = 0;
    for (path, item) in paths.iter().filter(|(path, _)| *path != "/api/console/live") {
        for method in item.as_object().expect("operations").keys() {
            let method = method.to_uppercase();
            let filled = segments.iter().copied().chain([long.as_str()]).map(|segment| fill(path, segment));
            // a path without a segment is asked once
            let asked_for =
                queries.iter().filter(|_| method == "GET").map(|query| format!("{}{query}", fill(path, "P-1")));
            // a path without a segment is asked once
            let addresses: BTreeSet<String> = filled.chain(asked_for).collect();
            for address in addresses {
                let takes_body = !item[method.to_lowercase()]["requestBody"].is_null();
                let bodies = if takes_body { &bodies[..] } else { &bodies[..1] };
                for body in bodies {
                    let request = server.request(&method, &address);
                    let (status, answer) = answer_of(with_body(request, &method, body)).await;
                    assert!(status != 500, "{method} {address} {body}: {answer}");
                    assert!(status.is_success() || is_refusal(&answer), "{method} {address} {body}: {status} {answer}");
                    asked += 1;
                }
            }
        }
    }
    assert!(asked > 1_000, "only {asked} requests");
}

/// The path with every `{…}` replaced.
fn fill(path: &str, segment: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with('{') { segment } else { part });
    parts.collect::<Vec<_>>().join("/")
}

fn with_body(request: RequestBuilder, method: &str, body: &str) -> RequestBuilder {
    if method == "GET" { request } else { request.header(CONTENT_TYPE, "application/json").body(body.to_owned()) }
}
