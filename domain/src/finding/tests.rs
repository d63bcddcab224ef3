//! What no server here can be made to say, and the laws: what is healthy is never called wrong, and what is lost is counted.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::{
    Figure,
    latency::Derived,
    stream::{ConsumerSample, GroupSample, History, RedisFacts, Snapshot, StreamSample, Unread, Verdict},
};

fn id(ms: u64) -> EntryId {
    EntryId { ms, seq: 0 }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000 + second * 1_000)
}

fn group() -> GroupSample {
    GroupSample {
        stream: "s".into(),
        name: "g".into(),
        lag: Figure::Exact(0),
        lag_reported: None,
        entries_read: Some(0),
        pending: 0,
        last_delivered_id: EntryId::ZERO,
        behind_ms: Some(0),
        oldest_pending_ms: None,
        oldest_pending_id: None,
        oldest: vec![],
        consumers: vec![],
        dead_letters: Figure::Exact(0),
        lag_per_minute: None,
        drained_in_ms: None,
        lag_history: History::default(),
        read_per_second: None,
        handling: None,
        derived: Derived::default(),
        verdict: Verdict { status: Status::Ok, word: String::new(), reason: String::new() },
    }
}

fn stream(groups: Vec<GroupSample>) -> StreamSample {
    StreamSample {
        name: "s".into(),
        source: None,
        length: 0,
        first_id: None,
        last_id: EntryId::ZERO,
        entries_added: 0,
        max_deleted_id: EntryId::ZERO,
        memory_bytes: None,
        added_per_second: None,
        length_history: History::default(),
        groups,
        dead_letters: 0,
        can_dead_letter: true,
    }
}

fn server() -> ServerFacts {
    ServerFacts {
        run_id: "a".into(),
        uptime_seconds: 1_000,
        eviction_policy: "noeviction".into(),
        ..ServerFacts::default()
    }
}

fn snapshot(second: i64, servers: Vec<ServerFacts>, streams: Vec<StreamSample>) -> Snapshot {
    let redis = RedisFacts { version: "7.2.4".into(), servers, ..RedisFacts::default() };
    Snapshot { at: at(second), error: None, redis, streams, unread: vec![], found: Found::default() }
}

/// What looks at these find, one after the other, a second apart.
fn watched(looks: Vec<Snapshot>) -> Vec<Vec<Finding>> {
    let mut watch = Watch::default();
    let before = std::iter::once(None).chain(looks.iter().map(Some));
    before.zip(&looks).map(|(before, now)| watch.look(before, now).findings).collect()
}

fn kinds(found: &[Finding]) -> Vec<Kind> {
    found.iter().map(|finding| finding.kind).collect()
}

fn of_servers(looks: Vec<Vec<ServerFacts>>) -> Vec<Vec<Kind>> {
    let snapshots = (0..).zip(looks).map(|(second, servers)| snapshot(second, servers, vec![])).collect();
    watched(snapshots).iter().map(|found| kinds(found)).collect()
}

fn of_groups(looks: Vec<GroupSample>) -> Vec<Vec<Kind>> {
    let streams = looks.into_iter().map(|group| vec![stream(vec![group])]);
    let snapshots = (0..).zip(streams).map(|(second, streams)| snapshot(second, vec![server()], streams)).collect();
    watched(snapshots).iter().map(|found| kinds(found)).collect()
}

#[test]
fn a_younger_server_was_restarted_and_an_older_one_took_over() {
    let other = |uptime_seconds| ServerFacts { run_id: "b".into(), uptime_seconds, ..server() };
    let found = |second| of_servers(vec![vec![server()], vec![second]]).remove(1);
    assert_eq!(found(other(1)), [Kind::RedisRestarted]);
    assert_eq!(found(other(400)), [Kind::RedisFailedOver]);
    assert_eq!(found(server()), []);
}

#[test]
fn a_master_that_joins_a_cluster_replaces_nobody() {
    let joined = ServerFacts { run_id: "b".into(), ..server() };
    assert_eq!(of_servers(vec![vec![server()], vec![server(), joined]])[1], []);
}

