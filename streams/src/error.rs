//! Why something on Redis was not done, by what the caller does about it.

use domain::{Refusal, refusal::RefusalKind};

#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The stream, group, entry or dead letter does not exist. Boundary: 404.
    #[error("{0}")]
    NotFound(String),
    /// The request itself is wrong, nothing was done. Boundary: 422.
    #[error("{0}")]
    Refused(String),
    /// The state has changed since it was looked at. Boundary: 409.
    #[error("{0}")]
    Conflict(String),
    /// Redis is away, loading or out of memory; the same call may succeed later. Boundary: 503.
    #[error("redis is not available: {0}")]
    Unavailable(String),
    /// Redis answered what we did not expect: a defect of ours. Boundary: 500 with an id, the cause goes to the log.
    #[error("unexpected answer of redis: {0}")]
    Internal(#[source] redis::RedisError),
}

/// Codes of answers that say "not now" rather than "never".
const NOT_NOW: [&str; 9] =
    ["LOADING", "BUSY", "OOM", "MISCONF", "READONLY", "CLUSTERDOWN", "MASTERDOWN", "TRYAGAIN", "NOREPLICAS"];

/// Codes of answers that name another node, after as many of them as are followed.
const MOVING: [&str; 2] = ["MOVED", "ASK"];

/// What the server refused; of a pipeline or transaction the first refusal, which tells why.
pub(crate) fn first_refusal(error: &redis::RedisError) -> Option<redis::ServerError> {
    error.clone().into_server_errors().and_then(|errors| Some(errors.first()?.1.clone()))
}

impl From<redis::RedisError> for Error {
    fn from(error: redis::RedisError) -> Self {
        let first = first_refusal(&error);
        let code = first.as_ref().map_or_else(|| error.code().unwrap_or_default(), redis::ServerError::code);
        let detail = || {
            let detail = first.as_ref().map_or_else(|| error.detail(), redis::ServerError::details);
            detail.map_or_else(|| error.to_string(), str::to_owned)
        };
        match error.kind() {
            // these would tell addresses
            redis::ErrorKind::ClusterConnectionNotFound => {
                return Self::Unavailable("no node of the cluster that has it answers".to_owned());
            }
            redis::ErrorKind::MasterNameNotFoundBySentinel => {
                return Self::Unavailable("the sentinels know no living master of that name".to_owned());
            }
            _ => {}
        }
        if MOVING.contains(&code) {
            return Self::Unavailable("the cluster is being rearranged".to_owned());
        }
        if error.is_io_error() || error.is_connection_dropped() || error.is_unrecoverable_error() {
            return Self::Unavailable(error.to_string());
        }
        if NOT_NOW.contains(&code) {
            return Self::Unavailable(format!("{code} {}", detail()));
        }
        match code {
            // UNBLOCKED: the stream was deleted under a blocked reader (F18)
            "NOGROUP" | "UNBLOCKED" => Self::NotFound(detail()),
            "NOAUTH" | "NOPERM" | "WRONGTYPE" => Self::Refused(format!("redis refuses it: {code} {}", detail())),
            "ERR" if detail().contains("no such key") => Self::NotFound("no such stream".to_owned()),
            _ => Self::Internal(error),
        }
    }
}

impl From<redis::ParsingError> for Error {
    fn from(error: redis::ParsingError) -> Self {
        Self::Internal(error.into())
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound(message) => Self::not_found(message),
            Error::Refused(message) => Self::invalid(message),
            Error::Conflict(message) => Self::conflict(message),
            Error::Unavailable(_) => Self::unavailable(error.to_string()),
            Error::Internal(cause) => {
                let id = format!("{:08x}", rand::random::<u32>());
                tracing::error!(error.id = %id, error = %cause, "redis gave an answer this program does not understand");
                Self::new(RefusalKind::Internal, format!("an internal error, in the log as {id}"))
            }
        }
    }
}
