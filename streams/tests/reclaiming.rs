//! What a dead consumer left is taken over, what a live one holds is not (promise P8).

#![expect(clippy::unwrap_used, reason = "a test may end anywhere")]

mod support;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use streams::{ConsumerSettings, Redis};
use support::{Diary, GROUP, Room, STREAM, event, quick, retry};
use testkit::{proxy::Proxy, wait};
use tokio::sync::Notify;

fn short_lease(consumer: &str) -> ConsumerSettings {
    ConsumerSettings { claim_after: Duration::from_millis(150), ..quick(GROUP, consumer) }
}

async fn left_pending(room: &Room, by: &str, count: u32) {
    let _: () = room.cli(&format!("XGROUP CREATE {STREAM} {GROUP} 0 MKSTREAM")).await;
    for n in 0..count {
        room.add_event(&format!("k{n}"), n).await;
    }
    let _: redis::Value = room.cli(&format!("XREADGROUP GROUP {GROUP} {by} STREAMS {STREAM} >")).await;
}

#[tokio::test]
async fn idle_entries_are_reclaimed_after_the_lease() {
    let room = Room::new().await;
    left_pending(&room, "dead", 150).await;
    let diary = Diary::default();
    let notes = diary.clone();
    let consumer = room.consume(short_lease("alive"), move |message| {
        assert_eq!(message.attempt, 2, "the first attempt was the dead consumer's");
        notes.note(&message);
        async { Ok(()) }
    });
    diary.wait_for(150).await;
    room.wait_until_nothing_pends(GROUP).await;
    consumer.stop().await;
}

#[tokio::test]
async fn after_a_crash_a_consumer_takes_up_its_own_pending_entries_before_new_ones() {
    let room = Room::new().await;
    left_pending(&room, "one", 120).await;
    room.add_event("k5", 999).await;
    let diary = Diary::default();
    let notes = diary.clone();
    // the lease is the default of half a minute: only its own are taken at once
    let consumer = room.consume(quick(GROUP, "one"), move |message| {
        notes.note(&message);
        async { Ok(()) }
    });
    diary.wait_for(121).await;
    room.wait_until_nothing_pends(GROUP).await;
    consumer.stop().await;
    assert_eq!(diary.of_key("k5"), ["k5-5", "k5-999"]);
}

#[tokio::test]
async fn what_was_handed_over_and_what_is_its_own_is_taken_up_in_one_order() {
    let room = Room::new().await;
    let _: () = room.cli(&format!("XGROUP CREATE {STREAM} {GROUP} 0 MKSTREAM")).await;
    // more than one page, alternately handed over and its own
    let mut ids = Vec::new();
    for n in 0..300 {
        ids.push(room.add_event("k", n).await);
    }
    let _: redis::Value = room.cli(&format!("XREADGROUP GROUP {GROUP} one STREAMS {STREAM} >")).await;
    for id in ids.iter().step_by(2) {
        let day = 24 * 3_600_000;
        let _: redis::Value = room.cli(&format!("XCLAIM {STREAM} {GROUP} handed-over 0 {id} IDLE {day} JUSTID")).await;
    }
    let diary = Diary::default();
    let notes = diary.clone();
    let consumer = room.consume(quick(GROUP, "one"), move |message| {
        notes.note(&message);
        async { Ok(()) }
    });
    diary.wait_for(300).await;
    room.wait_until_nothing_pends(GROUP).await;
    consumer.stop().await;
    assert_eq!(diary.of_key("k"), (0..300).map(|n| format!("k-{n}")).collect::<Vec<_>>());
    let consumers: Vec<std::collections::HashMap<String, redis::Value>> =
        room.cli(&format!("XINFO CONSUMERS {STREAM} {GROUP}")).await;
    assert_eq!(consumers.len(), 1, "the place of what was handed over is gone");
}

