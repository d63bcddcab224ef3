//! Dead letters go back to the group that failed and to nobody else, or are thrown away for a reason.

#![expect(clippy::unwrap_used, reason = "a test may end anywhere")]

mod support;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use domain::{
    dead_letter::{Cursor, Filter},
    operation::{DeadLetterSelection, Outcome},
};
use streams::{
    Error,
    dead_letter::{self, Shelf},
};
use support::{Diary, GROUP, Room, STREAM, quick, retry};

fn select(records: &[domain::dead_letter::DeadLetter]) -> DeadLetterSelection {
    let items = records.iter().map(|d| Cursor { stream: d.provenance.stream.clone(), id: d.id }).collect();
    DeadLetterSelection { items, dry_run: false, state_token: None, reason: None }
}

/// A group that fails until it is mended, and another one that never does.
fn failing_group(room: &Room) -> (Arc<AtomicBool>, Diary, Diary, [support::Running; 2]) {
    let (mended, failing, healthy) = (Arc::new(AtomicBool::new(false)), Diary::default(), Diary::default());
    let (is_mended, notes) = (Arc::clone(&mended), failing.clone());
    let one = room.consume(quick(GROUP, "one"), move |message| {
        let works = is_mended.load(Ordering::SeqCst);
        if works {
            assert_eq!(message.attempt, 1, "a replay begins anew");
            notes.note(&message);
        }
        async move { if works { Ok(()) } else { retry("broken") } }
    });
    let notes = healthy.clone();
    let two = room.consume(quick("others", "two"), move |message| {
        notes.note(&message);
        async { Ok(()) }
    });
    (mended, failing, healthy, [one, two])
}

#[tokio::test]
async fn a_replayed_dead_letter_reaches_only_the_group_that_failed() {
    let room = Room::new().await;
    let (mended, failing, healthy, running) = failing_group(&room);
    for n in 0..3 {
        room.add_event(&format!("k{n}"), n).await;
    }
    let dead = room.wait_for_dead_letters(3).await;
    healthy.wait_for(3).await;
    mended.store(true, Ordering::SeqCst);

    let preview =
        dead_letter::replay(&room.redis, &DeadLetterSelection { dry_run: true, ..select(&dead) }).await.unwrap();
    assert_eq!((preview.count(Outcome::Would), preview.warnings.len()), (3, 0));
    assert_eq!(room.dead_letters().await.len(), 3, "a preview changes nothing");
    let act = DeadLetterSelection { state_token: Some(preview.state_token), ..select(&dead) };
    let report = dead_letter::replay(&room.redis, &act).await.unwrap();
    assert_eq!(report.count(Outcome::Done), 3);

    failing.wait_for(3).await;
    room.wait_until_nothing_pends(GROUP).await;
    assert_eq!((room.dead_letters().await.len(), healthy.all().len(), failing.all().len()), (0, 3, 3));
    let consumers = room.sample_group(STREAM, GROUP).await.consumers;
    assert_eq!(consumers.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["one"], "no consumer is left behind");

    let again = dead_letter::replay(&room.redis, &select(&dead)).await.unwrap();
    assert_eq!(again.count(Outcome::Skipped), 3, "a second click finds nothing to do");
    for running in running {
        running.stop().await;
    }
    assert_eq!(failing.all().len(), 3);
}

#[tokio::test]
async fn a_trimmed_entry_is_added_again_and_the_preview_names_who_else_sees_it() {
    let room = Room::new().await;
    let (mended, failing, healthy, running) = failing_group(&room);
    room.add_event("k", 1).await;
    let dead = room.wait_for_dead_letters(1).await;
    healthy.wait_for(1).await;
    room.wait_until_nothing_pends("others").await;
    let _: u64 = room.cli(&format!("XTRIM {STREAM} MAXLEN 0")).await;
    mended.store(true, Ordering::SeqCst);

    assert!(!room.dead_letters().await[0].source_present);
    let preview =
        dead_letter::replay(&room.redis, &DeadLetterSelection { dry_run: true, ..select(&dead) }).await.unwrap();
    assert!(preview.warnings[0].contains("group others of events will see 1 entries"), "{:?}", preview.warnings);
    dead_letter::replay(&room.redis, &select(&dead)).await.unwrap();
    assert_eq!(failing.wait_for(1).await, ["k-1"]);
    room.wait_until_nothing_pends(GROUP).await;
    room.wait_until_nothing_pends("others").await;
    assert_eq!(healthy.all(), ["k-1"], "our consumers of other groups skip it");
    for running in running {
        running.stop().await;
    }
}

