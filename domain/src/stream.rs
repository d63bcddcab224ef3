//! Streams, groups, consumers and entries as an operator sees them, and the rule by which a group is judged.

mod history;
mod name;
mod snapshot;

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use self::{
    history::History,
    name::Name,
    snapshot::{NOT_ASKED, Snapshot, Unread},
};
use crate::{
    Figure, Status, Timestamp,
    connection::Rights,
    finding::{OldPending, ServerFacts},
    latency::{Derived, ProcessReport, TypeHandling},
    time::{humane, serde_as_text},
};

/// Ids below this (September 2001) are no times: somebody chose them freely, and no age can be told from them.
const FIRST_PLAUSIBLE_MS: u64 = 1_000_000_000_000;

/// The id of a stream entry, `<milliseconds>-<sequence>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct EntryId {
    pub ms: u64,
    pub seq: u64,
}

impl EntryId {
    pub const ZERO: Self = Self { ms: 0, seq: 0 };
    pub const MAX: Self = Self { ms: u64::MAX, seq: u64::MAX };

    /// When the entry was added, by the clock of the server that made the id (callers may choose ids freely, so this
    /// is what the id says, not what is certain).
    pub fn added_at(self) -> Timestamp {
        Timestamp::from_millis(i64::try_from(self.ms).unwrap_or(i64::MAX / 1_000))
    }

    /// Whether the id can be a time at all, so that an age can be told from it. Callers may choose ids freely.
    pub fn tells_time(self) -> bool {
        self.ms >= FIRST_PLAUSIBLE_MS
    }

    /// The smallest id after this one.
    #[must_use]
    pub fn next(self) -> Self {
        match self.seq.checked_add(1) {
            Some(seq) => Self { ms: self.ms, seq },
            None => Self { ms: self.ms.saturating_add(1), seq: 0 },
        }
    }

    /// The largest id before this one; `None` before the first.
    pub fn previous(self) -> Option<Self> {
        match (self.seq.checked_sub(1), self.ms.checked_sub(1)) {
            (Some(seq), _) => Some(Self { ms: self.ms, seq }),
            (None, Some(ms)) => Some(Self { ms, seq: u64::MAX }),
            (None, None) => None,
        }
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.ms, self.seq)
    }
}

/// A text is not an entry id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an entry id (<milliseconds>-<sequence>): {0}")]
pub struct NotAnEntryId(String);

impl FromStr for EntryId {
    type Err = NotAnEntryId;
    fn from_str(text: &str) -> Result<Self, NotAnEntryId> {
        let (ms, seq) = text.split_once('-').unwrap_or((text, "0"));
        match (ms.parse(), seq.parse()) {
            (Ok(ms), Ok(seq)) => Ok(Self { ms, seq }),
            _ => Err(NotAnEntryId(text.to_owned())),
        }
    }
}
serde_as_text!(EntryId, "1773152545187-0");

/// The server itself; of a cluster, its masters in sum.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct RedisFacts {
    /// `7.0.15`; empty while never reached. Of several servers, the oldest.
    pub version: String,
    /// `redis` or `valkey`.
    pub product: String,
    /// `standalone`, `sentinel` or `cluster`.
    pub mode: String,
    pub used_memory_bytes: u64,
    /// 0 = no limit.
    pub max_memory_bytes: u64,
    /// Anything but `noeviction` can delete whole streams (F8).
    pub eviction_policy: String,
    pub evicted_keys: u64,
    pub connected_clients: u64,
    pub uptime_seconds: u64,
    /// Each by itself.
    pub servers: Vec<ServerFacts>,
    /// Why the server does not tell of itself; all above but `mode` is then not known.
    #[serde(default)]
    pub untold: Option<String>,
    /// What our user may do there.
    #[serde(default)]
    pub rights: Rights,
}

/// One stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StreamSample {
    pub name: String,
    /// Set where this is a dead-letter stream of ours: the stream whose entries it holds.
    pub source: Option<String>,
    pub length: u64,
    pub first_id: Option<EntryId>,
    pub last_id: EntryId,
    /// All entries ever added.
    pub entries_added: u64,
    pub max_deleted_id: EntryId,
    /// `None` where it was not measured in this sample.
    pub memory_bytes: Option<u64>,
    /// Entries added per second over the last minute; `None` before there are two samples.
    pub added_per_second: Option<f64>,
    /// Length, one value per step of ten seconds, oldest first; `None` = no sample (a gap).
    pub length_history: History,
    pub groups: Vec<GroupSample>,
    /// Records in this stream's dead-letter stream.
    pub dead_letters: u64,
    /// Whether it can have dead letters: not so for some names in a cluster (F19).
    pub can_dead_letter: bool,
}

