//! What fired: as it is remembered, and what became of telling people.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Figure, Timestamp,
    alert::{Comparison, NoticeKind, Phase, Reason, Severity, Subject, Watched},
};

/// One firing. It keeps the words that the rule had then: a rule may be changed or deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Firing {
    /// Counts up in time.
    pub id: String,
    pub rule_id: String,
    pub rule: String,
    pub severity: Severity,
    pub watched: Watched,
    pub comparison: Comparison,
    pub threshold: u64,
    pub note: String,
    pub subject: Subject,
    /// When it went bad.
    pub began: Timestamp,
    pub fired_at: Timestamp,
    /// What the figure was when it fired.
    pub figure: Figure,
    /// Null while it fires.
    pub resolved_at: Option<Timestamp>,
    pub reason: Option<Reason>,
    /// Who was told; empty where nobody was, because the rule was muted or nobody is to be told.
    pub deliveries: Vec<Delivery>,
}

/// A firing that is not over, with where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FiringNow {
    #[serde(flatten)]
    pub firing: Firing,
    pub phase: Phase,
    /// What the figure is now.
    pub now: Figure,
    /// Until when the rule tells nobody.
    pub muted_until: Option<Timestamp>,
}

/// One message to one channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Delivery {
    pub channel: String,
    pub kind: NoticeKind,
    pub state: DeliveryState,
    pub attempts: u64,
    /// When it was sent, given up, or put into the queue.
    pub at: Timestamp,
    /// Why the last attempt failed.
    pub error: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// It will be tried, or tried again.
    Waiting,
    Sent,
    /// It is not tried any more.
    Failed,
}

impl DeliveryState {
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Sent, Self::Failed];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::Failed => "failed",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}
