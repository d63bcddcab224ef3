//! The sampler tells the truth about any stream on the server, also where Redis does not.

#![expect(clippy::unwrap_used, reason = "a test may end anywhere")]

mod support;

use domain::Figure;
use support::{GROUP, Room, STREAM};

async fn script(room: &Room, lines: &[&str]) {
    for line in lines {
        let _: redis::Value = room.cli(line).await;
    }
}

async fn reported_lag(room: &Room, stream: &str) -> Option<u64> {
    let groups: Vec<std::collections::HashMap<String, redis::Value>> =
        room.cli(&format!("XINFO GROUPS {stream}")).await;
    redis::from_redis_value(groups[0]["lag"].clone()).unwrap()
}

#[tokio::test]
async fn lag_is_counted_where_redis_lost_count_after_a_deletion_ahead_of_the_group() {
    let room = Room::new().await;
    script(&room, &["XADD s 1-0 f v", "XADD s 2-0 f v", "XADD s 3-0 f v", "XADD s 4-0 f v", "XGROUP CREATE s g 0"])
        .await;
    script(&room, &["XREADGROUP GROUP g c COUNT 2 STREAMS s >", "XDEL s 3-0"]).await;
    assert_eq!(reported_lag(&room, "s").await, None, "the premise: redis does not know");
    let group = room.sample_group("s", "g").await;
    assert_eq!((group.lag, group.lag_reported), (Figure::Exact(1), None));
}

#[tokio::test]
async fn lag_is_never_a_made_up_number_after_a_deletion_far_ahead_of_the_group() {
    let room = Room::new().await;
    script(&room, &["XGROUP CREATE s g 0 MKSTREAM", "XADD s 1-0 f v"]).await;
    let mut connection = room.raw.get_multiplexed_async_connection().await.unwrap();
    let mut many = redis::pipe();
    for n in 2..3_000 {
        many.cmd("XADD").arg("s").arg(format!("{n}-0")).arg("f").arg("v").ignore();
    }
    let () = many.query_async(&mut connection).await.unwrap();
    script(&room, &["XREADGROUP GROUP g c COUNT 1 STREAMS s >", "XDEL s 2000-0"]).await;
    let group = room.sample_group("s", "g").await;
    assert_eq!(reported_lag(&room, "s").await, None);
    assert_eq!(group.lag, Figure::AtLeast(500));
}

#[tokio::test]
async fn lag_is_corrected_where_redis_counts_wrong() {
    let room = Room::new().await;
    script(&room, &["XADD s 1-0 f v", "XADD s 2-0 f v", "XADD s 3-0 f v", "XADD s 4-0 f v", "XGROUP CREATE s g 0"])
        .await;
    script(&room, &["XREADGROUP GROUP g c COUNT 2 STREAMS s >", "XDEL s 3-0", "XREADGROUP GROUP g c STREAMS s >"])
        .await;
    let group = room.sample_group("s", "g").await;
    assert_eq!((group.lag, group.lag_reported, group.behind_ms), (Figure::Exact(0), Some(1), Some(0)));

    script(&room, &["XADD x 1-0 a b", "XADD x 2-0 a b", "XADD x 3-0 a b", "XADD x 4-0 a b", "XADD x 5-0 a b"]).await;
    script(&room, &["XGROUP CREATE x g 0", "XREADGROUP GROUP g c COUNT 1 STREAMS x >", "XTRIM x MAXLEN 1"]).await;
    let group = room.sample_group("x", "g").await;
    assert_eq!((group.lag, group.lag_reported), (Figure::Exact(1), Some(4)));
    script(&room, &["XREADGROUP GROUP g c STREAMS x >", "XADD x 6-0 a b", "XADD x 7-0 a b"]).await;
    let group = room.sample_group("x", "g").await;
    assert_eq!((group.lag, group.lag_reported), (Figure::Exact(2), Some(5)));
}

