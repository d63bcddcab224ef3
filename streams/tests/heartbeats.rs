//! What consumers measure is seen by every process on the Redis: by event type, for as long as the process lives.

#![expect(clippy::unwrap_used, reason = "a test may end anywhere")]

mod support;

use std::time::Duration;

use domain::{
    latency::{EventType, Heartbeats, TypeHandling},
    stream::{GroupSample, Handling},
};
use streams::{Failure, Metrics, Redis, Reporter, heartbeat::Identity, keys::HEARTBEATS};
use support::{GROUP, Room, Running, STREAM, quick, retry};
use testkit::{redis::Server, wait};
use tokio_util::sync::CancellationToken;

/// What one process has: its measurements, and the loop that shares them.
struct Process {
    metrics: Metrics,
    reporter: Running,
}

fn process(redis: &Redis, instance: &str) -> Process {
    let (metrics, stop) = (Metrics::default(), CancellationToken::new());
    let reporter = Reporter::new(redis.clone(), metrics.clone(), Identity::new(instance, "1.2.3"));
    let task = tokio::spawn(reporter.every(Duration::from_millis(20)).run(stop.clone()));
    Process { metrics, reporter: Running { stop, task } }
}

fn typed(event_type: &str, key: &str) -> String {
    format!(r#"{{"event_type":"{event_type}","aggregate_id":"{key}"}}"#)
}

async fn group_as(room: &Room, metrics: &Metrics) -> Option<GroupSample> {
    let snapshot = room.sample_as(&room.redis, metrics).await;
    snapshot.stream(STREAM)?.groups.iter().find(|group| group.name == GROUP).cloned()
}

/// The group as a process with these measurements sees it, as soon as it is as wanted.
async fn handling_until(room: &Room, metrics: &Metrics, wanted: impl Fn(&Handling) -> bool) -> Handling {
    wait::until("the group as it is wanted", || async { group_as(room, metrics).await?.handling.filter(&wanted) }).await
}

/// What the last look of the room's own sampler found of the records.
async fn heartbeats(room: &Room) -> Heartbeats {
    room.sample().await;
    room.metrics.heartbeats()
}

fn of<'a>(handling: &'a Handling, name: &str) -> &'a TypeHandling {
    let named = EventType::Named(name.to_owned());
    handling.types.iter().find(|one| one.event_type == named).unwrap_or_else(|| panic!("{name} in {handling:?}"))
}

#[tokio::test]
async fn a_process_without_consumers_sees_what_those_of_two_others_did_by_event_type() {
    let room = Room::new().await;
    let (a, b) = (process(&room.redis, "a"), process(&room.redis, "b"));
    let consumers = [
        room.consume_as(&a.metrics, quick(GROUP, "a"), |_| async { Ok(()) }),
        room.consume_as(&b.metrics, quick(GROUP, "b"), |_| async { Ok(()) }),
    ];
    for n in 0..200 {
        let event_type = if n % 4 == 0 { "Ordered" } else { "Paid" };
        room.add(&typed(event_type, &n.to_string())).await;
    }
    let seen = handling_until(&room, &room.metrics, |seen| seen.handled == 200).await;
    assert_eq!((of(&seen, "Ordered").handled, of(&seen, "Paid").handled, seen.failed), (50, 150, 0));
    for one in &seen.types {
        let counts = [one.delivered, one.settled, one.handler].map(|times| times.count);
        assert_eq!(counts, [one.handled; 3], "every entry was measured three times: {one:?}");
        assert!(one.settled.p50_ms >= one.handler.p50_ms, "handling is a part of it: {one:?}");
    }
    let reports: Vec<_> = seen.reports.iter().map(|report| (report.instance.as_str(), report.here)).collect();
    assert_eq!((reports, seen.here), (vec![("a", false), ("b", false)], false));
    assert_eq!(seen.reports[0].version, "1.2.3");
    assert_eq!(heartbeats(&room).await.others, 2);

    let own = handling_until(&room, &a.metrics, |seen| seen.handled >= 200).await;
    assert_eq!(own.handled, 200, "its own figures come from memory, and not from its record as well");
    let reports: Vec<_> = own.reports.iter().map(|report| (report.instance.as_str(), report.here)).collect();
    assert_eq!((reports, own.here), (vec![("a", true), ("b", false)], true));
    for consumer in consumers {
        consumer.stop().await;
    }
}

