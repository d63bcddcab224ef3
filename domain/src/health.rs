//! Whether a service can do its work, and what still waits to be published.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Timestamp;

/// `GET /health/ready` (contract §2.0). The service's own database and Redis decide; peers are reported, never gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Readiness {
    /// `<name>-service`
    pub service: String,
    /// `ready` or `not_ready`
    pub status: String,
    /// `ok` or `error`
    pub database: String,
    /// `ok` or `error`
    pub redis: String,
    /// `<peer>_service` to `ok` or `error`; absent for services that call nobody.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub external_apis: BTreeMap<String, String>,
    pub timestamp: Timestamp,
}

impl Readiness {
    pub fn is_ready(&self) -> bool {
        self.status == READY
    }
}

pub const READY: &str = "ready";
pub const NOT_READY: &str = "not_ready";

/// Events that a service has committed and the relay has not published yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OutboxState {
    pub service: String,
    pub unsent: u64,
    /// When the oldest of them was committed; `None` = nothing waits.
    pub oldest: Option<Timestamp>,
    /// What Redis lost of those that were published, the newest first; kept for 30 days, told ten at most.
    #[serde(default)]
    pub losses: Vec<Loss>,
}

/// Events that were published and that Redis lost before every group had handled them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Loss {
    pub noticed_at: Timestamp,
    pub stream: String,
    pub how: LossKind,
    pub events: u64,
}

/// What became of lost events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LossKind {
    /// The stream was lost or restored to an earlier state: they were sent again, after which nothing is missing.
    SentAgain,
    /// Somebody removed the entries before every group had read them: they are gone, as that one wanted.
    Removed,
}

impl LossKind {
    /// As stored, and as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SentAgain => "sent_again",
            Self::Removed => "removed",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        [Self::SentAgain, Self::Removed].into_iter().find(|kind| kind.as_str() == word)
    }
}
