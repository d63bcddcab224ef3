//! Redis goes, comes back, forgets: consumers and sampler recover by themselves (promise P10).

#![expect(clippy::unwrap_used, reason = "a test may end anywhere")]

mod support;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use streams::{ConsumerSettings, Error, Failure};
use support::{Diary, GROUP, Room, Running, STREAM, quick, retry};
use testkit::{proxy::Proxy, redis::Server, wait};
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

#[tokio::test]
async fn what_a_deleted_consumer_held_is_handled_all_the_same_and_pends_again_meanwhile() {
    let room = Room::new().await;
    let (diary, open) = (Diary::default(), Arc::new(tokio::sync::Semaphore::new(0)));
    let (notes, gate) = (diary.clone(), Arc::clone(&open));
    let settings = ConsumerSettings { claim_after: Duration::from_millis(900), ..quick(GROUP, "one") };
    let running = room.consume(settings, move |message| {
        let (notes, gate) = (notes.clone(), Arc::clone(&gate));
        async move {
            let _open = gate.acquire().await.unwrap();
            notes.note(&message);
            if message.envelope.event_id.as_deref() == Some("a-1") {
                return Err(Failure::Reject(anyhow::anyhow!("poisoned")));
            }
            Ok(())
        }
    });
    for n in 0..5 {
        room.add_event("a", n).await;
        room.add_event("b", n).await;
    }
    wait::until("all are held", || async { (room.pending(GROUP).await == Some(10)).then_some(()) }).await;
    let destroyed: u64 = room.cli(&format!("XGROUP DELCONSUMER {STREAM} {GROUP} one")).await;
    assert_eq!(destroyed, 10);
    wait::until("they pend again", || async { (room.pending(GROUP).await == Some(10)).then_some(()) }).await;
    open.add_permits(10);
    diary.wait_for(10).await;
    room.wait_until_nothing_pends(GROUP).await;
    let dead = room.wait_for_dead_letters(1).await;
    assert_eq!(dead[0].provenance.event_id.as_deref(), Some("a-1"));
    running.stop().await;
    assert_eq!(diary.all().len(), 10, "each once");
}

#[tokio::test]
async fn what_somebody_acknowledged_by_hand_is_not_put_back() {
    let room = Room::new().await;
    let diary = Diary::default();
    let notes = diary.clone();
    let settings =
        ConsumerSettings { claim_after: Duration::from_millis(300), max_attempts: 1_000, ..quick(GROUP, "one") };
    let running = room.consume(settings, move |message| {
        notes.note(&message);
        async { retry("always") }
    });
    let skipped = room.add_event("a", 1).await;
    room.add_event("b", 1).await;
    // several leases, so that both are known as ours
    wait::until("both were tried again and again", || async {
        (diary.of_key("a").len() > 60 && diary.of_key("b").len() > 60).then_some(())
    })
    .await;
    let _: u64 = room.cli(&format!("XACK {STREAM} {GROUP} {skipped}")).await;
    wait::until("it is let go", || async {
        let before = diary.of_key("a").len();
        let others = diary.of_key("b").len();
        wait::until("the other one is tried", || async { (diary.of_key("b").len() > others + 3).then_some(()) }).await;
        (diary.of_key("a").len() == before).then_some(())
    })
    .await;
    assert_eq!(room.pending(GROUP).await, Some(1));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_whose_answer_is_lost_makes_one_dead_letter() {
    let mut room = Room::new().await;
    let proxy = Arc::new(Proxy::start(&room.server.url()).await);
    // what is added goes past the proxy
    let straight = std::mem::replace(&mut room.redis, streams::Redis::new(&proxy.url()).unwrap());
    let (network, diary) = (Arc::clone(&proxy), Diary::default());
    let notes = diary.clone();
    let consumer = room.consume(quick(GROUP, "one"), move |message| {
        let id = message.envelope.event_id.clone().unwrap_or_default();
        let refused = id != "k-2";
        match id.as_str() {
            "k-1" => network.swallow_replies(true),
            "k-2" => notes.note(&message),
            _ => {}
        }
        async move { if refused { Err(Failure::Reject(anyhow::anyhow!("refused"))) } else { Ok(()) } }
    });
    // the first one makes the script known, whose name alone is sent from then on
    let graves = format!("XLEN {{{STREAM}}}:dlq");
    for n in 0..2 {
        let outgoing = streams::Outgoing { stream: STREAM.into(), data: support::event("k", n) };
        streams::publish(&straight, &[outgoing]).await.unwrap();
        let moved = u64::from(n) + 1;
        wait::until("the entry is moved", || async { (room.cli::<u64>(&graves).await == moved).then_some(()) }).await;
    }
    proxy.swallow_replies(false);
    // of the same key: handled when the first one is settled
    add_at_last(&room, "k", 2).await;
    diary.wait_for(1).await;
    room.wait_until_nothing_pends(GROUP).await;
    consumer.stop().await;
    assert_eq!(room.cli::<u64>(&graves).await, 2);
}

/// promises P5 and P10: what keeps the consumer from reading must not keep it from noticing
#[tokio::test]
async fn a_group_that_is_lost_while_nothing_may_be_read_is_created_again() {
    let room = Room::new().await;
    let (diary, away) = (Diary::default(), Arc::new(AtomicBool::new(true)));
    let (notes, database) = (diary.clone(), Arc::clone(&away));
    let running = room.consume(quick(GROUP, "one"), move |message| {
        notes.note(&message);
        let ended = match message.envelope.event_id.as_deref() {
            Some("a-1") if database.load(Ordering::SeqCst) => Err(Failure::Outage(anyhow::anyhow!("away"))),
            Some("a-1") => Err(Failure::Reject(anyhow::anyhow!("poisoned"))),
            _ => Ok(()),
        };
        async move { ended }
    });
    room.add_event("a", 1).await;
    diary.wait_for(3).await;
    let _: u64 = room.cli(&format!("XGROUP DESTROY {STREAM} {GROUP}")).await;
    room.add_event("b", 1).await;
    // the probe that would end the outage cannot be moved to the dead letters of a group that is not there
    away.store(false, Ordering::SeqCst);
    let dead = room.wait_for_dead_letters(1).await;
    assert_eq!(dead[0].provenance.event_id.as_deref(), Some("a-1"));
    wait::until("what came after it is handled", || async { (diary.of_key("b") == ["b-1"]).then_some(()) }).await;
    room.wait_until_nothing_pends(GROUP).await;
    running.stop().await;
    assert_eq!(room.dead_letters().await.len(), 1);
}

/// promise P5
#[tokio::test]
async fn an_outage_ends_although_the_entry_that_it_began_with_was_taken_away() {
    let room = Room::new().await;
    let diary = Diary::default();
    let notes = diary.clone();
    let settings = ConsumerSettings { claim_after: Duration::from_millis(900), ..quick(GROUP, "one") };
    let running = room.consume(settings, move |message| {
        notes.note(&message);
        let lasts = message.envelope.event_id.as_deref() == Some("a-1");
        async move { if lasts { Err(Failure::Outage(anyhow::anyhow!("away"))) } else { Ok(()) } }
    });
    let first = room.add_event("a", 1).await;
    diary.wait_for(3).await;
    room.add_event("b", 1).await;
    let _: redis::Value = room.cli(&format!("XCLAIM {STREAM} {GROUP} other 0 {first} JUSTID")).await;
    wait::until("what came after it is handled", || async { (diary.of_key("b") == ["b-1"]).then_some(()) }).await;
    running.crash().await;
}
