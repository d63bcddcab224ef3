//! What figures were: an hour in steps for charts, a minute in full for rates.

use std::{collections::VecDeque, time::Duration};

use domain::stream::History;

/// One step of a chart.
pub(crate) const STEP: Duration = Duration::from_secs(10);
/// An hour of steps.
pub(crate) const STEPS: usize = 360;
/// Rates are told over this time.
const MINUTE: Duration = Duration::from_mins(1);

/// An hour of one figure, a value per step, oldest first. Steps without a sample are gaps.
#[derive(Debug, Default)]
pub(crate) struct Ring {
    newest: u64,
    values: History,
}

impl Ring {
    /// Sets the value of the step that `at` (time since the start of the program) lies in.
    pub(crate) fn record(&mut self, at: Duration, value: Option<u64>) {
        let step = at.as_secs() / STEP.as_secs();
        if !self.values.is_empty() && step > self.newest {
            let missed = usize::try_from(step - self.newest - 1).unwrap_or(usize::MAX);
            self.values.push(missed, value, STEPS);
            self.newest = step;
            return;
        }
        if self.values.is_empty() {
            self.newest = step;
        }
        self.values.set_newest(value);
    }

    /// What was recorded, shared with whoever holds it already.
    pub(crate) fn values(&self) -> History {
        self.values.clone()
    }
}

/// The last minute of one figure. Looks that found the same in a row are one: most figures of a large installation rest.
#[derive(Debug, Default)]
pub(crate) struct Minute(VecDeque<Seen>);

/// One value, from the first to the last of the looks in a row that found it.
#[derive(Debug, Clone, Copy)]
struct Seen {
    from_us: u64,
    to_us: u64,
    value: u64,
}

impl Minute {
    /// `None` = unknown now: rates start anew, as nothing can be said across a gap.
    pub(crate) fn record(&mut self, at: Duration, value: Option<u64>) {
        let Some(value) = value else { return self.0.clear() };
        let at_us = micros(at);
        match self.0.back_mut() {
            Some(last) if last.value == value => last.to_us = at_us,
            _ => self.0.push_back(Seen { from_us: at_us, to_us: at_us, value }),
        }
        // the oldest value that is kept is the last one that was found a minute ago or before
        let a_minute_ago = at_us.saturating_sub(micros(MINUTE));
        while self.0.get(1).is_some_and(|second| second.from_us <= a_minute_ago) {
            self.0.pop_front();
        }
    }

    /// As [`Minute::record`] for something that only ever grows; going back means that it was born again.
    pub(crate) fn record_counter(&mut self, at: Duration, value: Option<u64>) {
        if value.zip(self.0.back()).is_some_and(|(now, before)| now < before.value) {
            self.0.clear();
        }
        self.record(at, value);
    }