#[test]
fn a_server_that_does_not_let_us_ask_is_not_called_wrong() {
    assert_eq!(of_servers(vec![vec![server()], vec![ServerFacts::default()], vec![server()]]).concat(), []);
}

#[test]
fn replicas_are_told_when_they_are_lost_silent_or_not_awaited() {
    let with = |replicas, silence, needs_replicas| {
        vec![ServerFacts { replicas, replica_silent_seconds: silence, needs_replicas, ..server() }]
    };
    let found = of_servers(vec![
        with(2, Some(1), true),
        with(2, Some(10), true),
        with(1, Some(1), true),
        with(1, Some(1), false),
    ]);
    assert_eq!(found[0], []);
    assert_eq!(found[1], [Kind::ReplicaSilent]);
    assert_eq!(found[2], [Kind::ReplicaLost, Kind::ReplicaSilent], "what was there is kept for a look");
    assert_eq!(found[3], [Kind::ReplicaLost, Kind::ReplicasNotAwaited]);
}

#[test]
fn memory_that_trembles_about_a_line_is_one_finding() {
    let used = |percent| vec![ServerFacts { used_memory_bytes: percent, max_memory_bytes: 100, ..server() }];
    let found = of_servers([89, 90, 86, 91, 85, 84, 84].map(used).to_vec());
    let is_full: Vec<bool> = found.iter().map(|kinds| kinds.contains(&Kind::MemoryFull)).collect();
    assert_eq!(is_full, [false, true, true, true, true, true, false], "over when two looks are below the lower line");
}

fn consumer(idle_ms: u64, inactive_ms: Option<u64>) -> ConsumerSample {
    ConsumerSample { name: "c".into(), pending: 0, idle_ms, inactive_ms }
}

#[test]
fn who_asks_in_vain_is_told_only_where_entries_wait_and_redis_tells_attempts() {
    let waiting = GroupSample { lag: Figure::Exact(4), behind_ms: Some(120_000), ..group() };
    let asks =
        |idle_ms, inactive_ms| GroupSample { consumers: vec![consumer(idle_ms, inactive_ms)], ..waiting.clone() };
    let found = |group: GroupSample| of_groups(vec![group.clone(), group]).remove(1);
    assert_eq!(found(asks(100, Some(90_000))), [Kind::AskedInVain]);
    assert_eq!(found(asks(100, None)), [Kind::AskedInVain], "it was never given anything");
    assert_eq!(found(asks(100, Some(500))), [], "it is behind, and at work");
    assert_eq!(found(asks(90_000, Some(90_000))), [], "it is gone: another story");
    assert_eq!(found(GroupSample { lag: Figure::Exact(0), ..asks(100, Some(90_000)) }), []);
    let mut old = snapshot(0, vec![server()], vec![stream(vec![asks(100, Some(90_000))])]);
    old.redis.version = "7.0.15".into();
    assert_eq!(watched(vec![old.clone(), old]), [vec![], vec![]]);
}

#[test]
fn an_owner_that_may_have_been_started_anew_is_not_said_to_live() {
    let held = |consumer: &str, idle_ms, deliveries| OldPending {
        id: id(1),
        consumer: Some(consumer.into()),
        idle_ms,
        deliveries,
        has_body: true,
    };
    let look = |pending, owner_idle_ms| GroupSample {
        oldest: vec![pending],
        consumers: vec![consumer(owner_idle_ms, None)],
        ..group()
    };
    let found = |owner_idle_ms| {
        let looks = [
            look(held("c", 30_000, 1), owner_idle_ms),
            look(held("d", 500, 2), owner_idle_ms + 1_000),
            look(held("d", 1_500, 2), 100),
        ];
        let looks = (0..).zip(looks).map(|(second, group)| snapshot(second, vec![server()], vec![stream(vec![group])]));
        let found = watched(looks.collect());
        assert_eq!((found[1].len(), found[2].len()), (0, 1), "until it asks again nobody knows");
        found[2][0].status
    };
    assert_eq!(found(30_000), Status::Unknown, "silent since it was given the entry");
    assert_eq!(found(2_000), Status::Warn);
}

