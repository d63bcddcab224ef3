//! Users that may only watch, or may operate, with the access lists of docs/connections.md.

#![expect(clippy::unwrap_used, reason = "a test may end anywhere")]

mod support;

use std::sync::Arc;

use domain::{
    Figure,
    connection::{Role, needs},
    dead_letter::Cursor,
    operation::{DeadLetterSelection, GroupMove, Outcome, PendingAct, PendingSelection, Position},
    stream::{EntryId, Snapshot},
};
use streams::{Metrics, Outgoing, Redis, dead_letter, keys, operate, publish, rights, sampler::sampler};
use support::Room;
use testkit::redis::{Cluster, Sentinel};

const DOCUMENT: &str = include_str!("../../docs/connections.md");

/// The line of the document that makes this user, with a password.
fn line(user: &str) -> String {
    let line = DOCUMENT.lines().find(|line| line.starts_with(&format!("ACL SETUSER {user} "))).expect(user);
    line.replace(">PASSWORD", ">secret")
}

impl Room {
    /// A connection as this user of the document.
    async fn as_user(&self, user: &str) -> Redis {
        let _: () = self.cli(&line(user)).await;
        Redis::new(&format!("{}?user={user}&pass=secret", self.server.url())).unwrap()
    }
}

async fn look(redis: &Redis) -> Arc<Snapshot> {
    let (mut sampler, _) = sampler(redis.clone(), Metrics::default(), std::time::Duration::from_secs(1));
    sampler.look().await.unwrap()
}

/// A stream `s` with a group `g` that has read two of five entries, one of which is deleted, and a dead letter.
async fn furnished(room: &Room) -> EntryId {
    for n in 1..=5 {
        let _: String = room.cli(&format!("XADD s {n}-0 data {{\"event_id\":\"e{n}\"}}")).await;
    }
    let _: redis::Value = room.cli("XGROUP CREATE s g 0").await;
    let _: redis::Value = room.cli("XREADGROUP GROUP g c COUNT 3 STREAMS s >").await;
    let _: redis::Value = room.cli("XDEL s 1-0").await;
    let selection = select(PendingAct::DeadLetter, 3);
    let report = operate::pending(&room.redis, "s", "g", &selection).await.unwrap();
    assert_eq!(report.count(Outcome::Done), 1, "{report:?}");
    let letters = keys::dead_letter_stream("s");
    let found: Vec<(String, redis::Value)> = room.cli(&format!("XRANGE {letters} - +")).await;
    found[0].0.parse().unwrap()
}

fn select(act: PendingAct, ms: u64) -> PendingSelection {
    let ids = vec![EntryId { ms, seq: 0 }];
    PendingSelection { act, ids, dry_run: false, state_token: None, reason: Some("a test".to_owned()) }
}

fn letter(id: EntryId) -> DeadLetterSelection {
    let items = vec![Cursor { stream: "s".to_owned(), id }];
    DeadLetterSelection { items, dry_run: false, state_token: None, reason: Some("a test".to_owned()) }
}

fn group_move() -> GroupMove {
    GroupMove { to: Position::End, dry_run: false, state_token: None, reason: None }
}

#[tokio::test]
async fn the_documented_user_that_watches_sees_what_the_default_user_sees() {
    let room = Room::new().await;
    furnished(&room).await;
    let watcher = room.as_user("console-watch").await;
    let (ours, theirs) = (look(&room.redis).await, look(&watcher).await);
    let (mine, their) = (ours.stream("s").unwrap(), theirs.stream("s").unwrap());
    assert_eq!((their.length, their.dead_letters, their.groups.len()), (4, 1, 1));
    assert!(their.memory_bytes.is_some());
    let (my_group, group) = (&mine.groups[0], &their.groups[0]);
    assert_eq!((&group.lag, group.pending, &group.dead_letters), (&my_group.lag, 2, &Figure::Exact(1)));
    assert_eq!(group.consumers.len(), 1);
    assert_eq!(group.oldest.iter().map(|old| old.has_body).collect::<Vec<_>>(), [false, true]);
    assert_eq!(theirs.redis.version, ours.redis.version);
    assert_eq!(theirs.redis.untold, None);
    let rights = &theirs.redis.rights;
    assert_eq!((rights.user.as_deref(), rights.role()), (Some("console-watch"), Role::WatchOnly), "{rights:?}");
    assert_eq!(rights.blind_spots(), None);
    assert_eq!(ours.redis.rights.role(), Role::Operate);
}

