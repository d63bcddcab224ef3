//! Redis loses what it took: it is sent again, or told (promise P10).

use domain::health::{Loss, LossKind};
use serde_json::Value;
use services::{keys::TASK_UPDATE_EVENTS, outbox, sprint};
use testkit::{redis::Server, wait};

use crate::{
    relay::{Running, until_outbox_is_empty},
    stream::{ask, events},
    world::{World, on_both},
};

const GROUP: &str = "readers";

/// A sprint of ten tasks, whose updates are in the stream; a group has read and acknowledged the first four.
async fn ten_updates_of_which_four_are_handled(world: &World, server: &Server) {
    world.project("P", 2).await;
    world.start("P").await;
    until_outbox_is_empty(&world.services).await;
    ask(server, &["xgroup", "create", TASK_UPDATE_EVENTS, GROUP, "0"]);
    ask(server, &["xreadgroup", "group", GROUP, "one", "count", "4", "streams", TASK_UPDATE_EVENTS, ">"]);
    let first = ask(server, &["xrange", TASK_UPDATE_EVENTS, "-", "+", "count", "4"]);
    for entry in first.as_array().expect("entries") {
        ask(server, &["xack", TASK_UPDATE_EVENTS, GROUP, entry[0].as_str().expect("an id")]);
    }
    wait::until("the relay knows what is done with", || async { (open(world).await == 6).then_some(()) }).await;
}

/// Rows of the task stream that somebody may still need.
async fn open(world: &World) -> i64 {
    let mut connection = world.services.databases().sprint.connection().await.expect("a connection");
    let (count,): (i64,) = sqlx::query_as(
        "select cast(count(*) as bigint) from outbox
         where stream = $1 and sent_at_us is not null and done_at_us is null",
    )
    .bind(TASK_UPDATE_EVENTS)
    .fetch_one(&mut *connection)
    .await
    .expect("a count");
    count
}

async fn losses(world: &World) -> Vec<Loss> {
    let states = outbox::waiting(&world.services).await;
    let losses = states.into_iter().flat_map(|state| state.losses);
    losses.filter(|loss| loss.stream == TASK_UPDATE_EVENTS).collect()
}

fn ids(events: &[Value]) -> Vec<String> {
    events.iter().map(|event| event["event_id"].as_str().expect("an id").to_owned()).collect()
}

/// Exactly these are in the stream, in this order.
async fn until_sent_again(world: &World, server: &Server, expected: &[String]) {
    wait::until("the rest is there again", || async {
        (events(server, TASK_UPDATE_EVENTS).len() == expected.len()).then_some(())
    })
    .await;
    until_outbox_is_empty(&world.services).await;
    assert_eq!(ids(&events(server, TASK_UPDATE_EVENTS)), expected);
}

#[tokio::test]
async fn after_a_flush_exactly_what_a_group_may_have_missed_is_sent_again_in_order_and_told() {
    on_both(async |world| {
        let server = Server::start().await;
        let relay = Running::start(&world.services, &server);
        ten_updates_of_which_four_are_handled(&world, &server).await;
        let before = ids(&events(&server, TASK_UPDATE_EVENTS));
        ask(&server, &["flushall"]);
        until_sent_again(&world, &server, &before[4..]).await;
        let told = losses(&world).await;
        assert_eq!((told.len(), told[0].how, told[0].events), (1, LossKind::SentAgain, 6));
        relay.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_lost_stream_that_others_wrote_to_meanwhile_is_noticed_and_old_events_go_before_new_ones() {
    on_both(async |world| {
        let server = Server::start().await;
        let relay = Running::start(&world.services, &server);
        ten_updates_of_which_four_are_handled(&world, &server).await;
        let before = ids(&events(&server, TASK_UPDATE_EVENTS));
        relay.stop().await;
        ask(&server, &["del", TASK_UPDATE_EVENTS]);
        ask(&server, &["xadd", TASK_UPDATE_EVENTS, "*", "data", r#"{"event_id":"theirs","event_type":"Else"}"#]);
        sprint::run_daily_scrum(&world.services, "P-S01").await.expect("a scrum");
        let relay = Running::start(&world.services, &server);
        until_outbox_is_empty(&world.services).await;
        let after = ids(&events(&server, TASK_UPDATE_EVENTS));
        assert_eq!(after[0], "theirs");
        assert_eq!(after[1..7], before[4..]);
        assert!(after.len() > 7, "and then the scrum's");
        relay.stop().await;
    })
    .await;
}

#[tokio::test]
async fn entries_removed_before_a_group_read_them_are_told_and_not_sent_again() {
    on_both(async |world| {
        let server = Server::start().await;
        let relay = Running::start(&world.services, &server);
        ten_updates_of_which_four_are_handled(&world, &server).await;
        ask(&server, &["xtrim", TASK_UPDATE_EVENTS, "maxlen", "2"]);
        let told = wait::until("it is told", || async {
            let told = losses(&world).await;
            (!told.is_empty()).then_some(told)
        })
        .await;
        assert_eq!((told.len(), told[0].how, told[0].events), (1, LossKind::Removed, 4));
        assert_eq!(open(&world).await, 2);
        assert_eq!(events(&server, TASK_UPDATE_EVENTS).len(), 2);
        relay.stop().await;
    })
    .await;
}

#[tokio::test]
async fn while_a_group_is_not_back_nothing_is_done_with_and_a_second_flush_loses_nothing_for_it() {
    on_both(async |world| {
        let server = Server::start().await;
        let relay = Running::start(&world.services, &server);
        ten_updates_of_which_four_are_handled(&world, &server).await;
        let before = ids(&events(&server, TASK_UPDATE_EVENTS));
        for _ in 0..2 {
            ask(&server, &["flushall"]);
            until_sent_again(&world, &server, &before[4..]).await;
            // another group is done with all of it before the first one is back
            ask(&server, &["xgroup", "create", TASK_UPDATE_EVENTS, "others", "0"]);
            ask(&server, &["xreadgroup", "group", "others", "one", "noack", "streams", TASK_UPDATE_EVENTS, ">"]);
            wait::until("the relay has seen the other group", || async { knows(&world, "others").await.then_some(()) })
                .await;
            assert_eq!(open(&world).await, 6);
        }
        relay.stop().await;
    })
    .await;
}

async fn knows(world: &World, group: &str) -> bool {
    let mut connection = world.services.databases().sprint.connection().await.expect("a connection");
    let found: Option<(String,)> = sqlx::query_as("select name from outbox_groups where stream = $1 and name = $2")
        .bind(TASK_UPDATE_EVENTS)
        .bind(group)
        .fetch_optional(&mut *connection)
        .await
        .expect("an answer");
    found.is_some()
}
