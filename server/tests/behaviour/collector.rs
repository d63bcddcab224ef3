//! The real program and a collector: spans arrive as OTLP, and a collector that is away or hangs holds up nothing.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Redirect,
    routing::post,
};
use domain::{event::with_trace, trace::TraceContext};
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::{redis::Server, wait};
use tokio::net::TcpListener;

use crate::{program::Program, running::ask};

/// A collector of the test's own.
#[derive(Clone, Default)]
struct Collector {
    bodies: Arc<Mutex<Vec<Bytes>>>,
    refused: Arc<AtomicUsize>,
    refuses: Arc<AtomicBool>,
}

impl Collector {
    /// Serves it; gives its address.
    async fn serve(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let router = Router::new().route("/v1/traces", post(take)).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        format!("http://{address}")
    }

    fn holds(&self, bytes: &[u8]) -> bool {
        let bodies = self.bodies.lock().expect("no panic");
        bodies.iter().any(|body| body.windows(bytes.len()).any(|part| part == bytes))
    }
}

async fn take(State(collector): State<Collector>, headers: HeaderMap, body: Bytes) -> StatusCode {
    assert_eq!(headers["content-type"], "application/x-protobuf");
    if collector.refuses.load(Ordering::SeqCst) {
        collector.refused.fetch_add(1, Ordering::SeqCst);
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    collector.bodies.lock().expect("no panic").push(body);
    StatusCode::OK
}

/// A folder with the least that the program wants of a site.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir_all(folder.path().join("site/pkg")).expect("a folder");
    folder
}

async fn asked(program: &Program, trace: TraceContext) {
    let request =
        reqwest::Client::new().get(format!("{}/projects", program.url)).header("traceparent", trace.to_string());
    // there may be no database yet, which makes no difference here
    request.send().await.expect("an answer");
}

fn sampled() -> TraceContext {
    TraceContext { sampled: true, ..telemetry::new_trace() }
}

#[tokio::test]
async fn spans_arrive_at_a_collector_as_protobuf_also_those_of_the_last_moment() {
    let (collector, redis, folder) = (Collector::default(), Server::start().await, folder());
    let endpoint = collector.serve().await;
    let program =
        Program::start_with("dsm-1", folder.path(), &redis, &[("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)]).await;
    let trace = sampled();
    asked(&program, trace).await;
    program.stop().await;
    assert!(collector.holds(&trace.trace_id.to_be_bytes()), "the trace of the request");
    for words in
        ["service.name", "dsm-console", "service.version", "deployment.environment.name", "http.request.method"]
    {
        assert!(collector.holds(words.as_bytes()), "{words}");
    }
}

#[tokio::test]
async fn a_collector_that_takes_nothing_is_told_once_and_again_when_it_is_back() {
    let (collector, redis, folder) = (Collector::default(), Server::start().await, folder());
    let endpoint = collector.serve().await;
    collector.refuses.store(true, Ordering::SeqCst);
    let environment = [("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()), ("OTEL_BSP_SCHEDULE_DELAY", "50")];
    let program = Program::start_with("dsm-1", folder.path(), &redis, &environment).await;
    wait::until("it refused three times", async || {
        asked(&program, sampled()).await;
        (collector.refused.load(Ordering::SeqCst) >= 3).then_some(())
    })
    .await;
    collector.refuses.store(false, Ordering::SeqCst);
    wait::until("it took some", async || {
        asked(&program, sampled()).await;
        (!collector.bodies.lock().expect("no panic").is_empty()).then_some(())
    })
    .await;
    let log = program.stop_and_tell().await;
    let told = |words: &str| log.iter().filter(|line| line.contains(words)).count();
    assert_eq!((told("takes no traces"), told("takes traces again")), (1, 1), "{}", log.join("\n"));
}

/// What is sent on to nowhere is lost as well, and nobody would know.
#[tokio::test]
async fn a_collector_that_answers_with_a_redirect_is_told_and_not_followed() {
    let (elsewhere, redis, folder) = (Collector::default(), Server::start().await, folder());
    let target = elsewhere.serve().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    let moved = move || async move { Redirect::temporary(&format!("{target}/v1/traces")) };
    let router = Router::new().route("/v1/traces", post(moved));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let environment = [("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()), ("OTEL_BSP_SCHEDULE_DELAY", "50")];
    let program = Program::start_with("dsm-1", folder.path(), &redis, &environment).await;
    asked(&program, sampled()).await;
    let log = program.stop_and_tell().await;
    let told = log.iter().find(|line| line.contains("takes no traces")).expect("it is told");
    assert!(told.contains("307") && told.contains("redirects are not followed"), "{told}");
    assert!(elsewhere.bodies.lock().expect("no panic").is_empty());
}

#[tokio::test]
async fn a_collector_that_hangs_holds_up_neither_the_work_nor_the_stop() {
    let (redis, folder) = (Server::start().await, folder());
    // takes connections into its queue and never answers
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    let environment = [("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()), ("OTEL_BSP_SCHEDULE_DELAY", "50")];
    let program = Program::start_with("dsm-1", folder.path(), &redis, &environment).await;
    for _ in 0..50 {
        asked(&program, sampled()).await;
    }
    // an orderly stop, within the grace of ten seconds, although the collector's own time-out is as long
    let log = program.stop_and_tell().await;
    assert!(log.iter().any(|line| line.contains("the last traces were not exported")), "{}", log.join("\n"));
}

#[tokio::test]
async fn a_line_of_the_log_as_json_names_the_trace_and_the_correlation() {
    let (redis, folder) = (Server::start().await, folder());
    let program = Program::start_with("dsm-1", folder.path(), &redis, &[("LOG_FORMAT", "json")]).await;
    let trace = telemetry::new_trace();
    let malformed = json!({"event_id": "e", "event_type": "SprintStarted", "correlation_id": "c\n\"1\""}).to_string();
    ask(&redis, &["XADD", "dsm:events", "*", "data", &with_trace(&malformed, trace)]);
    wait::until("three groups gave up", async || (ask(&redis, &["XLEN", "{dsm:events}:dlq"]) == "3").then_some(()))
        .await;
    let log = program.stop_and_tell().await;
    let lines: Vec<Value> = log.iter().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
    let dead: Vec<_> =
        lines.iter().filter(|line| line["fields"]["message"] == "an entry became a dead letter").collect();
    assert_eq!(dead.len(), 3, "{}", log.join("\n"));
    for line in dead {
        assert_eq!(line["fields"]["trace_id"], trace.trace_id_text());
        assert_eq!(line["fields"]["correlation_id"], "c\n\"1\"");
    }
}
