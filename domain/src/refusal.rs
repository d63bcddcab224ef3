//! What a caller is told when something is not done.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One shape for a server function, a page and the HTTP API. The message is for people; code follows from the kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error, ToSchema)]
#[error("{message}")]
pub struct Refusal {
    pub kind: RefusalKind,
    /// Lower case, no full stop, names the thing; says what to do next where that helps.
    pub message: String,
}

/// What the boundary does with a [`Refusal`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefusalKind {
    /// 422: the input is wrong, nothing was written.
    Invalid,
    /// 403: the caller may not do this.
    Forbidden,
    /// 404: the thing named does not exist.
    NotFound,
    /// 409: the state of the thing does not allow it (also: a preview that is no longer true).
    Conflict,
    /// 503: Redis, a database or a peer is away; the same call may succeed later.
    Unavailable,
    /// 500: a defect of ours. The message holds an id to look for in the log, never the cause.
    Internal,
}

impl RefusalKind {
    pub const fn http_status(self) -> u16 {
        match self {
            Self::Invalid => 422,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Conflict => 409,
            Self::Unavailable => 503,
            Self::Internal => 500,
        }
    }
}

impl Refusal {
    pub fn new(kind: RefusalKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(RefusalKind::Invalid, message)
    }
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(RefusalKind::NotFound, message)
    }
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(RefusalKind::Conflict, message)
    }
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(RefusalKind::Unavailable, message)
    }
}
