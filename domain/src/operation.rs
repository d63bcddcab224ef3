//! Repairs: what was asked, what it would do, what became of each entry. Preview and act give the same shapes, because
//! they are one code path (invariant 7).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Timestamp, dead_letter::Cursor, stream::EntryId};

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

/// Create a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GroupCreate {
    /// Its name: 1 to 512 bytes of any text.
    pub group: String,
    /// Where it begins to read.
    pub at: Position,
    /// Make the stream too, empty, where there is none; without it that is an error, as a misspelt name would be.
    #[serde(default)]
    pub make_stream: bool,
    #[serde(default)]
    pub dry_run: bool,
    #[serde(default)]
    pub state_token: Option<String>,
    #[serde(default)]
    pub reason: Option<String>,
}

/// Delete a group, with its place and all that it has pending.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GroupDelete {
    #[serde(default)]
    pub dry_run: bool,
    #[serde(default)]
    pub state_token: Option<String>,
    /// Required, but for a dry run.
    #[serde(default)]
    pub reason: Option<String>,
}

/// Delete consumers of a group. What they have pending is handed over first, in the same step (F11).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConsumerDelete {
    /// By name; at most 1000 at once, with those of `empty_for_ms`.
    #[serde(default)]
    pub consumers: Vec<String>,
    /// And all that hold nothing and were idle for at least this long, in milliseconds (F12).
    #[serde(default)]
    pub empty_for_ms: Option<u64>,
    /// The consumer that gets what they have pending. Absent: it is freed for whoever of the group takes over idle
    /// entries, under the name `handed-over`.
    #[serde(default)]
    pub hand_over_to: Option<String>,
    #[serde(default)]
    pub dry_run: bool,
    #[serde(default)]
    pub state_token: Option<String>,
    #[serde(default)]
    pub reason: Option<String>,
}

/// How far a stream is trimmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TrimTo {
    /// Keep this many of the newest entries (`MAXLEN`).
    Keep(u64),
    /// Keep this entry and what is newer (`MINID`).
    Before(EntryId),
}

/// Remove the oldest entries of a stream, exactly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Trim {
    pub to: TrimTo,
    /// Also what a group has not read, or not acknowledged. Without it the trim stops where a group still needs the
    /// entries.
    #[serde(default)]
    pub past_groups: bool,
    #[serde(default)]
    pub dry_run: bool,
    #[serde(default)]
    pub state_token: Option<String>,
    /// Required, but for a dry run.
    #[serde(default)]
    pub reason: Option<String>,
}

/// Delete entries of a stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EntriesDelete {
    /// At most 1000 at once.
    pub ids: Vec<EntryId>,
    #[serde(default)]
    pub dry_run: bool,
    #[serde(default)]
    pub state_token: Option<String>,
    /// Required, but for a dry run.
    #[serde(default)]
    pub reason: Option<String>,
}

/// A lane of a consumer in this process that waits behind an entry that fails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ParkedLane {
    /// `aggregate_id` of its entries; absent for an entry without a key, which is alone in its lane.
    pub key: Option<String>,
    /// The entry that fails.
    pub entry: EntryId,
    /// How often it was tried.
    pub attempts: u64,
    /// Why it failed last.
    pub error: String,
    /// When it is tried again.
    pub next_try_at: Timestamp,
    /// Entries of the key that wait behind it.
    pub waiting: u64,
}

/// Dead-letter the entry that parks its lane, so that the lane goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LaneClear {
    /// The entry that fails.
    pub entry: EntryId,
    #[serde(default)]
    pub dry_run: bool,
    #[serde(default)]
    pub state_token: Option<String>,
    #[serde(default)]
    pub reason: Option<String>,
}
