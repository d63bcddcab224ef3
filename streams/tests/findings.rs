//! Each fault that a detector is for is injected into a real server: the finding shows within two looks, and is over when
//! the fault is mended.

#![expect(clippy::unwrap_used, reason = "a test may end anywhere")]

mod support;

use domain::{
    Status,
    finding::{Action, Kind, Limits},
    operation::PendingAct,
    stream::EntryId,
};
use redis::Value;
use support::{
    Room, Servers,
    eye::{run, short, stream_of},
};
use testkit::{redis::Server, wait};

fn id(ms: u64) -> EntryId {
    EntryId { ms, seq: 0 }
}

#[tokio::test]
async fn a_stream_that_was_flushed_and_made_anew_began_again() {
    let room = Room::new().await;
    stream_of(&room, 3).await;
    let mut eye = room.eye(short()).await;
    eye.finds_no(Kind::StreamRestarted).await;
    // both between two looks, as when readers make their groups again at once
    let mut connection = room.connection().await.unwrap();
    let mut at_once = redis::pipe();
    at_once.atomic().cmd("FLUSHALL").cmd("XADD").arg(&["s", "1-0", "f", "v"]);
    let () = at_once.cmd("XGROUP").arg(&["CREATE", "s", "g", "0"]).query_async(&mut connection).await.unwrap();
    let found = eye.finds(Kind::StreamRestarted).await;
    assert_eq!((found.status, found.stream.as_deref()), (Status::Bad, Some("s")));
    assert!(found.explanation.starts_with("Its last id was 3-0, with 3 entries ever added"), "{}", found.explanation);
    eye.finds_no(Kind::GroupMovedBack).await;
}

#[tokio::test]
async fn a_stream_that_was_deleted_is_told_until_it_is_back_with_its_group() {
    let room = Room::new().await;
    stream_of(&room, 2).await;
    let mut eye = room.eye(short()).await;
    run(&room, &["DEL s"]).await;
    assert_eq!(eye.finds(Kind::StreamGone).await.status, Status::Warn);
    stream_of(&room, 1).await;
    eye.finds_no(Kind::StreamGone).await;
}

#[tokio::test]
async fn streams_that_go_at_once_are_one_finding() {
    let room = Room::new().await;
    for n in 0..9 {
        run(&room, &[&format!("XGROUP CREATE stream{n} g 0 MKSTREAM")]).await;
    }
    let mut eye = room.eye(short()).await;
    run(&room, &["FLUSHALL"]).await;
    let found = eye.finds(Kind::StreamGone).await;
    assert!(found.stream.is_none() && found.explanation.starts_with("9 streams are gone at once"), "{found:?}");
}

#[tokio::test]
async fn a_group_that_was_destroyed_is_told_until_it_is_back() {
    let room = Room::new().await;
    stream_of(&room, 2).await;
    let mut eye = room.eye(short()).await;
    run(&room, &["XGROUP DESTROY s g"]).await;
    let found = eye.finds(Kind::GroupGone).await;
    assert_eq!((found.status, found.group.as_deref()), (Status::Warn, Some("g")));
    run(&room, &["XGROUP CREATE s g 0"]).await;
    eye.finds_no(Kind::GroupGone).await;
}

#[tokio::test]
async fn a_group_that_is_moved_back_repeats_what_it_had() {
    let room = Room::new().await;
    stream_of(&room, 3).await;
    run(&room, &["XREADGROUP GROUP g c STREAMS s >"]).await;
    let mut eye = room.eye(short()).await;
    eye.finds_no(Kind::GroupMovedBack).await;
    run(&room, &["XGROUP SETID s g 1-0"]).await;
    let found = eye.finds(Kind::GroupMovedBack).await;
    assert_eq!((found.status, found.action), (Status::Warn, Action::Move));
    assert!(found.explanation.starts_with("It stood after 3-0 and stands after 1-0. "), "{}", found.explanation);
}

/// promises.md §7, F4.
#[tokio::test]
async fn entries_that_are_trimmed_before_a_group_was_given_them_are_counted() {
    let room = Room::new().await;
    stream_of(&room, 5).await;
    let mut eye = room.eye(short()).await;
    eye.finds_no(Kind::UnreadTrimmed).await;
    run(&room, &["XTRIM s MAXLEN 2"]).await;
    let found = eye.finds(Kind::UnreadTrimmed).await;
    assert_eq!((found.status, found.action), (Status::Bad, Action::ListEntries { from: id(4) }));
    assert!(found.explanation.starts_with("3 entries were removed before"), "{}", found.explanation);
    run(&room, &["XTRIM s MAXLEN 0"]).await;
    let found = eye.finds(Kind::UnreadTrimmed).await;
    assert!(found.explanation.starts_with("5 entries were removed before"), "{}", found.explanation);
}