/// Only a key that is missing is gone: of the others nobody knows, and the reason is told.
#[tokio::test]
async fn a_stream_that_redis_does_not_let_us_look_at_is_not_gone() {
    let room = Room::new().await;
    script(&room, &["XADD open 1-0 a b", "XADD shut 1-0 a b", "XGROUP CREATE shut g 0", "XADD away 1-0 a b"]).await;
    let mut eye = room.eye(support::eye::short()).await;
    assert_eq!(eye.now().streams.len(), 3);
    script(&room, &["DEL shut away", "LPUSH shut x"]).await;
    let snapshot = eye.after(2).await;
    let names: Vec<_> = snapshot.streams.iter().map(|stream| stream.name.as_str()).collect();
    assert_eq!(names, ["open"]);
    let why = snapshot.unread("shut", None).unwrap();
    assert!(why.contains("WRONGTYPE"), "{why}");
    assert_eq!((snapshot.unread.len(), snapshot.unread("away", None)), (1, None));
    eye.finds_no(domain::finding::Kind::StreamGone).await;
    let found = eye.finds(domain::finding::Kind::LagUnknown).await;
    assert_eq!(found.stream.as_deref(), Some("shut"));
    script(&room, &["DEL shut", "XADD shut 1-0 a b"]).await;
    assert!(eye.after(2).await.stream("shut").is_some());
}

#[tokio::test]
async fn a_group_whose_pending_entries_may_not_be_listed_is_not_gone_and_costs_no_other_its_figures() {
    let room = Room::new().await;
    script(&room, &["XADD s 1-0 a b", "XGROUP CREATE s g 0", "XREADGROUP GROUP g c STREAMS s >", "XADD t 1-0 a b"])
        .await;
    let mut eye = room.eye(support::eye::short()).await;
    eye.finds_no(domain::finding::Kind::GroupGone).await;
    script(&room, &["ACL SETUSER default -xpending"]).await;
    // what pends is asked for anew when it may have changed
    script(&room, &["XADD s 2-0 a b", "XREADGROUP GROUP g c STREAMS s >"]).await;
    let found = eye.finds(domain::finding::Kind::LagUnknown).await;
    assert!(found.explanation.contains("NOPERM"), "{}", found.explanation);
    assert_eq!((found.stream.as_deref(), found.group.as_deref()), (Some("s"), Some("g")));
    assert!(eye.now().stream("t").is_some() && eye.now().stream("s").is_some());
    eye.finds_no(domain::finding::Kind::GroupGone).await;
    script(&room, &["ACL SETUSER default +xpending"]).await;
    eye.finds_no(domain::finding::Kind::LagUnknown).await;
}

/// Also where nobody ever could look at them.
#[tokio::test]
async fn dead_letters_that_redis_does_not_let_us_count_are_unknown_until_they_are_known_to_be_gone() {
    let room = Room::new().await;
    let graves = streams::keys::dead_letter_stream("s");
    script(&room, &["XADD s 1-0 a b", "XGROUP CREATE s g 0", &format!("XADD {graves} 1-0 a b")]).await;
    script(&room, &["ACL SETUSER keeper on nopass allkeys +@all", "ACL SETUSER default resetkeys ~s ~dsm:*"]).await;
    let mut eye = room.eye(support::eye::short()).await;
    let told = |snapshot: &domain::stream::Snapshot| snapshot.stream("s").unwrap().groups[0].dead_letters.clone();
    let unknown = told(&eye.now());
    assert!(matches!(&unknown, Figure::Unknown(why) if why.contains("NOPERM")), "{unknown:?}");
    let mut keeper = room.connection().await.unwrap();
    let () = redis::cmd("AUTH").arg("keeper").arg("any").query_async(&mut keeper).await.unwrap();
    let () = redis::cmd("DEL").arg(&graves).query_async(&mut keeper).await.unwrap();
    script(&room, &["ACL SETUSER default allkeys"]).await;
    let snapshot = eye.after(2).await;
    assert_eq!(told(&snapshot), Figure::Exact(0));
}

