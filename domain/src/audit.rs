//! The audit log as it is read: who did what to which stream or group, why, and what became of it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Permission, Timestamp, operation::Report};

/// One act. Its intent is written before Redis is touched, its result after; ids and counts, never payloads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditEntry {
    /// Counts up.
    pub id: i64,
    pub at: Timestamp,
    pub who: String,
    pub permission: Permission,
    /// `dead_letters.replay`, `group.move`, …
    pub act: String,
    /// The stream, `stream/group`, or the streams of the dead letters.
    pub subject: String,
    /// What was asked, in one sentence: how many, where to.
    pub request: String,
    pub reason: Option<String>,
    pub state: AuditState,
    pub finished_at: Option<Timestamp>,
    /// What became of each entry, where the act has entries.
    pub report: Option<Report>,
    /// Why it failed, or what it did in one sentence where there is no report.
    pub result: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuditState {
    /// Begun; if this stays, the process died in between and nobody knows how far it came.
    Intended,
    Done,
    Failed,
}

impl AuditState {
    pub const ALL: [Self; 3] = [Self::Intended, Self::Done, Self::Failed];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Intended => "intended",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// A page of the audit log, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditPage {
    pub entries: Vec<AuditEntry>,
    /// Cursor (exclusive) for the page of older entries; `None` at the end.
    pub older: Option<i64>,
}

/// What a walk through the chain of the audit log found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Verification {
    /// When the walk began.
    pub at: Timestamp,
    /// Acts in the log.
    pub acts: u64,
    /// Links of the chain: one for what was asked, one for what became of it.
    pub links: u64,
    /// Acts up to this one were begun before there was a chain; nobody can tell whether they were changed. 0 = none.
    pub unchained: u64,
    /// Hash of the newest link (SHA-256, hex). Written down elsewhere, it proves later that nothing before it was changed.
    pub head: String,
    /// Empty where everything fits.
    pub faults: Vec<AuditFault>,
    /// Faults found beyond those told.
    pub more_faults: u64,
}

impl Verification {
    pub fn is_whole(&self) -> bool {
        self.faults.is_empty()
    }
}

/// Where the log and its chain do not fit each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditFault {
    /// The act, where it is about one.
    pub entry: Option<i64>,
    /// What is wrong with it, in one sentence.
    pub what: String,
}