#[tokio::test]
async fn trimming_what_a_group_has_read_loses_nothing() {
    let room = Room::new().await;
    stream_of(&room, 5).await;
    let mut eye = room.eye(short()).await;
    run(&room, &["XREADGROUP GROUP g c COUNT 3 STREAMS s >", "XACK s g 1-0 2-0 3-0", "XTRIM s MAXLEN 2"]).await;
    eye.finds_no(Kind::UnreadTrimmed).await;
    run(&room, &["XREADGROUP GROUP g c STREAMS s >", "XACK s g 4-0 5-0", "XTRIM s MAXLEN 0"]).await;
    eye.finds_no(Kind::UnreadTrimmed).await;
}

/// As a trimmer does that goes up to what was read: with a look at any moment in between.
#[tokio::test]
async fn reading_and_trimming_at_once_loses_nothing_whenever_somebody_looks() {
    let room = Room::new().await;
    run(&room, &["XGROUP CREATE s g 0 MKSTREAM"]).await;
    let mut eye = room.eye(short()).await;
    let mut n = 0;
    for _ in 0..60 {
        for _ in 0..3 {
            n += 1;
            run(&room, &[&format!("XADD s {n}-0 f v")]).await;
        }
        run(&room, &["XREADGROUP GROUP g c COUNT 2 NOACK STREAMS s >"]).await;
        let groups: Vec<std::collections::HashMap<String, Value>> = room.cli("XINFO GROUPS s").await;
        let last: String = redis::from_redis_value(groups[0]["last-delivered-id"].clone()).unwrap();
        run(&room, &[&format!("XTRIM s MINID {}", last.replace("-0", "-1"))]).await;
    }
    eye.finds_no(Kind::UnreadTrimmed).await;
}

#[tokio::test]
async fn what_was_trimmed_before_the_first_look_is_unknown_and_no_loss() {
    let room = Room::new().await;
    stream_of(&room, 5).await;
    run(&room, &["XTRIM s MAXLEN 2"]).await;
    let mut eye = room.eye(short()).await;
    assert_eq!(eye.finds(Kind::UnreadTrimmed).await.status, Status::Unknown);
}

/// promises.md §7, F5; and the same by XDEL, of which the first entry tells nothing.
#[tokio::test]
async fn pending_entries_without_a_body_are_told_whether_trimmed_or_deleted() {
    let room = Room::new().await;
    stream_of(&room, 4).await;
    run(&room, &["XREADGROUP GROUP g c COUNT 3 STREAMS s >"]).await;
    let mut eye = room.eye(short()).await;
    eye.finds_no(Kind::BodyLost).await;
    run(&room, &["XDEL s 2-0"]).await;
    let found = eye.finds(Kind::BodyLost).await;
    let bury = |ids: &[u64]| Action::Repair { act: PendingAct::DeadLetter, ids: ids.iter().map(|n| id(*n)).collect() };
    assert_eq!((found.status, found.action), (Status::Bad, bury(&[2])));
    run(&room, &["XTRIM s MAXLEN 0"]).await;
    assert_eq!(eye.finds(Kind::BodyLost).await.action, bury(&[1, 2, 3]));
    run(&room, &["XACK s g 1-0 2-0 3-0"]).await;
    eye.finds_no(Kind::BodyLost).await;
}

#[tokio::test]
async fn an_entry_that_nobody_tries_again_is_told_until_somebody_does() {
    let room = Room::new().await;
    stream_of(&room, 2).await;
    run(&room, &["XREADGROUP GROUP g c COUNT 1 STREAMS s >"]).await;
    let mut eye = room.eye(short()).await;
    eye.finds_no(Kind::PendingUnattended).await;
    run(&room, &["XCLAIM s g c 0 1-0 IDLE 600000 JUSTID"]).await;
    let found = eye.finds(Kind::PendingUnattended).await;
    assert_eq!(found.action, Action::Repair { act: PendingAct::Claim, ids: vec![id(1)] });
    run(&room, &["XCLAIM s g d 0 1-0"]).await;
    eye.finds_no(Kind::PendingUnattended).await;
}