#[test]
fn a_quiet_hour_is_no_leak_where_redis_tells_only_successes() {
    let hour = 3_600_000;
    let many = |idle_ms| GroupSample { consumers: vec![consumer(idle_ms, None); 12], ..group() };
    let found = |version: &str, idle_ms| {
        let mut seen = snapshot(0, vec![server()], vec![stream(vec![many(idle_ms)])]);
        seen.redis.version = version.into();
        kinds(&watched(vec![seen])[0])
    };
    assert_eq!(found("7.0.15", 2 * hour), []);
    assert_eq!(found("7.0.15", 25 * hour), [Kind::ConsumersLeftBehind]);
    assert_eq!(found("7.2.4", 2 * hour), [Kind::ConsumersLeftBehind]);
}

#[test]
fn what_is_asked_in_several_steps_must_be_seen_twice_in_a_row() {
    let wrong = || GroupSample { lag: Figure::Exact(0), lag_reported: Some(1), ..group() };
    assert_eq!(of_groups(vec![wrong(), group(), wrong(), group()]).concat(), [], "a figure that trembles");
    let found = of_groups(vec![wrong(), wrong(), group(), wrong(), group(), group()]);
    let told: Vec<bool> = found.iter().map(|kinds| !kinds.is_empty()).collect();
    assert_eq!(told, [false, true, true, true, true, false]);
}

#[test]
fn what_happened_is_told_for_its_time_and_says_when() {
    let (was, is) = (GroupSample { last_delivered_id: id(9), ..group() }, group());
    let look = |second, group: &GroupSample| {
        let stream = StreamSample { last_id: id(9), ..stream(vec![group.clone()]) };
        snapshot(second, vec![server()], vec![stream])
    };
    let found = watched(vec![look(0, &was), look(1, &is), look(3_600, &is), look(3_601, &is)]);
    let told = &found[1][0];
    assert_eq!((told.kind, told.since, told.until), (Kind::GroupMovedBack, at(1), Some(at(3_601))));
    assert_eq!((found[2].len(), found[3].len()), (1, 0));
}

/// A stream of nine entries of which the group was given none, and of which so many are left.
fn left(second: i64, left: u64, lag: Figure) -> Snapshot {
    let group = GroupSample { lag, ..group() };
    let first_id = (left > 0).then(|| id(10 - left));
    let nine = StreamSample { length: left, first_id, last_id: id(9), entries_added: 9, ..stream(vec![group]) };
    snapshot(second, vec![server()], vec![nine])
}

fn told_lost(found: &[Finding]) -> (Status, &str) {
    let told = found.iter().find(|finding| finding.kind == Kind::UnreadTrimmed).expect("a finding");
    (told.status, told.explanation.split(" removed").next().expect("words"))
}

#[test]
fn what_was_counted_as_lost_stays_told_when_a_later_look_knows_less() {
    let mut without = left(2, 5, Figure::Exact(5));
    without.streams[0].groups.clear();
    let looks = vec![left(0, 9, Figure::Exact(9)), left(1, 5, Figure::Exact(5)), without, left(3, 5, Figure::Exact(5))];
    let found = watched(looks);
    assert_eq!(told_lost(&found[1]), (Status::Bad, "4 entries were"));
    assert_eq!(told_lost(&found[3]), (Status::Bad, "4 entries were"), "seen anew, as if nobody had looked before");
}

#[test]
fn a_sum_of_losses_with_a_lower_bound_in_it_is_a_lower_bound() {
    let found =
        watched(vec![left(0, 9, Figure::AtLeast(8)), left(1, 5, Figure::Exact(5)), left(2, 2, Figure::Exact(2))]);
    assert_eq!(told_lost(&found[1]), (Status::Bad, "At least 3 entries were"));
    assert_eq!(told_lost(&found[2]), (Status::Bad, "At least 6 entries were"));
}

