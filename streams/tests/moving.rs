//! Redis is killed in the middle of moves to the dead letters: each entry has exactly one home (promise P7).

#![expect(clippy::unwrap_used, reason = "a test may end anywhere")]

mod support;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use rand::{Rng, SeedableRng, rngs::StdRng};
use streams::{ConsumerSettings, Failure, Outgoing, publish};
use support::{GROUP, Room, Running, STREAM, event, quick};
use testkit::{redis::Server, wait};

const ENTRIES: u32 = 1_500;
const KILLS: u64 = 10;

/// Gives up on everything, as fast as it can.
fn rejecting(room: &Room) -> Running {
    let settings = ConsumerSettings { claim_after: Duration::from_millis(300), ..quick(GROUP, "one") };
    room.consume(settings, |_| async { Err(Failure::Reject(anyhow::anyhow!("no use"))) })
}

/// How often each entry is among the dead letters, by its id.
async fn dead(room: &Room) -> BTreeMap<String, usize> {
    let (mut dead, mut from) = (BTreeMap::new(), "-".to_owned());
    loop {
        let page: Vec<(String, Vec<String>)> = room.cli(&format!("XRANGE {{{STREAM}}}:dlq {from} + COUNT 300")).await;
        let Some((last, _)) = page.last() else { return dead };
        from = format!("({last}");
        for (_, fields) in page {
            let at = fields.iter().position(|name| name == "dlq.source_id").unwrap();
            *dead.entry(fields[at + 1].clone()).or_default() += 1;
        }
    }
}

/// Entries that the group still has to handle: pending, or not yet read.
async fn alive(room: &Room) -> BTreeSet<String> {
    type Pending = (String, String, u64, u64);
    let pending: Vec<Pending> =
        room.try_cli(&format!("XPENDING {STREAM} {GROUP} - + 100000")).await.unwrap_or_default();
    let groups: Vec<BTreeMap<String, redis::Value>> = room.cli(&format!("XINFO GROUPS {STREAM}")).await;
    let last: String = groups
        .first()
        .map_or_else(|| "0-0".to_owned(), |group| redis::from_redis_value(group["last-delivered-id"].clone()).unwrap());
    let unread: Vec<(String, Vec<String>)> = room.cli(&format!("XRANGE {STREAM} ({last} +")).await;
    pending.into_iter().map(|pending| pending.0).chain(unread.into_iter().map(|(id, _)| id)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_killed_in_the_middle_of_moves_leaves_each_entry_exactly_one_home() {
    let seed = std::env::var("DSM_SEED").ok().map_or_else(rand::random, |seed| seed.parse().unwrap());
    eprintln!("DSM_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let mut room = Room::with(Server::start_durable().await);
    let all: Vec<_> =
        (0..ENTRIES).map(|n| Outgoing { stream: STREAM.into(), data: event(&format!("k{}", n % 97), n) }).collect();
    let ids: BTreeSet<String> =
        publish(&room.redis, &all).await.unwrap().into_iter().map(|id| id.to_string()).collect();

    for kill in 0..KILLS {
        let running = rejecting(&room);
        let target = u64::from(ENTRIES) * kill / KILLS + random.random_range(0..60);
        wait::until("moves", || async {
            let moved: u64 = room.try_cli(&format!("XLEN {{{STREAM}}}:dlq")).await.ok()?;
            (moved >= target).then_some(())
        })
        .await;
        room.server.kill();
        running.crash().await;
        room.server.start_again().await;
        let (dead, alive) = (dead(&room).await, alive(&room).await);
        for id in &ids {
            let homes = dead.get(id).copied().unwrap_or(0) + usize::from(alive.contains(id));
            assert_eq!(homes, 1, "{id} after kill {kill}, of {} dead and {} alive", dead.len(), alive.len());
        }
    }

    let running = rejecting(&room);
    wait::until("all are moved", || async { (dead(&room).await.len() == ids.len()).then_some(()) }).await;
    room.wait_until_nothing_pends(GROUP).await;
    running.stop().await;
    assert!(dead(&room).await.values().all(|homes| *homes == 1), "none is there twice");
}
