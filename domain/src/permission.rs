//! The eight permissions of the guard (design §6). Who holds which is decided by `console`; here are only the words.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a route or server function needs its caller to be allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// Names, figures, states: nothing that was in a payload.
    SeeMetadata,
    /// Payloads of entries and dead letters, documents of the scrum.
    SeeBody,
    /// Replay dead letters, claim and dead-letter pending entries.
    Recover,
    /// Change a payload before it is replayed.
    Edit,
    /// Pause and resume consumers, delete those that are gone, create and move groups, start and stop demo traffic.
    Operate,
    /// Discard, acknowledge unhandled, delete, trim: what cannot be taken back from Redis.
    Destroy,
    /// Projects, backlog, sprints.
    ManageSprints,
    /// Accounts, settings.
    Administer,
}

impl Permission {
    pub const ALL: [Self; 8] = [
        Self::SeeMetadata,
        Self::SeeBody,
        Self::Recover,
        Self::Edit,
        Self::Operate,
        Self::Destroy,
        Self::ManageSprints,
        Self::Administer,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SeeMetadata => "see_metadata",
            Self::SeeBody => "see_body",
            Self::Recover => "recover",
            Self::Edit => "edit",
            Self::Operate => "operate",
            Self::Destroy => "destroy",
            Self::ManageSprints => "manage_sprints",
            Self::Administer => "administer",
        }
    }
}
