//! From the outbox to the streams.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use services::{Services, keys, outbox, relay::Relay, sprint};
use streams::Redis;
use testkit::{redis::Server, wait};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::{
    stream::{ask, events},
    world::{Away, World, on_both, without},
};

/// A relay that runs until it is stopped.
pub(crate) struct Running {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    pub(crate) fn start(services: &Services, server: &Server) -> Self {
        let stop = CancellationToken::new();
        let redis = Redis::new(&server.url()).expect("a URL");
        let task = tokio::spawn(Relay::new(services, redis).run(stop.clone()));
        Self { stop, task }
    }

    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.task.await.expect("the relay ends");
    }
}

pub(crate) async fn until_outbox_is_empty(services: &Services) {
    wait::until("the outbox is empty", || async {
        let waiting = outbox::waiting(services).await;
        (!waiting.is_empty() && waiting.iter().all(|outbox| outbox.unsent == 0)).then_some(())
    })
    .await;
}

/// Event ids by key, in order of first appearance.
fn order_by_key(events: &[Value]) -> BTreeMap<String, Vec<String>> {
    let mut seen = BTreeSet::new();
    let mut order = BTreeMap::<String, Vec<String>>::new();
    for event in events {
        let id = event["event_id"].as_str().expect("an id").to_owned();
        if seen.insert(id.clone()) {
            order.entry(event["aggregate_id"].to_string()).or_default().push(id);
        }
    }
    order
}

async fn assert_published_in_order(world: &World, server: &Server) {
    let committed = world.committed_events().await;
    for (stream, is_task) in [(keys::TASK_UPDATE_EVENTS, true), (keys::DSM_EVENTS, false)] {
        let committed: Vec<Value> =
            committed.iter().filter(|event| (event["event_type"] == "TASK_UPDATED") == is_task).cloned().collect();
        assert_eq!(order_by_key(&events(server, stream)), order_by_key(&committed), "{stream}");
    }
}

#[tokio::test]
async fn what_was_committed_is_published_once_in_order_in_the_field_data() {
    on_both(async |world| {
        let server = Server::start().await;
        let relay = Running::start(&world.services, &server);
        world.project("P", 2).await;
        world.start("P").await;
        sprint::run_daily_scrum(&world.services, "P-S01").await.expect("a scrum");
        sprint::close(&world.services, "P-S01").await.expect("a close");
        until_outbox_is_empty(&world.services).await;
        assert_published_in_order(&world, &server).await;
        assert_eq!(events(&server, keys::TASK_UPDATE_EVENTS).len(), 20);
        assert_eq!(events(&server, keys::DSM_EVENTS).len(), 2);
        relay.stop().await;
    })
    .await;
}

/// faults 14, 15, 46
#[tokio::test]
async fn with_redis_down_calls_succeed_and_events_are_delivered_when_it_is_back() {
    on_both(async |world| {
        let mut server = Server::start().await;
        server.stop();
        let relay = Running::start(&world.services, &server);
        world.project("P", 2).await;
        world.start("P").await;
        sprint::run_daily_scrum(&world.services, "P-S01").await.expect("a scrum");
        let waiting = outbox::waiting(&world.services).await;
        assert_eq!((waiting[0].service.as_str(), waiting[0].unsent), ("sprint", 21));
        assert!(waiting[0].oldest.is_some());
        server.start_again().await;
        until_outbox_is_empty(&world.services).await;
        assert_published_in_order(&world, &server).await;
        relay.stop().await;
    })
    .await;
}

#[tokio::test]
async fn several_relays_publish_each_event_once_and_in_order() {
    on_both(async |world| {
        let server = Server::start().await;
        world.project("P", 2).await;
        world.start("P").await;
        let relays: Vec<_> = (0..3).map(|_| Running::start(&world.services, &server)).collect();
        for _ in 0..6 {
            sprint::run_daily_scrum(&world.services, "P-S01").await.expect("a scrum");
        }
        until_outbox_is_empty(&world.services).await;
        assert_published_in_order(&world, &server).await;
        let committed = world.committed_events().await.len();
        assert_eq!(events(&server, keys::TASK_UPDATE_EVENTS).len() + 1, committed, "no event twice");
        for relay in relays {
            relay.stop().await;
        }
    })
    .await;
}

