//! What is brought together of one correlation, from real outboxes, streams, groups, inboxes and dead letters.

use app::trace::gather::{Gathered, gather};
use domain::trace::waterfall::{Body, GroupState, Step};
use serde_json::json;
use testkit::{postgres::Postgres, wait};

use crate::running::{Running, Wanted, ask};

const DSM_EVENTS: &str = "dsm:events";

async fn gathered(server: &Running, id: &str) -> Gathered {
    gather(server.context.clone(), id.to_owned(), Vec::new(), Vec::new()).await.expect("what is known")
}

/// The gaps of all events, as words.
fn gaps(gathered: &Gathered) -> Vec<String> {
    let steps = gathered.events.iter().flat_map(|event| event.steps(gathered.now));
    steps.filter(|step: &Step| step.is_gap).map(|step| step.words).collect()
}

async fn correlation_of(server: &Running, sprint: &str) -> String {
    let path = format!("/v1/notes/events?sprint_id={sprint}");
    server.until("the start is noted", &path, |notes| notes[0]["correlation_id"].as_str().map(str::to_owned)).await
}

async fn a_start_is_gathered(postgres: Option<String>) {
    let server = Running::start_as(Wanted { postgres, ..Wanted::default() }).await;
    server.project("P").await;
    let sprint = server.sprint("P").await;
    server.settled().await;
    let correlation = correlation_of(&server, &sprint).await;
    let all = wait::until("all is handled", async || {
        let all = gathered(&server, &correlation).await;
        let handled = |state: &GroupState| matches!(state, GroupState::Handled { .. });
        let is_whole =
            all.events.len() == 11 && all.events.iter().all(|at| at.groups.iter().all(|(_, state)| handled(state)));
        is_whole.then_some(all)
    })
    .await;
    assert_eq!((all.id.as_str(), gaps(&all), all.away.len()), (correlation.as_str(), vec![], 0), "{all:?}");
    let started = all.events.iter().find(|event| event.stream == DSM_EVENTS).expect("the start");
    assert_eq!((started.groups.len(), started.body), (3, Body::Present));
    assert!(started.written.as_ref().is_some_and(|written| written.sent_at.is_some_and(|sent| sent >= written.at)));
    assert!(all.events.iter().all(|event| event.written.is_some() && event.trace_id == started.trace_id));

    // the id of one event leads to the rest of its correlation, and so does that of the trace
    let event_id = started.event_id.clone().expect("an id");
    let by_event = gathered(&server, &event_id).await;
    assert_eq!((by_event.id.as_str(), by_event.events.len()), (correlation.as_str(), 11));
    let trace_id = started.trace_id.clone().expect("a request has a trace");
    assert_eq!(gathered(&server, &trace_id).await.events.len(), 11);
    assert!(gathered(&server, "' or 1=1 --").await.events.is_empty());
    assert!(gathered(&server, "%").await.events.is_empty());
}

#[tokio::test]
async fn a_start_is_gathered_with_every_event_and_the_time_of_every_handling() {
    a_start_is_gathered(None).await;
}

#[tokio::test]
async fn a_start_is_gathered_from_postgres_too() {
    let database = Postgres::new().await.expect("a PostgreSQL server");
    a_start_is_gathered(Some(database.url())).await;
}

#[tokio::test]
async fn a_group_that_nobody_serves_is_a_gap() {
    let server = Running::start().await;
    server.project("P").await;
    ask(&server.redis, &["XGROUP", "CREATE", DSM_EVENTS, "nobody-serves-it", "0", "MKSTREAM"]);
    let sprint = server.sprint("P").await;
    let correlation = correlation_of(&server, &sprint).await;
    let words = wait::until("it waits for too long", async || gaps(&gathered(&server, &correlation).await).pop()).await;
    assert!(words.ends_with("not given to this group yet"), "{words}");
}

#[tokio::test]
async fn a_dead_letter_is_a_gap_with_its_error_also_when_its_entry_is_gone() {
    let server = Running::start().await;
    let malformed = r#"{"event_id":"e-1","event_type":"SprintStarted","correlation_id":"c \"1\""}"#;
    let entry = ask(&server.redis, &["XADD", DSM_EVENTS, "*", "data", malformed]);
    let id = r#"c "1""#;
    let dead = wait::until("three groups gave up", async || {
        let all = gathered(&server, id).await;
        (gaps(&all).len() == 3).then_some(all)
    })
    .await;
    assert!(
        gaps(&dead).iter().all(|words| words.starts_with("dead letter after 1 attempt: malformed event")),
        "{dead:?}"
    );
    ask(&server.redis, &["XDEL", DSM_EVENTS, &entry]);
    let gone = gathered(&server, id).await;
    assert_eq!((gone.events.len(), gone.events[0].body, gaps(&gone).len()), (1, Body::Gone, 3), "{gone:?}");
}

#[tokio::test]
async fn what_is_not_published_is_known_while_redis_is_away_and_what_is_missing_is_said() {
    let mut server = Running::start().await;
    server.project("P").await;
    server.settled().await;
    server.redis.stop();
    server.until("it is noticed", "/api/console/snapshot", |snapshot| snapshot["error"].as_str().map(|_| ())).await;
    let trace = telemetry::new_trace();
    let start = server.request("POST", "/sprints/P").header("traceparent", trace.to_string());
    let started = start.json(&json!({"sprint_name": "Checkout", "duration_weeks": 2})).send().await.expect("an answer");
    assert_eq!(started.status(), 201);
    let all = gathered(&server, &trace.trace_id_text()).await;
    assert_eq!(all.events.len(), 11);
    assert!(all.events.iter().all(|event| event.entry.is_none()), "none is published");
    assert!(all.away.iter().any(|words| words.contains("streams")), "{:?}", all.away);
    server.redis.start_again().await;
    server.settled().await;
}
