//! The figures that can be watched: what each is called, what it is a figure of, its unit.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Figure, figure::grouped, time::humane};

/// The figure that a rule watches. Every figure is a whole number in its unit; yes is 1, no is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Watched {
    /// Entries that a group has not read.
    Lag,
    /// Age of the oldest entry that a group has not read.
    BehindSeconds,
    /// Entries delivered to a group and not acknowledged.
    Pending,
    /// Age of a group's oldest pending entry.
    OldestPendingSeconds,
    /// The part of a group's attempts in the last minute that failed; known where a process tells what its consumers measure.
    ErrorPercent,
    /// Dead letters of a group.
    DeadLetters,
    /// Consumers of a group.
    Consumers,
    /// Entries that wait in a group which nobody reads.
    UnreadWithoutConsumer,
    /// Whether the verdict on a group is bad.
    VerdictBad,
    /// Entries of a stream.
    StreamLength,
    StreamMemoryBytes,
    /// Dead letters of a stream that came within [`super::ARRIVALS_WITHIN`].
    NewDeadLetters,
    /// Whether Redis does not answer.
    RedisAway,
    /// The part of Redis' memory limit that is used.
    RedisMemoryPercent,
}

/// What a figure is a figure of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    Group,
    Stream,
    Redis,
}

impl Watched {
    pub const ALL: [Self; 14] = [
        Self::Lag,
        Self::BehindSeconds,
        Self::Pending,
        Self::OldestPendingSeconds,
        Self::ErrorPercent,
        Self::DeadLetters,
        Self::Consumers,
        Self::UnreadWithoutConsumer,
        Self::VerdictBad,
        Self::StreamLength,
        Self::StreamMemoryBytes,
        Self::NewDeadLetters,
        Self::RedisAway,
        Self::RedisMemoryPercent,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lag => "lag",
            Self::BehindSeconds => "behind_seconds",
            Self::Pending => "pending",
            Self::OldestPendingSeconds => "oldest_pending_seconds",
            Self::ErrorPercent => "error_percent",
            Self::DeadLetters => "dead_letters",
            Self::Consumers => "consumers",
            Self::UnreadWithoutConsumer => "unread_without_consumer",
            Self::VerdictBad => "verdict_bad",
            Self::StreamLength => "stream_length",
            Self::StreamMemoryBytes => "stream_memory_bytes",
            Self::NewDeadLetters => "new_dead_letters",
            Self::RedisAway => "redis_away",
            Self::RedisMemoryPercent => "redis_memory_percent",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|watched| watched.as_str() == word)
    }

    pub const fn scope(self) -> Scope {
        match self {
            Self::Lag
            | Self::BehindSeconds
            | Self::Pending
            | Self::OldestPendingSeconds
            | Self::ErrorPercent
            | Self::DeadLetters
            | Self::Consumers
            | Self::UnreadWithoutConsumer
            | Self::VerdictBad => Scope::Group,
            Self::StreamLength | Self::StreamMemoryBytes | Self::NewDeadLetters => Scope::Stream,
            Self::RedisAway | Self::RedisMemoryPercent => Scope::Redis,
        }
    }

    /// As a person calls it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Lag => "lag",
            Self::BehindSeconds => "time behind",
            Self::Pending => "pending entries",
            Self::OldestPendingSeconds => "age of the oldest pending entry",
            Self::ErrorPercent => "failed attempts of the last minute",
            Self::DeadLetters => "dead letters",
            Self::Consumers => "consumers",
            Self::UnreadWithoutConsumer => "entries that wait without a consumer",
            Self::VerdictBad => "the verdict is bad",
            Self::StreamLength => "length",
            Self::StreamMemoryBytes => "memory",
            Self::NewDeadLetters => "dead letters of the last 5 minutes",
            Self::RedisAway => "Redis does not answer",
            Self::RedisMemoryPercent => "memory used, of its limit",
        }
    }

    /// The unit behind the number; empty where it is a count of what the words say, or yes and no.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Lag | Self::StreamLength => "entries",
            Self::BehindSeconds | Self::OldestPendingSeconds => "s",
            Self::ErrorPercent | Self::RedisMemoryPercent => "%",
            Self::StreamMemoryBytes => "bytes",
            _ => "",
        }
    }

    /// Whether it is yes (1) or no (0).
    pub const fn is_yes_or_no(self) -> bool {
        matches!(self, Self::VerdictBad | Self::RedisAway)
    }

    /// A value with its unit, as certain as it is: `≥ 1 200 entries`, `unknown: why`, `yes`.
    pub fn told(self, figure: &Figure) -> String {
        match figure {
            Figure::Exact(n) if self.is_yes_or_no() => if *n > 0 { "yes" } else { "no" }.to_owned(),
            Figure::Exact(n) => self.amount(*n),
            Figure::AtLeast(n) => format!("≥\u{202f}{}", self.amount(*n)),
            Figure::Unknown(reason) => format!("unknown: {reason}"),
        }
    }

    /// `1 200 entries`, `1 entry`, `2 min 05 s`.
    pub fn amount(self, n: u64) -> String {
        match self.unit() {
            "s" => span(n),
            "" => grouped(n),
            "entries" if n == 1 => "1\u{202f}entry".to_owned(),
            "bytes" if n == 1 => "1\u{202f}byte".to_owned(),
            unit => format!("{}\u{202f}{unit}", grouped(n)),
        }
    }
}

/// A time as a rule says it: `2 min`, `90 s` as `1 min 30 s`.
pub(super) fn span(seconds: u64) -> String {
    let whole = humane(Duration::from_secs(seconds));
    whole.strip_suffix(" 00 s").or_else(|| whole.strip_suffix(" 00 min")).unwrap_or(&whole).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figures_of_the_wire_are_those_of_json() {
        for watched in Watched::ALL {
            assert_eq!(serde_json::to_value(watched).expect("json"), watched.as_str());
            assert_eq!(Watched::parse(watched.as_str()), Some(watched));
        }
    }

    #[test]
    fn a_value_is_told_as_certain_as_it_is() {
        assert_eq!(Watched::Lag.told(&Figure::AtLeast(1_200)), "≥\u{202f}1\u{202f}200\u{202f}entries");
        assert_eq!(Watched::Lag.told(&Figure::Exact(1)), "1\u{202f}entry");
        assert_eq!(Watched::BehindSeconds.told(&Figure::Exact(125)), "2 min 05 s");
        assert_eq!(Watched::BehindSeconds.told(&Figure::Exact(7_200)), "2 h");
        assert_eq!(Watched::RedisAway.told(&Figure::Exact(1)), "yes");
        assert_eq!(Watched::Consumers.told(&Figure::unknown("why")), "unknown: why");
    }
}