    /// Change per second; `None` before there are two samples.
    pub(crate) fn per_second(&self) -> Option<f64> {
        let (old, new) = (self.0.front()?, self.0.back()?);
        // it had the old value a minute ago, or at the end of the last look that found it before that
        let from_us = new.to_us.saturating_sub(micros(MINUTE)).clamp(old.from_us, old.to_us);
        let seconds = (new.to_us - from_us) as f64 / 1e6;
        (seconds > 0.0).then(|| (new.value as f64 - old.value as f64) / seconds)
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// Milliseconds until `lag` is gone at this rate; `None` while it does not shrink.
pub(crate) fn drained_in_ms(lag: u64, per_second: f64) -> Option<u64> {
    // far beyond any decision, and safe to convert
    const LONGEST: Duration = Duration::from_hours(24 * 365);
    if lag == 0 || per_second >= 0.0 {
        return None;
    }
    let seconds = lag as f64 / -per_second;
    let wait = Duration::try_from_secs_f64(seconds).unwrap_or(LONGEST).min(LONGEST);
    u64::try_from(wait.as_millis()).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn time_without_a_sample_is_a_gap() {
        let mut ring = Ring::default();
        ring.record(Duration::from_secs(1), Some(5));
        ring.record(Duration::from_secs(9), Some(6));
        ring.record(Duration::from_secs(35), Some(7));
        assert_eq!(ring.values().iter().collect::<Vec<_>>(), [Some(6), None, None, Some(7)]);
    }

    #[test]
    fn a_counter_that_was_born_again_has_no_negative_rate() {
        let mut minute = Minute::default();
        minute.record_counter(Duration::from_secs(1), Some(100));
        minute.record_counter(Duration::from_secs(2), Some(3));
        assert_eq!(minute.per_second(), None);
        minute.record_counter(Duration::from_secs(4), Some(9));
        assert_eq!(minute.per_second(), Some(3.0));
    }

    #[test]
    fn a_lag_that_shrinks_says_when_it_is_gone() {
        assert_eq!(drained_in_ms(100, -20.0), Some(5_000));
        assert_eq!(drained_in_ms(100, 0.0), None);
        assert_eq!(drained_in_ms(0, -1.0), None);
    }

    #[test]
    fn a_minute_in_which_nothing_moved_is_one_value_and_a_rate_of_nothing() {
        let mut minute = Minute::default();
        for second in 0..90 {
            minute.record(Duration::from_secs(second), Some(7));
        }
        assert_eq!((minute.0.len(), minute.per_second()), (1, Some(0.0)));
        minute.record(Duration::from_secs(90), Some(67));
        assert_eq!(minute.per_second(), Some(1.0), "it was 7 a minute ago");
        minute.record(Duration::from_secs(149), Some(67));
        assert_eq!(minute.per_second(), Some(1.0), "it was 7 when it was last looked at, a minute ago");
        minute.record(Duration::from_secs(150), Some(67));
        assert_eq!(minute.per_second(), Some(0.0));
    }

    proptest! {
        #[test]
        fn an_hour_is_never_exceeded_and_the_newest_value_is_last(
            mut samples in prop::collection::vec((0u64..20_000, 0u64..100), 1..300),
        ) {
            samples.sort_unstable();
            let mut ring = Ring::default();
            for (second, value) in &samples {
                ring.record(Duration::from_secs(*second), Some(*value));
            }
            let values = ring.values();
            prop_assert!(values.len() <= STEPS);
            prop_assert_eq!(values.iter().next_back().flatten(), samples.last().map(|s| s.1));
        }

        /// Looked at once a second, while each second's reading is up to 10 % off its mean.
        #[test]
        fn at_a_steady_drain_the_time_told_is_within_a_fifth_of_the_truth(
            rate in 20u64..500,
            unevenness in prop::collection::vec(-10i64..=10, 90),
        ) {
            let mut lag = rate * 60;
            let mut told = Vec::new();
            let mut minute = Minute::default();
            let mut gone_at = None;
            for (second, percent) in unevenness.into_iter().enumerate() {
                minute.record(Duration::from_secs(second as u64), Some(lag));
                told.push(minute.per_second().and_then(|per_second| drained_in_ms(lag, per_second)));
                let read = rate * (100 + u64::try_from(percent + 10).expect("not below 0") - 10) / 100;
                if lag <= read {
                    gone_at = Some(second as f64 + lag as f64 / read as f64);
                    break;
                }
                lag -= read;
            }
            let gone_at = gone_at.expect("there is a third more time than it takes");
            // after ten seconds there is a rate to speak of; at the end every entry is a large part
            for (second, told) in told.into_iter().enumerate().skip(10).take_while(|(second, _)| ((second + 5) as f64) < gone_at) {
                let (told, truth) = (told.expect("it drains") as f64, (gone_at - second as f64) * 1_000.0);
                prop_assert!((told / truth - 1.0).abs() < 0.2, "{told} told, {truth} true");
            }
        }

        #[test]
        fn a_steady_rate_is_told_exactly(rate in 1u64..1_000, seconds in 2u64..200) {
            let mut minute = Minute::default();
            for second in 0..seconds {
                minute.record_counter(Duration::from_secs(second), Some(second * rate));
            }
            let told = minute.per_second().expect("two samples");
            prop_assert!((told - rate as f64).abs() < 1e-6);
        }
    }
}
