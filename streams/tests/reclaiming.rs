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

use streams::ConsumerSettings;
use support::{Diary, GROUP, Room, STREAM, event, quick};
use testkit::wait;

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
