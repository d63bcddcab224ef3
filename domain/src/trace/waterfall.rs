//! One event's way, step by step, with what is missing. Times that nobody wrote down are not made up.

use std::time::Duration;

use crate::{Status, Timestamp, stream::EntryId, time::humane};

/// A step that takes longer than this is shown as a gap: the relay looks twice a second, and a group that lives reads at
/// once.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// What is known of one event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Event {
    pub event_id: Option<String>,
    pub event_type: Option<String>,
    pub key: Option<String>,
    pub correlation_id: Option<String>,
    pub trace_id: Option<String>,
    pub stream: String,
    /// The entry that it became.
    pub entry: Option<EntryId>,
    /// What the outbox says, while it has the row.
    pub written: Option<Written>,
    pub body: Body,
    pub groups: Vec<(String, GroupState)>,
}

/// A row of an outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub service: String,
    pub at: Timestamp,
    pub sent_at: Option<Timestamp>,
}

/// Whether the entry is still in its stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Body {
    Present,
    Gone,
    /// Nobody could look.
    #[default]
    Unknown,
}

/// How far a group is with an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupState {
    NotGiven,
    Pending {
        /// `None` = it was released, and belongs to nobody.
        consumer: Option<String>,
        since: Timestamp,
        deliveries: u64,
    },
    /// Its effect was committed then.
    Handled {
        at: Timestamp,
    },
    /// The group is past it and it does not pend: acknowledged, or passed over by a move of the group. Which, and when, is
    /// not written down.
    Through,
    Dead {
        record: EntryId,
        error: String,
        attempts: u64,
        first_failed_at: Timestamp,
        last_failed_at: Timestamp,
    },
    Unknown {
        why: String,
    },
}

/// Where a step can be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    Outbox,
    Entry(EntryId),
    Group(String),
    Pending(String),
    DeadLetter { group: String, record: EntryId },
}

/// A row of the waterfall.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub place: Place,
    /// From when to when, as far as both are known.
    pub bar: Option<(Timestamp, Timestamp)>,
    pub status: Status,
    pub words: String,
    /// Whether something that should have happened has not.
    pub is_gap: bool,
}

impl Event {
    /// When it became an entry, as its id tells.
    fn published_at(&self) -> Option<Timestamp> {
        self.entry.filter(|entry| entry.tells_time()).map(EntryId::added_at)
    }

    /// When it is first heard of.
    pub fn begins_at(&self) -> Option<Timestamp> {
        self.written.as_ref().map(|written| written.at).or(self.published_at())
    }

    /// Its way so far.
    pub fn steps(&self, now: Timestamp) -> Vec<Step> {
        let mut steps: Vec<Step> = self.written.iter().map(|written| written_step(written, now)).collect();
        if let Some(entry) = self.entry {
            steps.push(self.entry_step(entry));
        }
        steps.extend(self.groups.iter().map(|(group, state)| self.group_step(group, state, now)));
        steps
    }

    fn entry_step(&self, entry: EntryId) -> Step {
        let at = self.published_at();
        let is_missed =
            self.groups.iter().any(|(_, state)| matches!(state, GroupState::NotGiven | GroupState::Pending { .. }));
        let when = if at.is_some() { "" } else { ", when is not known: its id is no time" };
        let (status, words) = match self.body {
            Body::Present => (Status::Ok, format!("published{when}")),
            Body::Gone if is_missed => {
                (Status::Bad, "the body is gone, trimmed or deleted, before every group was through".to_owned())
            }
            Body::Gone => (Status::Idle, format!("published{when}; trimmed or deleted since")),
            Body::Unknown => (Status::Unknown, format!("published{when}; whether it is still there is not known")),
        };
        let is_gap = status == Status::Bad;
        Step { place: Place::Entry(entry), bar: at.map(|at| (at, at)), status, words, is_gap }
    }