#[tokio::test]
async fn a_user_that_may_only_watch_changes_nothing_and_is_told_why() {
    let room = Room::new().await;
    let dead = furnished(&room).await;
    let watcher = room.as_user("console-watch").await;
    let before = state(&room).await;
    for act in [PendingAct::Claim, PendingAct::Acknowledge, PendingAct::DeadLetter] {
        let report = operate::pending(&watcher, "s", "g", &select(act, 2)).await.unwrap();
        assert_eq!(report.count(Outcome::Failed), 1, "{act:?}: {report:?}");
        assert!(report.items[0].detail.contains("NOPERM"), "{report:?}");
    }
    let moved = operate::move_group(&watcher, "s", "g", &group_move()).await.unwrap_err().to_string();
    assert!(moved.contains("NOPERM"), "{moved}");
    for report in [
        dead_letter::replay(&watcher, &letter(dead)).await.unwrap(),
        dead_letter::discard(&watcher, &letter(dead)).await.unwrap(),
    ] {
        assert_eq!(report.count(Outcome::Failed), 1, "{report:?}");
    }
    assert_eq!(state(&room).await, before);
    let told = rights(&watcher, "s").await.unwrap();
    for needed in [needs::CLAIM, needs::ACKNOWLEDGE, needs::BURY, needs::MOVE, needs::REPLAY, needs::DISCARD] {
        let why = told.allow(needed).unwrap_err();
        assert!(why.contains("ACL SETUSER console-watch"), "{why}");
    }
}

/// Everything that an act could have changed.
async fn state(room: &Room) -> Vec<redis::Value> {
    let mut all = Vec::new();
    for question in ["XRANGE s - +", "XPENDING s g", "XINFO GROUPS s", "XRANGE {s}:dlq - +"] {
        all.push(room.cli(question).await);
    }
    all
}

#[tokio::test]
async fn the_documented_user_that_operates_can_do_every_repair() {
    let room = Room::new().await;
    let dead = furnished(&room).await;
    let operator = room.as_user("console-operate").await;
    let told = rights(&operator, "s").await.unwrap();
    assert_eq!((told.role(), told.blind_spots()), (Role::Operate, None), "{told:?}");
    let done = async |act, ms| operate::pending(&operator, "s", "g", &select(act, ms)).await.unwrap();
    for (act, ms) in [(PendingAct::Claim, 2), (PendingAct::DeadLetter, 2), (PendingAct::Acknowledge, 1)] {
        let report = done(act, ms).await;
        assert_eq!(report.count(Outcome::Done), 1, "{act:?}: {report:?}");
    }
    let report = operate::move_group(&operator, "s", "g", &group_move()).await.unwrap();
    assert_eq!(report.count(Outcome::Done), 1, "{report:?}");
    let report = dead_letter::replay(&operator, &letter(dead)).await.unwrap();
    assert_eq!(report.count(Outcome::Done), 1, "{report:?}");
    let letters: Vec<(String, redis::Value)> = room.cli("XRANGE {s}:dlq - +").await;
    let report = dead_letter::discard(&operator, &letter(letters[0].0.parse().unwrap())).await.unwrap();
    assert_eq!(report.count(Outcome::Done), 1, "{report:?}");
}

