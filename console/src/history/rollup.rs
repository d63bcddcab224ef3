//! Samples become points of ten seconds, those become minutes, and minutes become hours: in memory, one sample touched once.

use std::collections::BTreeMap;

use super::{
    bucket::Bucket,
    measure::Sample,
    resolution::{Resolution, floor},
};

/// The beginning of a stretch of time in seconds since 1970, and the series.
pub(super) type Key = (i64, i64);
type Buckets = BTreeMap<Key, Bucket>;

/// Rows of each resolution that wait for the database at most: of sixty series that is nine hours, of eleven thousand a
/// minute and a half of the finest and nine hours of the coarsest; about 35 MB each. The oldest are dropped first.
pub(super) const WAITING_AT_MOST: usize = 100_000;

/// What is not in the database yet.
#[derive(Default)]
pub(super) struct Rollup {
    /// Still growing; not in a coarser one yet.
    open: [Buckets; 3],
    /// At an end and in the coarser ones; wait to be written.
    closed: [Buckets; 3],
    /// Being written now.
    writing: [Buckets; 3],
    /// Stretches that begin before this are at an end.
    closed_before: [i64; 3],
    /// When the first sample was.
    first_at_s: Option<i64>,
}

/// Rows on their way into the database.
pub(super) type Batch = [Vec<(Key, Bucket)>; 3];

impl Rollup {
    pub(super) fn record(&mut self, at_s: i64, series: i64, sample: &Sample) {
        let start = Resolution::TenSeconds.start_of(at_s);
        self.first_at_s = Some(self.first_at_s.map_or(start, |first| first.min(start)));
        self.open[0].entry((start, series)).or_default().record(sample);
    }

    /// Where the first stretch of this process begins.
    pub(super) fn first_at_s(&self) -> Option<i64> {
        self.first_at_s
    }

    /// Closes what lies wholly before `now_s`. Answers how many rows were dropped because too many wait.
    pub(super) fn close(&mut self, now_s: i64) -> usize {
        for resolution in Resolution::ALL {
            self.close_before(resolution, resolution.start_of(now_s));
        }
        self.bound()
    }

    /// Closes everything, whole or not: the process ends.
    pub(super) fn close_all(&mut self) {
        for resolution in Resolution::ALL {
            self.close_before(resolution, i64::MAX);
        }
    }

    fn close_before(&mut self, resolution: Resolution, before_s: i64) {
        let n = resolution.index();
        self.closed_before[n] = self.closed_before[n].max(before_s);
        let growing = self.open[n].split_off(&(before_s, i64::MIN));
        for (key, bucket) in std::mem::replace(&mut self.open[n], growing) {
            self.closed[n].entry(key).or_default().add(&bucket);
            if let Some(coarser) = Resolution::ALL.get(n + 1) {
                self.open[n + 1].entry((coarser.start_of(key.0), key.1)).or_default().add(&bucket);
            }
        }
    }

    /// Adds what another process has written of the stretches in which this one began.
    pub(super) fn resume(&mut self, resolution: Resolution, (start, series): Key, before: &Bucket) {
        let n = resolution.index();
        if start >= self.closed_before[n] {
            self.open[n].entry((start, series)).or_default().add(before);
            return;
        }
        self.closed[n].entry((start, series)).or_default().add(before);
        // it is at an end, so the coarser one has what this process saw of it, and lacks this
        if let Some(coarser) = Resolution::ALL.get(n + 1) {
            self.resume(*coarser, (coarser.start_of(start), series), before);
        }
    }

    fn bound(&mut self) -> usize {
        let mut dropped = 0;
        for closed in &mut self.closed {
            while closed.len() > WAITING_AT_MOST {
                closed.pop_first();
                dropped += 1;
            }
        }
        dropped
    }

