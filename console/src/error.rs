//! What a caller of the console is told.

use domain::{Refusal, refusal::RefusalKind};

/// Variants by what the boundary does with them.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not allowed, not there, or the state has changed. Boundary: as the refusal says.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Redis refused, or is away. Boundary: as [`streams::Error`] says.
    #[error(transparent)]
    Streams(#[from] streams::Error),
    /// The audit log cannot be read or written, so nothing was done. Boundary: 503.
    #[error("the audit log is away, so nothing was done: {0}")]
    AuditAway(#[source] store::Error),
    /// Rules and firings cannot be read or written. Boundary: 503.
    #[error("the alerts cannot be read: {0}")]
    AlertsAway(#[source] store::Error),
    /// Recovery jobs cannot be read or written. Boundary: 503.
    #[error("the recovery jobs cannot be read: {0}")]
    RecoveryAway(#[source] store::Error),
    /// A defect of ours. Boundary: 500 with an id; the cause goes to the log.
    #[error("the console failed: {0:#}")]
    Internal(#[source] anyhow::Error),
}

/// Logs what the caller must not see, once; where somebody must look, with the id the caller is given.
impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refusal) => refusal,
            Error::Streams(error) => error.into(),
            Error::AuditAway(error) if error.is_unavailable() => {
                tracing::warn!(%error, "the audit log is away; acts are refused until it is back");
                Self::unavailable("the audit log is away, so nothing was done")
            }
            Error::AuditAway(error) => {
                let (id, cause) = (uuid::Uuid::new_v4(), anyhow::Error::new(error));
                tracing::error!(error.id = %id, cause = format!("{cause:#}"), "the audit log cannot be used");
                Self::unavailable(format!("the audit log cannot be used, so nothing was done: internal error {id}"))
            }
            Error::AlertsAway(error) if error.is_unavailable() => {
                Self::unavailable("the console's database is away, and with it rules and firings; try again")
            }
            Error::RecoveryAway(error) if error.is_unavailable() => Self::unavailable(
                "the console's database is away, and with it the recovery jobs; they go on when it is back",
            ),
            Error::AlertsAway(error) | Error::RecoveryAway(error) => {
                Self::from(Error::Internal(anyhow::Error::new(error)))
            }
            Error::Internal(cause) => {
                let id = uuid::Uuid::new_v4();
                tracing::error!(error.id = %id, cause = format!("{cause:#}"), "the console failed");
                Self::new(RefusalKind::Internal, format!("internal error {id}"))
            }
        }
    }
}