#[tokio::test]
async fn an_entry_that_is_delivered_again_and_again_is_poison_until_it_is_set_aside() {
    let room = Room::new().await;
    stream_of(&room, 2).await;
    run(&room, &["XREADGROUP GROUP g c COUNT 1 STREAMS s >"]).await;
    let mut eye = room.eye(short()).await;
    eye.finds_no(Kind::DeliveredTooOften).await;
    run(&room, &["XCLAIM s g c 0 1-0 RETRYCOUNT 12"]).await;
    let found = eye.finds(Kind::DeliveredTooOften).await;
    assert_eq!(found.action, Action::Repair { act: PendingAct::DeadLetter, ids: vec![id(1)] });
    assert!(
        found.explanation.contains("was delivered 13 times") || found.explanation.contains("was delivered 12 times")
    );
    // as XNACK FATAL leaves it (8.8)
    run(&room, &["XCLAIM s g c 0 1-0 RETRYCOUNT 9223372036854775807 JUSTID"]).await;
    let found = eye.finds(Kind::DeliveredTooOften).await;
    assert!(found.explanation.starts_with("Entry 1-0 was marked as fatal"), "{}", found.explanation);
    run(&room, &["XACK s g 1-0"]).await;
    eye.finds_no(Kind::DeliveredTooOften).await;
}

#[tokio::test]
async fn an_entry_that_is_taken_from_a_consumer_that_lives_may_be_handled_twice() {
    let room = Room::new().await;
    stream_of(&room, 3).await;
    run(&room, &["XREADGROUP GROUP g one COUNT 1 STREAMS s >"]).await;
    let mut eye = room.eye(short()).await;
    eye.after(1).await;
    run(&room, &["XCLAIM s g two 0 1-0"]).await;
    eye.finds_no(Kind::TakenFromTheLiving).await;
    // until here the first one may be dead
    run(&room, &["XREADGROUP GROUP g one COUNT 1 STREAMS s >"]).await;
    let found = eye.finds(Kind::TakenFromTheLiving).await;
    assert_eq!(found.status, Status::Warn);
    assert!(found.explanation.starts_with("two took entry 1-0 from one"), "{}", found.explanation);
}

#[tokio::test]
async fn taking_over_from_a_consumer_that_is_not_heard_of_again_is_as_it_should_be() {
    let room = Room::new().await;
    stream_of(&room, 3).await;
    run(&room, &["XREADGROUP GROUP g one COUNT 1 STREAMS s >"]).await;
    let mut eye = room.eye(short()).await;
    eye.after(1).await;
    run(&room, &["XCLAIM s g two 0 1-0", "XREADGROUP GROUP g two COUNT 1 STREAMS s >"]).await;
    eye.after(3).await;
    eye.finds_no(Kind::TakenFromTheLiving).await;
}

#[tokio::test]
async fn entries_that_were_released_are_a_note_and_not_ages_old() {
    let room = Room::new().await;
    stream_of(&room, 2).await;
    run(&room, &["XREADGROUP GROUP g c COUNT 1 STREAMS s >"]).await;
    let mut eye = room.eye(short()).await;
    run(&room, &["XCLAIM s g handed-over 0 1-0 IDLE 1000000000 JUSTID"]).await;
    assert_eq!(eye.finds(Kind::Released).await.status, Status::Idle);
    eye.finds_no(Kind::PendingUnattended).await;
    run(&room, &["XCLAIM s g d 0 1-0"]).await;
    eye.finds_no(Kind::Released).await;
}

/// promises.md §7, F11: afterwards Redis says pending 0, lag 0.
#[tokio::test]
async fn what_a_deleted_consumer_held_is_told_as_unknown() {
    let room = Room::new().await;
    stream_of(&room, 2).await;
    run(&room, &["XREADGROUP GROUP g c STREAMS s >"]).await;
    let mut eye = room.eye(short()).await;
    eye.after(2).await;
    run(&room, &["XGROUP DELCONSUMER s g c"]).await;
    let found = eye.finds(Kind::PendingVanished).await;
    assert_eq!((found.status, found.consumer.as_deref()), (Status::Unknown, Some("c")));
    assert_eq!(found.action, Action::ListEntries { from: id(1) });
}

#[tokio::test]
async fn a_consumer_that_is_deleted_after_its_entries_were_handed_over_has_lost_nothing() {
    let room = Room::new().await;
    stream_of(&room, 2).await;
    run(&room, &["XREADGROUP GROUP g c STREAMS s >"]).await;
    let mut eye = room.eye(short()).await;
    eye.after(2).await;
    run(&room, &["XCLAIM s g d 0 1-0 2-0", "XGROUP DELCONSUMER s g c"]).await;
    eye.finds_no(Kind::PendingVanished).await;
}

