//! When things happen: how often a page is fetched again, when a lost connection is tried again, and when silence means
//! that it is lost.

/// How often the page is fetched again, as a person chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Every {
    #[default]
    Second,
    FiveSeconds,
    QuarterMinute,
    Minute,
    Never,
}

/// Milliseconds that a tick may come early and still count: the server's ticks are not exactly their interval apart.
const SLACK_MS: i64 = 500;

/// Milliseconds until the first new try of a lost connection; each further one takes twice as long.
const FIRST_RETRY_MS: u32 = 1_000;
/// Milliseconds between tries at most: a person waits for this one, and a server that comes back is not overrun.
const LONGEST_RETRY_MS: u32 = 15_000;

/// Milliseconds without a tick after which a connection is lost even if the browser has not noticed.
const SILENCE_MS: i64 = 15_000;
/// So many intervals between ticks may pass in silence where ticks are rare.
const SILENT_TICKS: i64 = 3;

impl Every {
    pub const ALL: [Self; 5] = [Self::Second, Self::FiveSeconds, Self::QuarterMinute, Self::Minute, Self::Never];

    /// As it is kept and as the value of its option.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Second => "1",
            Self::FiveSeconds => "5",
            Self::QuarterMinute => "15",
            Self::Minute => "60",
            Self::Never => "off",
        }
    }

    /// As a person reads it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Second => "1 s",
            Self::FiveSeconds => "5 s",
            Self::QuarterMinute => "15 s",
            Self::Minute => "1 min",
            Self::Never => "off",
        }
    }

    /// The choice that is written so; the usual one for what is unknown.
    pub fn named(text: &str) -> Self {
        Self::ALL.into_iter().find(|every| every.as_str() == text).unwrap_or_default()
    }

    pub const fn interval_ms(self) -> Option<i64> {
        match self {
            Self::Second => Some(1_000),
            Self::FiveSeconds => Some(5_000),
            Self::QuarterMinute => Some(15_000),
            Self::Minute => Some(60_000),
            Self::Never => None,
        }
    }

    /// Whether a tick that comes so long after the last fetch leads to the next one.
    pub const fn is_due(self, since_last_ms: i64) -> bool {
        match self.interval_ms() {
            Some(interval) => since_last_ms + SLACK_MS >= interval,
            None => false,
        }
    }
}

/// Milliseconds until a connection is tried again that failed so many times in a row. `dice` in 0..1 spreads what many
/// browsers do after a restart of the server over half of the time.
pub fn retry_ms(failures: u32, dice: f64) -> u32 {
    let longest = FIRST_RETRY_MS.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(LONGEST_RETRY_MS);
    let half = longest / 2;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of a few thousand")]
    let spread = (f64::from(half) * dice.clamp(0.0, 1.0)) as u32;
    half + spread
}

/// Whether nothing was heard for so long that the connection is lost. `between_ms` is the time between the last two ticks.
pub fn is_silent(since_tick_ms: i64, between_ms: i64) -> bool {
    since_tick_ms > SILENCE_MS.max(SILENT_TICKS.saturating_mul(between_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_choice_is_read_as_it_is_written() {
        for every in Every::ALL {
            assert_eq!(Every::named(every.as_str()), every);
        }
        assert_eq!(Every::named("puce"), Every::Second);
    }

    #[test]
    fn a_tick_leads_to_a_fetch_when_the_dial_says_so() {
        assert!(Every::Second.is_due(980), "ticks a second apart must not lead to a fetch every other second");
        assert!(!Every::Second.is_due(300));
        assert!(!Every::FiveSeconds.is_due(4_000));
        assert!(Every::FiveSeconds.is_due(4_990));
        assert!(Every::Minute.is_due(3_600_000));
        assert!(!Every::Never.is_due(i64::MAX / 2));
    }

    #[test]
    fn tries_become_rarer_and_never_stop() {
        let latest: Vec<u32> = (1..8).map(|failures| retry_ms(failures, 1.0)).collect();
        assert_eq!(latest, [1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
        assert_eq!(retry_ms(u32::MAX, 1.0), 15_000);
        assert_eq!(retry_ms(0, 0.0), 500);
    }

    #[test]
    fn a_try_is_spread_over_half_of_its_time() {
        assert_eq!(retry_ms(3, 0.0), 2_000);
        assert_eq!(retry_ms(3, 0.5), 3_000);
        assert!(retry_ms(3, 7.0) <= 4_000);
    }

    #[test]
    fn silence_is_measured_by_how_often_something_is_said() {
        assert!(!is_silent(14_000, 1_000));
        assert!(is_silent(16_000, 1_000));
        assert!(!is_silent(100_000, 60_000), "a sampler that looks once a minute is quiet for a minute");
        assert!(is_silent(181_000, 60_000));
    }
}
