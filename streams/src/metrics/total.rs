//! What was counted since the process began. Unlike the last minute it only grows, so that who asks seldom misses nothing.

use std::time::Duration;

use super::How;

/// Upper ends of the buckets of [`Times`], in seconds: from a handler that only looks into memory to the longest that may
/// take (ten seconds by default), two or three a decade. What took longer is in the bucket without an end.
pub const BOUNDS_SECONDS: [f64; 16] =
    [0.000_1, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
/// The same in nanoseconds, as times are counted.
const BOUNDS_NANOS: [u64; BOUNDS_SECONDS.len()] = [
    100_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    1_000_000_000,
    2_500_000_000,
    5_000_000_000,
    10_000_000_000,
    30_000_000_000,
];

/// What the consumers of one group did in this process.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Totals {
    /// Entries.
    pub handled: u64,
    /// Attempts: an entry can fail several times.
    pub failed: u64,
    /// Entries.
    pub dead_lettered: u64,
    pub times: Times,
}

/// How long attempts took, whether they succeeded or failed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Times {
    /// Attempts that ended within each of [`BOUNDS_SECONDS`] and not within the one before; the last took longer than all.
    pub buckets: [u64; BOUNDS_SECONDS.len() + 1],
    pub sum: Duration,
}

impl Times {
    /// All attempts.
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }
}

impl Totals {
    pub(super) fn record(&mut self, how: How, count: u64, took: Option<Duration>) {
        match how {
            How::Handled => self.handled += count,
            How::Failed => self.failed += count,
            How::DeadLettered => self.dead_lettered += count,
        }
        if let Some(took) = took {
            let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
            // most handlers are quick, so that the search ends at once
            let bucket = BOUNDS_NANOS.iter().position(|bound| nanos <= *bound).unwrap_or(BOUNDS_NANOS.len());
            self.times.buckets[bucket] += count;
            let together = took.saturating_mul(u32::try_from(count).unwrap_or(u32::MAX));
            self.times.sum = self.times.sum.saturating_add(together);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn both_spellings_of_the_bounds_are_the_same() {
        for (seconds, nanos) in BOUNDS_SECONDS.into_iter().zip(BOUNDS_NANOS) {
            assert_eq!(Duration::from_secs_f64(seconds), Duration::from_nanos(nanos));
        }
        assert!(BOUNDS_NANOS.is_sorted());
    }

    proptest! {
        #[test]
        fn every_attempt_is_in_the_first_bucket_that_it_fits_into(
            took_us in prop::collection::vec((0u64..60_000_000, 1u64..5), 0..50)
        ) {
            let mut totals = Totals::default();
            for (took_us, count) in &took_us {
                totals.record(How::Handled, *count, Some(Duration::from_micros(*took_us)));
            }
            let mut within = 0;
            for (bucket, bound) in BOUNDS_SECONDS.into_iter().enumerate() {
                within += totals.times.buckets[bucket];
                let fit = |took_us: u64| Duration::from_micros(took_us).as_secs_f64() <= bound;
                let expected: u64 = took_us.iter().filter(|(took_us, _)| fit(*took_us)).map(|(_, count)| count).sum();
                prop_assert_eq!(within, expected, "within {} s", bound);
            }
            let sum_us: u64 = took_us.iter().map(|(took_us, count)| took_us * count).sum();
            prop_assert_eq!(totals.times.sum, Duration::from_micros(sum_us));
            prop_assert_eq!(totals.times.count(), totals.handled);
        }
    }
}
