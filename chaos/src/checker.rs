//! Judges a history. Pure: whatever it finds is in what it was given.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    time::Duration,
};

use crate::{
    Event,
    history::{Disowned, Group, History, Run},
    tables::ORDERED,
    worker,
};

/// More memory than this, and a worker keeps what it should have let go.
const MEMORY_KIB: u64 = 512 * 1024;
/// For so long after its pending list was destroyed, a consumer may still have to work on what it held.
const DISOWNED_FOR: Duration = Duration::from_secs(10);

/// Something that must not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// Accepted, and neither effected nor a dead letter nor waiting nor declared as lost.
    Lost { group: String, event: Event },
    /// Took effect more than once.
    Doubled { group: String, event: Event, times: usize },
    /// Seen, and never accepted.
    Ghost { group: String, event: Event },
    /// The caller was told that it was accepted, and the database does not know it.
    Forgotten { event: Event },
    /// Took effect after a later one of its key.
    Overtaken { group: String, event: Event, by: u32 },
    /// Two handlers had the same entry at the same time.
    RanTwice { group: String, entry: String, event: Event, pids: (u32, u32) },
    /// One entry of one group became two dead letters.
    BuriedTwice { group: String, entry: String },
    /// Entries, or a consumer, that should be gone at the end.
    Left { what: String },
}

impl Finding {
    /// The word for it in tables.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Lost { .. } => "lost",
            Self::Doubled { .. } => "doubled",
            Self::Ghost { .. } => "ghost",
            Self::Forgotten { .. } => "forgotten",
            Self::Overtaken { .. } => "overtaken",
            Self::RanTwice { .. } => "ran twice",
            Self::BuriedTwice { .. } => "buried twice",
            Self::Left { .. } => "left",
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost { group, event } => write!(f, "{event} was accepted and never came to {group}"),
            Self::Doubled { group, event, times } => write!(f, "{event} took effect {times} times in {group}"),
            Self::Ghost { group, event } => write!(f, "{event} came to {group} and was never accepted"),
            Self::Forgotten { event } => write!(f, "{event} was acknowledged to its caller and is in no table"),
            Self::Overtaken { group, event, by } => write!(f, "{event} took effect in {group} after number {by}"),
            Self::RanTwice { group, entry, event, pids: (one, other) } => {
                write!(f, "{event} (entry {entry}) ran in {group} in processes {one} and {other} at the same time")
            }
            Self::BuriedTwice { group, entry } => write!(f, "entry {entry} of {group} is two dead letters"),
            Self::Left { what } => write!(f, "left behind: {what}"),
        }
    }
}

/// Everything that is wrong with a history.
pub fn check(history: &History) -> Vec<Finding> {
    let mut findings = Vec::new();
    let forgotten = history.acknowledged.difference(&history.accepted);
    findings.extend(forgotten.map(|event| Finding::Forgotten { event: *event }));
    if !history.minded.is_empty() {
        findings.push(Finding::Left { what: format!("{} events that the outbox still minds", history.minded.len()) });
    }
    if history.worker_memory_kib > MEMORY_KIB {
        findings.push(Finding::Left { what: format!("{} KiB in a worker's memory", history.worker_memory_kib) });
    }
    for (name, group) in &history.groups {
        check_effects(history, name, group, &mut findings);
        check_dead_letters(history, name, group, &mut findings);
        check_end(name, group, &mut findings);
        if name == ORDERED {
            check_order(history, name, group, &mut findings);
        }
    }
    check_runs(history, &mut findings);
    findings
}

/// The events that became dead letters of a group.
pub fn buried(history: &History, group: &Group) -> BTreeSet<Event> {
    group.dead_letters.iter().filter_map(|record| history.event_of(record)).collect()
}

fn check_effects(history: &History, name: &str, group: &Group, findings: &mut Vec<Finding>) {
    let mut times: BTreeMap<Event, usize> = BTreeMap::new();
    for event in &group.effects {
        *times.entry(*event).or_default() += 1;
    }
    let buried = buried(history, group);
    for (&event, &times) in &times {
        if !history.accepted.contains(&event) {
            findings.push(Finding::Ghost { group: name.to_owned(), event });
        }
        if times > 1 {
            findings.push(Finding::Doubled { group: name.to_owned(), event, times });
        }
    }
    let destroyed = destroyed(history, name);
    for &event in &history.accepted {
        let accounted = times.contains_key(&event)
            || buried.contains(&event)
            || history.unsent.contains(&event)
            || history.removed.contains(&event);
        if !accounted && !destroyed.contains(&event) {
            findings.push(Finding::Lost { group: name.to_owned(), event });
        }
    }
}

