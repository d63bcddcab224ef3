//! Creating and deleting groups, deleting consumers, trimming, deleting entries: what a preview counts is what the act
//! does, in whatever state the stream is.

#![expect(clippy::unwrap_used, reason = "a test may end anywhere")]

mod support;

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    operation::{ConsumerDelete, EntriesDelete, GroupCreate, GroupDelete, Outcome, Position, Report, Trim, TrimTo},
    stream::EntryId,
};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use streams::{Error, operate};
use support::Room;

const ROUNDS: u64 = 40;
/// Names as nobody would choose them.
const ODD: &str = "größe {x} \"q\"\t'%2F..//\u{1F9F9}";

fn why() -> String {
    "a test".to_owned()
}

/// A stream and what its groups have of it, asked for by plain commands.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Truth {
    entries: BTreeSet<EntryId>,
    groups: BTreeMap<String, Needs>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Needs {
    delivered: EntryId,
    /// With whom.
    pending: BTreeMap<EntryId, String>,
    consumers: BTreeSet<String>,
}

impl Needs {
    fn pending_of(&self, consumer: &str) -> usize {
        self.pending.values().filter(|owner| *owner == consumer).count()
    }
}

impl Truth {
    async fn of(room: &Room, stream: &str) -> Self {
        type Named = BTreeMap<String, redis::Value>;
        let text = |named: &Named, name: &str| redis::from_redis_value_ref::<String>(&named[name]).unwrap();
        let ask = async |words: &[&str]| room.words(words).await;
        let entries: Vec<(String, redis::Value)> =
            redis::from_redis_value(ask(&["XRANGE", stream, "-", "+"]).await).unwrap();
        let mut groups = BTreeMap::new();
        let listed: Vec<Named> = redis::from_redis_value(ask(&["XINFO", "GROUPS", stream]).await).unwrap();
        for named in listed {
            let name = text(&named, "name");
            let pending = ask(&["XPENDING", stream, &name, "-", "+", "100000"]).await;
            let pending: Vec<(String, String, u64, u64)> = redis::from_redis_value(pending).unwrap();
            let consumers: Vec<Named> =
                redis::from_redis_value(ask(&["XINFO", "CONSUMERS", stream, &name]).await).unwrap();
            let needs = Needs {
                delivered: text(&named, "last-delivered-id").parse().unwrap(),
                pending: pending.into_iter().map(|(id, owner, ..)| (id.parse().unwrap(), owner)).collect(),
                consumers: consumers.iter().map(|named| text(named, "name")).collect(),
            };
            groups.insert(name, needs);
        }
        Self { entries: entries.into_iter().map(|(id, _)| id.parse().unwrap()).collect(), groups }
    }

    fn unread(&self, group: &str, among: impl Fn(EntryId) -> bool) -> usize {
        let delivered = self.groups[group].delivered;
        self.entries.iter().filter(|id| **id > delivered && among(**id)).count()
    }

    /// Entries that pend in the group and have their body.
    fn whole_pending(&self, group: &str, among: impl Fn(EntryId) -> bool) -> usize {
        self.groups[group].pending.keys().filter(|id| self.entries.contains(id) && among(**id)).count()
    }
}

/// A stream in which much has happened.
async fn random_state(room: &Room, random: &mut StdRng, stream: &str) {
    let id = |n: u64| format!("{}-{}", n / 3 + 1, n % 3);
    let count = random.random_range(1..40);
    for n in 0..count {
        room.words(&["XADD", stream, &id(n), "data", "{}"]).await;
    }
    for group in ["g1", ODD, "g3"] {
        if random.random_bool(0.2) {
            continue;
        }
        let from = if random.random_bool(0.7) { "0".to_owned() } else { id(random.random_range(0..count)) };
        room.words(&["XGROUP", "CREATE", stream, group, &from]).await;
        for _ in 0..random.random_range(0..4) {
            let (consumer, many) = (["one", "two", ODD].choose(random).unwrap(), random.random_range(1..9).to_string());
            room.words(&["XREADGROUP", "GROUP", group, consumer, "COUNT", &many, "STREAMS", stream, ">"]).await;
        }
        room.words(&["XGROUP", "CREATECONSUMER", stream, group, "idle"]).await;
    }
    let truth = Truth::of(room, stream).await;
    for (group, needs) in &truth.groups {
        for entry in needs.pending.keys().filter(|_| random.random_bool(0.4)).collect::<Vec<_>>() {
            room.words(&["XACK", stream, group, &entry.to_string()]).await;
        }
    }
    for entry in truth.entries.iter().filter(|_| random.random_bool(0.15)).collect::<Vec<_>>() {
        room.words(&["XDEL", stream, &entry.to_string()]).await;
    }
}