#[tokio::test]
async fn a_replay_is_refused_when_the_preview_is_no_longer_true() {
    let room = Room::new().await;
    let (_, _, _, running) = failing_group(&room);
    room.add_event("k", 1).await;
    let dead = room.wait_for_dead_letters(1).await;
    let look = DeadLetterSelection { dry_run: true, ..select(&dead) };
    let preview = dead_letter::replay(&room.redis, &look).await.unwrap();
    let _: u64 = room.cli(&format!("XTRIM {STREAM} MAXLEN 0")).await;
    let act = DeadLetterSelection { state_token: Some(preview.state_token), ..select(&dead) };
    assert!(matches!(dead_letter::replay(&room.redis, &act).await, Err(Error::Conflict(_))));
    assert_eq!(room.dead_letters().await.len(), 1);
    for running in running {
        running.stop().await;
    }
}

#[tokio::test]
async fn a_dead_letter_of_a_group_that_is_gone_stays_and_says_why() {
    let room = Room::new().await;
    let (_, _, _, running) = failing_group(&room);
    room.add_event("k", 1).await;
    let dead = room.wait_for_dead_letters(1).await;
    for running in running {
        running.stop().await;
    }
    let _: u64 = room.cli(&format!("XGROUP DESTROY {STREAM} {GROUP}")).await;
    let report = dead_letter::replay(&room.redis, &select(&dead)).await.unwrap();
    assert_eq!(report.count(Outcome::Skipped), 1);
    assert!(report.items[0].detail.contains("does not exist"), "{}", report.items[0].detail);
    assert_eq!(room.dead_letters().await.len(), 1);
}

#[tokio::test]
async fn discarding_needs_a_reason_and_deletes_for_good() {
    let room = Room::new().await;
    let (_, _, _, running) = failing_group(&room);
    room.add_event("k", 1).await;
    let dead = room.wait_for_dead_letters(1).await;
    assert!(matches!(dead_letter::discard(&room.redis, &select(&dead)).await, Err(Error::Refused(_))));
    let reasoned = DeadLetterSelection { reason: Some("a test".into()), ..select(&dead) };
    assert_eq!(dead_letter::discard(&room.redis, &reasoned).await.unwrap().count(Outcome::Done), 1);
    assert_eq!(dead_letter::discard(&room.redis, &reasoned).await.unwrap().count(Outcome::Skipped), 1);
    assert!(matches!(dead_letter::get(&room.redis, &reasoned.items[0]).await, Err(Error::NotFound(_))));
    for running in running {
        running.stop().await;
    }
}

#[tokio::test]
async fn what_redis_refuses_in_the_middle_does_not_hide_what_was_done() {
    let room = Room::new().await;
    let mut items = Vec::new();
    for (stream, id) in [("a", "1-0"), ("b", "1-0"), ("a", "2-0")] {
        let _: String = room.cli(&format!("XADD {{{stream}}}:dlq {id} x y")).await;
        items.push(format!("{stream}/{id}").parse().unwrap());
    }
    let _: () = room.cli("ACL SETUSER limited on >secret +@all %R~* %W~{a}:dlq").await;
    let limited = streams::Redis::new(&format!("{}?user=limited&pass=secret", room.server.url())).unwrap();
    let selection = DeadLetterSelection { items, reason: Some("a test".into()), ..select(&[]) };
    let report = dead_letter::discard(&limited, &selection).await.unwrap();
    let outcomes: Vec<_> = report.items.iter().map(|item| item.outcome).collect();
    assert_eq!(outcomes, [Outcome::Done, Outcome::Failed, Outcome::Done]);
    assert!(report.items[1].detail.contains("NOPERM"), "{}", report.items[1].detail);
}