/// promise P1: killed at any step, every event arrives, in order, at most repeated
#[tokio::test]
async fn relays_that_are_killed_lose_nothing_and_keep_the_order() {
    on_both(async |world| {
        let server = Server::start().await;
        world.project("P", 2).await;
        world.start("P").await;
        for round in 0..12_u64 {
            sprint::run_daily_scrum(&world.services, "P-S01").await.expect("a scrum");
            let relay = Running::start(&world.services, &server);
            tokio::time::sleep(std::time::Duration::from_micros(round * 700)).await;
            relay.task.abort();
            // as if the dead process's lease had run out
            let mut transaction = world.services.databases().sprint.begin().await.expect("a transaction");
            sqlx::query("delete from outbox_lease").execute(&mut *transaction).await.expect("a delete");
            transaction.commit().await.expect("a commit");
        }
        let relay = Running::start(&world.services, &server);
        until_outbox_is_empty(&world.services).await;
        assert_published_in_order(&world, &server).await;
        relay.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_relay_that_stops_hands_over_at_once() {
    on_both(async |world| {
        let server = Server::start().await;
        world.project("P", 2).await;
        world.start("P").await;
        let first = Running::start(&world.services, &server);
        until_outbox_is_empty(&world.services).await;
        first.stop().await;
        let second = Running::start(&world.services, &server);
        let started = std::time::Instant::now();
        sprint::run_daily_scrum(&world.services, "P-S01").await.expect("a scrum");
        until_outbox_is_empty(&world.services).await;
        assert!(started.elapsed() < std::time::Duration::from_secs(10), "it waited for the first one's lease to end");
        second.stop().await;
    })
    .await;
}

/// A long outbox, as after an outage, does not keep a process from ending: another one publishes the rest.
#[tokio::test]
async fn a_relay_that_is_stopped_publishes_what_it_has_in_hand_and_not_all_that_waits() {
    const MANY: usize = 3_000;
    on_both(async |world| {
        let server = Server::start().await;
        world.project("P", 2).await;
        let database = &world.services.databases().sprint;
        let mut transaction = database.begin().await.expect("a transaction");
        let event = |n: usize| outbox::Event {
            stream: keys::DSM_EVENTS,
            key: "P".into(),
            project_id: "P".into(),
            data: format!(r#"{{"event_id":"e{n}"}}"#),
        };
        let many: Vec<_> = (0..MANY).map(event).collect();
        outbox::append(&mut transaction, &many, domain::Timestamp::from_millis(1)).await.expect("rows");
        transaction.commit().await.expect("a commit");
        let stop = CancellationToken::new();
        stop.cancel();
        let redis = Redis::new(&server.url()).expect("a URL");
        Relay::new(&world.services, redis).run(stop).await;
        let waiting = outbox::waiting(&world.services).await[0].unsent;
        assert!(waiting > 0, "it has published everything before it ended");
        assert_eq!(events(&server, keys::DSM_EVENTS).len() as u64 + waiting, MANY as u64);
    })
    .await;
}

#[tokio::test]
async fn a_stream_that_refuses_keeps_its_events_and_does_not_hold_up_the_others() {
    on_both(async |world| {
        let server = Server::start().await;
        ask(&server, &["set", keys::TASK_UPDATE_EVENTS, "not a stream"]);
        let relay = Running::start(&world.services, &server);
        world.project("P", 2).await;
        world.start("P").await;
        wait::until("the other stream's event", || async {
            (events(&server, keys::DSM_EVENTS).len() == 1).then_some(())
        })
        .await;
        // an event is in its stream a moment before its row says so
        wait::until("only the refused events wait", || async {
            (outbox::waiting(&world.services).await[0].unsent == 10).then_some(())
        })
        .await;
        ask(&server, &["del", keys::TASK_UPDATE_EVENTS]);
        until_outbox_is_empty(&world.services).await;
        assert_eq!(events(&server, keys::DSM_EVENTS).len(), 1, "not sent again with the others");
        assert_eq!(events(&server, keys::TASK_UPDATE_EVENTS).len(), 10);
        relay.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_relay_started_without_its_database_publishes_when_it_comes() {
    without(Away::Sprint, async |world| {
        let server = Server::start().await;
        let relay = Running::start(&world.services, &server);
        world.project("P", 2).await;
        world.bring_back().await;
        wait::until("the sprint database", || async { sprint::list_projects(&world.services).await.ok() }).await;
        world.start("P").await;
        until_outbox_is_empty(&world.services).await;
        assert_eq!(events(&server, keys::TASK_UPDATE_EVENTS).len(), 10);
        relay.stop().await;
    })
    .await;
}