#[tokio::test]
async fn at_a_start_an_idle_entry_does_not_overtake_an_older_one_that_was_tried_just_now() {
    let mut room = Room::new().await;
    let _: () = room.cli(&format!("XGROUP CREATE {STREAM} {GROUP} 0 MKSTREAM")).await;
    let (tried, idle) = (room.add_event("k", 1).await, room.add_event("k", 2).await);
    let _: redis::Value = room.cli(&format!("XREADGROUP GROUP {GROUP} one STREAMS {STREAM} >")).await;
    for (id, idle_ms) in [(&tried, 0), (&idle, 3_600_000)] {
        let _: redis::Value = room.cli(&format!("XCLAIM {STREAM} {GROUP} one 0 {id} IDLE {idle_ms} JUSTID")).await;
    }
    // every loop waits for redis, so that none has a start before the others
    room.server.pause();
    let diary = Diary::default();
    let notes = diary.clone();
    let consumer = room.consume(quick(GROUP, "one"), move |message| {
        notes.note(&message);
        async { Ok(()) }
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    room.server.resume();
    diary.wait_for(2).await;
    room.wait_until_nothing_pends(GROUP).await;
    consumer.stop().await;
    assert_eq!(diary.of_key("k"), ["k-1", "k-2"]);
}

#[tokio::test]
async fn a_slow_handler_is_not_run_twice() {
    let room = Room::new().await;
    let (running, most, done) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)), Diary::default());
    let consume = |name: &str| {
        let (running, most, done) = (Arc::clone(&running), Arc::clone(&most), done.clone());
        // a lease that a busy machine cannot miss by accident
        let settings = ConsumerSettings { claim_after: Duration::from_secs(1), ..quick(GROUP, name) };
        room.consume(settings, move |message| {
            let (running, most, done) = (Arc::clone(&running), Arc::clone(&most), done.clone());
            async move {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                // longer than the lease
                tokio::time::sleep(Duration::from_millis(2_500)).await;
                running.fetch_sub(1, Ordering::SeqCst);
                done.note(&message);
                Ok(())
            }
        })
    };
    let consumers = [consume("one"), consume("two")];
    room.add_event("slow", 1).await;
    done.wait_for(1).await;
    room.wait_until_nothing_pends(GROUP).await;
    for consumer in consumers {
        consumer.stop().await;
    }
    assert_eq!((most.load(Ordering::SeqCst), done.all().len()), (1, 1));
}

#[tokio::test]
async fn a_handler_that_takes_its_process_along_ends_as_a_dead_letter() {
    let room = Room::new().await;
    room.add_event("deadly", 1).await;
    let lives = Arc::new(AtomicU64::new(0));
    for life in 1..=5 {
        let begun = Arc::clone(&lives);
        let consumer = room.consume(quick(GROUP, "one"), move |message| {
            assert_eq!(message.attempt, life);
            begun.fetch_add(1, Ordering::SeqCst);
            std::future::pending()
        });
        wait::until("the attempt began", || async { (lives.load(Ordering::SeqCst) == life).then_some(()) }).await;
        consumer.crash().await;
    }
    room.add_event("good", 1).await;
    let diary = Diary::default();
    let notes = diary.clone();
    let consumer = room.consume(quick(GROUP, "one"), move |message| {
        notes.note(&message);
        async { Ok(()) }
    });
    let dead = room.wait_for_dead_letters(1).await.remove(0);
    assert!(dead.provenance.error.contains("stops its process"), "{}", dead.provenance.error);
    assert_eq!(diary.wait_for(1).await, ["good-1"]);
    consumer.stop().await;
}

#[tokio::test]
async fn pending_entries_whose_body_was_deleted_become_dead_letters_that_say_so() {
    for owner in ["one", "dead"] {
        let room = Room::new().await;
        left_pending(&room, owner, 3).await;
        let _: u64 = room.cli(&format!("XTRIM {STREAM} MAXLEN 1")).await;
        let diary = Diary::default();
        let notes = diary.clone();
        let consumer = room.consume(short_lease("one"), move |message| {
            notes.note(&message);
            async { Ok(()) }
        });
        assert_eq!(diary.wait_for(1).await, ["k2-2"]);
        let dead = room.wait_for_dead_letters(2).await;
        room.wait_until_nothing_pends(GROUP).await;
        consumer.stop().await;
        assert!(dead.iter().all(|d| d.provenance.error.starts_with("body lost") && d.fields.is_empty()));
        assert_ne!(dead[0].provenance.source_id, dead[1].provenance.source_id);
    }
}