#[test]
fn a_group_that_is_moved_is_not_said_to_have_been_so_at_the_first_look() {
    let stands = |second, at: u64| {
        let mut look = left(second, 5, Figure::Exact(5));
        look.streams[0].groups[0].last_delivered_id = id(at);
        look
    };
    assert_eq!(kinds(&watched(vec![stands(0, 9), stands(1, 1)])[1]), [Kind::GroupMovedBack]);
}

#[test]
fn what_redis_does_not_let_us_look_at_is_not_called_gone() {
    let refused = |second, group: Option<&str>| {
        let mut look = left(second, 5, Figure::Exact(5));
        match group {
            None => look.streams.clear(),
            Some(_) => look.streams[0].groups.clear(),
        }
        look.unread.push(Unread { stream: "s".into(), group: group.map(str::to_owned), why: "NOPERM".into() });
        look
    };
    for group in [None, Some("g")] {
        let seen = |second| {
            let mut look = left(second, 5, Figure::Exact(5));
            look.streams[0].groups[0].last_delivered_id = id(5);
            look
        };
        let found = watched(vec![seen(0), refused(1, group), refused(2, group), left(3, 5, Figure::Exact(5))]);
        assert_eq!(kinds(&found[1]), [], "it may have been seen at a bad moment");
        assert_eq!(kinds(&found[2]), [Kind::LagUnknown]);
        assert!(found[2][0].explanation.starts_with("It could not be looked at: NOPERM. "), "{:?}", found[2]);
        assert_eq!(kinds(&found[3]), [Kind::LagUnknown], "over when two looks do not see it; nothing else is made up");
    }
}

#[test]
fn everything_in_the_catalogue_that_leaves_a_trace_is_watched_for() {
    let documented: String = Kind::ALL.into_iter().map(Kind::documented).collect();
    for fault in (1..=19).filter(|fault| ![10, 15].contains(fault)) {
        let is_named = documented.split(|c: char| !c.is_alphanumeric()).any(|word| word == format!("F{fault}"));
        assert!(is_named, "F{fault}");
    }
}

#[test]
fn more_findings_than_anybody_reads_are_counted_and_not_kept() {
    let many = |stands: u64| {
        let groups =
            (0..MOST + 200).map(|n| GroupSample { name: format!("g{n}"), last_delivered_id: id(stands), ..group() });
        snapshot(
            i64::try_from(9 - stands).expect("small"),
            vec![server()],
            vec![StreamSample { last_id: id(9), ..stream(groups.collect()) }],
        )
    };
    let mut watch = Watch::default();
    let looks = [many(9), many(5), many(5)];
    watch.look(None, &looks[0]);
    let found = watch.look(Some(&looks[0]), &looks[1]);
    assert_eq!((found.findings.len(), found.left_out), (MOST, 200));
    let found = watch.look(Some(&looks[1]), &looks[2]);
    assert_eq!((found.findings.len(), found.left_out), (MOST, 0));
}

/// A stream with a group, as Redis keeps them while nothing is deleted, and what was really lost.
#[derive(Debug, Default)]
struct Model {
    entries: BTreeSet<u64>,
    last: u64,
    delivered: u64,
    read: u64,
    pending: BTreeSet<u64>,
    lost: u64,
}

#[derive(Debug, Clone)]
enum Step {
    Add,
    Read,
    Acknowledge,
    /// Removes what is read and acknowledged.
    TrimDone,
    /// Leaves so many.
    Trim(usize),
    Look,
}

impl Model {
    fn take(&mut self, step: &Step) {
        match step {
            Step::Add => {
                self.last += 1;
                self.entries.insert(self.last);
            }
            Step::Read => {
                if let Some(next) = self.entries.range(self.delivered + 1..).next().copied() {
                    self.delivered = next;
                    self.read += 1;
                    self.pending.insert(next);
                }
            }
            Step::Acknowledge => drop(self.pending.pop_first()),
            Step::TrimDone => {
                let done = self.pending.first().copied().unwrap_or(self.delivered + 1);
                self.entries.retain(|entry| *entry >= done);
            }
            Step::Trim(keep) => {
                while self.entries.len() > *keep {
                    self.lost += u64::from(self.entries.pop_first().is_some_and(|entry| entry > self.delivered));
                }
            }
            Step::Look => {}
        }
    }