    fn group_step(&self, group: &str, state: &GroupState, now: Timestamp) -> Step {
        let published = self.published_at();
        let until = |end: Timestamp| published.map(|start| (start.min(end), end));
        let in_group = Place::Group(group.to_owned());
        match state {
            GroupState::NotGiven => {
                let waits = published.map(|at| now.since(at));
                let is_gap = waits.is_none_or(|waits| waits > PATIENCE);
                let ago = waits.map(|waits| format!(" {} ago", humane(waits))).unwrap_or_default();
                let words = format!("published{ago}, not given to this group yet");
                Step { place: in_group, bar: until(now), status: bad_if(is_gap), words, is_gap }
            }
            GroupState::Pending { consumer, since, deliveries } => {
                let held = now.since(*since);
                let is_gap = held > PATIENCE || *deliveries > 1 || consumer.is_none();
                let times = if *deliveries == 1 { "once".to_owned() } else { format!("{deliveries} times") };
                let words = match consumer {
                    Some(consumer) => format!("pending: {consumer} has it since {}, given out {times}", humane(held)),
                    // releasing it sets its time to nothing
                    None => format!("pending: it was released and belongs to nobody, given out {times}"),
                };
                let status = if is_gap { Status::Warn } else { Status::Run };
                Step { place: Place::Pending(group.to_owned()), bar: until(now), status, words, is_gap }
            }
            GroupState::Handled { at } => {
                let after =
                    published.map(|published| format!(", {} after it was published", short(at.since(published))));
                let words = format!("handled{}", after.unwrap_or_default());
                let bar = until(*at).or(Some((*at, *at)));
                Step { place: in_group, bar, status: Status::Ok, words, is_gap: false }
            }
            GroupState::Through => {
                let words = "acknowledged, or passed over by a move; which, and when, is not written down".to_owned();
                Step { place: in_group, bar: None, status: Status::Idle, words, is_gap: false }
            }
            GroupState::Dead { record, error, attempts, first_failed_at, last_failed_at } => {
                let times = if *attempts == 1 { "1 attempt".to_owned() } else { format!("{attempts} attempts") };
                let place = Place::DeadLetter { group: group.to_owned(), record: *record };
                let bar = Some((published.unwrap_or(*first_failed_at).min(*last_failed_at), *last_failed_at));
                Step {
                    place,
                    bar,
                    status: Status::Bad,
                    words: format!("dead letter after {times}: {error}"),
                    is_gap: true,
                }
            }
            GroupState::Unknown { why } => {
                let words = format!("not known: {why}");
                Step { place: in_group, bar: None, status: Status::Unknown, words, is_gap: false }
            }
        }
    }
}

fn written_step(written: &Written, now: Timestamp) -> Step {
    let Written { service, at, sent_at } = written;
    let end = sent_at.unwrap_or(now);
    let waited = end.since(*at);
    let is_gap = sent_at.is_none() && waited > PATIENCE;
    let (status, words) = match sent_at {
        Some(_) => (Status::Ok, format!("written by {service}, {} in the outbox", short(waited))),
        None => (bad_if(is_gap), format!("written by {service} {} ago, not published yet", humane(waited))),
    };
    Step { place: Place::Outbox, bar: Some((*at, end.max(*at))), status, words, is_gap }
}

const fn bad_if(is_gap: bool) -> Status {
    if is_gap { Status::Bad } else { Status::Run }
}

/// `24 ms` where seconds would say nothing.
pub fn short(duration: Duration) -> String {
    match duration.as_millis() {
        millis @ ..1_000 => format!("{millis} ms"),
        _ => humane(duration),
    }
}

