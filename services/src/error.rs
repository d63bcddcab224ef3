//! What a caller of a service is told.

use domain::{Refusal, refusal::RefusalKind};

/// Variants by what the boundary does with them.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The input or the state of things does not allow it; nothing was written. Handling: 422, 404, 409, as it says.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The service's own database, an essential peer or Redis is away. Handling: 503.
    #[error("{0}")]
    Unavailable(String),
    /// A defect of ours. Handling: 500 with an id; the cause is logged where the refusal is made.
    #[error("{0}")]
    Internal(#[source] anyhow::Error),
}

impl Error {
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::Refused(Refusal::invalid(message))
    }
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::Refused(Refusal::not_found(message))
    }
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::Refused(Refusal::conflict(message))
    }

    /// Whether the thing asked for certainly does not exist, as opposed to nobody knowing.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.kind == RefusalKind::NotFound)
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Unavailable(_) => Self::Unavailable(error.to_string()),
            other => Self::Internal(other.into()),
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        store::Error::from(error).into()
    }
}

/// Logs what the caller must not see, once, with the id the caller is given.
impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refusal) => refusal,
            Error::Unavailable(message) => Self::unavailable(message),
            Error::Internal(cause) => {
                let id = uuid::Uuid::new_v4();
                tracing::error!(error.id = %id, cause = format!("{cause:#}"), "a service failed");
                Self::new(RefusalKind::Internal, format!("internal error {id}"))
            }
        }
    }
}