#[tokio::test]
async fn failures_retries_and_dead_letters_are_counted_by_event_type() {
    let room = Room::new().await;
    let shop = process(&room.redis, "shop");
    let consumer = room.consume_as(&shop.metrics, quick(GROUP, "one"), |message| async move {
        match (message.envelope.event_type.as_deref(), message.attempt) {
            (Some("Flaky"), 1 | 2) => retry("not yet"),
            (Some("Broken"), _) => retry("never"),
            (Some("Wrong"), _) => Err(Failure::Reject(anyhow::anyhow!("no such thing"))),
            _ => Ok(()),
        }
    });
    for data in [typed("Fine", "a"), typed("Flaky", "b"), typed("Broken", "c"), typed("Wrong", "d"), "{}".to_owned()] {
        room.add(&data).await;
    }
    let seen = handling_until(&room, &room.metrics, |seen| (seen.handled, seen.dead_lettered) == (2, 3)).await;
    let counts = |name| {
        let one = of(&seen, name);
        (one.handled, one.failed, one.retried, one.dead_lettered, one.delivered.count, one.settled.count)
    };
    assert_eq!(counts("Fine"), (1, 0, 0, 0, 1, 1));
    assert_eq!(counts("Flaky"), (1, 2, 2, 0, 1, 1));
    assert_eq!(counts("Broken"), (0, 5, 4, 1, 1, 0));
    assert_eq!(counts("Wrong"), (0, 1, 0, 1, 1, 0));
    let flaky = of(&seen, "Flaky");
    assert_eq!(flaky.handler.count, 3, "each attempt takes a time");
    assert!(flaky.settled.p50_ms >= 20.0, "with the waits between the attempts: {flaky:?}");
    let malformed = seen.types.iter().find(|one| one.event_type == EventType::Malformed).unwrap();
    assert_eq!((malformed.handled, malformed.failed, malformed.dead_lettered), (0, 0, 1));
    consumer.stop().await;
}

#[tokio::test]
async fn what_is_taken_over_was_not_delivered_a_second_time() {
    let room = Room::new().await;
    room.add(&typed("Paid", "a")).await;
    let dead = room.consume_as(&Metrics::default(), quick(GROUP, "one"), |_| std::future::pending());
    wait::until("the entry pends", || async { room.pending(GROUP).await.filter(|pending| *pending == 1) }).await;
    dead.crash().await;
    let heir = room.consume_as(&room.metrics, quick(GROUP, "one"), |_| async { Ok(()) });
    let seen = handling_until(&room, &room.metrics, |seen| seen.handled == 1).await;
    let paid = of(&seen, "Paid");
    assert_eq!((paid.retried, paid.delivered.count, paid.settled.count), (1, 0, 1));
    heir.stop().await;
}

