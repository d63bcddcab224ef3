//! A look after the first asks less, and still tells the truth.

#![expect(clippy::unwrap_used, reason = "a test may end anywhere")]

mod support;

use std::time::Duration;

use domain::{
    Figure,
    stream::{EntryId, GroupSample},
};
use proptest::prelude::*;
use redis::Commands;
use streams::sampler::sampler;
use support::Room;
use testkit::wait;

const GROUPS: [&str; 2] = ["g", "h"];

/// What anybody may do to a stream between two looks.
#[derive(Debug, Clone)]
enum Step {
    Add,
    Read(usize, u8),
    Acknowledge(usize, usize),
    /// As a replay does it: an entry that was acknowledged, or never read, becomes pending.
    Force(usize, usize),
    Claim(usize, u8, usize),
    Delete(usize),
    Trim(usize),
    Move(usize, usize),
    Drop(usize, u8),
}

fn step() -> impl Strategy<Value = Step> {
    let group = 0usize..2;
    prop_oneof![
        5 => Just(Step::Add),
        5 => (group.clone(), 0u8..2).prop_map(|(group, consumer)| Step::Read(group, consumer)),
        4 => (group.clone(), 0usize..6).prop_map(|(group, nth)| Step::Acknowledge(group, nth)),
        2 => (group.clone(), 0usize..6).prop_map(|(group, nth)| Step::Force(group, nth)),
        1 => (group.clone(), 0u8..2, 0usize..6).prop_map(|(group, consumer, nth)| Step::Claim(group, consumer, nth)),
        1 => (0usize..6).prop_map(Step::Delete),
        1 => (0usize..6).prop_map(Step::Trim),
        1 => (group.clone(), 0usize..6).prop_map(|(group, nth)| Step::Move(group, nth)),
        1 => (group, 0u8..2).prop_map(|(group, consumer)| Step::Drop(group, consumer)),
    ]
}

/// A stream as a person would look at it, with nothing remembered.
struct Bare(redis::Connection);

impl Bare {
    fn ask(&mut self, line: &str) -> redis::RedisResult<redis::Value> {
        let mut words = line.split(' ');
        let mut command = redis::cmd(words.next().unwrap());
        for word in words {
            command.arg(word);
        }
        command.query(&mut self.0)
    }

    fn entries(&mut self, after: &str) -> Vec<String> {
        let answer = self.ask(&format!("XRANGE s {after} +")).unwrap();
        redis::from_redis_value::<Vec<(String, redis::Value)>>(answer).unwrap().into_iter().map(|(id, _)| id).collect()
    }

    fn pending(&mut self, group: &str) -> Vec<String> {
        let answer = self.ask(&format!("XPENDING s {group} - + 1000")).unwrap();
        let pending: Vec<(String, String, u64, u64)> = redis::from_redis_value(answer).unwrap();
        pending.into_iter().map(|(id, ..)| id).collect()
    }

    fn carry_out(&mut self, step: &Step) {
        let nth = |list: Vec<String>, n: usize| list.get(n % list.len().max(1)).cloned();
        let line = match *step {
            Step::Add => Some("XADD s * a b".to_owned()),
            Step::Read(group, consumer) => {
                Some(format!("XREADGROUP GROUP {} c{consumer} COUNT 1 STREAMS s >", GROUPS[group]))
            }
            Step::Acknowledge(group, n) => {
                nth(self.pending(GROUPS[group]), n).map(|id| format!("XACK s {} {id}", GROUPS[group]))
            }
            Step::Force(group, n) => {
                nth(self.entries("-"), n).map(|id| format!("XCLAIM s {} c0 0 {id} FORCE JUSTID", GROUPS[group]))
            }
            Step::Claim(group, consumer, n) => {
                nth(self.pending(GROUPS[group]), n).map(|id| format!("XCLAIM s {} c{consumer} 0 {id}", GROUPS[group]))
            }
            Step::Delete(n) => nth(self.entries("-"), n).map(|id| format!("XDEL s {id}")),
            Step::Trim(keep) => Some(format!("XTRIM s MAXLEN {keep}")),
            Step::Move(group, n) => {
                nth(self.entries("-"), n).map(|id| format!("XGROUP SETID s {} {id}", GROUPS[group]))
            }
            Step::Drop(group, consumer) => Some(format!("XGROUP DELCONSUMER s {} c{consumer}", GROUPS[group])),
        };
        if let Some(line) = line {
            self.ask(&line).unwrap();
        }
    }

