//! Faults of the servers, injected into real ones: memory, restarts, failovers, replicas; and of names in a cluster.

#![expect(clippy::unwrap_used, reason = "a test may end anywhere")]

mod support;

use std::time::Duration;

use domain::{Status, finding::Kind};
use redis::Value;
use support::{
    Room, Servers,
    eye::{run, short, stream_of},
};
use testkit::{
    redis::{Cluster, Sentinel},
    wait,
};

async fn info(room: &Room, section: &str, name: &str) -> u64 {
    let text: String = room.cli(&format!("INFO {section}")).await;
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name}:")));
    line.unwrap_or_default().trim().parse().unwrap_or(0)
}

#[tokio::test]
async fn a_policy_that_can_delete_streams_is_told_by_what_it_can_do_now() {
    let room = Room::new().await;
    let mut eye = room.eye(short()).await;
    eye.finds_no(Kind::Eviction).await;
    run(&room, &["CONFIG SET maxmemory-policy allkeys-lru"]).await;
    assert_eq!(eye.finds(Kind::Eviction).await.status, Status::Idle);
    run(&room, &["CONFIG SET maxmemory 200mb"]).await;
    assert_eq!(eye.finds(Kind::Eviction).await.status, Status::Warn);
    run(&room, &["CONFIG SET maxmemory-policy noeviction"]).await;
    eye.finds_no(Kind::Eviction).await;
}

#[tokio::test]
async fn a_key_that_was_evicted_is_told_for_an_hour() {
    let room = Room::new().await;
    let mut eye = room.eye(short()).await;
    let limit = info(&room, "memory", "used_memory").await + 1_000_000;
    run(&room, &["CONFIG SET maxmemory-policy allkeys-lru", &format!("CONFIG SET maxmemory {limit}")]).await;
    let value = "x".repeat(100_000);
    for n in 0..30 {
        run(&room, &[&format!("SET key{n} {value}")]).await;
    }
    assert!(info(&room, "stats", "evicted_keys").await > 0, "the premise");
    let found = eye.finds(Kind::Evicted).await;
    assert_eq!(found.status, Status::Bad);
    assert_eq!(found.until.unwrap().since(found.since).as_secs() / 60, 60);
}

#[tokio::test]
async fn memory_that_is_nearly_full_is_told_before_entries_are_refused() {
    let room = Room::new().await;
    let mut eye = room.eye(short()).await;
    let used = info(&room, "memory", "used_memory").await;
    run(&room, &[&format!("CONFIG SET maxmemory {}", used + used / 20)]).await;
    assert_eq!(eye.finds(Kind::MemoryFull).await.status, Status::Bad);
    run(&room, &[&format!("CONFIG SET maxmemory {}", used * 4)]).await;
    eye.finds_no(Kind::MemoryFull).await;
}

#[tokio::test]
async fn a_restart_and_what_it_has_cost_are_told() {
    let mut room = Room::new().await;
    stream_of(&room, 3).await;
    let mut eye = room.eye(short()).await;
    eye.finds_no(Kind::RedisRestarted).await;
    room.server.kill();
    room.server.start_again().await;
    assert_eq!(eye.sees(Kind::RedisRestarted).await.status, Status::Warn);
    let gone = eye.finds(Kind::StreamGone).await;
    assert_eq!(gone.stream.as_deref(), Some("s"));
    assert!(gone.explanation.starts_with("It is gone, with 3 entries and 1 group. "), "{}", gone.explanation);
    stream_of(&room, 1).await;
    eye.finds_no(Kind::StreamGone).await;
}

#[tokio::test]
async fn a_server_that_has_become_a_replica_is_told_until_it_takes_writes_again() {
    let room = Room::new().await;
    let mut eye = room.eye(short()).await;
    // nothing listens there, so it keeps what it has
    run(&room, &["REPLICAOF 127.0.0.1 1"]).await;
    assert_eq!(eye.finds(Kind::RedisReadOnly).await.status, Status::Bad);
    run(&room, &["REPLICAOF NO ONE"]).await;
    eye.finds_no(Kind::RedisReadOnly).await;
}