#[tokio::test]
async fn nothing_more_is_tried_once_redis_can_take_nothing() {
    let room = Room::new().await;
    let (_, _, _, running) = failing_group(&room);
    for n in 0..3 {
        room.add_event(&format!("k{n}"), n).await;
    }
    let dead = room.wait_for_dead_letters(3).await;
    for running in running {
        running.stop().await;
    }
    let _: u64 = room.cli(&format!("XTRIM {STREAM} MAXLEN 0")).await;
    let _: () = room.cli("CONFIG SET maxmemory 1").await;
    let report = dead_letter::replay(&room.redis, &select(&dead)).await.unwrap();
    let outcomes: Vec<_> = report.items.iter().map(|item| item.outcome).collect();
    assert_eq!(outcomes, [Outcome::Failed, Outcome::Skipped, Outcome::Skipped]);
    assert!(report.items[0].detail.contains("OOM"), "{}", report.items[0].detail);
    let _: () = room.cli("CONFIG SET maxmemory 0").await;
    assert_eq!(room.dead_letters().await.len(), 3);
}

#[tokio::test]
async fn dead_letters_are_grouped_by_cause_filtered_and_paged() {
    let room = Room::new().await;
    let consumer = room.consume(quick(GROUP, "one"), |message| async move {
        let n = message.id.seq;
        Err(streams::Failure::Reject(match message.envelope.aggregate_id.as_deref() {
            Some("rare") => anyhow::anyhow!("no such sprint"),
            _ => anyhow::anyhow!("unknown task T-{n}"),
        }))
    });
    for n in 0..7 {
        room.add_event("often", n).await;
    }
    room.add_event("rare", 1).await;
    room.wait_for_dead_letters(8).await;
    consumer.stop().await;
    let shelf = Shelf::new(room.redis.clone());
    let streams = [STREAM.to_owned()];
    let causes = shelf.causes(&streams, &Filter::default()).await.unwrap();
    assert_eq!(
        causes.iter().map(|c| (c.error.as_str(), c.count)).collect::<Vec<_>>(),
        [("unknown task <n>", 7), ("no such sprint", 1)]
    );
    assert_eq!(causes[0].per_hour.iter().sum::<u64>(), 7);

    let one_cause = Filter { fingerprint: Some(causes[0].fingerprint.clone()), ..Filter::default() };
    let (mut before, mut found) = (None, Vec::new());
    loop {
        let page = shelf.list(&streams, &one_cause, before.as_ref(), 3).await.unwrap();
        assert_eq!(page.total, 7);
        found.extend(page.records.iter().map(|d| d.id));
        before = page.older;
        if before.is_none() {
            break;
        }
    }
    assert_eq!(found.len(), 7);
    assert!(found.is_sorted_by(|a, b| a > b), "newest first, none twice");
}

#[tokio::test]
async fn dead_letters_of_several_streams_are_one_list() {
    let room = Room::new().await;
    // the same ids in both streams, as two streams of one millisecond have
    for stream in ["a", "b"] {
        for n in 1..=5 {
            let _: String = room.cli(&format!("XADD {{{stream}}}:dlq {n}-0 x y")).await;
        }
    }
    let shelf = Shelf::new(room.redis.clone());
    let streams = ["a".to_owned(), "b".to_owned(), "never-made".to_owned()];
    let filters = [Filter::default(), Filter { text: Some("another program".into()), ..Filter::default() }];
    for filter in filters {
        let (mut before, mut found) = (None, Vec::new());
        loop {
            let page = shelf.list(&streams, &filter, before.as_ref(), 3).await.unwrap();
            assert_eq!(page.total, 10);
            found.extend(page.records.iter().map(|d| (d.id, d.provenance.stream.clone())));
            before = page.older;
            if before.is_none() {
                break;
            }
        }
        assert_eq!(found.len(), 10);
        assert!(found.is_sorted_by(|a, b| a > b), "newest first, none twice: {found:?}");
    }
}

