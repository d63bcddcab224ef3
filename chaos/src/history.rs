//! What happened, put together from the journals and the end of things, as the checker reads it.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use crate::{
    Event,
    journal::{Line, Note},
    worker::CLAIM_AFTER,
};

/// A whole history.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// Commands whose commit returned to their caller.
    pub acknowledged: BTreeSet<Event>,
    /// Commands whose rows are in the database: those, and some whose caller died before it knew.
    pub accepted: BTreeSet<Event>,
    /// Events that still wait in the outbox at the end.
    pub unsent: BTreeSet<Event>,
    /// Events that the outbox still minds at the end: those, and those that some group may need to be sent again.
    pub minded: BTreeSet<Event>,
    /// Events that the relay declares as sent again because Redis had lost them.
    pub sent_again: BTreeSet<Event>,
    /// Events that the relay declares as removed before every group had read them.
    pub removed: BTreeSet<Event>,
    pub groups: BTreeMap<String, Group>,
    pub runs: Vec<Run>,
    /// What entries held, as far as somebody saw it.
    pub entries: BTreeMap<String, Event>,
    /// When which slot (`None`: all) could not keep its leases.
    pub hindrances: Vec<Hindrance>,
    /// The pending lists that were destroyed.
    pub disowned: Vec<Disowned>,
    /// When the stream was destroyed, with what it held.
    pub wipes: Vec<Wipe>,
    /// When a process began in which slot: the one before it had died.
    pub lives: Vec<(Duration, usize)>,
    /// Highest memory of a worker at the end, in KiB.
    pub worker_memory_kib: u64,
}

/// A group at the end.
#[derive(Debug, Clone, Default)]
pub struct Group {
    /// In the order of their commits.
    pub effects: Vec<Event>,
    /// With those that Redis lost after they were written.
    pub dead_letters: Vec<DeadLetter>,
    pub is_there: bool,
    pub pending: u64,
    pub unread: u64,
    pub consumers: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// The entry it was.
    pub entry: String,
    /// `None` where the body was lost.
    pub event: Option<Event>,
    pub error: String,
    /// Redis lost it after it was written: it may be written again.
    pub lost: bool,
}

/// One run of a handler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    pub group: String,
    pub entry: String,
    pub event: Event,
    pub pid: u32,
    pub slot: usize,
    pub from: Duration,
    pub to: Duration,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hindrance {
    pub slot: Option<usize>,
    pub from: Duration,
    pub to: Duration,
}

/// A pending list that was destroyed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disowned {
    pub at: Duration,
    pub slot: usize,
    pub group: String,
    pub entries: BTreeSet<String>,
}

/// A stream that was destroyed with its groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wipe {
    pub at: Duration,
    pub entries: BTreeSet<String>,
}

impl History {
    /// Takes in the journals' lines, which are sorted by time.
    pub fn tell(&mut self, lines: &[Line]) {
        let mut slots: BTreeMap<u32, usize> = BTreeMap::new();
        let mut last_words: BTreeMap<u32, Duration> = BTreeMap::new();
        let mut held = BTreeSet::new();
        let mut open: BTreeMap<(u32, &str, &str), Run> = BTreeMap::new();
        for line in lines {
            let at = line.at();
            last_words.insert(line.pid, at);
            // what is no worker is the conductor, through which all links go
            let slot = slots.get(&line.pid).copied();
            match &line.note {
                Note::Up { slot } => {
                    slots.insert(line.pid, *slot);
                    self.lives.push((at, *slot));
                }
                Note::Accepted { event } => _ = self.acknowledged.insert(*event),
                // the checker sees them in the end, if they are seen at all
                Note::TakenBack { .. } | Note::Fault { .. } => {}
                Note::Started { group, entry, event, .. } => {
                    self.entries.insert(entry.clone(), *event);
                    let run = Run {
                        group: group.clone(),
                        entry: entry.clone(),
                        event: *event,
                        pid: line.pid,
                        slot: slot.unwrap_or_default(),
                        from: at,
                        to: at,
                    };
                    open.insert((line.pid, group, entry), run);
                }
                Note::Ended { group, entry } => {
                    if let Some(run) = open.remove(&(line.pid, group.as_str(), entry.as_str())) {
                        self.runs.push(Run { to: at, ..run });
                    }
                }
                Note::Stalled { for_us } => {
                    let from = at.saturating_sub(Duration::from_micros(*for_us));
                    // what ran out meanwhile is found out only afterwards
                    self.hindrances.push(Hindrance { slot, from, to: at + CLAIM_AFTER });
                }
                Note::Hindered { slot, for_us } => {
                    let to = at + Duration::from_micros(*for_us);
                    self.hindrances.push(Hindrance { slot: *slot, from: at, to });
                }
                Note::Held { entry, event } => {
                    self.entries.insert(entry.clone(), *event);
                    held.insert(entry.clone());
                }
                Note::Wiped => self.wipes.push(Wipe { at, entries: std::mem::take(&mut held) }),
                Note::LostRecord { group, entry, event, error } => {
                    let record = DeadLetter { entry: entry.clone(), event: *event, error: error.clone(), lost: true };
                    self.groups.entry(group.clone()).or_default().dead_letters.push(record);
                }
                Note::Disowned { slot, group, entries } => {
                    let entries = entries.iter().cloned().collect();
                    self.disowned.push(Disowned { at, slot: *slot, group: group.clone(), entries });
                }
            }
        }
        // what a process never ended ended with it, and its last line is the last that is known of its life
        for ((pid, ..), run) in open {
            self.runs.push(Run { to: last_words[&pid], ..run });
        }
        self.runs.sort_by_key(|run| run.from);
    }

    /// The event of a dead letter, by its own word or by what somebody saw in the entry.
    pub fn event_of(&self, dead_letter: &DeadLetter) -> Option<Event> {
        dead_letter.event.or_else(|| self.entries.get(&dead_letter.entry).copied())
    }

    /// Whether this run's process could not keep its lease at some time in it, or shortly before; or could not when the
    /// stream was destroyed, after which nobody can tell it that the entry was taken over.
    pub fn was_hindered(&self, run: &Run) -> bool {
        let hindered = |from, to| {
            let mut of_slot =
                self.hindrances.iter().filter(|hindrance| hindrance.slot.is_none_or(|slot| slot == run.slot));
            of_slot.any(|hindrance| hindrance.from < to && from < hindrance.to)
        };
        let mut wipes = self.wipes.iter().filter(|wipe| wipe.at < run.from && wipe.entries.contains(&run.entry));
        hindered(run.from, run.to) || wipes.any(|wipe| hindered(wipe.at, wipe.at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(at_us: u64, pid: u32, note: Note) -> Line {
        Line { at_us, pid, note }
    }

    fn started(entry: &str) -> Note {
        Note::Started { group: "g".into(), entry: entry.into(), event: Event::new(1, 1), attempt: 1 }
    }

    #[test]
    fn a_run_that_its_process_never_ended_ends_with_its_last_line() {
        let mut history = History::default();
        history.tell(&[
            line(1, 9, Note::Up { slot: 2 }),
            line(2, 9, started("1-0")),
            line(3, 9, started("2-0")),
            line(5, 9, Note::Ended { group: "g".into(), entry: "1-0".into() }),
            line(8, 9, Note::Stalled { for_us: 1 }),
        ]);
        let ends: Vec<_> = history.runs.iter().map(|run| (run.entry.as_str(), run.to.as_micros(), run.slot)).collect();
        assert_eq!(ends, [("1-0", 5, 2), ("2-0", 8, 2)]);
        assert_eq!(history.entries["2-0"], Event::new(1, 1));
    }
}
