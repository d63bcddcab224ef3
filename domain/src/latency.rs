//! How long entries of a group take and what becomes of them, by event type: as its consumers measured it, or as far as it
//! can be told from outside.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Status, Timestamp, stream::Handling};

/// What kind of event a figure speaks of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventType {
    /// The `event_type` of the entry; any text, its end cut off where it is very long.
    Named(String),
    /// All types for which there was no place of their own, in sum.
    Others,
    /// Entries that are no event.
    Malformed,
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Named(name) => name,
            Self::Others => "other types",
            Self::Malformed => "no event",
        })
    }
}

/// What the consumers of a group measured of one event type over the last minute.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TypeHandling {
    pub event_type: EventType,
    /// Entries.
    pub handled: u64,
    /// Attempts: an entry can fail several times.
    pub failed: u64,
    /// Attempts, of `handled` and `failed` together, that were not the first of their entry.
    pub retried: u64,
    /// Entries.
    pub dead_lettered: u64,
    /// From the moment that the entry's id names to the answer in which a consumer got it for the first time.
    pub delivered: Percentiles,
    /// From the answer in which the consumer got it to the end of the attempt that succeeded, with all waits between.
    pub settled: Percentiles,
    /// One attempt, handled or failed.
    pub handler: Percentiles,
}

impl TypeHandling {
    pub fn attempts(&self) -> u64 {
        self.handled.saturating_add(self.failed)
    }

    /// As [`Handling::rate_failing`], which judges a group by the same rule.
    pub fn rate_failing(&self) -> Option<Status> {
        let Self { handled, failed, .. } = *self;
        Handling { handled, failed, ..Handling::default() }.rate_failing()
    }
}

/// Of so many times half were not longer than `p50_ms`, and so on; read off one histogram of all of them.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Percentiles {
    /// How many were measured; the others are 0 where it is none.
    pub count: u64,
    pub p50_ms: f64,
    pub p95_ms: f64,
    pub p99_ms: f64,
}

/// A process whose measurements are in the figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProcessReport {
    /// Its name, as it was started; empty for this process where it has none.
    pub instance: String,
    pub version: String,
    pub started_at: Timestamp,
    /// When it measured, by the clock of Redis.
    pub at: Timestamp,
    /// Whether it is this process.
    pub here: bool,
    /// Whether an operator holds the group's consumers there.
    pub paused: bool,
}

/// What can be told of a group from outside, in place of what only its consumers can measure.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Derived {
    /// Entries acknowledged per second over the last minute: those read less those that pend. `None` where Redis lost the
    /// count of those read.
    pub acknowledged_per_second: Option<f64>,
    /// Since the oldest pending entry was last delivered: delivered to handled takes at least this long for it.
    pub oldest_delivery_ms: Option<u64>,
}

/// How the heartbeats were, by which processes share what they measured.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Heartbeats {
    /// Processes of others whose record was read.
    pub others: u64,
    /// Records that were not taken.
    pub skipped: u64,
    /// Why, for some of them.
    pub why: Vec<String>,
    /// Why the records of others cannot be read at all.
    pub unread: Option<String>,
    /// Why this process cannot share its own.
    pub unshared: Option<String>,
}

impl Handling {
    /// Whether all processes that report hold their consumers.
    pub fn held_everywhere(&self) -> bool {
        !self.reports.is_empty() && self.reports.iter().all(|report| report.paused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(here: bool, paused: bool) -> ProcessReport {
        let (instance, version) = (String::new(), String::new());
        let (started_at, at) = (Timestamp::default(), Timestamp::default());
        ProcessReport { instance, version, started_at, at, here, paused }
    }

    #[test]
    fn a_group_is_held_everywhere_where_each_process_that_reports_holds_it() {
        let held = |reports: Vec<ProcessReport>| Handling { reports, ..Handling::default() }.held_everywhere();
        assert!(!held(vec![]));
        assert!(!held(vec![report(true, true), report(false, false)]));
        assert!(held(vec![report(true, true), report(false, true)]));
    }

    #[test]
    fn a_type_that_is_called_like_a_sum_is_not_the_sum() {
        let named = EventType::Named("others".to_owned());
        let text = serde_json::to_string(&named).expect("JSON");
        assert_eq!(text, r#"{"named":"others"}"#);
        assert_ne!(serde_json::from_str::<EventType>(&text).expect("a type"), EventType::Others);
    }
}
