//! The rule by which a cause is judged.

use domain::{Status, dead_letter::Cause};

/// What a cause does now, by its records per hour over the last 24 hours:
///
/// - *growing*: the last hour has more records than the hour before;
/// - *recurring*: not growing, but records of two hours or more of the last 24;
/// - *quiet*: everything else; it happened once, or not within the last 24 hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Growing,
    Recurring,
    Quiet,
}

impl State {
    pub(super) fn of(cause: &Cause) -> Self {
        let hours = &cause.per_hour;
        let (last, before) = match hours.as_slice() {
            [.., before, last] => (*last, *before),
            [last] => (*last, 0),
            [] => (0, 0),
        };
        if last > before {
            return Self::Growing;
        }
        if hours.iter().filter(|count| **count > 0).count() > 1 { Self::Recurring } else { Self::Quiet }
    }

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Growing => "Growing",
            Self::Recurring => "Recurring",
            Self::Quiet => "Quiet",
        }
    }

    pub(super) const fn status(self) -> Status {
        match self {
            Self::Growing => Status::Bad,
            Self::Recurring => Status::Warn,
            Self::Quiet => Status::Idle,
        }
    }

    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::Growing => "The last hour has more records than the hour before.",
            Self::Recurring => "It came back in more than one of the last 24 hours.",
            Self::Quiet => "It happened once, or not within the last 24 hours.",
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;

    use super::*;

    fn state(per_hour: &[u64]) -> State {
        let at = Timestamp::default();
        State::of(&Cause {
            fingerprint: "f".into(),
            error: "e".into(),
            event_type: None,
            stream: "s".into(),
            group: "g".into(),
            count: per_hour.iter().sum(),
            first: at,
            last: at,
            per_hour: per_hour.to_vec(),
        })
    }

    #[test]
    fn more_in_the_last_hour_than_in_the_one_before_is_growing() {
        assert_eq!(state(&[0, 0, 0, 1]), State::Growing);
        assert_eq!(state(&[9, 0, 2, 3]), State::Growing);
    }

    #[test]
    fn no_growth_in_several_hours_is_recurring() {
        assert_eq!(state(&[0, 0, 3, 3]), State::Recurring);
        assert_eq!(state(&[2, 0, 1, 0]), State::Recurring);
    }

    #[test]
    fn once_or_long_ago_is_quiet() {
        assert_eq!(state(&[0, 7, 0, 0]), State::Quiet);
        assert_eq!(state(&[0, 0, 0, 0]), State::Quiet);
        assert_eq!(state(&[]), State::Quiet);
    }
}