/// One consumer group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct GroupSample {
    pub stream: String,
    pub name: String,
    /// Entries not yet delivered to the group.
    pub lag: Figure,
    /// What XINFO itself said, where the console corrected it (F2).
    pub lag_reported: Option<u64>,
    /// Entries that the group was given since its start, as Redis counts them; `None` where Redis lost the count.
    pub entries_read: Option<u64>,
    /// Delivered and not acknowledged.
    pub pending: u64,
    pub last_delivered_id: EntryId,
    /// Age of the oldest entry not delivered; 0 = nothing waits, `None` = unknown.
    pub behind_ms: Option<u64>,
    /// Age of the oldest pending entry since it was *added*; `None` = nothing pends.
    pub oldest_pending_ms: Option<u64>,
    pub oldest_pending_id: Option<EntryId>,
    /// The oldest pending entries, ten at most.
    pub oldest: Vec<OldPending>,
    pub consumers: Vec<ConsumerSample>,
    /// Dead letters of this group (all, of those still in the dead-letter stream), as far as counted.
    pub dead_letters: Figure,
    /// Change of lag in entries per minute, over the last minute; negative = draining.
    pub lag_per_minute: Option<f64>,
    /// Milliseconds until lag is 0 at the present rate; `None` while not draining.
    pub drained_in_ms: Option<u64>,
    /// Lag, one value per step of ten seconds, oldest first; `None` = no sample or unknown (a gap).
    pub lag_history: History,
    /// Entries read per second over the last minute, from the group's `entries-read`.
    pub read_per_second: Option<f64>,
    /// Measured by the consumers of the group, where they run in this process or in another one that shares it.
    pub handling: Option<Handling>,
    /// What can be told where nobody measures.
    pub derived: Derived,
    pub verdict: Verdict,
}

/// What consumers of a group measured over the last minute, of all processes that share it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Handling {
    pub handled: u64,
    pub failed: u64,
    pub dead_lettered: u64,
    /// Handler time; 0 while nothing was handled.
    pub p50_ms: f64,
    pub p95_ms: f64,
    pub p99_ms: f64,
    /// Whether an operator holds the group's consumers: those here, or without any here all that report.
    pub paused: bool,
    /// Whether consumers of the group run in this process.
    pub here: bool,
    /// The same by event type, in the order of the types.
    pub types: Vec<TypeHandling>,
    /// Who measured: this process first.
    pub reports: Vec<ProcessReport>,
}

/// One consumer of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConsumerSample {
    pub name: Name,
    pub pending: u64,
    /// Since its last attempt to read or claim (7.2 and later; earlier: since its last success).
    pub idle_ms: u64,
    /// Since its last successful read; `None` before Redis 7.2.
    pub inactive_ms: Option<u64>,
}

/// The state of a group in one shape and at most three words, with the reason in a sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Verdict {
    pub status: Status,
    pub word: String,
    pub reason: String,
}

/// From here on a group that does not catch up is `Falling behind`: unread for this long and growing.
pub const BEHIND_BAD: Duration = Duration::from_mins(1);
/// From here on waiting is worth a look.
pub const BEHIND_WARN: Duration = Duration::from_secs(10);
/// An entry pending for longer than any sensible handler is stuck (ours: 5 attempts in about 20 s).
pub const PENDING_WARN: Duration = Duration::from_mins(1);
/// A group whose consumers were all silent for this long, with nothing to do, is idle.
pub const IDLE_AFTER: Duration = Duration::from_hours(1);

/// Fewer attempts a minute than these are too few for a rate.
const ATTEMPTS_WORTH_A_RATE: u64 = 10;
/// From this part of the attempts on, failing is worth a look.
const ERROR_RATE_WARN: f64 = 0.1;
/// From this part on it is bad.
const ERROR_RATE_BAD: f64 = 0.5;

impl Handling {
    /// The part of the last minute's attempts that failed; 0 while there were too few for a rate.
    fn error_rate(&self) -> f64 {
        let attempts = self.handled.saturating_add(self.failed);
        if attempts < ATTEMPTS_WORTH_A_RATE { 0.0 } else { self.failed as f64 / attempts as f64 }
    }