    fn agrees_with(&mut self, sample: &GroupSample, now_ms: u64) -> Result<(), TestCaseError> {
        let unread = self.entries(&format!("({}", sample.last_delivered_id));
        prop_assert_eq!(&sample.lag, &Figure::Exact(unread.len() as u64));
        let behind_ms = unread.first().map_or(0, |id| now_ms - id.parse::<EntryId>().unwrap().ms);
        prop_assert_eq!(sample.behind_ms, Some(behind_ms));
        let pending = self.pending(&sample.name);
        prop_assert_eq!(sample.pending, pending.len() as u64);
        let oldest = sample.oldest_pending_id.map(|id| id.to_string());
        prop_assert_eq!(oldest.as_ref(), pending.first());
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_between_two_looks_the_second_look_after_it_is_the_truth() {
    let room = Room::new().await;
    let (url, redis, metrics) = (room.server.url(), room.redis.clone(), room.metrics.clone());
    let runtime = tokio::runtime::Handle::current();
    let walks = prop::collection::vec(prop::collection::vec(step(), 1..3), 1..25);
    let walked = tokio::task::spawn_blocking(move || {
        let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
            cases: 24,
            failure_persistence: None,
            ..ProptestConfig::default()
        });
        runner.run(&walks, |walk| {
            let mut bare = Bare(redis::Client::open(url.as_str()).unwrap().get_connection().unwrap());
            let () = bare.0.flushall().unwrap();
            for group in GROUPS {
                bare.ask(&format!("XGROUP CREATE s {group} 0 MKSTREAM")).unwrap();
            }
            let mut sampler = sampler(redis.clone(), metrics.clone(), Duration::from_hours(1)).0;
            for steps in &walk {
                for step in steps {
                    bare.carry_out(step);
                }
                runtime.block_on(sampler.look()).unwrap();
                let snapshot = runtime.block_on(sampler.look()).unwrap();
                let now_ms = snapshot.at.millis().try_into().unwrap();
                for group in &snapshot.stream("s").unwrap().groups {
                    bare.agrees_with(group, now_ms)?;
                }
            }
            Ok(())
        })
    });
    walked.await.unwrap().unwrap();
}

#[tokio::test]
async fn the_age_of_what_a_paused_group_leaves_rises_a_second_a_second() {
    let room = Room::new().await;
    for line in ["XGROUP CREATE s g 0 MKSTREAM", "XADD s * a b", "XREADGROUP GROUP g c STREAMS s >", "XADD s * a b"] {
        let _: redis::Value = room.cli(line).await;
    }
    let mut looker = sampler(room.redis.clone(), room.metrics.clone(), Duration::from_hours(1)).0;
    let mut looks = Vec::new();
    for _ in 0..4 {
        let snapshot = looker.look().await.unwrap();
        let group = &snapshot.stream("s").unwrap().groups[0];
        let ages = (group.behind_ms.unwrap(), group.oldest_pending_ms.unwrap());
        looks.push((u64::try_from(snapshot.at.millis()).unwrap(), ages));
        let added = looks[0].0;
        wait::until("some time has passed by the clock of redis", || async {
            let (seconds, micros): (u64, u64) = room.cli("TIME").await;
            (seconds * 1_000 + micros / 1_000 > added + 50 * looks.len() as u64).then_some(())
        })
        .await;
    }
    let (first_at, first) = looks[0];
    for (at, ages) in &looks {
        let passed = at - first_at;
        assert_eq!(*ages, (first.0 + passed, first.1 + passed));
    }
    assert!(looks[3].0 > first_at + 100, "the premise: time has passed");
}

