//! Random faults against a running group: consumers crash, Redis is killed and frozen, handlers fail. At the end every
//! entry that Redis accepted was handled or is a dead letter, and each key was handled in its order (P3 to P8).

#![expect(clippy::unwrap_used, reason = "a test may end anywhere")]

mod support;

use std::time::Duration;

use rand::{Rng, SeedableRng, rngs::StdRng};
use streams::{ConsumerSettings, Failure, Outgoing, publish};
use support::{Diary, GROUP, Room, Running, STREAM, event, quick, retry};
use testkit::{redis::Server, wait};

const KEYS: u32 = 5;
const ROUNDS: u32 = 12;
const PER_ROUND: u32 = 20;

fn consumer(room: &Room, diary: &Diary) -> Running {
    let notes = diary.clone();
    let settings =
        ConsumerSettings { claim_after: Duration::from_millis(500), max_attempts: 50, ..quick(GROUP, "one") };
    room.consume(settings, move |message| {
        // by event, not by time, so that a seed means the same run everywhere
        let n = u32::try_from(message.id.seq).unwrap_or(0) + u32::try_from(message.attempt).unwrap_or(0);
        let poisoned = message.envelope.event_id.as_deref().is_some_and(|id| id.ends_with("-13"));
        let fails = !poisoned && n.is_multiple_of(7);
        if !fails && !poisoned {
            notes.note(&message);
        }
        async move {
            tokio::task::yield_now().await;
            match (poisoned, fails) {
                (true, _) => Err(Failure::Reject(anyhow::anyhow!("poisoned"))),
                (_, true) => retry("now and then"),
                _ => Ok(()),
            }
        }
    })
}

async fn add_at_last(room: &Room, key: u32, n: u32) {
    wait::until("redis takes it", || async {
        let outgoing = Outgoing { stream: STREAM.into(), data: event(&format!("k{key}"), n) };
        publish(&room.redis, &[outgoing]).await.ok()
    })
    .await;
}

async fn survive(seed: u64) {
    let mut random = StdRng::seed_from_u64(seed);
    let mut room = Room::with(Server::start_durable().await);
    let diary = Diary::default();
    let mut running = consumer(&room, &diary);
    for round in 0..ROUNDS {
        for n in round * PER_ROUND..(round + 1) * PER_ROUND {
            add_at_last(&room, n % KEYS, n).await;
        }
        match random.random_range(0..4) {
            0 => {
                running.crash().await;
                running = consumer(&room, &diary);
            }
            1 => {
                room.server.kill();
                room.server.start_again().await;
            }
            2 => {
                running.stop().await;
                running = consumer(&room, &diary);
            }
            _ => {
                room.server.pause();
                room.server.resume();
            }
        }
    }
    let all = ROUNDS * PER_ROUND;
    // a connection that broke unseen is told once
    let _ = room.redis.ping().await;
    wait::until("everything else is handled", || async {
        let handled = diary.counts().len();
        (handled == all as usize - 1).then_some(())
    })
    .await;
    room.wait_until_nothing_pends(GROUP).await;
    assert!(!room.dead_letters().await.is_empty(), "seed {seed}: the poisoned one is kept");
    running.stop().await;
    let counts = diary.counts();
    for n in 0..all {
        let id = format!("k{}-{n}", n % KEYS);
        assert_eq!(n == 13, !counts.contains_key(&id), "seed {seed}: {id}");
    }
    for key in 0..KEYS {
        let mut first_times: Vec<u32> = Vec::new();
        for id in diary.of_key(&format!("k{key}")) {
            let n = id.rsplit('-').next().unwrap().parse().unwrap();
            if !first_times.contains(&n) {
                first_times.push(n);
            }
        }
        assert!(first_times.is_sorted(), "seed {seed}, key k{key}: {first_times:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_dies_every_entry_is_handled_or_a_dead_letter_in_the_order_of_its_key() {
    for seed in 1..=4 {
        survive(seed).await;
    }
}
