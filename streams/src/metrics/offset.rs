//! What the clock of Redis says. Ids of entries are made by it, so that how long an entry waited is told by it too.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use domain::Timestamp;

use crate::clock;

/// Clocks that differ by less are taken for one: so much is lost on the way of question and answer, and on one machine they
/// are one.
const SAME_CLOCK: Duration = Duration::from_millis(20);

/// How far the clock of Redis is ahead of ours, in microseconds.
#[derive(Debug, Default)]
pub(crate) struct Offset(AtomicI64);

impl Offset {
    pub(super) fn note(&self, said_ms: u64, asked: Timestamp, answered: Timestamp) {
        let said = Timestamp::from_millis(i64::try_from(said_ms).unwrap_or(0)).micros();
        let middle = asked.micros().midpoint(answered.micros());
        let offset = said.saturating_sub(middle);
        let noise = answered.since(asked).max(SAME_CLOCK);
        let is_noise = Duration::from_micros(offset.unsigned_abs()) <= noise;
        self.0.store(if is_noise { 0 } else { offset }, Ordering::Relaxed);
    }

    pub(super) fn now(&self) -> Timestamp {
        Timestamp::from_micros(clock::now().micros().saturating_add(self.0.load(Ordering::Relaxed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_off_is_followed_and_the_way_of_the_question_is_not() {
        let offset = Offset::default();
        let at = Timestamp::from_millis;
        offset.note(100_030, at(100_000), at(100_040));
        assert_eq!(offset.0.load(Ordering::Relaxed), 0, "half a way");
        offset.note(160_002, at(100_000), at(100_004));
        assert_eq!(offset.0.load(Ordering::Relaxed), 60_000_000);
        assert!(offset.now().since(clock::now()) > Duration::from_secs(59));
        offset.note(100_002, at(100_000), at(100_004));
        assert_eq!(offset.0.load(Ordering::Relaxed), 0, "it was set right");
    }
}
