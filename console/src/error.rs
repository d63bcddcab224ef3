//! What a caller of the console is told.

use domain::Refusal;

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
    /// A defect of ours. Boundary: 500 with an id; the cause goes to the log.
    #[error("the console failed: {0:#}")]
    Internal(#[source] anyhow::Error),
}
