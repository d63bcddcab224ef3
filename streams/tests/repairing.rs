//! Looking at entries and pending lists, and repairing them.

#![expect(clippy::unwrap_used, reason = "a test may end anywhere")]

mod support;

use std::time::Duration;

use domain::{
    Figure,
    operation::{GroupMove, Outcome, PendingAct, PendingSelection, Position},
    stream::EntryId,
};
use streams::{
    Error, Trimmer,
    inspect::{Browse, PendingBrowse, entries, entry, pending},
    operate,
};
use support::{Diary, GROUP, Room, STREAM, event, quick};
use testkit::wait;
use tokio_util::sync::CancellationToken;

async fn pending_entries(room: &Room, count: u32) -> Vec<EntryId> {
    let _: () = room.cli(&format!("XGROUP CREATE {STREAM} {GROUP} 0 MKSTREAM")).await;
    let mut ids = Vec::new();
    for n in 0..count {
        ids.push(room.add_event("k", n).await.parse().unwrap());
    }
    let _: redis::Value = room.cli(&format!("XREADGROUP GROUP {GROUP} somebody STREAMS {STREAM} >")).await;
    ids
}

fn select(act: PendingAct, ids: &[EntryId]) -> PendingSelection {
    PendingSelection { act, ids: ids.to_vec(), dry_run: false, state_token: None, reason: None }
}

#[tokio::test]
async fn entries_are_paged_in_both_directions_without_gap_or_repeat() {
    let room = Room::new().await;
    for n in 0..25 {
        room.add_event("k", n).await;
    }
    let page = async |before, after| {
        let browse = Browse { before, after, count: 10, ..Browse::default() };
        entries(&room.redis, STREAM, &browse).await.unwrap()
    };
    let numbers =
        |page: &domain::stream::EntryPage| page.entries.iter().map(|e| e.event_id.clone().unwrap()).collect::<Vec<_>>();
    let expected = |range: std::ops::Range<u32>| range.rev().map(|n| format!("k-{n}")).collect::<Vec<_>>();
    let first = page(None, None).await;
    assert_eq!((numbers(&first), first.newer), (expected(15..25), None));
    let second = page(first.older, None).await;
    assert_eq!(numbers(&second), expected(5..15));
    let third = page(second.older, None).await;
    assert_eq!((numbers(&third), third.older), (expected(0..5), None));
    let back = page(None, third.newer).await;
    assert_eq!(numbers(&back), expected(5..15));
    let top = page(None, back.newer).await;
    assert_eq!((numbers(&top), top.newer), (expected(15..25), None));
}