    /// How bad the last minute's failures are; `None` where they are not worth a look. A dead letter always is.
    pub fn failing(&self) -> Option<Status> {
        self.rate_failing().or((self.dead_lettered > 0).then_some(Status::Warn))
    }

    /// How bad the part of the attempts is that failed. Malformed entries become dead letters without an attempt: they are
    /// no part of it.
    pub fn rate_failing(&self) -> Option<Status> {
        match self.error_rate() {
            rate if rate >= ERROR_RATE_BAD => Some(Status::Bad),
            rate if rate >= ERROR_RATE_WARN => Some(Status::Warn),
            _ => None,
        }
    }

    /// `144 of 288 attempts failed in the last minute, 19 entries became dead letters`.
    fn failures(&self) -> String {
        let Self { handled, failed, dead_lettered, .. } = self;
        let attempts = handled + failed;
        let dead = match dead_lettered {
            0 => String::new(),
            1 => ", 1 entry became a dead letter".to_owned(),
            n => format!(", {n} entries became dead letters"),
        };
        format!("{failed} of {attempts} attempts failed in the last minute{dead}")
    }
}

/// Judges a group from its figures alone. The order is the order of what an operator must know first.
pub fn judge(group: &GroupSample) -> Verdict {
    let verdict = |status, word: &str, reason: String| Verdict { status, word: word.to_owned(), reason };
    let behind = Duration::from_millis(group.behind_ms.unwrap_or(0));
    let pending_age = Duration::from_millis(group.oldest_pending_ms.unwrap_or(0));
    let growing = group.lag_per_minute.is_some_and(|rate| rate > 0.0);
    let silent = group.consumers.iter().map(|c| c.idle_ms).min().map(Duration::from_millis);
    if group.handling.as_ref().is_some_and(|h| h.paused) {
        return verdict(Status::Warn, "Paused", "its consumers are held by an operator".into());
    }
    if group.lag.exceeds(0) && group.consumers.is_empty() {
        return verdict(
            Status::Bad,
            "No consumer",
            format!("entries wait for {} and nobody reads this group", humane(behind)),
        );
    }
    if behind >= BEHIND_BAD && (growing || silent.is_some_and(|s| s >= BEHIND_BAD)) {
        return verdict(
            Status::Bad,
            "Falling behind",
            format!("the oldest unread entry waits for {} and the group is not catching up", humane(behind)),
        );
    }
    let failing = group.handling.as_ref().and_then(|handling| Some((handling.failing()?, handling.failures())));
    if let Some((Status::Bad, failures)) = failing {
        return verdict(Status::Bad, "Failing", failures);
    }
    if pending_age >= PENDING_WARN {
        return verdict(
            Status::Warn,
            "Entry stuck",
            format!("an entry has been pending since {}", humane(pending_age)),
        );
    }
    if behind >= BEHIND_WARN {
        return verdict(Status::Warn, "Behind", format!("the oldest unread entry waits for {}", humane(behind)));
    }
    if let Some((status, failures)) = failing {
        return verdict(status, "Failing", failures);
    }
    if let Figure::Unknown(reason) = &group.lag {
        return verdict(Status::Unknown, "Lag unknown", reason.clone());
    }
    if group.pending == 0 && silent.is_none_or(|s| s >= IDLE_AFTER) {
        let since = silent
            .map_or_else(|| "nobody has read it yet".to_owned(), |s| format!("no consumer has read for {}", humane(s)));
        return verdict(Status::Idle, "Idle", since);
    }
    verdict(Status::Ok, "Keeping up", "nothing waits longer than it should".into())
}

/// One entry of a stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Entry {
    pub id: EntryId,
    pub fields: Vec<Field>,
    /// `event_type` of the JSON in field `data`, where there is one.
    pub event_type: Option<String>,
    /// `event_id` of that JSON.
    pub event_id: Option<String>,
    /// `aggregate_id` of that JSON.
    pub key: Option<String>,
}

/// A field of an entry. Redis values are bytes; what is not UTF-8 is shown with `\xNN` escapes and marked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Field {
    pub name: String,
    pub value: String,
    /// The value is shown escaped (not UTF-8) or cut (see `bytes`).
    pub exact: bool,
    /// Its true size.
    pub bytes: u64,
}

