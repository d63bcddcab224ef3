//! The six states that anything on a screen can have.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Ordered from worst to calmest, so that sorting puts what needs a person first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Bad,
    Warn,
    Unknown,
    Run,
    Ok,
    Idle,
}

impl Status {
    /// The word used in `data-status` attributes and shape symbols (`#s-bad`).
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bad => "bad",
            Self::Warn => "warn",
            Self::Unknown => "unknown",
            Self::Run => "run",
            Self::Ok => "ok",
            Self::Idle => "idle",
        }
    }
}
