//! The trace of a command travels over the outbox to every handler.

use std::sync::Mutex;

use domain::{Timestamp, event::with_trace, trace::TraceContext};
use services::{Services, keys, outbox};
use streams::{Consumer, ConsumerSettings, Failure, Handler, Message, Metrics, Redis};
use testkit::{redis::Server, wait};
use tokio_util::sync::CancellationToken;

use crate::{
    relay::{Running, until_outbox_is_empty},
    stream::ask,
    world::on_both,
};

const GIVEN: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

fn given() -> TraceContext {
    TraceContext::parse(GIVEN).expect("a context")
}

/// The `traceparent` of every event, in order; an entry has its field `data` and no other (contract §3).
fn traceparents(server: &Server, stream: &str) -> Vec<Option<String>> {
    let entries = ask(server, &["XRANGE", stream, "-", "+"]);
    let of = |entry: &serde_json::Value| {
        let [name, data] = entry[1].as_array().expect("fields").as_slice() else {
            panic!("more than one field: {entry}")
        };
        assert_eq!(name, "data");
        let event: serde_json::Value = serde_json::from_str(data.as_str().expect("text")).expect("JSON");
        Some(event.get("traceparent")?.as_str().expect("text").to_owned())
    };
    entries.as_array().expect("a list").iter().map(of).collect()
}

#[tokio::test]
async fn the_trace_of_a_command_is_a_field_of_each_of_its_events() {
    on_both(async |world| {
        let server = Server::start().await;
        let relay = Running::start(&world.services, &server);
        world.project("P", 2).await;
        telemetry::within(given().into(), world.start("P")).await;
        until_outbox_is_empty(&world.services).await;
        relay.stop().await;
        assert_eq!(traceparents(&server, keys::DSM_EVENTS), [Some(GIVEN.to_owned())]);
        assert_eq!(traceparents(&server, keys::TASK_UPDATE_EVENTS), vec![Some(GIVEN.to_owned()); 10]);
    })
    .await;
}

#[tokio::test]
async fn a_row_without_a_trace_or_with_something_else_in_its_place_is_published_without_one() {
    on_both(async |world| {
        let server = Server::start().await;
        world.project("P", 2).await;
        world.start("P").await;
        let mut transaction = world.services.databases().sprint.begin().await.expect("a transaction");
        sqlx::query("update outbox set traceparent = 'nonsense' where id > 5")
            .execute(&mut *transaction)
            .await
            .expect("an update");
        transaction.commit().await.expect("a commit");
        let relay = Running::start(&world.services, &server);
        until_outbox_is_empty(&world.services).await;
        relay.stop().await;
        assert_eq!(traceparents(&server, keys::DSM_EVENTS), [None]);
        assert_eq!(traceparents(&server, keys::TASK_UPDATE_EVENTS), vec![None; 10]);
    })
    .await;
}

/// Answers every event with another, as a service would that has something to say to it.
struct Answering {
    services: Services,
    seen: &'static Mutex<Vec<Option<TraceContext>>>,
}

impl Handler for Answering {
    async fn handle(&self, _: &Message) -> Result<(), Failure> {
        let mut transaction = self.services.databases().sprint.begin().await.map_err(services::Error::from)?;
        let answer = outbox::Event {
            stream: "answers",
            key: "k".to_owned(),
            project_id: "P".to_owned(),
            data: r#"{"event_type":"Answered"}"#.to_owned(),
        };
        outbox::append(&mut transaction, &[answer], Timestamp::from_millis(1)).await?;
        transaction.commit().await.map_err(services::Error::from)?;
        self.seen.lock().expect("no panic").push(telemetry::current().map(|current| current.context));
        Ok(())
    }
}

#[tokio::test]
async fn what_a_handler_publishes_belongs_to_the_trace_of_what_it_handles() {
    on_both(async |world| {
        let server = Server::start().await;
        world.project("P", 1).await;
        let seen: &'static Mutex<Vec<_>> = Box::leak(Box::default());
        let stop = CancellationToken::new();
        let handler = Answering { services: world.services.clone(), seen };
        let settings = ConsumerSettings::new("questions", "answering", "one");
        let redis = Redis::new(&server.url()).expect("a URL");
        let consumer = tokio::spawn(Consumer::new(redis, settings, handler, Metrics::default()).run(stop.clone()));
        let relay = Running::start(&world.services, &server);
        let data = r#"{"event_type":"Asked"}"#;
        ask(&server, &["XADD", "questions", "*", "data", &with_trace(data, given())]);
        ask(&server, &["XADD", "questions", "*", "data", data]);
        let evil = r#"{"event_type":"Asked","traceparent":"00-evil"}"#;
        ask(&server, &["XADD", "questions", "*", "data", evil]);
        // redis-cli is asked only at the end: it would hold up the runtime in which everything runs
        wait::until("three answers", async || (seen.lock().expect("no panic").len() == 3).then_some(())).await;
        until_outbox_is_empty(&world.services).await;
        stop.cancel();
        consumer.await.expect("the consumer ends");
        relay.stop().await;
        let of_trace = |contexts: &[Option<TraceContext>]| contexts.iter().filter(|at| **at == Some(given())).count();
        assert_eq!(of_trace(&seen.lock().expect("no panic")), 1);
        let answers = traceparents(&server, "answers");
        assert_eq!(answers.iter().flatten().collect::<Vec<_>>(), [GIVEN]);
    })
    .await;
}
