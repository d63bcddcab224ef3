//! What is remembered of one stretch of time.

use super::measure::{MEASURES, Measure, Sample};

/// Samples of one stream or group in one stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bucket {
    samples: u32,
    parts: [Part; MEASURES],
}

/// One measure: samples in which it was known, their sum, the highest of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Part {
    known: u32,
    sum: i64,
    max: i64,
}

impl Bucket {
    pub(super) fn record(&mut self, sample: &Sample) {
        self.samples = self.samples.saturating_add(1);
        for (part, value) in self.parts.iter_mut().zip(sample) {
            if let Some(value) = *value {
                part.add(&Part { known: 1, sum: value, max: value });
            }
        }
    }

    /// Adds other samples of the same stretch, or of one beside it.
    pub(super) fn add(&mut self, other: &Self) {
        self.samples = self.samples.saturating_add(other.samples);
        for (part, other) in self.parts.iter_mut().zip(&other.parts) {
            part.add(other);
        }
    }

    /// Two accounts of the same stretch that may have samples in common: the fuller one holds, so that nothing counts
    /// twice, and no highest sample is lost. In whatever order and how often this is done, the end is the same. SQL does
    /// so where two processes write the same row (`store::write`).
    pub(super) fn unite(&mut self, other: &Self) {
        let other_is_fuller = other.samples > self.samples;
        for (part, other) in self.parts.iter_mut().zip(&other.parts) {
            let max = part.highest().max(other.highest());
            if other.known > 0 && (other_is_fuller || part.known == 0) {
                *part = *other;
            }
            part.max = max.unwrap_or(0);
        }
        self.samples = self.samples.max(other.samples);
    }

    /// As SQL has it, where the mean is of all samples as far as anybody knows.
    pub(super) fn stored(samples: i64, columns: impl Iterator<Item = (Option<i64>, Option<i64>)>) -> Self {
        let samples = u32::try_from(samples).unwrap_or(u32::MAX);
        let mut bucket = Self { samples, parts: [Part::default(); MEASURES] };
        for (part, (mean, max)) in bucket.parts.iter_mut().zip(columns) {
            if let (Some(mean), Some(max)) = (mean, max) {
                *part = Part { known: samples, sum: mean.saturating_mul(i64::from(samples)), max };
            }
        }
        bucket
    }

    /// How often was looked.
    pub fn samples(&self) -> u32 {
        self.samples
    }

    pub(super) fn mean_stored(&self, measure: Measure) -> Option<i64> {
        let part = &self.parts[measure.index()];
        let known = i64::from(part.known);
        (known > 0).then(|| (part.sum.saturating_add(known / 2)) / known)
    }

    pub(super) fn highest_stored(&self, measure: Measure) -> Option<i64> {
        self.parts[measure.index()].highest()
    }

    /// The mean of what was known, in the unit of the measure; `None` where nothing was.
    pub fn mean(&self, measure: Measure) -> Option<f64> {
        let part = &self.parts[measure.index()];
        (part.known > 0).then(|| part.sum as f64 / f64::from(part.known) / measure.per_unit())
    }

    /// The highest sample, in the unit of the measure.
    pub fn highest(&self, measure: Measure) -> Option<f64> {
        Some(self.highest_stored(measure)? as f64 / measure.per_unit())
    }
}

impl Part {
    fn add(&mut self, other: &Self) {
        self.max = self.highest().max(other.highest()).unwrap_or(0);
        self.known = self.known.saturating_add(other.known);
        self.sum = self.sum.saturating_add(other.sum);
    }

    fn highest(&self) -> Option<i64> {
        (self.known > 0).then_some(self.max)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bucket() -> impl Strategy<Value = Bucket> {
        let sample = prop::array::uniform13(prop::option::of(0i64..1_000));
        prop::collection::vec(sample, 0..6).prop_map(|samples| {
            let mut bucket = Bucket::default();
            for sample in &samples {
                bucket.record(sample);
            }
            bucket
        })
    }

    fn united(buckets: &[&Bucket]) -> Bucket {
        let mut all = Bucket::default();
        for bucket in buckets {
            all.unite(bucket);
        }
        all
    }

    proptest! {
        #[test]
        fn however_often_two_accounts_meet_nothing_counts_twice(a in bucket(), b in bucket()) {
            let (once, often) = (united(&[&a, &b]), united(&[&a, &b, &b, &a, &b]));
            prop_assert_eq!(once, often);
            let back = united(&[&b, &a]);
            prop_assert_eq!(once.samples(), a.samples().max(b.samples()));
            for measure in Measure::ALL {
                let highest = a.highest_stored(measure).max(b.highest_stored(measure));
                prop_assert_eq!(once.highest_stored(measure), highest);
                prop_assert_eq!(back.highest_stored(measure), highest);
                if a.samples() != b.samples() {
                    prop_assert_eq!(once.mean(measure), back.mean(measure));
                }
            }
        }

        #[test]
        fn what_sql_has_is_what_was_written(a in bucket()) {
            let columns = Measure::ALL.map(|measure| (a.mean_stored(measure), a.highest_stored(measure)));
            let read = Bucket::stored(i64::from(a.samples()), columns.into_iter());
            prop_assert_eq!(read.samples(), a.samples());
            for measure in Measure::ALL {
                prop_assert_eq!(read.mean_stored(measure), a.mean_stored(measure));
                prop_assert_eq!(read.highest_stored(measure), a.highest_stored(measure));
            }
        }
    }
}
