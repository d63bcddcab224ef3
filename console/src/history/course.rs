//! What a chart shows: the points of a range, from the database and from memory.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use domain::{Timestamp, stream::Snapshot};
use tokio::time::timeout;

use super::{
    Stored,
    bucket::Bucket,
    measure::{Measure, Sample},
    resolution::{Range, Resolution, floor},
    series, store,
};
use crate::{Console, clock};

/// How long a page waits for its charts' past.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);
/// From one value of the sampler's hour to the next (`streams::sampler`), in seconds.
const SAMPLER_STEP_S: i64 = 10;

/// The points of one stream or group over a range. A point without samples is a gap.
#[derive(Debug, Clone)]
pub struct Course {
    pub range: Range,
    /// Where the chart ends: the newest sample.
    pub end: Timestamp,
    /// Oldest first, one each [`Range::step`]; the last is the one that `end` lies in.
    pub points: Vec<Bucket>,
    /// Since when anything is known; `None` = nothing is.
    pub begins: Option<Timestamp>,
    /// The database does not answer: only what this process has in memory is here.
    pub away: bool,
}

impl Course {
    /// Whether nothing was known before this process, or the range begins before the history.
    pub fn begins_inside(&self) -> Option<Timestamp> {
        let start = self.end.micros().saturating_sub(i64::try_from(self.range.span().as_micros()).unwrap_or(i64::MAX));
        self.begins.filter(|begins| begins.micros() > start)
    }

    pub fn means(&self, measure: Measure) -> Vec<Option<f64>> {
        self.points.iter().map(|point| point.mean(measure)).collect()
    }

    pub fn highest(&self, measure: Measure) -> Vec<Option<f64>> {
        self.points.iter().map(|point| point.highest(measure)).collect()
    }

    /// Whether the measure was ever known in this range.
    pub fn knows(&self, measure: Measure) -> bool {
        self.points.iter().any(|point| point.highest(measure).is_some())
    }
}

/// The course of a stream (`group` is `None`) or of a group. It never fails: without the database there is what the
/// sampler keeps.
pub async fn course(console: &Console, stream: &str, group: Option<&str>, range: Range) -> Course {
    let snapshot = console.snapshot();
    let is_known = snapshot.at != Timestamp::default();
    let end = if is_known { snapshot.at } else { clock::now() };
    let end_s = end.millis().div_euclid(1_000);
    let (series, resolution) = (series::id(stream, group), range.resolution());
    // memory first: what is written between the two looks is then in both, and never in neither
    let grown = console.history().unwritten().rollup.of_series(resolution, series);
    let stored = stored(console, series, range, end_s).await;
    let first_in_memory = grown.keys().next().copied();
    let mut buckets = grown;
    for (start, bucket) in stored.iter().flat_map(|stored| &stored.buckets) {
        buckets.entry(*start).and_modify(|known| known.unite(bucket)).or_insert(*bucket);
    }
    if stored.is_none() && resolution == Resolution::TenSeconds {
        fill(&mut buckets, &snapshot, stream, group);
    }
    let first_stored = stored.as_ref().and_then(|stored| stored.first_at_s);
    let begins = first_stored.or(first_in_memory).or_else(|| buckets.keys().next().copied());
    let step = range.step_s();
    let point = |start: i64| {
        let mut point = Bucket::default();
        buckets.range(start..start + step).for_each(|(_, bucket)| point.add(bucket));
        point
    };
    Course {
        range,
        end,
        points: range.starts(end_s).map(point).collect(),
        begins: begins.map(|begins| Timestamp::from_millis(begins.saturating_mul(1_000))),
        away: stored.is_none(),
    }
}

/// `None` where the database is away.
async fn stored(console: &Console, series: i64, range: Range, end_s: i64) -> Option<Arc<Stored>> {
    let answer = console.history().answer(series, range);
    let resolution = range.resolution();
    let from_s = range.starts(end_s).next()?;
    let read = async {
        let between = (from_s, resolution.start_of(end_s));
        let (buckets, first_at_s) = store::read(console.database(), series, resolution, between).await?;
        Ok::<_, ::store::Error>(Arc::new(Stored { buckets, first_at_s }))
    };
    match timeout(ANSWER_WITHIN, answer.get_or_try_init(|| read)).await {
        Ok(Ok(stored)) => Some(Arc::clone(stored)),
        // an outage is told by `Database::run`
        Ok(Err(error)) => {
            if !error.is_unavailable() {
                tracing::error!(cause = format!("{:#}", anyhow::Error::new(error)), "the history cannot be read");
            }
            None
        }
        Err(_) => None,
    }
}

/// Puts what the sampler keeps where nothing else is known.
fn fill(buckets: &mut BTreeMap<i64, Bucket>, snapshot: &Snapshot, stream: &str, group: Option<&str>) {
    let Some(stream) = snapshot.stream(stream) else { return };
    let (measure, values) = match group {
        None => (Measure::Length, &stream.length_history),
        Some(name) => match stream.groups.iter().find(|group| group.name == name) {
            Some(group) => (Measure::Lag, &group.lag_history),
            None => return,
        },
    };
    let mut at_s = snapshot.at.millis().div_euclid(1_000);
    for value in values.iter().rev() {
        if let Some(value) = value {
            let mut sample = Sample::default();
            sample[measure.index()] = i64::try_from(value).ok();
            let start = floor(at_s, Resolution::TenSeconds.width_s());
            buckets.entry(start).or_insert_with(|| {
                let mut bucket = Bucket::default();
                bucket.record(&sample);
                bucket
            });
        }
        at_s -= SAMPLER_STEP_S;
    }
}