#[tokio::test]
async fn the_figures_of_a_process_that_was_killed_vanish_with_its_record() {
    let room = Room::new().await;
    let shop = process(&room.redis, "shop");
    let consumer = room.consume_as(&shop.metrics, quick(GROUP, "one"), |_| async { Ok(()) });
    room.add(&typed("Paid", "a")).await;
    handling_until(&room, &room.metrics, |seen| seen.handled == 1).await;
    consumer.stop().await;
    shop.reporter.crash().await;
    assert!(group_as(&room, &room.metrics).await.unwrap().handling.is_some(), "nobody knows yet that it is dead");
    wait::until_within(Duration::from_mins(1), "its record has expired", || async {
        group_as(&room, &room.metrics).await.filter(|group| group.handling.is_none())
    })
    .await;
    wait::until("nothing is left", || async {
        (room.cli::<u64>(&format!("EXISTS {HEARTBEATS}")).await == 0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_process_that_ends_in_order_takes_its_record_along() {
    let room = Room::new().await;
    let shop = process(&room.redis, "shop");
    let consumer = room.consume_as(&shop.metrics, quick(GROUP, "one"), |_| async { Ok(()) });
    room.add(&typed("Paid", "a")).await;
    handling_until(&room, &room.metrics, |seen| seen.handled == 1).await;
    let records = || async { room.cli::<Vec<String>>(&format!("KEYS {HEARTBEATS}*")).await };
    assert_eq!(records().await.len(), 2, "the index and the record");
    consumer.stop().await;
    shop.reporter.stop().await;
    assert_eq!(records().await, Vec::<String>::new());
    assert_eq!(group_as(&room, &room.metrics).await.unwrap().handling, None);
}

#[tokio::test]
async fn a_process_that_consumes_nothing_writes_nothing() {
    let room = Room::new().await;
    let idle = process(&room.redis, "idle");
    let busy = process(&room.redis, "busy");
    let consumer = room.consume_as(&busy.metrics, quick(GROUP, "one"), |_| async { Ok(()) });
    handling_until(&room, &room.metrics, |seen| seen.reports.len() == 1).await;
    assert_eq!(room.cli::<u64>(&format!("ZCARD {HEARTBEATS}")).await, 1);
    idle.reporter.stop().await;
    consumer.stop().await;
}

async fn put(room: &Room, id: &str, ahead_ms: i64, record: Option<&str>) {
    let mut connection = room.raw.get_multiplexed_async_connection().await.unwrap();
    let (seconds, micros): (i64, i64) = redis::cmd("TIME").query_async(&mut connection).await.unwrap();
    let mut pipeline = redis::pipe();
    pipeline.cmd("ZADD").arg(HEARTBEATS).arg(seconds * 1_000 + micros / 1_000 + ahead_ms).arg(id);
    if let Some(record) = record {
        pipeline.cmd("SET").arg(format!("{HEARTBEATS}:{id}")).arg(record);
    }
    let () = pipeline.query_async(&mut connection).await.unwrap();
}

#[tokio::test]
async fn records_that_cannot_be_understood_are_passed_over_and_told() {
    let room = Room::new().await;
    let _: String = room.cli(&format!("XGROUP CREATE {STREAM} {GROUP} 0 MKSTREAM")).await;
    let good = format!(
        r#"{{"format":1,"instance":"<b>other</b>","groups":[{{"stream":"{STREAM}","group":"{GROUP}","types":[
        {{"event_type":{{"named":"Paid"}},"handled":3,"failed":1,"handler_us":[1000,3,500000,1]}}]}}]}}"#
    );
    let _: u64 = room.cli(&format!("LPUSH {HEARTBEATS}:list x")).await;
    let told = wait::until("all of them are seen", || async {
        put(&room, "good", 0, Some(&good)).await;
        put(&room, "garbage", 0, Some("\u{1}\u{2}")).await;
        put(&room, "newer", 0, Some(r#"{"format":9}"#)).await;
        put(&room, "gigantic", 0, Some(&"x".repeat(3_000_000))).await;
        put(&room, "list", 0, None).await;
        put(&room, "gone", 0, None).await;
        put(&room, "future", 3_600_000, Some(&good)).await;
        Some(heartbeats(&room).await).filter(|told| told.others == 1 && told.skipped == 5)
    })
    .await;
    for why in ["garbage: it is no record", "newer: its format is 9", "gigantic: it is longer", "from the future"] {
        assert!(told.why.iter().any(|told| told.contains(why)), "{why} in {told:?}");
    }
    let seen = group_as(&room, &room.metrics).await.unwrap().handling.unwrap();
    assert_eq!((seen.handled, seen.failed, seen.reports.len()), (3, 1, 1));
    assert_eq!(seen.reports[0].instance, "<b>other</b>", "text, whatever it is");
    assert!((of(&seen, "Paid").handler.p99_ms / 500.0 - 1.0).abs() < 0.01, "{seen:?}");
}

#[tokio::test]
async fn more_processes_than_are_read_are_told_and_those_that_beat_last_are_read() {
    let room = Room::new().await;
    // all of them before the first one is too old
    wait::until("as many as are read, and one line for the others", || async {
        for n in 0..70 {
            put(&room, &format!("p{n}"), 0, Some(r#"{"format":1,"instance":"p"}"#)).await;
        }
        let told = heartbeats(&room).await;
        (told.others == 64 && told.skipped == 1).then_some(())
    })
    .await;
}

#[tokio::test]
async fn another_key_in_the_place_of_the_index_stops_neither_looks_nor_handling() {
    let room = Room::new().await;
    let _: String = room.cli(&format!("SET {HEARTBEATS} mine")).await;
    let shop = process(&room.redis, "shop");
    let consumer = room.consume_as(&shop.metrics, quick(GROUP, "one"), |_| async { Ok(()) });
    room.add(&typed("Paid", "a")).await;
    let own = handling_until(&room, &shop.metrics, |seen| seen.handled == 1).await;
    assert!(own.here);
    wait::until("it says that it cannot share", || async { shop.metrics.heartbeats().unshared }).await;
    let told = heartbeats(&room).await;
    assert!(told.unread.is_some_and(|why| why.contains("WRONGTYPE")));
    let _: u64 = room.cli(&format!("DEL {HEARTBEATS}")).await;
    handling_until(&room, &room.metrics, |seen| seen.handled == 1).await;
    assert_eq!((shop.metrics.heartbeats().unshared, room.metrics.heartbeats().unread), (None, None), "it heals");
    consumer.stop().await;
}

#[tokio::test]
async fn a_user_who_may_not_write_the_record_consumes_and_looks_all_the_same() {
    let server = Server::start().await;
    let url = format!("{}?user=limited&pass=secret", server.url().replace("unix://", "redis+unix://"));
    let room = Room::with(server);
    let _: () = room.cli("ACL SETUSER limited on >secret +@all ~events ~{events}:*").await;
    let limited = Redis::new(&url).unwrap();
    let shop = process(&limited, "shop");
    let consumer = room.consume_as(&shop.metrics, quick(GROUP, "one"), |_| async { Ok(()) });
    room.add(&typed("Paid", "a")).await;
    let own = handling_until(&room, &shop.metrics, |seen| seen.handled == 1).await;
    assert!(own.here && own.reports.len() == 1);
    let why = wait::until("it says that it cannot share", || async { shop.metrics.heartbeats().unshared }).await;
    assert!(why.contains("NOPERM"), "{why}");
    let snapshot = room.sample_as(&limited, &shop.metrics).await;
    assert!(snapshot.stream(STREAM).is_some(), "looking goes on");
    assert!(shop.metrics.heartbeats().unread.is_some_and(|why| why.contains("NOPERM")));

    let _: () = room.cli(&format!("ACL SETUSER limited ~{HEARTBEATS}*")).await;
    handling_until(&room, &room.metrics, |seen| seen.handled == 1).await;
    wait::until("it heals", || async { shop.metrics.heartbeats().unshared.is_none().then_some(()) }).await;
    consumer.stop().await;
    shop.reporter.stop().await;
}

#[tokio::test]
async fn what_can_be_told_of_a_group_of_strangers_is_derived_and_nothing_is_made_up() {
    let room = Room::new().await;
    let _: String = room.cli(&format!("XGROUP CREATE {STREAM} {GROUP} 0 MKSTREAM")).await;
    let fresh = group_as(&room, &room.metrics).await.unwrap();
    assert_eq!((fresh.handling, fresh.derived.oldest_delivery_ms), (None, None));
    assert_eq!(fresh.derived.acknowledged_per_second, None, "one look knows no rate");
    room.add(&typed("Paid", "a")).await;
    let _: redis::Value = room.cli(&format!("XREADGROUP GROUP {GROUP} c STREAMS {STREAM} >")).await;
    let held = wait::until("it pends for a while", || async {
        group_as(&room, &room.metrics).await.filter(|group| group.derived.oldest_delivery_ms.is_some_and(|ms| ms >= 50))
    })
    .await;
    assert_eq!((held.pending, held.handling), (1, None));
}