/// XGROUP and XREADGROUP take any bytes for a consumer's name.
#[tokio::test]
async fn a_group_whose_pending_entries_belong_to_a_name_that_is_no_text_is_looked_at_like_others() {
    let room = Room::new().await;
    script(&room, &["XADD s 1-0 a b", "XGROUP CREATE s g 0"]).await;
    let mut raw = room.connection().await.unwrap();
    let mut read = redis::cmd("XREADGROUP");
    read.arg("GROUP").arg("g").arg(b"\xff").arg("STREAMS").arg("s").arg(">");
    let _: redis::Value = read.query_async(&mut raw).await.unwrap();
    let snapshot = room.eye(support::eye::short()).await.now();
    assert_eq!(snapshot.unread, []);
    let oldest = &snapshot.stream("s").unwrap().groups[0].oldest;
    assert_eq!(oldest.iter().map(|pending| pending.consumer.as_deref()).collect::<Vec<_>>(), [Some("\u{fffd}")]);
}

#[tokio::test]
async fn entries_trimmed_before_delivery_are_no_lag() {
    let room = Room::new().await;
    for n in 1..=5 {
        script(&room, &[&format!("XADD f {n}-0 a b")]).await;
    }
    script(&room, &["XGROUP CREATE f g 0", "XTRIM f MAXLEN 2"]).await;
    assert_eq!(room.sample_group("f", "g").await.lag, Figure::Exact(2));
}

#[tokio::test]
async fn every_stream_on_the_server_is_seen_with_what_xinfo_says() {
    let room = Room::new().await;
    script(&room, &["SET not-a-stream x", "XADD somebody's:stream * a b", "XADD other * a b", "XADD other * a b"])
        .await;
    script(&room, &["XGROUP CREATE other billing 0", "XREADGROUP GROUP billing c1 COUNT 1 STREAMS other >"]).await;
    let snapshot = room.sample().await;
    let names: Vec<_> = snapshot.streams.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["other", "somebody's:stream"]);
    let other = snapshot.stream("other").unwrap();
    assert_eq!((other.length, other.entries_added), (2, 2));
    assert!(other.memory_bytes.is_some_and(|bytes| bytes > 0));
    let group = &other.groups[0];
    assert_eq!((group.lag.clone(), group.pending, group.consumers.len()), (Figure::Exact(1), 1, 1));
    assert_eq!((group.consumers[0].name.as_str(), group.consumers[0].pending), ("c1", 1));
    assert_eq!(group.oldest_pending_id, other.first_id);
    assert!(group.behind_ms.is_some() && group.oldest_pending_ms.is_some());
    assert!(group.handling.is_none(), "nobody handles it here");
    assert!(["redis", "valkey"].contains(&snapshot.redis.product.as_str()), "{:?}", snapshot.redis);
    assert_eq!(snapshot.redis.mode, "standalone");
    assert!(!snapshot.redis.version.is_empty() && snapshot.redis.used_memory_bytes > 0);
}

#[tokio::test]
async fn dead_letters_are_counted_per_stream_and_group() {
    let room = Room::new().await;
    let fail = |_| async { Err(streams::Failure::Reject(anyhow::anyhow!("no"))) };
    let one = room.consume(support::quick(GROUP, "one"), fail);
    let two = room.consume(support::quick("healthy", "two"), |_| async { Ok(()) });
    for n in 0..3 {
        room.add_event("k", n).await;
    }
    room.wait_for_dead_letters(3).await;
    room.wait_until_nothing_pends("healthy").await;
    let snapshot = room.sample().await;
    let stream = snapshot.stream(STREAM).unwrap();
    let of = |name: &str| stream.groups.iter().find(|g| g.name == name).unwrap().dead_letters.clone();
    assert_eq!((stream.dead_letters, snapshot.dead_letters()), (3, 3));
    assert_eq!((of(GROUP), of("healthy")), (Figure::Exact(3), Figure::Exact(0)));
    assert_eq!(snapshot.stream("{events}:dlq").unwrap().source.as_deref(), Some(STREAM));
    one.stop().await;
    two.stop().await;
}
