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
    #[error("a service failed: {0:#}")]
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

/// An id or name that must not be blank, and must fit where the reference implementation stores it.
pub(crate) fn required(name: &str, text: &str) -> Result<(), Error> {
    /// The contract's `varchar(255)`, in characters.
    const LONGEST: usize = 255;
    if text.trim().is_empty() {
        return Err(Error::invalid(format!("{name} is empty")));
    }
    if text.chars().count() > LONGEST {
        return Err(Error::invalid(format!("{name} is longer than {LONGEST} characters")));
    }
    Ok(())
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::Internal(anyhow::Error::new(error).context("stored or outgoing JSON"))
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Unavailable(_) => Self::Unavailable(error.to_string()),
            store::Error::Unstorable => Self::invalid(error.to_string()),
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