#[tokio::test]
async fn asking_for_rights_runs_no_command_that_writes() {
    let room = Room::new().await;
    furnished(&room).await;
    let operator = room.as_user("console-operate").await;
    let _: () = room.cli("CONFIG RESETSTAT").await;
    rights(&operator, "s").await.unwrap();
    look(&operator).await;
    let statistics: String = room.cli("INFO commandstats").await;
    for command in ["xack", "xadd", "xdel", "xclaim", "xgroup", "evalsha", "eval", "script", "set", "del", "exec"] {
        let ran = statistics.lines().find(|line| line.starts_with(&format!("cmdstat_{command}")));
        assert!(ran.is_none_or(|line| line.contains("calls=0,")), "{ran:?}");
    }
    assert!(statistics.contains("cmdstat_multi"), "it was asked: {statistics}");
}

#[tokio::test]
async fn what_a_user_may_not_ask_is_unknown_and_breaks_no_look() {
    let room = Room::new().await;
    furnished(&room).await;
    let watcher = room.as_user("console-watch").await;
    let _: () = room.cli("ACL SETUSER console-watch -info -memory|usage -multi -zcount").await;
    let seen = look(&watcher).await;
    let why = seen.redis.untold.clone().expect("a reason");
    assert!(why.contains("NOPERM") && why.contains("+info"), "{why}");
    assert_eq!((seen.redis.version.as_str(), seen.redis.mode.as_str()), ("", "standalone"));
    assert_eq!(seen.stream("s").unwrap().memory_bytes, None);
    assert_eq!(seen.stream("s").unwrap().groups[0].pending, 2);
    let rights = &seen.redis.rights;
    assert_eq!(rights.role(), Role::Unknown);
    let why = rights.unknown.as_deref().expect("a reason");
    assert!(why.contains("ACL SETUSER console-watch +multi +discard"), "{why}");
    assert_eq!(rights.allow(needs::MOVE), Ok(()), "Redis itself will say");

    let _: () = room.cli("ACL SETUSER console-watch +multi -xpending").await;
    let blind = rights_now(&watcher).await.blind_spots().expect("a blind spot");
    assert!(blind.contains("+xpending"), "{blind}");
}

async fn rights_now(redis: &Redis) -> domain::connection::Rights {
    rights(redis, "s").await.unwrap()
}

#[tokio::test]
async fn a_key_that_may_not_be_written_is_told_apart_from_a_command() {
    let room = Room::new().await;
    furnished(&room).await;
    let operator = room.as_user("console-operate").await;
    let _: () = room.cli("ACL SETUSER console-operate resetkeys %R~* ~other*").await;
    let told = rights_now(&operator).await;
    assert_eq!((told.refused.as_slice(), told.keys_refused, told.role()), (&[][..], true, Role::WatchOnly));
    assert!(told.allow(needs::MOVE).unwrap_err().contains("~*"));
    let other = rights(&operator, "other:stream").await.unwrap();
    assert!(!other.keys_refused, "{other:?}");
}

#[tokio::test]
async fn in_a_cluster_and_behind_sentinels_rights_are_found_out_too() {
    let (cluster, sentinel) = (Cluster::start().await, Sentinel::start().await);
    for (url, nodes, more) in [
        (cluster.url(), cluster.nodes(), " +cluster|slots +cluster|nodes +readonly"),
        (sentinel.url(), sentinel.servers(), ""),
    ] {
        let own = Redis::new(&url).unwrap();
        publish(&own, &[Outgoing { stream: "s".to_owned(), data: "{}".to_owned() }]).await.unwrap();
        let seen = look(&own).await;
        let rights = &seen.redis.rights;
        assert_eq!((rights.role(), rights.user.as_deref()), (Role::Operate, Some("default")), "{url}: {rights:?}");
        for node in nodes {
            let answer = node.ask(&format!("{}{more}", line("console-watch"))).await;
            assert!(answer.starts_with("+OK"), "{answer}");
        }
        let watcher = Redis::new(&url.replacen("://", "://console-watch:secret@", 1)).unwrap();
        let seen = look(&watcher).await;
        assert_eq!(seen.stream("s").unwrap().length, 1);
        let rights = &seen.redis.rights;
        assert_eq!((rights.role(), rights.user.as_deref()), (Role::WatchOnly, Some("console-watch")), "{rights:?}");
        assert_eq!((rights.blind_spots(), &seen.redis.untold), (None, &None));
    }
}