#[tokio::test]
async fn lag_that_is_trimmed_away_is_no_drain() {
    let room = Room::new().await;
    let _: redis::Value = room.cli("XGROUP CREATE s g 0 MKSTREAM").await;
    for _ in 0..40 {
        let _: redis::Value = room.cli("XADD s * a b").await;
    }
    let mut looker = sampler(room.redis.clone(), room.metrics.clone(), Duration::from_hours(1)).0;
    let mut look = async |line: &str| {
        let _: redis::Value = room.cli(line).await;
        looker.look().await.unwrap().stream("s").unwrap().groups[0].clone()
    };
    look("XREADGROUP GROUP g c COUNT 2 STREAMS s >").await;
    let read = look("XREADGROUP GROUP g c COUNT 8 STREAMS s >").await;
    assert!(read.drained_in_ms.is_some() && read.lag == Figure::Exact(30), "the premise: it drains: {read:?}");
    let trimmed = look("XTRIM s MAXLEN 10").await;
    assert_eq!((trimmed.lag, trimmed.drained_in_ms, trimmed.lag_per_minute), (Figure::Exact(10), None, None));
    let reading = look("XREADGROUP GROUP g c COUNT 4 STREAMS s >").await;
    assert_eq!(reading.lag, Figure::Exact(6));
    let moved = look("XGROUP SETID s g $").await;
    assert_eq!((moved.lag, moved.drained_in_ms, moved.lag_per_minute), (Figure::Exact(0), None, None));
}

#[tokio::test]
async fn groups_that_have_not_moved_are_not_asked_again_what_cannot_have_changed() {
    let room = Room::new().await;
    for line in [
        "XADD s * a b",
        "XADD s * a b",
        "XADD s * a b",
        "XGROUP CREATE s g 0",
        "XGROUP CREATE s h 0",
        "XREADGROUP GROUP g c COUNT 1 STREAMS s >",
        "XREADGROUP GROUP h c COUNT 1 STREAMS s >",
    ] {
        let _: redis::Value = room.cli(line).await;
    }
    // whose last act is of this very moment may have acted since, for all that a look can tell
    wait::until("the consumers are quiet", || async {
        let snapshot = room.sample().await;
        let groups = &snapshot.stream("s")?.groups;
        groups.iter().flat_map(|group| &group.consumers).all(|consumer| consumer.idle_ms > 20).then_some(())
    })
    .await;
    let mut looker = sampler(room.redis.clone(), room.metrics.clone(), Duration::from_hours(1)).0;
    let before = calls(&room).await;
    looker.look().await.unwrap();
    let first = calls(&room).await;
    assert_eq!(
        (first.pending - before.pending, first.ranges - before.ranges),
        (2, 1),
        "the groups are at the same place, so one range is for both"
    );
    let snapshot = looker.look().await.unwrap();
    assert_eq!(calls(&room).await, first);
    let group = &snapshot.stream("s").unwrap().groups[0];
    assert_eq!((group.lag.clone(), group.pending), (Figure::Exact(2), 1));
    assert!(group.oldest_pending_id == snapshot.stream("s").unwrap().first_id && group.behind_ms.is_some());

    let _: redis::Value = room.cli("XREADGROUP GROUP g c COUNT 1 STREAMS s >").await;
    looker.look().await.unwrap();
    let moved = calls(&room).await;
    assert_eq!((moved.pending, moved.ranges), (first.pending + 1, first.ranges + 1), "only the one that moved");
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Calls {
    pending: u64,
    ranges: u64,
}

async fn calls(room: &Room) -> Calls {
    let stats: String = room.cli("INFO commandstats").await;
    let of = |command: &str| {
        let line = stats.lines().find_map(|line| line.strip_prefix(&format!("cmdstat_{command}:calls=")));
        line.and_then(|line| line.split(',').next()?.parse().ok()).unwrap_or(0)
    };
    Calls { pending: of("xpending"), ranges: of("xrange") }
}