#[tokio::test]
async fn what_is_kept_of_dead_letters_is_what_redis_has_whatever_is_done_to_them() {
    let room = Room::new().await;
    let (kept, streams) = (Shelf::new(room.redis.clone()), [STREAM.to_owned()]);
    let name = streams::keys::dead_letter_stream(STREAM);
    // other programs' entries are dead letters too; the texts of errors make causes
    let acts = [
        "XADD {name} 1-0 a b",
        "XADD {name} 2-0 dlq.error x dlq.fields 0",
        "XADD {name} 3-0 dlq.error x dlq.fields 0",
        "XDEL {name} 2-0",
        "XADD {name} 4-0 dlq.error y dlq.fields 0",
        "XDEL {name} 1-0",
        "XDEL {name} 9-0",
        "XADD {name} 9-0 a b",
        "XTRIM {name} MAXLEN 1",
        "DEL {name}",
        "XADD {name} 2-0 dlq.error z dlq.fields 0",
        "XADD {name} 3-0 dlq.error z dlq.fields 0",
        "FLUSHALL",
        "XADD {name} 2-0 dlq.error w dlq.fields 0",
        "XADD {name} 4-0 dlq.error w dlq.fields 0",
        "XSETID {name} 8-0",
    ];
    for act in acts {
        let _: redis::Value = room.cli(&act.replace("{name}", &name)).await;
        for filter in [Filter::default(), Filter { text: Some("x".into()), ..Filter::default() }] {
            let anew = Shelf::new(room.redis.clone());
            let causes = kept.causes(&streams, &filter).await.unwrap();
            assert_eq!(causes, anew.causes(&streams, &filter).await.unwrap(), "{act}");
            let count: u64 = causes.iter().map(|cause| cause.count).sum();
            let page = kept.list(&streams, &filter, None, 50).await.unwrap();
            assert_eq!(page.total, count, "{act}");
            assert_eq!(page, anew.list(&streams, &filter, None, 50).await.unwrap(), "{act}");
        }
    }
}

#[tokio::test]
async fn looking_at_many_dead_letters_again_costs_one_command() {
    let room = Room::new().await;
    let name = streams::keys::dead_letter_stream(STREAM);
    let mut fill = redis::pipe();
    for n in 1..=3_000 {
        fill.cmd("XADD").arg(&name).arg(format!("{n}-0")).arg("dlq.error").arg("x").arg("dlq.fields").arg("0").ignore();
    }
    let mut connection = room.raw.get_multiplexed_async_connection().await.unwrap();
    let () = fill.query_async(&mut connection).await.unwrap();
    let (shelf, streams) = (Shelf::new(room.redis.clone()), [STREAM.to_owned()]);
    let commands = async || {
        let stats: String = room.cli("INFO stats").await;
        let line = stats.lines().find_map(|line| line.strip_prefix("total_commands_processed:")).unwrap();
        line.trim().parse::<u64>().unwrap()
    };
    assert_eq!(shelf.causes(&streams, &Filter::default()).await.unwrap()[0].count, 3_000);
    // INFO itself and what its own connection says at its start
    let before = commands().await;
    let of_asking = commands().await - before;
    shelf.causes(&streams, &Filter::default()).await.unwrap();
    assert_eq!(commands().await - before - 2 * of_asking, 1, "nothing happened: XINFO alone");
    let _: String = room.cli(&format!("XADD {name} * dlq.error x dlq.fields 0")).await;
    let before = commands().await;
    assert_eq!(shelf.causes(&streams, &Filter::default()).await.unwrap()[0].count, 3_001);
    assert_eq!(commands().await - before - of_asking, 2, "one more: XINFO, and XRANGE for the new one");
}
