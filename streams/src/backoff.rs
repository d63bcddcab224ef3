//! How long to wait before trying again.

use std::time::Duration;

/// Waits that double from `first` to at most `cap`, each shortened or stretched at random so that a crowd that failed
/// together does not come back together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Backoff {
    pub first: Duration,
    pub cap: Duration,
}

/// The random factor lies between these: on average a little less than nominal, so that the sum stays in its budget.
const JITTER: std::ops::Range<f64> = 0.7..1.1;

impl Backoff {
    /// For handlers: 1.2 + 2.4 + 4.8 + 9.6 s, so that five attempts fit about 20 s (contract §3).
    pub const HANDLER: Self = Self { first: Duration::from_millis(1_200), cap: Duration::from_secs(30) };
    /// For a lost connection and for the probe of an outage: soon at first, then every few seconds for ever.
    pub const RECONNECT: Self = Self { first: Duration::from_millis(100), cap: Duration::from_secs(5) };

    /// The wait after `failures` failures in a row (1 = the first), without jitter.
    pub fn nominal(&self, failures: u64) -> Duration {
        let doublings = u32::try_from(failures.saturating_sub(1)).unwrap_or(u32::MAX);
        2u32.checked_pow(doublings).and_then(|factor| self.first.checked_mul(factor)).unwrap_or(self.cap).min(self.cap)
    }

    /// The wait after `failures` failures in a row, with jitter.
    pub fn wait(&self, failures: u64) -> Duration {
        self.nominal(failures).mul_f64(rand::random_range(JITTER))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn five_attempts_fit_twenty_seconds() {
        let longest: f64 = (1..5).map(|n| Backoff::HANDLER.nominal(n).as_secs_f64() * JITTER.end).sum();
        let shortest: f64 = (1..5).map(|n| Backoff::HANDLER.nominal(n).as_secs_f64() * JITTER.start).sum();
        assert!(longest <= 20.0 && shortest >= 10.0, "{shortest} to {longest} s");
    }

    proptest! {
        #[test]
        fn waits_grow_and_never_pass_the_cap(failures in 1u64..500) {
            for backoff in [Backoff::HANDLER, Backoff::RECONNECT] {
                prop_assert!(backoff.nominal(failures) <= backoff.nominal(failures + 1));
                prop_assert!(backoff.wait(failures) <= backoff.cap.mul_f64(JITTER.end));
                prop_assert!(backoff.wait(failures) >= backoff.nominal(failures).mul_f64(JITTER.start));
            }
        }
    }
}