/// How many events of a group are missing, and nobody can be blamed for it.
pub fn missing_without_blame(history: &History, name: &str) -> usize {
    let Some(group) = history.groups.get(name) else { return 0 };
    let (effects, buried): (BTreeSet<_>, _) = (group.effects.iter().copied().collect(), buried(history, group));
    destroyed(history, name).iter().filter(|event| !effects.contains(event) && !buried.contains(event)).count()
}

/// Events that nobody can be blamed for if they are missing: their pending list was destroyed, and then the process that still had them in
/// memory died, or was out of reach when it happened and never had them.
fn destroyed(history: &History, group: &str) -> BTreeSet<Event> {
    let excused = |disowned: &&Disowned| {
        let until = disowned.at + DISOWNED_FOR;
        let died = history.lives.iter().any(|(at, slot)| *slot == disowned.slot && *at > disowned.at && *at < until);
        let hindered = history.hindrances.iter().any(|hindrance| {
            hindrance.slot.is_none_or(|slot| slot == disowned.slot)
                && hindrance.from < until
                && disowned.at < hindrance.to
        });
        disowned.group == group && (died || hindered)
    };
    let entries = history.disowned.iter().filter(excused).flat_map(|disowned| &disowned.entries);
    entries.filter_map(|entry| history.entries.get(entry).copied()).collect()
}

fn check_dead_letters(history: &History, name: &str, group: &Group, findings: &mut Vec<Finding>) {
    let mut entries = BTreeSet::new();
    for record in &group.dead_letters {
        // where it changed hands because a lease could not be kept, both may bury it rather than nobody
        let mut runs = history.runs.iter().filter(|run| run.group == name && run.entry == record.entry);
        if !record.lost && !entries.insert(&record.entry) && !runs.any(|run| history.was_hindered(run)) {
            findings.push(Finding::BuriedTwice { group: name.to_owned(), entry: record.entry.clone() });
        }
        if let Some(event) = record.event.filter(|event| !history.accepted.contains(event)) {
            findings.push(Finding::Ghost { group: name.to_owned(), event });
        }
    }
}

fn check_end(name: &str, group: &Group, findings: &mut Vec<Finding>) {
    if !group.is_there {
        findings.push(Finding::Left { what: format!("nothing of {name}: nobody has created the group again") });
    }
    for (count, what) in [(group.pending, "pending"), (group.unread, "unread")] {
        if count > 0 {
            findings.push(Finding::Left { what: format!("{count} entries {what} in {name}") });
        }
    }
    let expected: BTreeSet<_> = (0..crate::faults::WORKERS).map(worker::consumer_name).collect();
    for consumer in group.consumers.iter().filter(|consumer| !expected.contains(*consumer)) {
        findings.push(Finding::Left { what: format!("consumer {consumer} in {name}") });
    }
}

/// First effects of a key come in the order of their numbers. Not bound by it: dead letters, and what was declared as sent
/// again after Redis had lost it.
fn check_order(history: &History, name: &str, group: &Group, findings: &mut Vec<Finding>) {
    let buried = buried(history, group);
    let mut highest: BTreeMap<u32, u32> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for event in &group.effects {
        if !seen.insert(event) || buried.contains(event) || history.sent_again.contains(event) {
            continue;
        }
        let highest = highest.entry(event.key).or_default();
        if event.n < *highest {
            findings.push(Finding::Overtaken { group: name.to_owned(), event: *event, by: *highest });
        }
        *highest = event.n.max(*highest);
    }
}

