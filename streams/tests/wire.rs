//! The sampler asks on a connection of its own where it can have one, and is not worse off where it cannot.

#![expect(clippy::unwrap_used, reason = "a test may end anywhere")]

mod support;

use std::time::Duration;

use streams::{
    Error, Metrics, Redis,
    sampler::{Sampler, sampler},
};
use support::Room;
use testkit::wait;

fn looker(redis: &Redis) -> Sampler {
    sampler(redis.clone(), Metrics::default(), Duration::from_hours(1)).0
}

/// Ids of the connections on which the sampler has asked last.
async fn wires(room: &Room) -> Vec<String> {
    let clients: String = room.cli("CLIENT LIST").await;
    let asks = |line: &&str| line.contains(" cmd=xinfo") && line.contains(" age=");
    let id = |line: &str| line.strip_prefix("id=")?.split(' ').next().map(str::to_owned);
    clients.lines().filter(asks).filter_map(id).collect()
}

/// A stream with a group that has a consumer, so that a look ends with a question of XINFO.
async fn furnish(room: &Room) {
    for line in ["XADD s * a b", "XGROUP CREATE s g 0", "XREADGROUP GROUP g c COUNT 1 STREAMS s >"] {
        let _: redis::Value = room.cli(line).await;
    }
}

#[tokio::test]
async fn many_looks_share_one_connection() {
    let room = Room::new().await;
    furnish(&room).await;
    let mut looker = looker(&room.redis);
    for _ in 0..4 {
        looker.look().await.unwrap();
    }
    assert_eq!(wires(&room).await.len(), 1);
}

#[tokio::test]
async fn a_connection_that_was_closed_between_two_looks_costs_no_look() {
    let room = Room::new().await;
    furnish(&room).await;
    let mut looker = looker(&room.redis);
    for _ in 0..3 {
        looker.look().await.unwrap();
    }
    let before = wires(&room).await;
    for id in &before {
        let _: u64 = room.cli(&format!("CLIENT KILL ID {id}")).await;
    }
    let snapshot = looker.look().await.unwrap();
    assert_eq!(snapshot.stream("s").unwrap().groups[0].consumers.len(), 1);
    looker.look().await.unwrap();
    let after = wires(&room).await;
    assert!(before.len() == 1 && after.len() == 1 && before != after, "{before:?} {after:?}");
}

#[tokio::test]
async fn a_look_that_was_given_up_halfway_spoils_none_after_it() {
    let room = Room::new().await;
    furnish(&room).await;
    let mut looker = looker(&room.redis);
    looker.look().await.unwrap();
    for micros in (0..3_000).step_by(100) {
        // wherever it is when it is given up
        let _ = tokio::time::timeout(Duration::from_micros(micros), looker.look()).await;
        let snapshot = looker.look().await.unwrap();
        let group = &snapshot.stream("s").unwrap().groups[0];
        assert_eq!((group.name.as_str(), group.pending, group.consumers.len()), ("g", 1, 1));
    }
}

#[tokio::test]
async fn password_and_database_of_the_url_hold_for_looking_too() {
    let room = Room::new().await;
    for line in ["XADD elsewhere * a b", "CONFIG SET requirepass secret"] {
        let _: redis::Value = room.cli(line).await;
    }
    let url = format!("{}?db=3&pass=secret", room.server.url());
    let redis = Redis::new(&url).unwrap();
    streams::publish(&redis, &[streams::Outgoing { stream: "here".into(), data: "{}".into() }]).await.unwrap();
    let snapshot = looker(&redis).look().await.unwrap();
    let names: Vec<&str> = snapshot.streams.iter().map(|stream| stream.name.as_str()).collect();
    assert_eq!(names, ["here"]);
}

#[tokio::test]
async fn where_no_second_connection_can_be_had_the_shared_one_is_asked() {
    let room = Room::new().await;
    furnish(&room).await;
    // the shared connection is there before the server refuses new ones
    room.redis.ping().await.unwrap();
    let mut raw = room.connection().await.unwrap();
    let () = redis::cmd("CONFIG").arg("SET").arg("requirepass").arg("new").query_async(&mut raw).await.unwrap();
    assert!(matches!(Redis::new(&room.server.url()).unwrap().ping().await, Err(Error::Refused(_))), "the premise");
    let mut looker = looker(&room.redis);
    for _ in 0..3 {
        let snapshot = looker.look().await.unwrap();
        let group = &snapshot.stream("s").unwrap().groups[0];
        assert_eq!((group.pending, group.consumers.len(), group.oldest.len()), (1, 1, 1));
    }
    let () = redis::cmd("CONFIG").arg("SET").arg("requirepass").arg("").query_async(&mut raw).await.unwrap();
    looker.look().await.unwrap();
    wait::until("the sampler has a connection of its own again", || async {
        (wires(&room).await.len() == 1).then_some(())
    })
    .await;
}

/// The shared connection reads refusals itself; that one of its own is not to be had must not turn what is shut into what is
/// gone.
#[tokio::test]
async fn what_redis_refuses_is_told_with_the_same_reason_on_either_way() {
    let room = Room::new().await;
    furnish(&room).await;
    let _: redis::Value = room.cli("XADD shut * a b").await;
    let mut straight = looker(&room.redis);
    straight.look().await.unwrap();
    let mut raw = room.connection().await.unwrap();
    let mut run = async |line: &str| {
        let mut words = line.split(' ');
        let mut command = redis::cmd(words.next().unwrap());
        let _: redis::Value = command.arg(words.collect::<Vec<_>>()).query_async(&mut raw).await.unwrap();
    };
    run("CONFIG SET requirepass new").await;
    let mut shared = looker(&room.redis);
    assert_eq!(shared.look().await.unwrap().unread, []);
    run("DEL shut").await;
    run("LPUSH shut x").await;
    // what pends is asked for anew where it may be something else
    run("XADD s * a b").await;
    run("XREADGROUP GROUP g c COUNT 1 STREAMS s >").await;
    run("ACL SETUSER default -xpending").await;
    let told = straight.look().await.unwrap().unread.clone();
    let told: Vec<_> = told.iter().map(|one| (one.stream.as_str(), one.group.as_deref(), one.why.as_str())).collect();
    assert!(
        matches!(told[..], [("s", Some("g"), refused), ("shut", None, wrong)]
        if refused.contains("NOPERM") && wrong.contains("WRONGTYPE")),
        "{told:?}"
    );
    let snapshot = shared.look().await.unwrap();
    let alike: Vec<_> =
        snapshot.unread.iter().map(|one| (one.stream.as_str(), one.group.as_deref(), one.why.as_str())).collect();
    assert_eq!(alike, told);
    run("ACL SETUSER default +xpending").await;
    run("DEL shut").await;
    for looker in [&mut straight, &mut shared] {
        let snapshot = looker.look().await.unwrap();
        let (is_there, pending) = (snapshot.stream("shut").is_some(), snapshot.stream("s").unwrap().groups[0].pending);
        assert_eq!((snapshot.unread.len(), is_there, pending), (0, false, 2));
    }
}