fn sentinel(room: &Room) -> &Sentinel {
    if let Servers::Sentinel(sentinel) = &room.server { sentinel } else { panic!("no sentinel") }
}

#[tokio::test]
async fn a_failover_a_lost_replica_and_replicas_that_nobody_awaits_are_told() {
    let room = Room::on_sentinel(Sentinel::start().await);
    let mut eye = room.eye(short()).await;
    assert_eq!(eye.finds(Kind::ReplicasNotAwaited).await.status, Status::Idle);
    run(&room, &["CONFIG SET min-replicas-to-write 1"]).await;
    eye.finds_no(Kind::ReplicasNotAwaited).await;

    wait::until("a look while the replica is away", || async {
        let _: Value = room.cli("CLIENT KILL TYPE replica").await;
        eye.now().found.findings.iter().any(|finding| finding.kind == Kind::ReplicaLost).then_some(())
    })
    .await;

    // one that was started after the last look at the other would be taken for a restart
    wait::until("the replica is old enough", || async {
        let info = sentinel(&room).servers()[1].ask("INFO server").await;
        let uptime = info.lines().find_map(|line| line.strip_prefix("uptime_in_seconds:"))?;
        (uptime.trim().parse::<u64>().ok()? >= 4).then_some(())
    })
    .await;
    sentinel(&room).servers()[0].wait_for(&sentinel(&room).servers()[1]).await;
    sentinel(&room).fail_over().await;
    assert_eq!(eye.sees(Kind::RedisFailedOver).await.status, Status::Warn);
}

#[tokio::test]
async fn a_replica_that_hangs_is_told_until_it_is_heard_of() {
    let room = Room::on_sentinel(Sentinel::start().await);
    let eye = room.eye(short()).await;
    sentinel(&room).servers()[1].pause();
    assert_eq!(eye.sees(Kind::ReplicaSilent).await.status, Status::Warn);
    sentinel(&room).servers()[1].resume();
    wait::until("it is over", || async {
        eye.now().found.findings.iter().all(|finding| finding.kind != Kind::ReplicaSilent).then_some(())
    })
    .await;
}

/// A connection to the server that has the slot of this name.
async fn at_home(cluster: &Cluster, name: &str) -> redis::aio::MultiplexedConnection {
    let client = redis::Client::open(cluster.url_of(cluster.home(name).await)).unwrap();
    let patient = Some(Duration::from_secs(30));
    let config = redis::AsyncConnectionConfig::new().set_response_timeout(patient).set_connection_timeout(patient);
    client.get_multiplexed_async_connection_with_config(&config).await.unwrap()
}

/// F19: nothing else lies in the slot of such a name.
#[tokio::test]
async fn in_a_cluster_a_stream_that_can_have_no_dead_letters_is_told_and_others_are_not() {
    let cluster = Cluster::start().await;
    for name in ["a}b", "orders", "{a}b"] {
        let mut connection = at_home(&cluster, name).await;
        let create =
            redis::cmd("XGROUP").arg(&["CREATE", name, "g", "0", "MKSTREAM"]).query_async(&mut connection).await;
        let () = create.unwrap();
    }
    let room = Room::on_cluster(cluster).await;
    let mut eye = room.eye(short()).await;
    let snapshot = eye.after(2).await;
    let told: Vec<_> = snapshot.found.findings.iter().filter(|finding| finding.kind == Kind::NoDeadLetters).collect();
    assert_eq!((told.len(), told[0].stream.as_deref()), (1, Some("a}b")));
    let Servers::Cluster(cluster) = &room.server else { panic!("a cluster") };
    let mut connection = at_home(cluster, "a}b").await;
    let _: Value = redis::cmd("DEL").arg("a}b").query_async(&mut connection).await.unwrap();
    eye.finds_no(Kind::NoDeadLetters).await;
}
