//! The OpenAPI document: whole, true, and usable.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{origin::address, running::Running};

/// Every row that the wire contract marks as core, by our names of the segments.
const CORE: [(&str, &str); 36] = [
    ("get", "/health"),
    ("get", "/v1/health"),
    ("get", "/health/ready"),
    ("post", "/projects"),
    ("get", "/projects"),
    ("get", "/projects/{id}"),
    ("put", "/projects/{id}/status"),
    ("get", "/projects/{id}/team-members"),
    ("post", "/projects/{id}/team-members-assign"),
    ("post", "/employees"),
    ("post", "/backlogs/{project}"),
    ("get", "/backlogs/{project}"),
    ("get", "/backlogs/{project}/summary"),
    ("get", "/backlogs/summary"),
    ("put", "/tasks/{task}"),
    ("post", "/sprints/{id}"),
    ("get", "/sprints/{id}"),
    ("get", "/sprints/{id}/tasks"),
    ("get", "/sprints/{id}/task-summary"),
    ("get", "/sprints/by-project/{project}"),
    ("get", "/sprints/list_projects"),
    ("get", "/sprints/active"),
    ("get", "/sprints/active/{project}"),
    ("post", "/tasks/{task}/progress"),
    ("post", "/sprints/{id}/run-daily-scrum"),
    ("post", "/sprints/{id}/close"),
    ("post", "/v1/notes/daily_scrum_report"),
    ("get", "/v1/notes/daily_scrum_report"),
    ("post", "/v1/notes/sprint_planning"),
    ("get", "/v1/notes/sprint_planning"),
    ("post", "/v1/notes/sprint_retrospective"),
    ("get", "/v1/notes/sprint_retrospective"),
    ("get", "/v1/notes/events"),
    ("get", "/v1/analytics/project/{project}/velocity"),
    ("get", "/api/openapi.json"),
    ("get", "/api/console/live"),
];

#[tokio::test]
async fn every_core_row_is_described() {
    let server = Running::start().await;
    let document = server.expect(200, "GET", "/api/openapi.json", Value::Null).await;
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")));
    for (method, path) in CORE {
        let operation = &document["paths"][path][method];
        assert!(operation["summary"].is_string(), "{method} {path}");
    }
    let mut ids = BTreeSet::new();
    for (path, method, operation) in operations(&document) {
        let id = operation["operationId"].as_str().expect("an id");
        assert!(ids.insert(id.to_owned()), "{id} is the id of two operations");
        assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{method} {path}");
        let responses = operation["responses"].as_object().expect("responses");
        assert!(responses.keys().any(|code| code.starts_with('2')), "{method} {path} has no success");
        let named = path.matches('{').count();
        let described = operation["parameters"].as_array().into_iter().flatten().filter(|p| p["in"] == "path").count();
        assert_eq!(named, described, "{method} {path}: parameters of the path");
    }
}

#[tokio::test]
async fn everything_it_refers_to_is_in_it() {
    let server = Running::start().await;
    let document = &server.context.settings.openapi;
    let mut references = BTreeSet::new();
    collect_references(document, &mut references);
    assert!(references.len() > 30, "{references:?}");
    for reference in references {
        let pointer = reference.strip_prefix('#').expect("a reference into the document");
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
}

#[tokio::test]
async fn every_example_is_understood_by_its_route() {
    let server = Running::start().await;
    let mut tried = 0;
    for (path, method, operation) in operations(&server.context.settings.openapi) {
        if operation["requestBody"].is_null() {
            continue;
        }
        let example = &operation["requestBody"]["content"]["application/json"]["example"];
        assert!(example.is_object(), "{method} {path} has no example");
        let (status, answer) = server.call(&method.to_uppercase(), &address(path), example).await;
        assert!(![400, 415, 422, 500].contains(&status.as_u16()), "{method} {path}: {status} {answer}");
        tried += 1;
    }
    assert!(tried >= 14, "only {tried} examples");
}

fn operations(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    document["paths"].as_object().expect("paths").iter().flat_map(|(path, item)| {
        let operations = item.as_object().expect("operations").iter();
        operations.map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
    })
}

fn collect_references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get("$ref") {
                found.insert(reference.clone());
            }
            fields.values().for_each(|value| collect_references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| collect_references(value, found)),
        _ => {}
    }
}