    /// Takes up to `at_most` rows that are at an end, oldest first. They count as being written until
    /// [`Rollup::written`] or [`Rollup::put_back`].
    pub(super) fn take(&mut self, at_most: usize) -> Batch {
        let mut left = at_most;
        let mut batch = Batch::default();
        for (n, rows) in batch.iter_mut().enumerate() {
            while left > 0
                && let Some((key, bucket)) = self.closed[n].pop_first()
            {
                self.writing[n].insert(key, bucket);
                rows.push((key, bucket));
                left -= 1;
            }
        }
        batch
    }

    pub(super) fn written(&mut self) {
        self.writing = Default::default();
    }

    pub(super) fn put_back(&mut self) -> usize {
        for n in 0..self.writing.len() {
            for (key, bucket) in std::mem::take(&mut self.writing[n]) {
                self.closed[n].entry(key).or_default().add(&bucket);
            }
        }
        self.bound()
    }

    /// What is in memory of one series, of this resolution; of the stretch that still grows what there is.
    pub(super) fn of_series(&self, resolution: Resolution, series: i64) -> BTreeMap<i64, Bucket> {
        let n = resolution.index();
        let grown = [&self.closed[n], &self.writing[n]].into_iter().chain(&self.open[..=n]);
        let mut found: BTreeMap<i64, Bucket> = BTreeMap::new();
        for buckets in grown {
            let mut from = i64::MIN;
            // from one beginning to the next, whatever other series are between
            while let Some(((start, _), _)) = buckets.range((from, i64::MIN)..).next() {
                if let Some(bucket) = buckets.get(&(*start, series)) {
                    found.entry(floor(*start, resolution.width_s())).or_default().add(bucket);
                }
                from = start + 1;
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::measure::Measure, *};

    const NOON: i64 = 1_773_144_000;

    fn sample(lag: Option<i64>) -> Sample {
        let mut sample = Sample::default();
        sample[Measure::Lag.index()] = lag;
        sample
    }

    /// Every row that is at an end, by resolution.
    fn rows(rollup: &mut Rollup) -> Batch {
        let batch = rollup.take(usize::MAX);
        rollup.written();
        batch
    }

    /// The same from all samples at once.
    fn recomputed(samples: &[(i64, i64, Option<i64>)], resolution: Resolution) -> Vec<(Key, Bucket)> {
        let mut keys: Vec<Key> = samples.iter().map(|(at, series, _)| (resolution.start_of(*at), *series)).collect();
        keys.sort_unstable();
        keys.dedup();
        let bucket = |key: Key| {
            let mut bucket = Bucket::default();
            let here = samples.iter().filter(|(at, series, _)| (resolution.start_of(*at), *series) == key);
            here.for_each(|(_, _, lag)| bucket.record(&sample(*lag)));
            (key, bucket)
        };
        keys.into_iter().map(bucket).collect()
    }

    proptest! {
        /// Clocks may jump in either direction: times are in no order.
        #[test]
        fn a_roll_up_is_what_all_samples_at_once_give(
            samples in prop::collection::vec((0i64..20_000, 0i64..3, prop::option::of(0i64..1_000)), 1..200),
            in_order in any::<bool>(),
            closing in prop::collection::vec(any::<bool>(), 200),
        ) {
            let mut samples: Vec<_> = samples.into_iter().map(|(at, series, lag)| (NOON + at, series, lag)).collect();
            if in_order {
                samples.sort_unstable();
            }
            let mut rollup = Rollup::default();
            for ((at, series, lag), close) in samples.iter().zip(closing) {
                rollup.record(*at, *series, &sample(*lag));
                if close {
                    prop_assert_eq!(rollup.close(*at), 0);
                }
            }
            for resolution in Resolution::ALL {
                for series in 0..3 {
                    let expected: Vec<(i64, Bucket)> = recomputed(&samples, resolution)
                        .into_iter()
                        .filter_map(|((start, of), bucket)| (of == series).then_some((start, bucket)))
                        .collect();
                    let seen: Vec<_> = rollup.of_series(resolution, series).into_iter().collect();
                    prop_assert_eq!(seen, expected, "before it is at an end");
                }
            }
            rollup.close_all();
            let written = rows(&mut rollup);
            for resolution in Resolution::ALL {
                prop_assert_eq!(&written[resolution.index()], &recomputed(&samples, resolution));
            }
        }

        #[test]
        fn a_process_that_goes_on_ends_with_the_minutes_and_hours_of_one_that_never_stopped(
            samples in prop::collection::vec((0i64..8_000, prop::option::of(0i64..1_000)), 2..200),
            stops in 1usize..199,
            resumes_after in 0usize..50,
        ) {
            let mut samples: Vec<_> = samples.into_iter().map(|(at, lag)| (NOON + at, 0, lag)).collect();
            samples.sort_unstable();
            // the first process ends between two stretches of ten seconds
            let first = Resolution::TenSeconds.start_of(samples[stops.min(samples.len() - 1)].0);
            let (before, after): (Vec<_>, Vec<_>) = samples.iter().copied().partition(|(at, ..)| *at < first);
            let mut rollup = Rollup::default();
            for (n, (at, series, lag)) in after.iter().enumerate() {
                rollup.record(*at, *series, &sample(*lag));
                rollup.close(*at);
                if n == resumes_after.min(after.len() - 1) {
                    let minute = Resolution::Minute.start_of(first);
                    let hour = Resolution::Hour.start_of(first);
                    let (early, late): (Vec<_>, Vec<_>) = before
                        .iter()
                        .copied()
                        .filter(|(at, ..)| *at >= hour)
                        .partition(|(at, ..)| *at < minute);
                    for (key, bucket) in recomputed(&late, Resolution::Minute) {
                        rollup.resume(Resolution::Minute, key, &bucket);
                    }
                    for (key, bucket) in recomputed(&early, Resolution::Hour) {
                        rollup.resume(Resolution::Hour, key, &bucket);
                    }
                }
            }
            rollup.close_all();
            let written = rows(&mut rollup);
            for resolution in [Resolution::Minute, Resolution::Hour] {
                let mut expected = recomputed(&samples, resolution);
                expected.retain(|((start, _), _)| *start >= resolution.start_of(first));
                prop_assert_eq!(&written[resolution.index()], &expected);
            }
        }
    }

    #[test]
    fn a_spike_of_one_sample_is_in_its_hour() {
        let mut rollup = Rollup::default();
        for second in 0..3_600 {
            rollup.record(NOON + second, 7, &sample(Some(if second == 1_234 { 90_000 } else { 0 })));
            rollup.close(NOON + second);
        }
        rollup.close(NOON + 3_600);
        let hour = rows(&mut rollup)[Resolution::Hour.index()][0].1;
        assert_eq!(
            (hour.samples(), hour.highest(Measure::Lag), hour.mean(Measure::Lag)),
            (3_600, Some(90_000.0), Some(25.0))
        );
    }

    #[test]
    fn what_waits_is_bounded_and_the_oldest_goes_first() {
        let mut rollup = Rollup::default();
        let series = i64::try_from(WAITING_AT_MOST).expect("a number");
        for series in 0..series {
            rollup.record(NOON, series, &sample(None));
        }
        rollup.record(NOON + 10, 0, &sample(None));
        assert_eq!(rollup.close(NOON + 20), 1);
        assert_eq!(rollup.take(1)[0][0].0, (NOON, 1));
        assert_eq!(rollup.put_back(), 0);
        assert_eq!(rollup.take(1)[0][0].0, (NOON, 1), "what could not be written waits again");
    }

    #[test]
    fn unknown_is_no_zero() {
        let mut rollup = Rollup::default();
        rollup.record(NOON, 1, &sample(None));
        rollup.close_all();
        let written = rows(&mut rollup);
        assert_eq!((written[2][0].1.samples(), written[2][0].1.mean(Measure::Lag)), (1, None));
    }
}
