//! Redis goes, comes back, forgets: consumers and sampler recover by themselves (promise P10).

#![expect(clippy::unwrap_used, reason = "a test may end anywhere")]

mod support;

use std::{sync::Arc, time::Duration};

use streams::Error;
use support::{Diary, GROUP, Room, Running, STREAM, quick};
use testkit::{redis::Server, wait};
use tokio_util::sync::CancellationToken;

fn consumer(room: &Room) -> (Diary, Running) {
    let diary = Diary::default();
    let notes = diary.clone();
    let running = room.consume(quick(GROUP, "one"), move |message| {
        notes.note(&message);
        async { Ok(()) }
    });
    (diary, running)
}

/// Publishes as the relay does: again and again until Redis took it.
async fn add_at_last(room: &Room, key: &str, n: u32) {
    wait::until("redis takes it", || async {
        let outgoing = streams::Outgoing { stream: STREAM.into(), data: support::event(key, n) };
        streams::publish(&room.redis, &[outgoing]).await.ok()
    })
    .await;
}

/// fault 11
#[tokio::test]
async fn after_flushall_the_group_is_created_again_and_work_goes_on() {
    let room = Room::new().await;
    let (diary, running) = consumer(&room);
    for n in 0..5 {
        room.add_event("a", n).await;
    }
    diary.wait_for(5).await;
    let _: () = room.cli("FLUSHALL").await;
    // before the consumer has noticed, and with the scripts forgotten too
    room.add_event("b", 1).await;
    diary.wait_for(6).await;
    room.add_event("b", 2).await;
    diary.wait_for(7).await;
    room.wait_until_nothing_pends(GROUP).await;
    running.stop().await;
    assert_eq!(diary.of_key("b"), ["b-1", "b-2"]);
    assert_eq!(diary.all().len(), 7);
}

#[tokio::test]
async fn a_stream_that_starts_again_with_lower_ids_is_read_from_its_start() {
    let room = Room::new().await;
    let (diary, running) = consumer(&room);
    for n in 0..3 {
        room.add_event("a", n).await;
    }
    diary.wait_for(3).await;
    let mut connection = room.raw.get_multiplexed_async_connection().await.unwrap();
    let mut reborn = redis::pipe();
    reborn.atomic().cmd("DEL").arg(STREAM);
    reborn.cmd("XADD").arg(STREAM).arg("1-0").arg("data").arg(support::event("low", 1));
    let _: redis::Value = reborn.query_async(&mut connection).await.unwrap();
    diary.wait_for(4).await;
    running.stop().await;
    assert_eq!(diary.of_key("low"), ["low-1"]);
}

/// How often anybody has looked for entries to take over.
async fn looks(room: &Room) -> u64 {
    let stats: String = room.cli("INFO commandstats").await;
    let calls = stats.lines().find_map(|line| line.strip_prefix("cmdstat_xautoclaim:calls="));
    calls.map_or(0, |rest| rest.split(',').next().unwrap().parse().unwrap())
}

#[tokio::test]
async fn a_destroyed_group_goes_on_where_it_was_and_repeats_nothing_that_was_acknowledged() {
    let room = Room::new().await;
    // some are there before the group is: they must not be counted twice when its place is found again
    for n in 0..25 {
        room.add_event("a", n).await;
    }
    let (diary, running) = consumer(&room);
    for n in 25..50 {
        room.add_event("a", n).await;
    }
    diary.wait_for(50).await;
    room.wait_until_nothing_pends(GROUP).await;
    // the consumer has looked at the pending list since: what it remembers is that nothing pends
    let looks = looks(&room).await;
    wait::until("two more looks", || async { (self::looks(&room).await >= looks + 2).then_some(()) }).await;
    let _: u64 = room.cli(&format!("XGROUP DESTROY {STREAM} {GROUP}")).await;
    room.add_event("b", 1).await;
    diary.wait_for(51).await;
    running.stop().await;
    assert!(diary.counts().values().all(|count| *count == 1), "{:?}", diary.counts());
}

#[tokio::test]
async fn a_consumer_that_starts_before_redis_begins_when_redis_comes() {
    let mut server = Server::start().await;
    server.stop();
    let mut room = Room::with(server);
    assert!(matches!(room.redis.ping().await, Err(Error::Unavailable(_))));
    let (diary, running) = consumer(&room);
    room.server.start_again().await;
    add_at_last(&room, "a", 1).await;
    diary.wait_for(1).await;
    running.stop().await;
}

#[tokio::test]
async fn after_a_crash_of_redis_nothing_acknowledged_is_repeated_and_nothing_is_lost() {
    let mut room = Room::with(Server::start_durable().await);
    let (diary, running) = consumer(&room);
    for n in 0..30 {
        room.add_event("a", n).await;
    }
    diary.wait_for(30).await;
    room.wait_until_nothing_pends(GROUP).await;
    room.server.kill();
    room.server.start_again().await;
    add_at_last(&room, "b", 1).await;
    wait::until("the new one", || async { (!diary.of_key("b").is_empty()).then_some(()) }).await;
    room.wait_until_nothing_pends(GROUP).await;
    running.stop().await;
    assert_eq!(diary.of_key("a").len(), 30);
}

#[tokio::test]
async fn work_that_is_done_while_redis_is_away_is_acknowledged_when_it_is_back() {
    let mut room = Room::with(Server::start_durable().await);
    let (diary, gate) = (Diary::default(), Arc::new(tokio::sync::Semaphore::new(0)));
    let (notes, opened) = (diary.clone(), Arc::clone(&gate));
    let running = room.consume(quick(GROUP, "one"), move |message| {
        let (notes, opened) = (notes.clone(), Arc::clone(&opened));
        async move {
            opened.acquire().await.unwrap().forget();
            notes.note(&message);
            Ok(())
        }
    });
    room.add_event("a", 1).await;
    wait::until("it is delivered", || async { (room.pending(GROUP).await == Some(1)).then_some(()) }).await;
    room.server.kill();
    gate.add_permits(10);
    diary.wait_for(1).await;
    room.server.start_again().await;
    room.wait_until_nothing_pends(GROUP).await;
    running.stop().await;
    assert_eq!(diary.all(), ["a-1"]);
}

#[tokio::test]
async fn without_redis_the_last_figures_stay_and_say_why() {
    let mut room = Room::with(Server::start_durable().await);
    room.add_event("a", 1).await;
    let (sampler, latest) =
        streams::sampler::sampler(room.redis.clone(), room.metrics.clone(), Duration::from_millis(20));
    assert!(latest.borrow().error.is_some(), "before the first look nothing is known");
    let stop = CancellationToken::new();
    let task = tokio::spawn(sampler.run(stop.clone()));
    let live = || async { Some(Arc::clone(&latest.borrow())).filter(|s| s.error.is_none()) };
    wait::until("a look", live).await;
    room.server.kill();
    let stale =
        wait::until("the loss is told", || async { Some(Arc::clone(&latest.borrow())).filter(|s| s.error.is_some()) })
            .await;
    assert_eq!(stale.stream(STREAM).unwrap().length, 1);
    room.server.start_again().await;
    let fresh = wait::until("live again", live).await;
    assert!(fresh.at > stale.at);
    stop.cancel();
    task.await.unwrap();
}