#[tokio::test]
async fn consumers_that_are_left_behind_are_told_until_they_are_deleted() {
    let room = Room::new().await;
    stream_of(&room, 1).await;
    let mut eye = room.eye(short()).await;
    eye.finds_no(Kind::ConsumersLeftBehind).await;
    for name in ["a", "b", "c"] {
        run(&room, &[&format!("XGROUP CREATECONSUMER s g {name}")]).await;
    }
    wait::until("they are idle for long enough", || async {
        let consumers: Vec<std::collections::HashMap<String, Value>> = room.cli("XINFO CONSUMERS s g").await;
        let idle = |consumer: &std::collections::HashMap<String, Value>| {
            redis::from_redis_value::<u64>(consumer["idle"].clone()).unwrap() >= 2
        };
        consumers.iter().all(idle).then_some(())
    })
    .await;
    assert_eq!(eye.finds(Kind::ConsumersLeftBehind).await.status, Status::Warn);
    run(&room, &["XGROUP DELCONSUMER s g a"]).await;
    eye.finds_no(Kind::ConsumersLeftBehind).await;
}

/// Before 7.2 Redis does not tell attempts from successes (F17): there nothing is claimed.
#[tokio::test]
async fn a_consumer_that_asks_for_the_wrong_entries_is_told_where_redis_tells_attempts() {
    let room = Room::new().await;
    let now: (u64, u64) = room.cli("TIME").await;
    run(&room, &[&format!("XADD s {}-0 f v", now.0 * 1_000 - 5_000), "XGROUP CREATE s g 0"]).await;
    let mut eye = room.eye(short()).await;
    eye.finds_no(Kind::AskedInVain).await;
    // its own old entries, of which there are none
    run(&room, &["XREADGROUP GROUP g c STREAMS s 0"]).await;
    let snapshot = eye.after(2).await;
    let tells = snapshot.redis.product == "valkey" || !snapshot.redis.version.starts_with("7.0");
    let found = snapshot.found.findings.iter().find(|finding| finding.kind == Kind::AskedInVain);
    assert_eq!(found.map(|found| found.status), tells.then_some(Status::Warn));
    run(&room, &["XREADGROUP GROUP g c STREAMS s >"]).await;
    eye.finds_no(Kind::AskedInVain).await;
}

#[tokio::test]
async fn a_lag_that_redis_counts_wrong_is_told_until_the_count_is_mended() {
    let room = Room::new().await;
    stream_of(&room, 5).await;
    run(&room, &["XREADGROUP GROUP g c COUNT 1 STREAMS s >", "XTRIM s MAXLEN 1"]).await;
    let mut eye = room.eye(short()).await;
    let found = eye.finds(Kind::LagCorrected).await;
    assert_eq!(found.status, Status::Unknown);
    assert!(
        found.explanation.starts_with("Redis says that 4 entries are unread, and 1 are there"),
        "{}",
        found.explanation
    );
    run(&room, &["XREADGROUP GROUP g c STREAMS s >", "XGROUP SETID s g 5-0 ENTRIESREAD 5"]).await;
    eye.finds_no(Kind::LagCorrected).await;
}

#[tokio::test]
async fn a_lag_of_which_only_a_bound_is_known_is_told_until_the_group_has_passed_the_gap() {
    let room = Room::new().await;
    let mut connection = room.connection().await.unwrap();
    let mut many = redis::pipe();
    for n in 1..=700 {
        many.cmd("XADD").arg(&["s", &format!("{n}-0"), "f", "v"]).ignore();
    }
    let () = many.query_async(&mut connection).await.unwrap();
    run(&room, &["XGROUP CREATE s g 0", "XREADGROUP GROUP g c COUNT 1 STREAMS s >", "XDEL s 600-0"]).await;
    let mut eye = room.eye(short()).await;
    let found = eye.finds(Kind::LagUnknown).await;
    assert!(found.explanation.contains("at least 500 entries are unread"), "{}", found.explanation);
    run(&room, &["XREADGROUP GROUP g c COUNT 1000 NOACK STREAMS s >"]).await;
    eye.finds_no(Kind::LagUnknown).await;
}

#[tokio::test]
async fn a_stream_that_nobody_trims_is_a_note() {
    let room = Room::new().await;
    stream_of(&room, 100).await;
    let mut eye = room.eye(short()).await;
    assert_eq!(eye.finds(Kind::NeverTrimmed).await.status, Status::Idle);
    run(&room, &["XTRIM s MAXLEN 99"]).await;
    eye.finds_no(Kind::NeverTrimmed).await;
}

#[tokio::test]
async fn a_server_that_was_just_started_is_not_wrong_in_any_way() {
    let room = Room::with(Server::start().await);
    assert!(matches!(room.server, Servers::One(_)));
    stream_of(&room, 3).await;
    run(&room, &["XREADGROUP GROUP g c COUNT 2 STREAMS s >", "XACK s g 1-0"]).await;
    let mut eye = room.eye(Limits::default()).await;
    let found = &eye.after(4).await.found;
    assert_eq!(found.findings, [], "{found:#?}");
}