    fn look(&self, second: i64) -> Snapshot {
        let old = |entry: &u64| OldPending {
            id: id(*entry),
            consumer: Some("c".into()),
            idle_ms: 100,
            deliveries: 1,
            has_body: self.entries.contains(entry),
        };
        let group = GroupSample {
            lag: Figure::Exact(self.entries.range(self.delivered + 1..).count() as u64),
            entries_read: Some(self.read),
            last_delivered_id: id(self.delivered),
            pending: self.pending.len() as u64,
            oldest: self.pending.iter().take(10).map(old).collect(),
            consumers: vec![consumer(100, Some(100))],
            ..group()
        };
        let stream = StreamSample {
            length: self.entries.len() as u64,
            first_id: self.entries.first().map(|entry| id(*entry)),
            last_id: id(self.last),
            entries_added: self.last,
            ..stream(vec![group])
        };
        snapshot(second, vec![server()], vec![stream])
    }
}

/// What is found at the end, and what was lost unseen: read past a gap before anybody looked.
fn run(steps: &[Step]) -> (Vec<Finding>, u64) {
    let (mut model, mut watch) = (Model::default(), Watch::default());
    let mut before = model.look(0);
    let mut found = watch.look(None, &before).findings;
    for (second, step) in (1..).zip(steps) {
        model.take(step);
        if let Step::Look = step {
            let now = model.look(second);
            found = watch.look(Some(&before), &now).findings;
            before = now;
        }
    }
    (found, model.lost)
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![6 => Just(Step::Add), 5 => Just(Step::Read), 4 => Just(Step::Acknowledge), 1 => Just(Step::TrimDone), 3 => Just(Step::Look)]
}

proptest! {
    #[test]
    fn what_is_read_acknowledged_and_trimmed_in_order_is_never_called_wrong(
        steps in prop::collection::vec(step(), 1..150),
    ) {
        let (found, _) = run(&steps);
        prop_assert_eq!(found, vec![]);
    }

    #[test]
    fn never_more_is_called_lost_than_is(
        steps in prop::collection::vec(prop_oneof![9 => step(), 1 => (0usize..6).prop_map(Step::Trim)], 1..150),
    ) {
        let (found, lost) = run(&steps);
        for finding in found.iter().filter(|finding| finding.kind == Kind::UnreadTrimmed) {
            let told: u64 = finding.explanation.split(' ').next().and_then(|word| word.parse().ok()).expect("a count");
            prop_assert!((1..=lost).contains(&told), "{} of {lost}", finding.explanation);
        }
    }

    #[test]
    fn what_is_trimmed_while_the_group_stands_is_counted_exactly(
        added in 1u64..20, read in 0u64..20, keep in 0usize..20, more in 0u64..5,
    ) {
        let repeat = |step: Step, times: u64| (0..times).map(move |_| step.clone());
        let mut steps: Vec<Step> = repeat(Step::Add, added).chain(repeat(Step::Read, read)).collect();
        steps.push(Step::Look);
        steps.extend(repeat(Step::Add, more));
        steps.extend([Step::Trim(keep), Step::Look]);
        let (found, lost) = run(&steps);
        let told = found.iter().find(|finding| finding.kind == Kind::UnreadTrimmed);
        let told = told.map_or(0, |finding| {
            finding.explanation.split(' ').next().and_then(|word| word.parse().ok()).expect("a count")
        });
        prop_assert_eq!(told, lost);
    }

    #[test]
    fn names_of_strangers_cannot_break_an_explanation(name in "\\PC{0,40}") {
        let group = GroupSample {
            name: name.clone(),
            stream: name.clone(),
            oldest: vec![OldPending { id: id(1), consumer: Some(name.as_str().into()), idle_ms: 600_000, deliveries: 1, has_body: true }],
            ..group()
        };
        let found = watched(vec![snapshot(0, vec![server()], vec![stream(vec![group])])]);
        prop_assert_eq!(kinds(&found[0]), [Kind::PendingUnattended]);
        prop_assert!(found[0][0].explanation.ends_with('.'));
    }
}
