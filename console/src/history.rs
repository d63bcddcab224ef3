//! What figures of streams and groups were, before this process began and beyond the hour that the sampler keeps
//! (docs/adr/0015).
//!
//! [`Recorder`] takes samples and writes · [`course`] is what a chart shows · `rollup` the pure rule from samples to hours ·
//! `store` the SQL · [`Measure`] and [`Range`] the words.

mod bucket;
mod course;
mod measure;
mod recorder;
mod resolution;
mod rollup;
mod series;
mod store;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

pub use bucket::Bucket;
pub use course::{Course, course};
pub use measure::Measure;
pub use recorder::Recorder;
pub use resolution::Range;
use resolution::Resolution;
use rollup::Rollup;
use series::Series;
use tokio::sync::OnceCell;

/// Answers of the database that are kept: a few screens that many people look at, about 100 kB each.
const KEPT_AT_MOST: usize = 64;

/// What is in memory of the history: what is not written yet, and what was read.
#[derive(Default)]
pub(crate) struct History {
    unwritten: Mutex<Unwritten>,
    read: Mutex<Read>,
}

#[derive(Default)]
struct Unwritten {
    rollup: Rollup,
    series: Series,
}

/// What the database answered. An answer holds until something of its resolution is written, so that a tick of a page
/// asks nothing.
#[derive(Default)]
struct Read {
    /// How often something of each resolution was written.
    writes: [u64; 3],
    answers: HashMap<(i64, Range), (u64, Answer)>,
}

/// Shared by everybody who asks at the same time.
type Answer = Arc<OnceCell<Arc<Stored>>>;

/// What the database has of a series.
struct Stored {
    buckets: BTreeMap<i64, Bucket>,
    /// Since when the series is known.
    first_at_s: Option<i64>,
}

impl History {
    fn unwritten(&self) -> MutexGuard<'_, Unwritten> {
        locked(&self.unwritten)
    }

    fn wrote(&self, resolution: Resolution) {
        locked(&self.read).writes[resolution.index()] += 1;
    }

    fn answer(&self, series: i64, range: Range) -> Answer {
        let mut read = locked(&self.read);
        let writes = read.writes;
        let fresh = |range: Range| writes[range.resolution().index()];
        if read.answers.len() >= KEPT_AT_MOST {
            read.answers.retain(|(_, range), (written, _)| *written == fresh(*range));
            if read.answers.len() >= KEPT_AT_MOST {
                read.answers.clear();
            }
        }
        let (written, answer) = read.answers.entry((series, range)).or_default();
        if *written != fresh(range) {
            (*written, *answer) = (fresh(range), Answer::default());
        }
        Arc::clone(answer)
    }
}

/// What is behind these locks is whole after every statement, so a panic elsewhere does not spoil it.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
