//! Repairs: what was asked, what it would do, what became of each entry. Preview and act give the same shapes, because
//! they are one code path (invariant 7).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{dead_letter::Cursor, stream::EntryId};

/// What an operator wants done to pending entries of one group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PendingAct {
    /// Make the entries deliverable at once: they are handed to the group's reclaimer, as if their owner had died.
    Claim,
    /// Mark them as done without handling them. The group never sees them again.
    Acknowledge,
    /// Move them to the dead-letter stream, to be repaired there.
    DeadLetter,
}

impl PendingAct {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Claim => "claim",
            Self::Acknowledge => "acknowledge",
            Self::DeadLetter => "dead_letter",
        }
    }
}

/// Where a group is to be moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Position {
    /// Before the first entry: everything is delivered again.
    Start,
    /// After the last entry: what is unread stays unread.
    End,
    /// After this entry.
    After(EntryId),
}

/// How a dead letter goes back to the group that failed (design §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReplayWay {
    /// Put back into that group's pending list (`XCLAIM … FORCE`): no other group sees it.
    ToGroup,
    /// The source entry is gone: added again with a replay mark that our consumers honour; other groups see it.
    AddAgain,
}

/// What happened, or would happen, to one entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ItemReport {
    /// For dead letters `stream/id`, for pending entries the id.
    pub item: String,
    pub outcome: Outcome,
    /// One sentence: how it is sent, or why it is skipped.
    pub detail: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Would be done (preview).
    Would,
    /// Was done.
    Done,
    /// Left alone, see the detail (already gone, already replayed, …).
    Skipped,
    /// Redis refused it, see the detail.
    Failed,
}

/// The whole of a repair, as preview or as result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Report {
    pub items: Vec<ItemReport>,
    /// Who else is touched, what is lost: sentences to read before pressing the button.
    pub warnings: Vec<String>,
    /// Proof of what was seen. An act with a token that no longer fits is refused (conflict): the state has changed.
    pub state_token: String,
    /// Where the audit log has this act; absent for a preview.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit_id: Option<i64>,
}

impl Report {
    pub fn count(&self, outcome: Outcome) -> usize {
        self.items.iter().filter(|i| i.outcome == outcome).count()
    }
}

/// Replay or discard these dead letters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeadLetterSelection {
    /// At most 1000 at once.
    pub items: Vec<Cursor>,
    /// True: only say what would happen.
    #[serde(default)]
    pub dry_run: bool,
    /// From the preview; absent = act on what is there now.
    #[serde(default)]
    pub state_token: Option<String>,
    /// Why, for the audit log. Required to discard.
    #[serde(default)]
    pub reason: Option<String>,
}

/// Claim, acknowledge or dead-letter these pending entries of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PendingSelection {
    pub act: PendingAct,
    /// At most 1000 at once.
    pub ids: Vec<EntryId>,
    #[serde(default)]
    pub dry_run: bool,
    #[serde(default)]
    pub state_token: Option<String>,
    #[serde(default)]
    pub reason: Option<String>,
}

/// Move a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GroupMove {
    pub to: Position,
    #[serde(default)]
    pub dry_run: bool,
    #[serde(default)]
    pub state_token: Option<String>,
    #[serde(default)]
    pub reason: Option<String>,
}
