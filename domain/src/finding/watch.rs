//! Holds what detectors see: shown at once or when seen twice, over when it is gone for two looks or its time is up.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::Duration,
};

use super::{
    Finding, Found, Kind, Limits, consumer, group,
    pending::{self, Taken},
    server, stream,
    symptom::{Course, Symptom},
};
use crate::{
    Figure, Timestamp,
    stream::{GroupSample, Snapshot, StreamSample},
};

/// Findings that are told at most: more is one cause with many victims, and nobody reads on.
pub const MOST: usize = 1_000;
/// Looks that must see what is asked in several steps.
const CONFIRMED: u32 = 2;
/// Looks that must not see it any more before it is over.
const OVER: u32 = 2;

/// Whoever had an entry and lives shows it within this time, if not by then, it is taken for dead.
const DOUBT_FOR: Duration = Duration::from_mins(5);
/// Entries in doubt that are remembered.
const DOUBTS: usize = 100;

/// Which finding it is.
type Key = (Kind, Option<String>, Option<String>, Option<String>);

struct Held {
    finding: Finding,
    /// Looks in a row that saw it, and that did not.
    seen: u32,
    missed: u32,
    is_shown: bool,
    /// What was added up; nothing where nothing is counted.
    total: Option<Figure>,
}

/// What was found so far.
#[derive(Default)]
pub struct Watch {
    limits: Limits,
    held: BTreeMap<Key, Held>,
    /// Entries that changed hands early, by stream and group, until it is known whether that was wrong.
    taken: Vec<(String, String, Taken)>,
}

impl Watch {
    pub fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Looks at what Redis is like now; `before` is the look before this one that succeeded.
    pub fn look(&mut self, before: Option<&Snapshot>, now: &Snapshot) -> Found {
        let mut symptoms = symptoms(before, now, &self.limits);
        // two lines, so that a figure that trembles about one of them is one finding
        let was_full = self.held.keys().any(|key| key.0 == Kind::MemoryFull);
        symptoms.extend(server::memory(now, was_full));
        symptoms.extend(self.taken_from_the_living(before, now));
        let mut seen = HashSet::new();
        for symptom in symptoms {
            let key = key(&symptom);
            self.note(key.clone(), symptom, now.at);
            seen.insert(key);
        }
        self.held.retain(|key, held| {
            if let Some(until) = held.finding.until {
                return until > now.at && !is_back(&held.finding, now);
            }
            if !seen.contains(key) {
                held.missed += 1;
                held.seen = 0;
            }
            held.missed < OVER
        });
        self.found()
    }

    fn taken_from_the_living(&mut self, before: Option<&Snapshot>, now: &Snapshot) -> Vec<Symptom> {
        for (was, is) in before.iter().flat_map(|before| groups_of_both(before, now)) {
            let span = before.map(|before| now.at.since(before.at)).unwrap_or_default();
            for taken in pending::taken(was, is, (span, now.at), &self.limits) {
                self.taken.push((is.stream.clone(), is.name.clone(), taken));
            }
        }
        let mut found = Vec::new();
        self.taken.retain(|(stream, name, taken)| {
            let group = now.stream(stream).and_then(|stream| stream.groups.iter().find(|group| group.name == *name));
            let Some(group) = group.filter(|_| now.at.since(taken.at) < DOUBT_FOR) else { return false };
            let symptom = taken.seen(group, now.at);
            let is_open = symptom.is_none();
            found.extend(symptom);
            is_open
        });
        let too_many = self.taken.len().saturating_sub(DOUBTS);
        self.taken.drain(..too_many);
        found
    }

    fn note(&mut self, key: Key, symptom: Symptom, at: Timestamp) {
        if symptom.tally.is_none()
            && let Some(held) = self.held.get_mut(&key)
            && held.total.is_some()
        {
            // what was counted stays told: who cannot count any more knows less, not more
            held.missed = 0;
            return;
        }
        let before = self.held.get(&key);
        let seen = before.map_or(0, |held| held.seen).saturating_add(1);
        let is_shown =
            before.is_some_and(|held| held.is_shown) || symptom.course != Course::LastsConfirmed || seen >= CONFIRMED;
        let counted = before.and_then(|held| held.total.clone());
        let total = symptom.tally.as_ref().map(|tally| counted.into_iter().chain([tally.count.clone()]).sum());
        let finding = Finding {
            kind: symptom.kind,
            status: symptom.status,
            stream: symptom.stream,
            group: symptom.group,
            consumer: symptom.consumer,
            since: before.map_or(at, |held| held.finding.since),
            until: if let Course::Happened(told_for) = symptom.course { Some(at + told_for) } else { None },
            explanation: match (&symptom.tally, &total) {
                (Some(tally), Some(total)) => (tally.explain)(total),
                _ => symptom.explanation,
            },
            runbook: symptom.kind.runbook().to_owned(),
            action: symptom.action,
        };
        self.held.insert(key, Held { finding, seen, missed: 0, is_shown, total });
    }

