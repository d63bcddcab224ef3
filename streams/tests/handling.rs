//! A consumer handles what it is given: in order per key, with retries, and gives up on what cannot be handled.

#![expect(clippy::unwrap_used, reason = "a test may end anywhere")]

pub(crate) mod support;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use streams::{ConsumerSettings, Failure};
use support::{Diary, GROUP, Room, STREAM, event, quick, retry};
use testkit::wait;

#[tokio::test]
async fn entries_added_before_the_group_existed_are_handled_and_acknowledged() {
    let room = Room::new().await;
    for n in 0..250 {
        room.add_event("a", n).await;
    }
    let diary = Diary::default();
    let notes = diary.clone();
    let consumer = room.consume(quick(GROUP, "one"), move |message| {
        notes.note(&message);
        async { Ok(()) }
    });
    assert_eq!(diary.wait_for(250).await, (0..250).map(|n| format!("a-{n}")).collect::<Vec<_>>());
    room.wait_until_nothing_pends(GROUP).await;
    consumer.stop().await;
    assert_eq!(diary.all().len(), 250);
}

#[tokio::test]
async fn a_poisoned_entry_becomes_a_dead_letter_and_others_go_on() {
    let room = Room::new().await;
    let poison: [&[u8]; 4] = [b"\xff\xfe not json", b"[1,2]", br#"{"no":"type"}"#, br#"{"event_type":7}"#];
    let mut connection = room.raw.get_multiplexed_async_connection().await.unwrap();
    for data in poison {
        let () =
            redis::cmd("XADD").arg(STREAM).arg("*").arg("data").arg(data).query_async(&mut connection).await.unwrap();
    }
    let _: String = room.cli(&format!("XADD {STREAM} * payload x")).await;
    room.add_event("good", 1).await;
    let diary = Diary::default();
    let notes = diary.clone();
    // a real backoff: that these wait for nothing is the point
    let consumer = room.consume(ConsumerSettings::new(STREAM, GROUP, "one"), move |message| {
        notes.note(&message);
        async { Ok(()) }
    });
    assert_eq!(diary.wait_for(1).await, ["good-1"]);
    let dead = room.wait_for_dead_letters(5).await;
    room.wait_until_nothing_pends(GROUP).await;
    consumer.stop().await;
    assert!(dead.iter().all(|d| d.provenance.error.starts_with("malformed: ") && d.provenance.attempts == 1));
    assert!(dead.iter().all(|d| d.provenance.group == GROUP && d.provenance.stream == STREAM && d.source_present));
    // the original bytes, field by field
    let raw: Vec<(String, Vec<Vec<u8>>)> = room.cli(&format!("XRANGE {{{STREAM}}}:dlq - +")).await;
    for data in poison {
        let kept = raw.iter().any(|(_, fields)| fields[fields.len() - 2..] == [b"data".to_vec(), data.to_vec()]);
        assert!(kept, "{data:?}");
    }
}

#[tokio::test]
async fn a_failing_entry_is_tried_five_times_and_then_explains_its_death() {
    let room = Room::new().await;
    let id = room.add_event("a", 1).await;
    let attempts = Arc::new(AtomicU64::new(0));
    let seen = Arc::clone(&attempts);
    let consumer = room.consume(quick(GROUP, "one"), move |message| {
        let before = seen.fetch_add(1, Ordering::SeqCst);
        assert_eq!(message.attempt, before + 1);
        async { retry("unknown task A-TASK007") }
    });
    let dead = room.wait_for_dead_letters(1).await.remove(0);
    consumer.stop().await;
    assert_eq!(attempts.load(Ordering::SeqCst), 5);
    let p = dead.provenance;
    assert_eq!((p.attempts, p.source_id.to_string(), p.consumer.as_str()), (5, id, "one"));
    assert_eq!((p.key.as_deref(), p.event_type.as_deref()), (Some("a"), Some("Counted")));
    assert_eq!((p.event_id.as_deref(), p.error.as_str()), (Some("a-1"), "unknown task A-TASK007"));
    assert!(p.first_failed_at < p.last_failed_at);
    assert_eq!((p.fingerprint.len(), p.body_hash.len()), (16, 64));
    assert_eq!(dead.fields[0].value, event("a", 1));
    assert_eq!(room.pending(GROUP).await, Some(0));
    let handling = room.metrics.handling(STREAM, GROUP).unwrap();
    assert_eq!((handling.handled, handling.failed, handling.dead_lettered), (0, 5, 1));
    let all = room.metrics.totals().remove(0);
    assert_eq!((all.stream.as_str(), all.group.as_str()), (STREAM, GROUP));
    assert_eq!((all.totals.handled, all.totals.failed, all.totals.dead_lettered), (0, 5, 1));
    assert_eq!(all.totals.times.count(), 5, "each attempt took a time, the move to the dead letters none");
}

#[tokio::test]
async fn a_rejected_entry_is_not_tried_again() {
    let room = Room::new().await;
    room.add_event("a", 1).await;
    let consumer = room.consume(ConsumerSettings::new(STREAM, GROUP, "one"), |_| async {
        Err(Failure::Reject(anyhow::anyhow!("no such thing").context("while applying")))
    });
    let dead = room.wait_for_dead_letters(1).await.remove(0);
    consumer.stop().await;
    assert_eq!((dead.provenance.attempts, dead.provenance.error.as_str()), (1, "while applying: no such thing"));
}

#[tokio::test]
async fn a_panic_and_a_handler_that_never_ends_count_as_attempts() {
    let room = Room::new().await;
    room.add_event("panics", 1).await;
    room.add_event("hangs", 1).await;
    room.add_event("works", 1).await;
    let diary = Diary::default();
    let notes = diary.clone();
    let settings = ConsumerSettings { handler_timeout: Duration::from_millis(50), ..quick(GROUP, "one") };
    let consumer = room.consume(settings, move |message| {
        let notes = notes.clone();
        async move {
            match message.envelope.aggregate_id.as_deref() {
                Some("panics") => panic!("out of luck"),
                Some("hangs") => std::future::pending().await,
                _ => notes.note(&message),
            }
            Ok(())
        }
    });
    diary.wait_for(1).await;
    let mut errors: Vec<_> = room.wait_for_dead_letters(2).await.into_iter().map(|d| d.provenance).collect();
    consumer.stop().await;
    errors.sort_by(|a, b| a.error.cmp(&b.error));
    assert_eq!(errors[0].error, "the handler panicked: out of luck");
    assert_eq!(errors[1].error, "the handler took longer than 50ms");
    assert!(errors.iter().all(|p| p.attempts == 5));
}

#[tokio::test]
async fn a_failing_key_keeps_its_order_and_holds_up_no_other() {
    let room = Room::new().await;
    for n in 0..40 {
        room.add_event("bad", n).await;
        room.add_event("good", n).await;
    }
    let (mended, diary) = (Arc::new(AtomicBool::new(false)), Diary::default());
    let (is_mended, notes) = (Arc::clone(&mended), diary.clone());
    let settings = ConsumerSettings { max_attempts: u64::MAX, ..quick(GROUP, "one") };
    let consumer = room.consume(settings, move |message| {
        let fails = message.envelope.aggregate_id.as_deref() == Some("bad") && !is_mended.load(Ordering::SeqCst);
        if !fails {
            notes.note(&message);
        }
        async move { if fails { retry("not yet") } else { Ok(()) } }
    });
    let numbered = |key: &str| (0..40).map(|n| format!("{key}-{n}")).collect::<Vec<_>>();
    assert_eq!(diary.wait_for(40).await, numbered("good"));
    mended.store(true, Ordering::SeqCst);
    diary.wait_for(80).await;
    room.wait_until_nothing_pends(GROUP).await;
    consumer.stop().await;
    assert_eq!(diary.of_key("bad"), numbered("bad"));
}

#[tokio::test]
async fn an_outage_costs_no_attempts_and_is_probed_one_at_a_time() {
    let room = Room::new().await;
    for n in 0..30 {
        room.add_event(&format!("k{n}"), n).await;
    }
    let (away, probes, at_once) =
        (Arc::new(AtomicBool::new(true)), Arc::new(AtomicU64::new(0)), Arc::new(AtomicUsize::new(0)));
    let most_at_once = Arc::new(AtomicUsize::new(0));
    let diary = Diary::default();
    let consumer = room.consume(quick(GROUP, "one"), {
        let (away, probes, at_once) = (Arc::clone(&away), Arc::clone(&probes), Arc::clone(&at_once));
        let (most_at_once, diary) = (Arc::clone(&most_at_once), diary.clone());
        move |message| {
            let (away, probes, at_once) = (Arc::clone(&away), Arc::clone(&probes), Arc::clone(&at_once));
            let (most_at_once, diary) = (Arc::clone(&most_at_once), diary.clone());
            async move {
                if !away.load(Ordering::SeqCst) {
                    assert_eq!(message.attempt, 1, "an outage costs no attempt");
                    diary.note(&message);
                    return Ok(());
                }
                let now = at_once.fetch_add(1, Ordering::SeqCst) + 1;
                // the first ones ran side by side before anybody knew
                if probes.fetch_add(1, Ordering::SeqCst) >= 16 {
                    most_at_once.fetch_max(now, Ordering::SeqCst);
                }
                tokio::task::yield_now().await;
                at_once.fetch_sub(1, Ordering::SeqCst);
                Err(Failure::Outage(anyhow::anyhow!("the database is away")))
            }
        }
    });
    wait::until("more probes than attempts", || async { (probes.load(Ordering::SeqCst) > 30).then_some(()) }).await;
    assert_eq!(room.dead_letters().await.len(), 0);
    away.store(false, Ordering::SeqCst);
    diary.wait_for(30).await;
    room.wait_until_nothing_pends(GROUP).await;
    consumer.stop().await;
    assert_eq!(most_at_once.load(Ordering::SeqCst), 1);
    assert_eq!(room.dead_letters().await.len(), 0);
}

#[tokio::test]
async fn a_paused_group_handles_nothing_until_it_is_resumed() {
    let room = Room::new().await;
    let diary = Diary::default();
    let notes = diary.clone();
    let consumer = room.consume(quick(GROUP, "one"), move |message| {
        notes.note(&message);
        async { Ok(()) }
    });
    room.add_event("a", 1).await;
    diary.wait_for(1).await;
    assert!(room.metrics.pause(STREAM, GROUP, true));
    // a read that was under way may still bring this one in; it is held, not handled
    room.add_event("a", 2).await;
    room.add_event("b", 1).await;
    let marker = quick("other", "marker");
    let seen = Diary::default();
    let noted = seen.clone();
    let other = room.consume(marker, move |message| {
        noted.note(&message);
        async { Ok(()) }
    });
    seen.wait_for(3).await;
    assert_eq!(diary.all(), ["a-1"]);
    assert_eq!(room.sample_group(STREAM, GROUP).await.verdict.word, "Paused");
    room.metrics.pause(STREAM, GROUP, false);
    diary.wait_for(3).await;
    room.wait_until_nothing_pends(GROUP).await;
    consumer.stop().await;
    other.stop().await;
}

#[tokio::test]
async fn a_stop_finishes_what_runs_and_hands_the_rest_to_others() {
    let room = Room::new().await;
    for n in 0..20 {
        room.add_event("one-key", n).await;
    }
    let diary = Diary::default();
    let (notes, gate) = (diary.clone(), Arc::new(tokio::sync::Semaphore::new(0)));
    let started = Arc::new(AtomicU64::new(0));
    let (opened, begun) = (Arc::clone(&gate), Arc::clone(&started));
    let first = room.consume(quick(GROUP, "first"), move |message| {
        let (notes, opened, begun) = (notes.clone(), Arc::clone(&opened), Arc::clone(&begun));
        async move {
            begun.fetch_add(1, Ordering::SeqCst);
            opened.acquire().await.unwrap().forget();
            notes.note(&message);
            Ok(())
        }
    });
    wait::until("the first runs", || async { (started.load(Ordering::SeqCst) == 1).then_some(()) }).await;
    first.stop.cancel();
    gate.add_permits(1);
    first.task.await.unwrap();
    assert_eq!(diary.all(), ["one-key-0"], "what ran was finished, nothing more was begun");
    assert_eq!(room.pending(GROUP).await, Some(19), "what was finished is acknowledged");
    let notes = diary.clone();
    // its lease is the default of half a minute: only what was handed over comes at once
    let second = room.consume(quick(GROUP, "second"), move |message| {
        assert_eq!(message.attempt, 1, "what was never begun has lost no attempt");
        notes.note(&message);
        async { Ok(()) }
    });
    diary.wait_for(20).await;
    room.wait_until_nothing_pends(GROUP).await;
    second.stop().await;
    assert_eq!(diary.all(), (0..20).map(|n| format!("one-key-{n}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_entry_added_again_for_another_group_is_skipped() {
    let room = Room::new().await;
    let add = async |mark: &str| {
        let _: String = room.cli(&format!("XADD {STREAM} * data {} replay {mark}", event("a", 1))).await;
    };
    add(r#"{"group":"somebody-else"}"#).await;
    add(r#"{"group":"workers"}"#).await;
    let diary = Diary::default();
    let notes = diary.clone();
    let consumer = room.consume(quick(GROUP, "one"), move |message| {
        notes.note(&message);
        async { Ok(()) }
    });
    diary.wait_for(1).await;
    room.wait_until_nothing_pends(GROUP).await;
    consumer.stop().await;
    assert_eq!(diary.all().len(), 1);
}
