//! Redis Streams held to what every transport must do (`testkit::conformance`), each behaviour with a server of its own.

#![expect(clippy::unwrap_used, reason = "a test may end anywhere")]

mod support;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::Context;
use domain::dead_letter::Filter;
use serde_json::{Value, json};
use streams::{Consumer, ConsumerSettings, Failure, Handler, Message, Metrics, Outgoing, Redis, dead_letter::Shelf};
use support::{Running, quick};
use testkit::{
    conformance::{Answer, Features, Handling, Letter, Order, Outcome, Transport, behaviours},
    redis::Server,
};
use tokio_util::sync::CancellationToken;

/// What a consumer that died held is taken over after this. Long enough that a busy machine does not take a living one
/// for dead.
const LEASE: Duration = Duration::from_secs(3);

struct RedisStreams {
    server: tokio::sync::Mutex<Server>,
    redis: Redis,
    topics: AtomicUsize,
}

impl RedisStreams {
    async fn new() -> Self {
        let server = Server::start_durable().await;
        let redis = Redis::new(&server.url()).unwrap();
        Self { server: server.into(), redis, topics: AtomicUsize::new(0) }
    }
}

impl Transport for RedisStreams {
    type Subscription = Running;

    fn features(&self) -> Features {
        Features {
            consumer_groups: true,
            begins_at_the_oldest: true,
            // lanes are a consumer's own: two consumers of a group may have entries of one key at the same time
            order: Order::OfOneConsumer,
            persistent: true,
            once_while_calm: true,
            redelivery_after_crash: true,
            dead_letters: true,
            // events are JSON
            binary_bodies: false,
        }
    }

    async fn topic(&self) -> String {
        format!("topic{}", self.topics.fetch_add(1, Ordering::SeqCst))
    }

    async fn publish(&self, topic: &str, batch: &[Letter]) -> anyhow::Result<()> {
        let entries: anyhow::Result<Vec<_>> = batch.iter().map(|letter| entry(topic, letter)).collect();
        streams::publish(&self.redis, &entries?).await?;
        Ok(())
    }

    async fn subscribe(&self, topic: &str, group: &str, consumer: &str, handling: Handling) -> Running {
        let settings = ConsumerSettings {
            stream: topic.to_owned(),
            consumer: consumer.to_owned(),
            claim_after: LEASE,
            ..quick(group, consumer)
        };
        let stop = CancellationToken::new();
        let consumer = Consumer::new(self.redis.clone(), settings, Hands(handling), Metrics::default());
        Running { task: tokio::spawn(consumer.run(stop.clone())), stop }
    }

    async fn stop(&self, running: Running) {
        running.stop().await;
    }

    async fn crash(&self, running: Running) {
        running.crash().await;
    }

    async fn restart_broker(&self) {
        let mut server = self.server.lock().await;
        server.kill();
        server.start_again().await;
    }

    async fn dead_letters(&self, topic: &str) -> Vec<Vec<u8>> {
        let shelf = Shelf::new(self.redis.clone());
        let page = shelf.list(&[topic.to_owned()], &Filter::default(), None, 500).await.unwrap();
        page.records.iter().map(|record| body(record.fields[0].value.as_bytes()).unwrap()).collect()
    }
}

fn entry(topic: &str, letter: &Letter) -> anyhow::Result<Outgoing> {
    let body = std::str::from_utf8(&letter.body).context("an event is JSON, so its body is text")?;
    let event = json!({"event_type": "Letter", "aggregate_id": letter.key, "payload": {"body": body}});
    Ok(Outgoing { stream: topic.to_owned(), data: event.to_string() })
}

fn body(data: &[u8]) -> anyhow::Result<Vec<u8>> {
    let event: Value = serde_json::from_slice(data)?;
    Ok(event["payload"]["body"].as_str().context("a body")?.as_bytes().to_vec())
}

struct Hands(Handling);

impl Handler for Hands {
    async fn handle(&self, message: &Message) -> Result<(), Failure> {
        let key = message.envelope.aggregate_id.clone().unwrap_or_default();
        let letter = Letter { key, body: body(message.data()).map_err(Failure::Reject)? };
        match (self.0)(letter).await {
            Answer::Done => Ok(()),
            Answer::Again => Err(Failure::Retry(anyhow::anyhow!("again"))),
            Answer::Never => Err(Failure::Reject(anyhow::anyhow!("never"))),
        }
    }
}

async fn hold(name: &str) {
    let behaviour = behaviours().into_iter().find(|behaviour| behaviour.name == name).unwrap();
    assert_eq!(behaviour.hold(Arc::new(RedisStreams::new().await)).await, Outcome::Held);
}

/// A test for each name, so that a failure names the behaviour, and the list of them.
macro_rules! held {
    ($($name:ident)*) => {
        const HELD: &[&str] = &[$(stringify!($name)),*];
        $(#[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            hold(stringify!($name)).await;
        })*
    };
}

held! {
    everything_published_arrives_with_its_bytes
    unusual_bodies_arrive_unchanged_or_are_refused
    consumers_of_a_group_share_its_messages
    topics_side_by_side_keep_their_messages_apart
    every_group_gets_everything
    a_new_group_begins_at_the_oldest_message
    messages_of_a_key_are_handled_in_order
    publishers_side_by_side_lose_nothing
    what_fails_is_handed_out_again
    a_failing_key_holds_up_no_other
    what_is_not_acknowledged_is_neither_skipped_nor_handed_out_twice_at_once
    what_fails_for_ever_is_set_aside_and_the_next_go_on
    what_came_while_nobody_listened_arrives_after
    stops_at_the_same_time_lose_and_repeat_nothing
    through_failures_and_stops_everything_is_handled
    after_a_crash_everything_is_handled
    what_was_accepted_arrives_though_the_broker_restarts
    under_load_with_failures_four_consumers_handle_everything
    under_load_with_failures_one_consumer_keeps_the_order
}

/// Each of them asserts that it was not skipped.
#[test]
fn no_behaviour_of_the_suite_is_left_out() {
    assert_eq!(HELD, behaviours::<RedisStreams>().iter().map(|behaviour| behaviour.name).collect::<Vec<_>>());
}
