//! What a detector says, and where its lines are.

use std::time::Duration;

use super::{Action, Kind};
use crate::{
    Figure, Status,
    stream::{GroupSample, StreamSample},
};

/// Where detectors draw their lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// So many consumers that do nothing are a leak: a group that is scaled down keeps fewer names.
    pub left_behind: usize,
    /// For so long they have asked for nothing.
    pub left_behind_for: Duration,
    /// The same where the server tells only when they were last *given* something (before 7.2): a quiet day is no leak.
    pub left_behind_untold_for: Duration,
    /// Nobody waits for longer than this between two attempts.
    pub unattended_for: Duration,
    /// Entries wait and nobody is given any for so long: longer than any pause between two reads.
    pub in_vain_for: Duration,
    /// Who holds something and has asked for nothing for so long is not about to end in an orderly way.
    pub silent: Duration,
    /// A consumer that asked within this time is at work.
    pub at_work: Duration,
    /// More deliveries than any sensible number of attempts (ours: 5).
    pub too_often: u64,
    /// A replica reports every second; what was silent for so long is stuck.
    pub replica_silent: Duration,
    /// An entry that changes hands sooner than this after its delivery was taken too early, if its owner lives.
    pub too_early: Duration,
    /// So many entries without one ever removed are no small stream.
    pub never_trimmed: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            left_behind: 10,
            left_behind_for: Duration::from_hours(1),
            left_behind_untold_for: Duration::from_hours(24),
            unattended_for: Duration::from_mins(5),
            in_vain_for: Duration::from_mins(1),
            silent: Duration::from_mins(1),
            at_work: Duration::from_secs(10),
            too_often: 10,
            replica_silent: Duration::from_secs(10),
            too_early: Duration::from_mins(1),
            never_trimmed: 1_000_000,
        }
    }
}

/// How long what happened is told, unless a kind says otherwise.
pub(super) const TOLD_FOR: Duration = Duration::from_hours(1);

/// How a symptom is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Course {
    /// It is so; told while it is so.
    Lasts,
    /// As [`Course::Lasts`], but what is asked in several steps must be seen twice to be true.
    LastsConfirmed,
    /// It happened; told for this long.
    Happened(Duration),
}

/// What a detector saw at one look.
#[derive(Debug, Clone)]
pub(super) struct Symptom {
    pub(super) kind: Kind,
    pub(super) status: Status,
    pub(super) course: Course,
    pub(super) stream: Option<String>,
    pub(super) group: Option<String>,
    pub(super) consumer: Option<String>,
    pub(super) explanation: String,
    pub(super) action: Action,
    /// What is added up over looks while it is told.
    pub(super) tally: Option<Tally>,
}

/// A count that is added up, and the explanation that the sum goes into.
#[derive(Debug, Clone)]
pub(super) struct Tally {
    /// Exact or a lower bound: a sum with a lower bound in it is one.
    pub(super) count: Figure,
    pub(super) explain: fn(&Figure) -> String,
}

impl Symptom {
    /// Something about Redis as a whole that is so: `what` is the case, and `meaning` follows from it.
    pub(super) fn new(kind: Kind, status: Status, what: &str, meaning: &str) -> Self {
        Self {
            kind,
            status,
            course: Course::Lasts,
            stream: None,
            group: None,
            consumer: None,
            explanation: format!("{what}. {meaning}."),
            action: Action::Read,
            tally: None,
        }
    }

    pub(super) fn on_stream(mut self, stream: &StreamSample) -> Self {
        self.stream = Some(stream.name.clone());
        self
    }

    pub(super) fn on_group(mut self, group: &GroupSample) -> Self {
        self.stream = Some(group.stream.clone());
        self.group = Some(group.name.clone());
        self
    }

    pub(super) fn of_consumer(mut self, consumer: &str) -> Self {
        self.consumer = Some(consumer.to_owned());
        self
    }

    pub(super) fn course(mut self, course: Course) -> Self {
        self.course = course;
        self
    }

    /// Adds to what was told before; its `explain` gives both sentences.
    pub(super) fn tally(mut self, tally: Tally) -> Self {
        self.tally = Some(tally);
        self
    }

    pub(super) fn action(mut self, action: Action) -> Self {
        self.action = action;
        self
    }
}

/// `1 entry`, `1 200 entries`.
pub(super) fn entries(count: u64) -> String {
    if count == 1 { "1 entry".to_owned() } else { format!("{} entries", crate::figure::grouped(count)) }
}