/// The time that a waterfall spans: from the first to the last moment of any step.
pub fn span<'a>(steps: impl IntoIterator<Item = &'a Step>) -> Option<(Timestamp, Timestamp)> {
    steps.into_iter().filter_map(|step| step.bar).reduce(|(from, to), (start, end)| (from.min(start), to.max(end)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLISHED_MS: i64 = 1_773_152_545_100;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(PUBLISHED_MS + ms)
    }

    fn event(groups: Vec<(&str, GroupState)>) -> Event {
        let written = Written { service: "sprint".to_owned(), at: at(-12), sent_at: Some(at(1)) };
        let entry = EntryId { ms: PUBLISHED_MS.unsigned_abs(), seq: 0 };
        let groups = groups.into_iter().map(|(group, state)| (group.to_owned(), state)).collect();
        Event { entry: Some(entry), written: Some(written), body: Body::Present, groups, ..Event::default() }
    }

    fn only_group(state: GroupState, now_ms: i64) -> Step {
        event(vec![("backlog", state)]).steps(at(now_ms)).pop().expect("a step")
    }

    #[test]
    fn an_event_that_every_group_has_handled_has_no_gap() {
        let steps = event(vec![("backlog", GroupState::Handled { at: at(24) })]).steps(at(90_000));
        assert!(steps.iter().all(|step| !step.is_gap && step.status == Status::Ok), "{steps:?}");
        assert_eq!(steps[0].words, "written by sprint, 13 ms in the outbox");
        assert_eq!(steps[2].words, "handled, 24 ms after it was published");
        assert_eq!(span(&steps), Some((at(-12), at(24))));
    }

    #[test]
    fn what_waits_is_a_gap_as_soon_as_it_waits_too_long() {
        let soon = only_group(GroupState::NotGiven, 300);
        assert_eq!((soon.status, soon.is_gap), (Status::Run, false));
        let late = only_group(GroupState::NotGiven, 40_000);
        assert_eq!((late.status, late.is_gap), (Status::Bad, true));
        assert_eq!(late.words, "published 40 s ago, not given to this group yet");

        let mut unsent = event(vec![]);
        (unsent.entry, unsent.written.as_mut().expect("a row").sent_at) = (None, None);
        let steps = unsent.steps(at(40_000 - 12));
        assert_eq!((steps.len(), steps[0].is_gap), (1, true));
        assert_eq!(steps[0].words, "written by sprint 40 s ago, not published yet");
    }

    #[test]
    fn a_dead_letter_is_a_gap_that_says_why() {
        let dead = GroupState::Dead {
            record: EntryId { ms: 9, seq: 0 },
            error: "unknown task T-1".to_owned(),
            attempts: 5,
            first_failed_at: at(30),
            last_failed_at: at(20_000),
        };
        let step = only_group(dead, 90_000);
        assert_eq!((step.status, step.is_gap), (Status::Bad, true));
        assert_eq!(step.words, "dead letter after 5 attempts: unknown task T-1");
        assert_eq!(step.bar, Some((at(0), at(20_000))));
    }

    #[test]
    fn a_time_that_nobody_wrote_down_is_not_made_up() {
        let through = only_group(GroupState::Through, 90_000);
        assert_eq!((through.bar, through.status), (None, Status::Idle));
        assert!(through.words.starts_with("acknowledged, or passed over"), "a group may be moved past an entry");
        let freely_chosen = Event { entry: Some(EntryId { ms: 5, seq: 1 }), body: Body::Present, ..Event::default() };
        let steps = freely_chosen.steps(at(0));
        assert_eq!(steps[0].bar, None);
        assert!(steps[0].words.contains("not known"), "{}", steps[0].words);
    }

    #[test]
    fn what_was_released_belongs_to_nobody_and_is_no_story_of_how_long() {
        let released = only_group(GroupState::Pending { consumer: None, since: at(0), deliveries: 1 }, 90_000);
        assert_eq!((released.status, released.is_gap), (Status::Warn, true));
        assert_eq!(released.words, "pending: it was released and belongs to nobody, given out once");
    }

    #[test]
    fn a_body_that_is_gone_is_a_gap_only_where_somebody_still_needs_it() {
        let gone = |state| Event { body: Body::Gone, ..event(vec![("backlog", state)]) }.steps(at(0))[1].is_gap;
        assert!(gone(GroupState::NotGiven));
        assert!(gone(GroupState::Pending { consumer: Some("c".into()), since: at(0), deliveries: 1 }));
        assert!(!gone(GroupState::Handled { at: at(1) }));
    }

    #[test]
    fn a_clock_that_goes_backwards_makes_no_bar_that_ends_before_it_begins() {
        let early = only_group(GroupState::Handled { at: at(-500) }, 0);
        let (from, to) = early.bar.expect("a bar");
        assert!(from <= to);
    }
}
