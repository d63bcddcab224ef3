//! Spans as an exporter sees them. A program of its own: whether spans are made is decided once for a process.

#[path = "behaviour/running.rs"]
#[expect(dead_code, reason = "the other program of tests uses the rest")]
mod running;

use std::{collections::BTreeSet, sync::OnceLock};

use domain::{event::with_trace, trace::TraceContext};
use opentelemetry::trace::{SpanKind, Status, TraceId};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use serde_json::json;
use testkit::{postgres::Postgres, wait};

use crate::running::{Running, Wanted, ask};

/// Where the spans of all tests of this program go.
fn exporter() -> &'static InMemorySpanExporter {
    static EXPORTER: OnceLock<InMemorySpanExporter> = OnceLock::new();
    EXPORTER.get_or_init(|| {
        let exporter = InMemorySpanExporter::default();
        telemetry::export_by(SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build());
        exporter
    })
}

/// What was exported of one trace so far.
fn spans(of: TraceContext) -> Vec<SpanData> {
    let spans = exporter().get_finished_spans().expect("spans");
    spans.into_iter().filter(|span| span.span_context.trace_id() == TraceId::from(of.trace_id)).collect()
}

fn attribute(span: &SpanData, key: &str) -> Option<String> {
    span.attributes.iter().find(|at| at.key.as_str() == key).map(|at| at.value.to_string())
}

/// A trace of its own, which its caller exports.
fn caller() -> TraceContext {
    TraceContext { sampled: true, ..telemetry::new_trace() }
}

async fn one_start_is_one_trace(postgres: Option<String>) {
    exporter();
    let server = Running::start_as(Wanted { postgres, ..Wanted::default() }).await;
    server.project("P").await;
    server.settled().await;
    let caller = caller();
    let start = server.request("POST", "/sprints/P").header("traceparent", caller.to_string());
    let answer = start.json(&json!({"sprint_name": "Checkout", "duration_weeks": 2})).send().await.expect("an answer");
    assert_eq!(answer.status(), 201);
    let spans = wait::until("a handler of each of 13 deliveries", async || {
        let spans = spans(caller);
        (spans.iter().filter(|span| span.span_kind == SpanKind::Consumer).count() == 13).then_some(spans)
    })
    .await;

    let request = spans.iter().find(|span| span.span_kind == SpanKind::Server).expect("a span of the request");
    assert_eq!(request.name, "POST /sprints/{id}");
    assert_eq!(request.parent_span_id.to_string(), format!("{:016x}", caller.span_id));
    assert_eq!(attribute(request, "http.response.status_code").as_deref(), Some("201"));
    let sent: Vec<_> = spans.iter().filter(|span| span.span_kind == SpanKind::Producer).collect();
    assert_eq!(sent.len(), 11, "the start and ten tasks");
    assert!(sent.iter().all(|span| span.parent_span_id == request.span_context.span_id()));
    let handled: Vec<_> = spans.iter().filter(|span| span.span_kind == SpanKind::Consumer).collect();
    for span in &handled {
        assert!(sent.iter().any(|sent| sent.span_context.span_id() == span.parent_span_id), "below what was sent");
        assert_eq!(attribute(span, "messaging.system").as_deref(), Some("redis"));
        assert_eq!(attribute(span, "messaging.operation.type").as_deref(), Some("process"));
        assert!(attribute(span, "messaging.message.conversation_id").is_some());
    }
    let groups: BTreeSet<_> = handled
        .iter()
        .filter(|span| attribute(span, "messaging.destination.name").as_deref() == Some("dsm:events"))
        .filter_map(|span| attribute(span, "messaging.consumer.group.name"))
        .collect();
    assert_eq!(groups.len(), 3, "{groups:?}");
}

#[tokio::test]
async fn one_sprint_start_is_one_trace_over_three_groups() {
    one_start_is_one_trace(None).await;
}

#[tokio::test]
async fn one_sprint_start_is_one_trace_over_three_groups_on_postgres_too() {
    let database = Postgres::new().await.expect("a PostgreSQL server");
    one_start_is_one_trace(Some(database.url())).await;
}

#[tokio::test]
async fn a_handler_that_fails_is_a_span_that_says_so() {
    exporter();
    let server = Running::start().await;
    let caller = caller();
    let malformed = r#"{"event_id":"e1","event_type":"SprintStarted"}"#;
    ask(&server.redis, &["XADD", "dsm:events", "*", "data", &with_trace(malformed, caller)]);
    let failed = wait::until("three groups that reject it", async || {
        let spans = spans(caller);
        (spans.len() == 3).then_some(spans)
    })
    .await;
    for span in failed {
        assert!(matches!(span.status, Status::Error { .. }), "{:?}", span.status);
        assert_eq!(attribute(&span, "error.type").as_deref(), Some("reject"));
    }
}

#[tokio::test]
async fn a_context_that_is_none_begins_a_trace_of_its_own() {
    exporter();
    let server = Running::start().await;
    let asked = server.request("GET", "/projects").header("traceparent", "00-not-a-context-01");
    // there may be no database yet, which makes no difference here
    asked.send().await.expect("an answer");
    let request = server.request("GET", "/projects/nobody-has-this-id").send().await.expect("an answer");
    assert_ne!(request.status(), 200);
    wait::until("both requests are spans without a parent", async || {
        let spans = exporter().get_finished_spans().expect("spans");
        let of = |path: &str| {
            spans.iter().any(|span| {
                attribute(span, "url.path").as_deref() == Some(path)
                    && span.parent_span_id == opentelemetry::trace::SpanId::INVALID
            })
        };
        (of("/projects") && of("/projects/nobody-has-this-id")).then_some(())
    })
    .await;
}