/// Runs `test` on a fresh stream in a random state, many times.
async fn in_random_states(test: impl AsyncFn(&Room, &mut StdRng, &str)) {
    let seed = std::env::var("DSM_SEED").ok().map_or_else(rand::random, |seed| seed.parse().unwrap());
    eprintln!("DSM_SEED={seed}");
    let room = Room::new().await;
    let mut random = StdRng::seed_from_u64(seed);
    for round in 0..ROUNDS {
        let stream = format!("{ODD}-{round}");
        random_state(&room, &mut random, &stream).await;
        test(&room, &mut random, &stream).await;
    }
}

/// The number that a warning with these words begins with, or the one right before them; 0 where there is none.
fn told(report: &Report, words: &str) -> usize {
    let number = |warning: &String| {
        let (before, _) = warning.split_once(words)?;
        before.rsplit(|c: char| !c.is_ascii_digit()).find(|digits| !digits.is_empty())?.parse().ok()
    };
    report.warnings.iter().find_map(number).unwrap_or(0)
}

fn is_conflict(answer: &Result<Report, Error>) -> bool {
    matches!(answer, Err(Error::Conflict(_)))
}

#[tokio::test]
async fn what_the_preview_of_deleting_a_group_counts_is_what_it_loses() {
    in_random_states(async |room, _, stream| {
        let before = Truth::of(room, stream).await;
        for (group, needs) in &before.groups {
            let look = GroupDelete { dry_run: true, ..GroupDelete::default() };
            let preview = operate::delete_group(&room.redis, stream, group, &look).await.unwrap();
            assert_eq!(Truth::of(room, stream).await.groups.get(group), Some(needs), "a preview changes nothing");
            let unread = before.unread(group, |_| true);
            let entries = if unread == 1 { "entry" } else { "entries" };
            let cost = format!("{unread} {entries} unread by {group}, {} pending for it", needs.pending.len());
            assert!(preview.warnings[0].starts_with(&cost), "{cost}: {:?}", preview.warnings);

            let act = GroupDelete { dry_run: false, state_token: Some(preview.state_token), reason: Some(why()) };
            let report = operate::delete_group(&room.redis, stream, group, &act).await.unwrap();
            assert_eq!((report.count(Outcome::Done), report.warnings), (1, preview.warnings));
            let after = Truth::of(room, stream).await;
            assert!(!after.groups.contains_key(group) && after.entries == before.entries);
            let again = operate::delete_group(&room.redis, stream, group, &act).await;
            assert!(matches!(again, Err(Error::NotFound(_))), "{again:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_the_preview_of_deleting_a_consumer_counts_is_handed_over_and_nothing_is_lost() {
    in_random_states(async |room, random, stream| {
        for (group, needs) in Truth::of(room, stream).await.groups {
            let Some(name) = needs.consumers.iter().next().cloned() else { continue };
            let to = needs.consumers.iter().find(|other| **other != name && random.random_bool(0.5)).cloned();
            let look = ConsumerDelete {
                consumers: vec![name.clone()],
                hand_over_to: to.clone(),
                dry_run: true,
                ..ConsumerDelete::default()
            };
            let before = Truth::of(room, stream).await;
            let preview = operate::delete_consumers(&room.redis, stream, &group, &look).await.unwrap();
            assert_eq!(Truth::of(room, stream).await, before, "a preview changes nothing");
            let target = to.clone().unwrap_or_else(|| "handed-over".to_owned());
            let held = needs.pending_of(&name);
            let detail = if held == 0 {
                "would be deleted: it holds nothing".to_owned()
            } else {
                format!("would hand {held} over to {target}, then be deleted")
            };
            assert_eq!((preview.items[0].detail.as_str(), preview.items[0].outcome), (&*detail, Outcome::Would));

            let act = ConsumerDelete { dry_run: false, state_token: Some(preview.state_token), ..look };
            let report = operate::delete_consumers(&room.redis, stream, &group, &act).await.unwrap();
            assert_eq!(report.count(Outcome::Done), 1, "{report:?}");
            let after = Truth::of(room, stream).await.groups.remove(&group).unwrap();
            assert!(!after.consumers.contains(&name), "{after:?}");
            let lost: BTreeSet<EntryId> = needs
                .pending
                .iter()
                .filter(|(id, owner)| **owner == name && !before.entries.contains(id))
                .map(|(id, _)| *id)
                .collect();
            for (id, owner) in needs.pending.iter().filter(|(id, _)| !lost.contains(id)) {
                let expected = if *owner == name { &target } else { owner };
                assert_eq!(after.pending.get(id), Some(expected), "{id}");
            }
            let dead = format!("{{{stream}}}:dlq");
            let dead = streams::keys::source_of(&dead).map_or_else(|| format!("{stream}::dlq"), |_| dead.clone());
            let recorded: u64 = redis::from_redis_value(room.words(&["XLEN", &dead]).await).unwrap();
            assert_eq!(recorded, lost.len() as u64, "what has no body is told as a dead letter");
            room.words(&["DEL", &dead]).await;
        }
    })
    .await;
}

#[tokio::test]
async fn what_the_preview_of_a_trim_counts_is_removed_and_what_groups_need_stays() {
    in_random_states(async |room, random, stream| {
        let before = Truth::of(room, stream).await;
        let places = [EntryId::ZERO, EntryId::MAX];
        let to = if random.random_bool(0.5) {
            TrimTo::Keep(random.random_range(0..40))
        } else {
            TrimTo::Before(*before.entries.iter().chain(&places).collect::<Vec<_>>().choose(random).unwrap().to_owned())
        };
        let past_groups = random.random_bool(0.5);
        let look = Trim { to, past_groups, dry_run: true, state_token: None, reason: None };
        let preview = operate::trim(&room.redis, stream, &look).await.unwrap();
        assert_eq!(Truth::of(room, stream).await, before, "a preview changes nothing");

        let act = Trim { dry_run: false, state_token: Some(preview.state_token.clone()), reason: Some(why()), ..look };
        let report = operate::trim(&room.redis, stream, &act).await.unwrap();
        let after = Truth::of(room, stream).await;
        let removed: BTreeSet<EntryId> = before.entries.difference(&after.entries).copied().collect();
        let told_removed = |report: &Report| {
            let number = report.items[0].detail.split(' ').find_map(|word| word.parse::<usize>().ok());
            number.unwrap_or(0)
        };
        assert_eq!(
            (told_removed(&preview), told_removed(&report)),
            (removed.len(), removed.len()),
            "{to:?} {preview:?}"
        );
        assert_eq!((&report.warnings, &after.groups), (&preview.warnings, &before.groups));
        let highest = removed.last().copied().unwrap_or(EntryId::ZERO);
        assert!(after.entries.iter().all(|id| *id > highest), "the oldest go");
        for group in before.groups.keys() {
            let is_removed = |id: EntryId| removed.contains(&id);
            let (unread, pending) = (before.unread(group, is_removed), before.whole_pending(group, is_removed));
            assert!(
                past_groups || (unread, pending) == (0, 0),
                "{group}: {unread} unread, {pending} pending were removed"
            );
            let entries = if unread == 1 { "entry" } else { "entries" };
            assert_eq!(told(&preview, &format!(" {entries} unread by {group}:")), unread, "{preview:?}");
            assert_eq!(told(&preview, &format!(" pending for {group} lose")), pending, "{preview:?}");
        }
        match to {
            TrimTo::Keep(count) if past_groups => {
                assert_eq!(after.entries.len() as u64, count.min(before.entries.len() as u64));
            }
            TrimTo::Before(id) if past_groups => {
                assert!(after.entries.iter().all(|left| *left >= id));
            }
            _ => {}
        }
    })
    .await;
}

#[tokio::test]
async fn what_the_preview_of_deleting_entries_counts_is_what_each_group_loses() {
    in_random_states(async |room, random, stream| {
        let before = Truth::of(room, stream).await;
        let mut ids: Vec<EntryId> = before.entries.iter().copied().filter(|_| random.random_bool(0.3)).collect();
        ids.push(EntryId { ms: 999, seq: 9 });
        let look = EntriesDelete { ids: ids.clone(), dry_run: true, state_token: None, reason: None };
        let preview = operate::delete_entries_of_groups(&room.redis, stream, &look).await.unwrap();
        assert_eq!(Truth::of(room, stream).await, before, "a preview changes nothing");
        assert_eq!((preview.count(Outcome::Would), preview.count(Outcome::Skipped)), (ids.len() - 1, 1));
        for group in before.groups.keys() {
            let among = |id: EntryId| ids.contains(&id);
            let unread = before.unread(group, among);
            let entries = if unread == 1 { "entry" } else { "entries" };
            assert_eq!(told(&preview, &format!(" {entries} unread by {group}:")), unread, "{preview:?}");
            assert_eq!(told(&preview, &format!(" pending for {group} lose")), before.whole_pending(group, among));
        }
        let act = EntriesDelete { dry_run: false, state_token: Some(preview.state_token), reason: Some(why()), ..look };
        let report = operate::delete_entries_of_groups(&room.redis, stream, &act).await.unwrap();
        assert_eq!((report.count(Outcome::Done), report.count(Outcome::Skipped)), (ids.len() - 1, 1));
        let after = Truth::of(room, stream).await;
        let gone: Vec<EntryId> = before.entries.difference(&after.entries).copied().collect();
        assert_eq!(gone, ids[..ids.len() - 1]);
    })
    .await;
}

#[tokio::test]
async fn a_group_is_created_where_it_was_said_and_only_once() {
    in_random_states(async |room, random, stream| {
        let before = Truth::of(room, stream).await;
        let all: Vec<EntryId> = before.entries.iter().copied().collect();
        let after = all.choose(random).copied().unwrap_or(EntryId::ZERO);
        let delivered = |at: Position, last: EntryId| match at {
            Position::Start => EntryId::ZERO,
            Position::End => last,
            Position::After(id) => id,
        };
        let last = streams::inspect::last_id(&room.redis, stream).await.unwrap();
        for (at, name) in [(Position::Start, "new1"), (Position::End, "new \u{0} 2"), (Position::After(after), ODD)] {
            let group = format!("{name}+");
            let look = GroupCreate {
                group: group.clone(),
                at,
                make_stream: false,
                dry_run: true,
                state_token: None,
                reason: None,
            };
            let preview = operate::create_group(&room.redis, stream, &look).await.unwrap();
            assert!(!Truth::of(room, stream).await.groups.contains_key(&group), "a preview changes nothing");
            let act = GroupCreate { dry_run: false, state_token: Some(preview.state_token), ..look };
            let report = operate::create_group(&room.redis, stream, &act).await.unwrap();
            let truth = Truth::of(room, stream).await;
            assert_eq!(truth.groups[&group].delivered, delivered(at, last), "{at:?}");
            let unread = truth.unread(&group, |_| true);
            let entries = if unread == 1 { "entry" } else { "entries" };
            assert_eq!(told(&report, &format!(" {entries} in the stream wait for {group}")), unread, "{report:?}");
            assert_eq!(report.warnings, preview.warnings);
            let again = operate::create_group(&room.redis, stream, &act).await;
            assert!(is_conflict(&again), "{again:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_stream_is_made_with_a_group_only_where_that_is_said() {
    let room = Room::new().await;
    let plain = GroupCreate {
        group: "g".into(),
        at: Position::End,
        make_stream: false,
        dry_run: false,
        state_token: None,
        reason: None,
    };
    let refused = operate::create_group(&room.redis, "misspelt", &plain).await;
    assert!(matches!(refused, Err(Error::NotFound(_))), "{refused:?}");
    assert_eq!(room.cli::<u64>("EXISTS misspelt").await, 0);
    let report = operate::create_group(&room.redis, "new", &GroupCreate { make_stream: true, ..plain.clone() }).await;
    assert_eq!(report.unwrap().warnings, ["there is no stream new: it is made, empty"]);
    assert_eq!(room.cli::<u64>("EXISTS new").await, 1);
    for group in [String::new(), "x".repeat(513)] {
        let odd = GroupCreate { group, ..plain.clone() };
        assert!(matches!(operate::create_group(&room.redis, "new", &odd).await, Err(Error::Refused(_))));
    }
    let _: () = room.cli("SET text x").await;
    let wrong = operate::create_group(&room.redis, "text", &plain).await;
    assert!(matches!(wrong, Err(Error::Refused(_))), "{wrong:?}");
}
