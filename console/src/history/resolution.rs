//! How finely is remembered for how long, and which of it a chart shows.

use std::time::Duration;

/// The width of the stretches of time that one row stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Resolution {
    TenSeconds,
    Minute,
    Hour,
}

impl Resolution {
    /// Finest first; each is made of whole ones of those before it.
    pub(super) const ALL: [Self; 3] = [Self::TenSeconds, Self::Minute, Self::Hour];

    pub(super) const fn index(self) -> usize {
        self as usize
    }

    pub(super) const fn width_s(self) -> i64 {
        match self {
            Self::TenSeconds => 10,
            Self::Minute => 60,
            Self::Hour => 3_600,
        }
    }

    /// Seconds. What happened in this shift to the second, what happened this week to the minute, what is usual to the
    /// hour: a quarter with its turn of the month. See docs/adr/0015 for what it costs.
    pub(super) const fn kept_for_s(self) -> i64 {
        match self {
            Self::TenSeconds => 6 * 3_600,
            Self::Minute => 7 * 86_400,
            Self::Hour => 90 * 86_400,
        }
    }

    pub(super) const fn table(self) -> &'static str {
        match self {
            Self::TenSeconds => "history_ten_seconds",
            Self::Minute => "history_minutes",
            Self::Hour => "history_hours",
        }
    }

    /// Where the stretch begins that this moment lies in.
    pub(super) const fn start_of(self, at_s: i64) -> i64 {
        floor(at_s, self.width_s())
    }
}

/// The largest multiple of `width_s` up to `at_s`.
pub(super) const fn floor(at_s: i64, width_s: i64) -> i64 {
    at_s - at_s.rem_euclid(width_s)
}

/// How far back a chart reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Range {
    QuarterHour,
    Hour,
    SixHours,
    Day,
    Week,
    Month,
}

impl Range {
    pub const ALL: [Self; 6] = [Self::QuarterHour, Self::Hour, Self::SixHours, Self::Day, Self::Week, Self::Month];

    /// As an address spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::QuarterHour => "15m",
            Self::Hour => "1h",
            Self::SixHours => "6h",
            Self::Day => "24h",
            Self::Week => "7d",
            Self::Month => "30d",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|range| range.as_str() == word)
    }

    pub const fn span(self) -> Duration {
        match self {
            Self::QuarterHour => Duration::from_mins(15),
            Self::Hour => Duration::from_hours(1),
            Self::SixHours => Duration::from_hours(6),
            Self::Day => Duration::from_hours(24),
            Self::Week => Duration::from_hours(7 * 24),
            Self::Month => Duration::from_hours(30 * 24),
        }
    }

    /// From one point of the chart to the next: as fine as is kept, and at most 360 of them, which is what a chart has room for.
    pub const fn step(self) -> Duration {
        match self {
            Self::QuarterHour | Self::Hour => Duration::from_secs(10),
            Self::SixHours => Duration::from_mins(1),
            Self::Day => Duration::from_mins(5),
            Self::Week => Duration::from_hours(1),
            Self::Month => Duration::from_hours(2),
        }
    }

    /// What the points are made of.
    pub(super) const fn resolution(self) -> Resolution {
        match self {
            Self::QuarterHour | Self::Hour => Resolution::TenSeconds,
            Self::SixHours | Self::Day => Resolution::Minute,
            Self::Week | Self::Month => Resolution::Hour,
        }
    }

    pub(super) const fn step_s(self) -> i64 {
        self.step().as_secs().cast_signed()
    }

    /// The beginnings of its points, oldest first; the last is the one that `at_s` lies in.
    pub(super) fn starts(self, at_s: i64) -> impl Iterator<Item = i64> {
        let (step, last) = (self.step_s(), floor(at_s, self.step_s()));
        let points = self.span().as_secs().cast_signed() / step;
        (0..points).map(move |n| last - (points - 1 - n) * step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_range_has_a_few_hundred_points_of_what_is_kept_for_as_long() {
        for range in Range::ALL {
            let starts: Vec<i64> = range.starts(1_773_153_128).collect();
            assert!((90..=360).contains(&starts.len()), "{range:?}: {}", starts.len());
            let resolution = range.resolution();
            assert_eq!(range.step_s() % resolution.width_s(), 0, "{range:?}");
            assert!(range.span().as_secs().cast_signed() <= resolution.kept_for_s(), "{range:?}");
            assert!(starts.last().is_some_and(|last| (0..range.step_s()).contains(&(1_773_153_128 - last))));
            assert_eq!(Range::parse(range.as_str()), Some(range));
        }
    }

    #[test]
    fn a_resolution_is_made_of_whole_ones_of_the_finer() {
        for pair in Resolution::ALL.windows(2) {
            assert_eq!(pair[1].width_s() % pair[0].width_s(), 0);
        }
    }
}
