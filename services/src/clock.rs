//! The time of day, in the contract's unit.

use std::time::{SystemTime, UNIX_EPOCH};

use domain::Timestamp;

pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

/// The earliest moment after `earlier`.
pub(crate) fn just_after(earlier: Timestamp) -> Timestamp {
    Timestamp::from_micros(earlier.micros().saturating_add(1))
}