#[tokio::test]
async fn an_entry_that_was_trimmed_while_it_was_handled_is_kept_as_a_dead_letter() {
    let room = Room::new().await;
    room.add_event("k", 1).await;
    let (begun, gate) = (Arc::new(AtomicU64::new(0)), Arc::new(tokio::sync::Semaphore::new(0)));
    let (started, opened) = (Arc::clone(&begun), Arc::clone(&gate));
    let consumer = room.consume(quick(GROUP, "one"), move |_| {
        let (started, opened) = (Arc::clone(&started), Arc::clone(&opened));
        async move {
            started.fetch_add(1, Ordering::SeqCst);
            opened.acquire().await.unwrap().forget();
            Err(streams::Failure::Reject(anyhow::anyhow!("never")))
        }
    });
    wait::until("it is handled", || async { (begun.load(Ordering::SeqCst) == 1).then_some(()) }).await;
    let _: u64 = room.cli(&format!("XTRIM {STREAM} MAXLEN 0")).await;
    gate.add_permits(1);
    let dead = room.wait_for_dead_letters(1).await.remove(0);
    consumer.stop().await;
    assert_eq!(dead.fields[0].value, event("k", 1));
}

#[tokio::test]
async fn two_consumers_share_a_group_and_every_entry_is_handled_once() {
    let room = Room::new().await;
    let diary = Diary::default();
    let consume = |name: &str| {
        let notes = diary.clone();
        room.consume(ConsumerSettings { batch: 7, ..quick(GROUP, name) }, move |message| {
            notes.note(&message);
            async { Ok(()) }
        })
    };
    let consumers = [consume("one"), consume("two")];
    for n in 0..200 {
        room.add_event(&format!("k{}", n % 10), n).await;
    }
    diary.wait_for(200).await;
    room.wait_until_nothing_pends(GROUP).await;
    for consumer in consumers {
        consumer.stop().await;
    }
    assert!(diary.counts().values().all(|count| *count == 1));
}

#[tokio::test]
async fn what_a_consumer_takes_up_at_its_start_is_not_abandoned_any_more() {
    let room = Room::new().await;
    let first = room.add_event("a", 1).await;
    let second = room.add_event("a", 2).await;
    let _: redis::Value = room.cli(&format!("XGROUP CREATE {STREAM} {GROUP} 0")).await;
    let two_hours_ms = 2 * 3_600_000;
    for id in [&first, &second] {
        let _: redis::Value = room.cli(&format!("XREADGROUP GROUP {GROUP} one COUNT 1 STREAMS {STREAM} >")).await;
        let _: redis::Value = room.cli(&format!("XCLAIM {STREAM} {GROUP} one 0 {id} IDLE {two_hours_ms}")).await;
    }
    // no touch but the one of the start comes in the time of a test, and the second one waits behind the first
    let settings = ConsumerSettings { claim_after: Duration::from_hours(1), ..quick(GROUP, "one") };
    let running = room.consume(settings, |_| std::future::pending());
    wait::until("the second one is fresh", || async {
        type Pending = Vec<(String, String, u64, u64)>;
        let pending: Pending = room.cli(&format!("XPENDING {STREAM} {GROUP} {second} {second} 1")).await;
        (pending[0].2 < two_hours_ms).then_some(())
    })
    .await;
    running.crash().await;
}

