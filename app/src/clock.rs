//! The time of day: the rest of the face is told it.

use std::time::{SystemTime, UNIX_EPOCH};

use domain::Timestamp;

/// Now, by the clock of the machine that renders.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
