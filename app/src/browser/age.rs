//! How old what is shown is, in words.

/// What the page knows of its own freshness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Freshness {
    /// Updates come.
    Live,
    /// A person holds the page.
    Paused,
    /// The server cannot be reached.
    NoConnection,
    /// The server is there, its Redis is not.
    RedisAway,
    /// Never any figures yet.
    Nothing,
}

impl Freshness {
    /// The word for `data-status`.
    pub(crate) const fn status(&self) -> &'static str {
        match self {
            Self::Live => "ok",
            Self::Paused => "idle",
            Self::NoConnection | Self::RedisAway => "bad",
            Self::Nothing => "unknown",
        }
    }

    /// `live · 0.8 s`, `paused · 12 s old`, `no connection · 12 s old`, `Redis away · 3 min 05 s old`.
    pub(crate) fn text(&self, age_ms: i64) -> String {
        let age = age(age_ms);
        match self {
            Self::Live => format!("live · {age}"),
            Self::Paused => format!("paused · {age} old"),
            Self::NoConnection => format!("no connection · {age} old"),
            Self::RedisAway => format!("Redis away · {age} old"),
            Self::Nothing => "no figures yet".to_owned(),
        }
    }
}

/// `0.8 s`, `12 s`, `3 min 05 s`, `2 h 10 min`.
fn age(ms: i64) -> String {
    let ms = ms.max(0);
    let seconds = ms / 1_000;
    match seconds {
        0..10 => format!("{seconds}.{} s", ms % 1_000 / 100),
        10..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3_600, seconds % 3_600 / 60),
    }
}

/// The clock part of a time in milliseconds since 1970: `14:32:08`, UTC.
pub(crate) fn clock(ms: i64) -> String {
    let seconds = ms.max(0) / 1_000 % 86_400;
    format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds % 3_600 / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_page_tells_tenths_and_an_old_one_minutes() {
        assert_eq!(Freshness::Live.text(849), "live · 0.8 s");
        assert_eq!(Freshness::NoConnection.text(12_300), "no connection · 12 s old");
        assert_eq!(Freshness::RedisAway.text(185_000), "Redis away · 3 min 05 s old");
    }

    #[test]
    fn a_clock_that_runs_behind_is_no_negative_age() {
        assert_eq!(Freshness::Live.text(-300), "live · 0.0 s");
    }

    #[test]
    fn a_time_is_told_by_its_clock() {
        assert_eq!(clock(1_773_153_128_114), "14:32:08");
    }
}