/// No entry is in two handlers at once while both processes can keep their leases.
fn check_runs(history: &History, findings: &mut Vec<Finding>) {
    let mut by_entry: BTreeMap<(&str, &str), Vec<&Run>> = BTreeMap::new();
    for run in &history.runs {
        by_entry.entry((&run.group, &run.entry)).or_default().push(run);
    }
    for runs in by_entry.values() {
        for (place, one) in runs.iter().enumerate() {
            for other in &runs[place + 1..] {
                let overlap = other.from < one.to && one.from < other.to;
                // within one process there is no excuse
                let excused = one.pid != other.pid && (history.was_hindered(one) || history.was_hindered(other));
                if overlap && !excused {
                    findings.push(Finding::RanTwice {
                        group: one.group.clone(),
                        entry: one.entry.clone(),
                        event: one.event,
                        pids: (one.pid, other.pid),
                    });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        history::{DeadLetter, Hindrance, Wipe},
        tables::SHARED,
    };

    fn e(key: u32, n: u32) -> Event {
        Event::new(key, n)
    }

    /// Three events of one key and one of another, all well.
    fn green() -> History {
        let events = [e(1, 1), e(1, 2), e(2, 1), e(1, 3)];
        let group =
            Group { effects: events.to_vec(), consumers: vec!["worker-0".into()], is_there: true, ..Group::default() };
        History {
            acknowledged: events.into(),
            accepted: events.into(),
            groups: [(ORDERED.to_owned(), group.clone()), (SHARED.to_owned(), group)].into(),
            ..History::default()
        }
    }

    fn ordered(history: &mut History) -> &mut Group {
        history.groups.get_mut(ORDERED).expect("it has one")
    }

    fn dead(event: Option<Event>) -> DeadLetter {
        DeadLetter { entry: "5-0".into(), event, error: "refused".into(), lost: false }
    }

    fn words(history: &History) -> Vec<&'static str> {
        check(history).iter().map(Finding::word).collect()
    }

    #[test]
    fn a_history_in_which_all_is_well_is_green() {
        assert_eq!(check(&green()), []);
    }

    #[test]
    fn an_accepted_event_that_never_came_is_lost() {
        let mut history = green();
        ordered(&mut history).effects.retain(|event| *event != e(2, 1));
        assert_eq!(check(&history), [Finding::Lost { group: ORDERED.into(), event: e(2, 1) }]);
        ordered(&mut history).dead_letters.push(dead(Some(e(2, 1))));
        assert_eq!(check(&history), [], "a dead letter accounts for it");
    }

    #[test]
    fn a_dead_letter_without_a_body_accounts_for_what_its_entry_held() {
        let mut history = green();
        ordered(&mut history).effects.retain(|event| *event != e(2, 1));
        ordered(&mut history).dead_letters.push(dead(None));
        assert_eq!(words(&history), ["lost"]);
        history.entries.insert("5-0".into(), e(2, 1));
        assert_eq!(check(&history), []);
    }

    #[test]
    fn what_waits_in_the_outbox_is_not_lost_but_left() {
        let mut history = green();
        for group in history.groups.values_mut() {
            group.effects.retain(|event| *event != e(2, 1));
        }
        history.minded.insert(e(2, 1));
        assert_eq!(words(&history), ["left", "lost", "lost"], "it was sent, and nobody has it");
        history.unsent.insert(e(2, 1));
        assert_eq!(words(&history), ["left"]);
    }

    #[test]
    fn what_is_declared_as_removed_is_not_lost() {
        let mut history = green();
        ordered(&mut history).effects.retain(|event| *event != e(2, 1));
        history.removed.insert(e(2, 1));
        assert_eq!(check(&history), []);
    }

    #[test]
    fn an_effect_that_happened_twice_is_doubled() {
        let mut history = green();
        ordered(&mut history).effects.push(e(1, 2));
        assert_eq!(check(&history), [Finding::Doubled { group: ORDERED.into(), event: e(1, 2), times: 2 }]);
    }

    #[test]
    fn what_was_never_accepted_is_a_ghost_and_what_is_in_no_table_was_forgotten() {
        let mut history = green();
        let never = Event { taken_back: true, ..e(1, 4) };
        ordered(&mut history).effects.push(never);
        history.acknowledged.insert(e(2, 2));
        assert_eq!(words(&history), ["forgotten", "ghost"]);
    }

    #[test]
    fn a_later_one_of_the_key_must_not_take_effect_first() {
        let mut history = green();
        ordered(&mut history).effects = vec![e(1, 1), e(1, 3), e(2, 1), e(1, 2)];
        assert_eq!(check(&history), [Finding::Overtaken { group: ORDERED.into(), event: e(1, 2), by: 3 }]);
        history.sent_again.insert(e(1, 2));
        assert_eq!(check(&history), [], "it was declared as sent again");
        let mut history = green();
        history.groups.get_mut(SHARED).expect("it has one").effects = vec![e(1, 1), e(1, 3), e(2, 1), e(1, 2)];
        assert_eq!(check(&history), [], "several processes read this group");
    }

    #[test]
    fn one_entry_in_two_handlers_at_once_is_found_unless_a_lease_could_not_be_kept() {
        let run = |pid, slot, from, to| Run {
            group: SHARED.into(),
            entry: "1-0".into(),
            event: e(1, 1),
            pid,
            slot,
            from: Duration::from_secs(from),
            to: Duration::from_secs(to),
        };
        let mut history = green();
        history.runs = vec![run(7, 0, 1, 4), run(8, 1, 4, 6)];
        assert_eq!(check(&history), [], "one after the other");
        history.runs = vec![run(7, 0, 1, 5), run(8, 1, 4, 6)];
        assert_eq!(words(&history), ["ran twice"]);
        let stop = |slot, from, to| Hindrance { slot, from: Duration::from_secs(from), to: Duration::from_secs(to) };
        history.hindrances = vec![stop(Some(2), 2, 4), stop(Some(0), 7, 9)];
        assert_eq!(words(&history), ["ran twice"], "somebody else, and later");
        history.hindrances = vec![stop(None, 2, 4)];
        assert_eq!(check(&history), []);
        history.runs[1].pid = 7;
        assert_eq!(words(&history), ["ran twice"], "within one process there is no excuse");
    }

    #[test]
    fn who_could_not_keep_its_lease_when_the_stream_was_destroyed_cannot_learn_that_it_lost_an_entry() {
        let run = |pid, slot| Run {
            group: SHARED.into(),
            entry: "1-0".into(),
            event: e(1, 1),
            pid,
            slot,
            from: Duration::from_secs(30),
            to: Duration::from_secs(31),
        };
        let mut history = green();
        history.runs = vec![run(7, 0), run(8, 1)];
        let stop = |from, to| Hindrance { slot: Some(1), from: Duration::from_secs(from), to: Duration::from_secs(to) };
        let wipe = |at, entry: &str| Wipe { at: Duration::from_secs(at), entries: [entry.to_owned()].into() };
        history.hindrances = vec![stop(2, 4)];
        history.wipes = vec![wipe(5, "1-0"), wipe(3, "2-0")];
        assert_eq!(
            words(&history),
            ["ran twice"],
            "it could before it was destroyed, and another entry was not this one"
        );
        history.wipes.push(wipe(3, "1-0"));
        assert_eq!(check(&history), []);
    }

    #[test]
    fn an_entry_has_one_grave_and_nothing_is_left_at_the_end() {
        let mut history = green();
        let group = ordered(&mut history);
        group.dead_letters = vec![dead(Some(e(1, 1))), dead(Some(e(1, 1)))];
        (group.pending, group.unread) = (1, 2);
        group.consumers.push("handed-over".into());
        group.is_there = false;
        history.worker_memory_kib = MEMORY_KIB + 1;
        assert_eq!(words(&history), ["left", "buried twice", "left", "left", "left", "left"]);
    }

    #[test]
    fn what_redis_lost_may_be_buried_again() {
        let mut history = green();
        let lost = DeadLetter { lost: true, ..dead(Some(e(1, 1))) };
        ordered(&mut history).dead_letters = vec![lost.clone(), lost, dead(Some(e(1, 1)))];
        assert_eq!(check(&history), []);
    }

    #[test]
    fn a_destroyed_pending_list_excuses_only_what_died_with_its_process() {
        let mut history = green();
        ordered(&mut history).effects.retain(|event| *event != e(2, 1));
        history.entries.insert("5-0".into(), e(2, 1));
        let at = Duration::from_secs(20);
        history.disowned = vec![Disowned { at, slot: 0, group: ORDERED.into(), entries: ["5-0".to_owned()].into() }];
        assert_eq!(words(&history), ["lost"], "its process had it in memory and lived");
        history.lives.push((at + Duration::from_secs(1), 0));
        assert_eq!(check(&history), []);
    }
}