#[tokio::test]
async fn entries_are_found_by_type_and_text() {
    let room = Room::new().await;
    for n in 0..300 {
        room.add_event("k", n).await;
    }
    room.add(r#"{"event_type":"Rare","note":"Needle"}"#).await;
    for n in 300..600 {
        room.add_event("k", n).await;
    }
    for browse in [
        Browse { event_type: Some("Rare".into()), ..Browse::default() },
        Browse { text: Some("needle".into()), ..Browse::default() },
    ] {
        let page = entries(&room.redis, STREAM, &browse).await.unwrap();
        assert_eq!((page.entries.len(), page.older), (1, None), "{browse:?}");
        let whole = entry(&room.redis, STREAM, page.entries[0].id).await.unwrap();
        assert_eq!(whole.event_type.as_deref(), Some("Rare"));
    }
}

#[tokio::test]
async fn what_does_not_exist_is_not_found() {
    let room = Room::new().await;
    room.add_event("k", 1).await;
    let id = EntryId { ms: 5, seq: 0 };
    assert!(matches!(entries(&room.redis, "no", &Browse::default()).await, Err(Error::NotFound(_))));
    assert!(matches!(entry(&room.redis, STREAM, id).await, Err(Error::NotFound(_))));
    assert!(matches!(pending(&room.redis, STREAM, "no", &PendingBrowse::default()).await, Err(Error::NotFound(_))));
    let move_to = GroupMove { to: Position::End, dry_run: true, state_token: None, reason: None };
    assert!(matches!(operate::move_group(&room.redis, "no", GROUP, &move_to).await, Err(Error::NotFound(_))));
    assert!(matches!(operate::move_group(&room.redis, STREAM, "no", &move_to).await, Err(Error::NotFound(_))));
    let acknowledge = select(PendingAct::Acknowledge, &[id]);
    assert!(matches!(operate::pending(&room.redis, STREAM, "no", &acknowledge).await, Err(Error::NotFound(_))));
    let _: () = room.cli("SET text x").await;
    assert!(matches!(entries(&room.redis, "text", &Browse::default()).await, Err(Error::Refused(_))));
}

#[tokio::test]
async fn pending_entries_are_listed_with_owner_and_body_state() {
    let room = Room::new().await;
    let ids = pending_entries(&room, 5).await;
    assert_eq!(operate::delete_entries(&room.redis, STREAM, &ids[..1]).await.unwrap(), 1);
    let page = pending(&room.redis, STREAM, GROUP, &PendingBrowse { count: 3, ..Default::default() }).await.unwrap();
    assert_eq!((page.total, page.next, page.entries.len()), (5, Some(ids[2]), 3));
    assert!(page.entries[0].body_lost && !page.entries[1].body_lost);
    assert_eq!((page.entries[1].consumer.as_str(), page.entries[1].deliveries), ("somebody", 1));
    assert_eq!(page.entries[1].event_type.as_deref(), Some("Counted"));
    let rest = pending(&room.redis, STREAM, GROUP, &PendingBrowse { after: page.next, ..Default::default() }).await;
    assert_eq!(rest.unwrap().entries.iter().map(|e| e.id).collect::<Vec<_>>(), ids[3..]);
    let nobody = PendingBrowse { consumer: Some("nobody".into()), ..Default::default() };
    assert_eq!(pending(&room.redis, STREAM, GROUP, &nobody).await.unwrap().total, 0);
}

#[tokio::test]
async fn claimed_entries_are_handled_at_once_by_the_groups_consumer() {
    let room = Room::new().await;
    let ids = pending_entries(&room, 3).await;
    let diary = Diary::default();
    let notes = diary.clone();
    // with a lease of half a minute: nothing but the claim makes them come
    let consumer = room.consume(quick(GROUP, "one"), move |message| {
        notes.note(&message);
        async { Ok(()) }
    });
    let preview = operate::pending(
        &room.redis,
        STREAM,
        GROUP,
        &PendingSelection { dry_run: true, ..select(PendingAct::Claim, &ids) },
    )
    .await
    .unwrap();
    assert_eq!(preview.count(Outcome::Would), 3);
    assert!(preview.warnings[0].contains("3 of them were touched"), "{:?}", preview.warnings);
    let act = PendingSelection { state_token: Some(preview.state_token), ..select(PendingAct::Claim, &ids) };
    assert_eq!(operate::pending(&room.redis, STREAM, GROUP, &act).await.unwrap().count(Outcome::Done), 3);
    diary.wait_for(3).await;
    room.wait_until_nothing_pends(GROUP).await;
    consumer.stop().await;
}

#[tokio::test]
async fn acknowledging_and_dead_lettering_act_on_what_the_preview_showed() {
    let room = Room::new().await;
    let ids = pending_entries(&room, 3).await;
    let preview = |act| PendingSelection { dry_run: true, ..select(act, &ids[..2]) };
    let seen = operate::pending(&room.redis, STREAM, GROUP, &preview(PendingAct::Acknowledge)).await.unwrap();
    let first =
        operate::pending(&room.redis, STREAM, GROUP, &select(PendingAct::Acknowledge, &ids[..1])).await.unwrap();
    assert_eq!(first.count(Outcome::Done), 1);
    let stale = PendingSelection { state_token: Some(seen.state_token), ..select(PendingAct::Acknowledge, &ids[..2]) };
    assert!(matches!(operate::pending(&room.redis, STREAM, GROUP, &stale).await, Err(Error::Conflict(_))));

    let reason = Some("looks odd".to_owned());
    let bury = PendingSelection { reason, ..select(PendingAct::DeadLetter, &ids[..2]) };
    let report = operate::pending(&room.redis, STREAM, GROUP, &bury).await.unwrap();
    assert_eq!((report.count(Outcome::Skipped), report.count(Outcome::Done)), (1, 1));
    let dead = room.dead_letters().await;
    assert_eq!((dead.len(), dead[0].provenance.source_id), (1, ids[1]));
    assert_eq!(dead[0].provenance.error, "moved here by an operator: looks odd");
    assert_eq!((dead[0].fields[0].value.clone(), room.pending(GROUP).await), (event("k", 1), Some(1)));
}

#[tokio::test]
async fn a_group_can_be_moved_and_its_lag_stays_true() {
    let room = Room::new().await;
    let ids = pending_entries(&room, 10).await;
    let lag = async || room.sample_group(STREAM, GROUP).await.lag;
    for (to, expected, warning) in [
        (Position::After(ids[3]), 6, "6 entries are delivered to workers again"),
        (Position::Start, 10, "4 entries are delivered to workers again"),
        (Position::End, 0, "10 entries are skipped: workers will never see them"),
    ] {
        let look = GroupMove { to, dry_run: true, state_token: None, reason: None };
        let preview = operate::move_group(&room.redis, STREAM, GROUP, &look).await.unwrap();
        assert_eq!(preview.warnings, [warning, "10 entries stay pending: a move does not touch them"]);
        let act = GroupMove { dry_run: false, state_token: Some(preview.state_token), ..look };
        operate::move_group(&room.redis, STREAM, GROUP, &act).await.unwrap();
        assert_eq!(lag().await, Figure::Exact(expected));
        if expected != 0 {
            assert!(matches!(operate::move_group(&room.redis, STREAM, GROUP, &act).await, Err(Error::Conflict(_))));
        }
    }
}

#[tokio::test]
async fn streams_are_trimmed_but_never_past_what_a_group_needs() {
    let room = Room::new().await;
    let _: () = room.cli(&format!("XGROUP CREATE {STREAM} {GROUP} 0 MKSTREAM")).await;
    let _: () = room.cli(&format!("XGROUP CREATE {STREAM} late 0")).await;
    for n in 0..60 {
        room.add_event("k", n).await;
    }
    // one entry stays pending in the middle; the other group has read 40
    let _: redis::Value = room.cli(&format!("XREADGROUP GROUP {GROUP} c COUNT 60 STREAMS {STREAM} >")).await;
    let _: redis::Value = room.cli(&format!("XREADGROUP GROUP late c COUNT 40 NOACK STREAMS {STREAM} >")).await;
    let ids: Vec<(String, redis::Value)> = room.cli(&format!("XRANGE {STREAM} - +")).await;
    for (n, (id, _)) in ids.iter().enumerate() {
        if n != 25 {
            let _: u64 = room.cli(&format!("XACK {STREAM} {GROUP} {id}")).await;
        }
    }
    let length = async || room.cli::<u64>(&format!("XLEN {STREAM}")).await;
    let stop = CancellationToken::new();
    let trimmer = Trimmer::new(room.redis.clone(), vec!["none".into(), STREAM.into()], 10, Duration::from_millis(20));
    let task = tokio::spawn(trimmer.run(stop.clone()));
    wait::until("trimmed up to the pending entry", || async { (length().await == 35).then_some(()) }).await;
    let _: u64 = room.cli(&format!("XACK {STREAM} {GROUP} {}", ids[25].0)).await;
    wait::until("trimmed up to the unread entries", || async { (length().await == 21).then_some(()) }).await;
    let _: redis::Value = room.cli(&format!("XREADGROUP GROUP late c NOACK STREAMS {STREAM} >")).await;
    wait::until("trimmed to what is to be kept", || async { (length().await == 10).then_some(()) }).await;
    stop.cancel();
    task.await.unwrap();
}