/// promise P8
#[tokio::test(flavor = "multi_thread")]
async fn what_waited_until_its_lease_was_out_is_asked_for_before_it_runs() {
    let mut room = Room::new().await;
    let proxy = Proxy::start(&room.server.url()).await;
    let straight = std::mem::replace(&mut room.redis, Redis::new(&proxy.url()).unwrap());
    let (cut_off, first_may_end) = (Diary::default(), Arc::new(Notify::new()));
    let (notes, gate) = (cut_off.clone(), Arc::clone(&first_may_end));
    let behind = room.consume(short_lease("behind"), move |message| {
        notes.note(&message);
        let (first, gate) = (message.envelope.event_id.as_deref() == Some("k-1"), Arc::clone(&gate));
        async move {
            if first {
                gate.notified().await;
            }
            Ok(())
        }
    });
    room.redis = straight;
    room.add_event("k", 1).await;
    room.add_event("k", 2).await;
    wait::until("both are held", || async { (room.pending(GROUP).await == Some(2)).then_some(()) }).await;
    cut_off.wait_for(1).await;
    proxy.half_open(true);
    // one that takes over what the other one cannot keep, and has room for no more than that
    let (took_over, second_may_end) = (Diary::default(), Arc::new(Notify::new()));
    let (notes, gate) = (took_over.clone(), Arc::clone(&second_may_end));
    let settings = ConsumerSettings { hold_at_most: 1, at_once: 1, ..short_lease("other") };
    let other = room.consume(settings, move |message| {
        notes.note(&message);
        let (second, gate) = (message.envelope.event_id.as_deref() == Some("k-2"), Arc::clone(&gate));
        async move {
            if second {
                gate.notified().await;
            }
            Ok(())
        }
    });
    took_over.wait_for(2).await;
    first_may_end.notify_one();
    proxy.half_open(false);
    room.add_event("z", 1).await;
    cut_off.wait_for(2).await;
    assert_eq!(cut_off.all(), ["k-1", "z-1"], "the second one runs elsewhere");
    second_may_end.notify_one();
    room.wait_until_nothing_pends(GROUP).await;
    behind.stop().await;
    other.stop().await;
    assert_eq!(took_over.all(), ["k-1", "k-2"]);
}

/// promise P8
#[tokio::test(flavor = "multi_thread")]
async fn where_redis_is_out_of_reach_nothing_is_tried_again_after_its_lease() {
    let mut room = Room::new().await;
    let network = Arc::new(std::sync::Mutex::new(Some(Proxy::start(&room.server.url()).await)));
    let url = network.lock().unwrap().as_ref().unwrap().url();
    let straight = std::mem::replace(&mut room.redis, Redis::new(&url).unwrap());
    let attempts = Arc::new(AtomicUsize::new(0));
    let tried = Arc::clone(&attempts);
    let settings = ConsumerSettings { max_attempts: 1_000, ..short_lease("behind") };
    let behind = room.consume(settings, move |_| {
        // the way to redis is gone for good
        drop(network.lock().unwrap().take());
        tried.fetch_add(1, Ordering::SeqCst);
        async { retry("not yet") }
    });
    room.redis = straight;
    room.add_event("k", 1).await;
    wait::until("it is tried without redis", || async { (attempts.load(Ordering::SeqCst) > 1).then_some(()) }).await;
    let (diary, before) = (Diary::default(), Arc::new(AtomicUsize::new(0)));
    let (notes, so_far, now) = (diary.clone(), Arc::clone(&attempts), Arc::clone(&before));
    let other = room.consume(short_lease("other"), move |message| {
        now.store(so_far.load(Ordering::SeqCst), Ordering::SeqCst);
        notes.note(&message);
        // as long as many waits of the first one
        async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            Ok(())
        }
    });
    room.wait_until_nothing_pends(GROUP).await;
    assert_eq!(attempts.load(Ordering::SeqCst), before.load(Ordering::SeqCst), "while it ran elsewhere");
    assert_eq!(diary.all(), ["k-1"]);
    behind.crash().await;
    other.stop().await;
}

/// F15: XAUTOCLAIM looks at ten times COUNT entries and no more.
#[tokio::test]
async fn a_reclaimer_goes_through_a_long_list_to_its_end() {
    let room = Room::new().await;
    left_pending(&room, "dead", 60).await;
    let pending: Vec<(String, String, u64, u64)> = room.cli(&format!("XPENDING {STREAM} {GROUP} - + 60")).await;
    let last = &pending[59].0;
    let hour = Duration::from_hours(1);
    // the others were delivered just now, and are not to be taken
    let _: redis::Value = room.cli(&format!("XCLAIM {STREAM} {GROUP} dead 0 {last} IDLE 7200000 JUSTID")).await;
    let diary = Diary::default();
    let notes = diary.clone();
    let settings = ConsumerSettings { batch: 1, claim_after: hour, ..quick(GROUP, "alive") };
    let consumer = room.consume(settings, move |message| {
        notes.note(&message);
        async { Ok(()) }
    });
    assert_eq!(diary.wait_for(1).await, ["k59-59"]);
    consumer.stop().await;
}