    fn found(&mut self) -> Found {
        let mut findings: Vec<Finding> =
            self.held.values().filter(|held| held.is_shown).map(|held| held.finding.clone()).collect();
        findings.sort_by(|a, b| {
            let place = |finding: &Finding| (finding.status, finding.kind);
            place(a)
                .cmp(&place(b))
                .then(b.since.cmp(&a.since))
                .then_with(|| (&a.stream, &a.group, &a.consumer).cmp(&(&b.stream, &b.group, &b.consumer)))
        });
        let left_out = findings.len().saturating_sub(MOST);
        if left_out > 0 {
            // what lasts is seen again; what happened must not be kept without bound
            for finding in findings.drain(MOST..).filter(|finding| finding.until.is_some()) {
                self.held.remove(&(finding.kind, finding.stream, finding.group, finding.consumer));
            }
        }
        Found { findings, left_out: left_out as u64 }
    }
}

fn key(symptom: &Symptom) -> Key {
    (symptom.kind, symptom.stream.clone(), symptom.group.clone(), symptom.consumer.clone())
}

/// What was gone and is there again needs nobody any more.
fn is_back(finding: &Finding, now: &Snapshot) -> bool {
    let stream = || finding.stream.as_deref().and_then(|name| now.stream(name));
    match finding.kind {
        Kind::StreamGone => stream().is_some_and(|stream| !stream.groups.is_empty()),
        Kind::GroupGone => stream().is_some_and(|stream| {
            stream.groups.iter().any(|group| Some(group.name.as_str()) == finding.group.as_deref())
        }),
        _ => false,
    }
}

/// Everything that all detectors see.
fn symptoms(before: Option<&Snapshot>, now: &Snapshot, limits: &Limits) -> Vec<Symptom> {
    let mut found = server::symptoms(before, now, limits);
    let were: HashMap<&str, &StreamSample> =
        before.iter().flat_map(|before| &before.streams).map(|stream| (stream.name.as_str(), stream)).collect();
    if let Some(before) = before {
        found.extend(stream::gone(before, now));
    }
    found.extend(stream::unread(now));
    for sample in &now.streams {
        let was = were.get(sample.name.as_str()).copied();
        found.extend(stream::symptoms(was, sample, limits));
        // of another stream of the same name nothing can be compared
        let was = was.filter(|was| !stream::began_again(was, sample));
        if let Some(was) = was {
            found.extend(group::gone(was, sample, |group| now.unread(&sample.name, Some(group)).is_some()));
        }
        for (place, one) in sample.groups.iter().enumerate() {
            let group_was = was.and_then(|was| group_of(was, &one.name, place));
            let was_unread = || before.is_some_and(|before| before.unread(&sample.name, Some(&one.name)).is_some());
            let seen = match was.zip(group_was) {
                Some((stream_was, group_was)) => group::Before::Seen(stream_was, group_was),
                None if was_unread() => group::Before::Unread,
                None => group::Before::Nothing,
            };
            found.extend(group::symptoms(seen, sample, one));
            found.extend(pending::symptoms(one, limits));
            found.extend(consumer::symptoms(group_was, one, &now.redis, limits));
        }
    }
    found
}

/// Groups with something pending in both looks, as they were and as they are.
fn groups_of_both<'a>(
    before: &'a Snapshot,
    now: &'a Snapshot,
) -> impl Iterator<Item = (&'a GroupSample, &'a GroupSample)> {
    let holds = |group: &&GroupSample| !group.oldest.is_empty();
    let were: HashMap<&str, &StreamSample> =
        before.streams.iter().map(|stream| (stream.name.as_str(), stream)).collect();
    now.streams.iter().filter_map(move |stream| Some((*were.get(stream.name.as_str())?, stream))).flat_map(
        move |(was, stream)| {
            let groups = stream.groups.iter().enumerate().filter(move |(_, group)| holds(group));
            groups.filter_map(move |(place, group)| Some((group_of(was, &group.name, place).filter(holds)?, group)))
        },
    )
}

/// The group of that name. It is looked for where it is in another look first: Redis has groups in the order of their names,
/// and they seldom come or go.
fn group_of<'a>(stream: &'a StreamSample, name: &str, place: usize) -> Option<&'a GroupSample> {
    let here = stream.groups.get(place).filter(|group| group.name == name);
    let by_order = || stream.groups.binary_search_by(|group| group.name.as_str().cmp(name)).ok();
    here.or_else(|| by_order().map(|place| &stream.groups[place]))
        .or_else(|| stream.groups.iter().find(|group| group.name == name))
}