/// A page of entries; ids are cursors, so that a shared link shows the same page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EntryPage {
    pub entries: Vec<Entry>,
    /// Cursor (exclusive) for the page of older entries; `None` at the end.
    pub older: Option<EntryId>,
    /// Cursor (exclusive) for the page of newer entries; `None` at the newest.
    pub newer: Option<EntryId>,
    /// Entries that were read for this page; with a filter, more than fit.
    pub looked_at: u64,
}

/// One pending entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PendingEntry {
    pub id: EntryId,
    pub consumer: String,
    /// Since its last delivery.
    pub idle_ms: u64,
    pub deliveries: u64,
    pub event_type: Option<String>,
    pub key: Option<String>,
    /// The entry was deleted or trimmed: its id pends, its body is gone (F5).
    pub body_lost: bool,
}

/// A page of pending entries, oldest id first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PendingPage {
    pub entries: Vec<PendingEntry>,
    pub next: Option<EntryId>,
    pub total: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group() -> GroupSample {
        GroupSample {
            stream: "s".into(),
            name: "g".into(),
            lag: Figure::Exact(0),
            lag_reported: None,
            entries_read: None,
            pending: 0,
            last_delivered_id: EntryId::ZERO,
            behind_ms: Some(0),
            oldest_pending_ms: None,
            oldest_pending_id: None,
            oldest: vec![],
            consumers: vec![ConsumerSample { name: "c".into(), pending: 0, idle_ms: 10, inactive_ms: None }],
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

    #[test]
    fn a_group_without_work_and_with_a_live_consumer_keeps_up() {
        assert_eq!(judge(&group()).status, Status::Ok);
    }

    #[test]
    fn unread_entries_without_any_consumer_are_bad() {
        let g = GroupSample { lag: Figure::Exact(3), consumers: vec![], ..group() };
        assert_eq!(judge(&g).word, "No consumer");
    }

    #[test]
    fn a_nil_lag_is_unknown_and_never_fine() {
        let g =
            GroupSample { lag: Figure::unknown("entries were deleted ahead of the group"), behind_ms: None, ..group() };
        assert_eq!(judge(&g).status, Status::Unknown);
    }

    #[test]
    fn an_old_pending_entry_is_stuck_even_when_lag_is_zero() {
        let g = GroupSample { pending: 1, oldest_pending_ms: Some(240_000), ..group() };
        assert_eq!(judge(&g).word, "Entry stuck");
    }

    #[test]
    fn a_group_whose_handling_fails_does_not_keep_up() {
        let judged = |handled, failed, dead_lettered| {
            let handling = Handling { handled, failed, dead_lettered, ..Handling::default() };
            let verdict = judge(&GroupSample { handling: Some(handling), ..group() });
            (verdict.word, verdict.status)
        };
        let is = |word: &str, status| (word.to_owned(), status);
        assert_eq!(judged(100, 9, 0), is("Keeping up", Status::Ok), "some failures are what retries are for");
        assert_eq!(judged(90, 10, 0), is("Failing", Status::Warn));
        assert_eq!(judged(5, 5, 1), is("Failing", Status::Bad));
        assert_eq!(judged(0, 3, 0), is("Keeping up", Status::Ok), "too few for a rate");
        assert_eq!(judged(1_000, 5, 1), is("Failing", Status::Warn), "a dead letter is always worth a look");
    }

    #[test]
    fn what_becomes_a_dead_letter_without_an_attempt_is_no_part_of_the_error_rate() {
        let only_malformed = Handling { handled: 40, dead_lettered: 3, ..Handling::default() };
        assert_eq!((only_malformed.failing(), only_malformed.rate_failing()), (Some(Status::Warn), None));
        let failing = Handling { handled: 5, failed: 5, ..Handling::default() };
        assert_eq!(failing.rate_failing(), Some(Status::Bad));
    }

    #[test]
    fn the_previous_id_is_the_largest_below() {
        let id = |text: &str| text.parse::<EntryId>().expect("id");
        assert_eq!(id("5-3").previous(), Some(id("5-2")));
        assert_eq!(id("5-0").previous(), Some(EntryId { ms: 4, seq: u64::MAX }));
        assert_eq!(EntryId { ms: 4, seq: u64::MAX }.next(), id("5-0"));
        assert_eq!(EntryId::ZERO.previous(), None);
    }

    #[test]
    fn entry_ids_sort_as_redis_sorts_them() {
        let id = |t: &str| t.parse::<EntryId>().expect("id");
        assert!(id("9-1") < id("10-0") && id("10-2") < id("10-10"));
        assert!("10-x".parse::<EntryId>().is_err());
    }
}
