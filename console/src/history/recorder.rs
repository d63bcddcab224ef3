//! The loop that takes samples and writes what became of them.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use domain::{Timestamp, stream::Snapshot};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use super::{locked, resolution::Resolution, rollup::Batch, series::Name, store};
use crate::{Console, clock};

/// How often is written: as often as the finest stretch ends. A crash loses this much and what was being written.
const WRITE_EVERY: Duration = Duration::from_secs(10);
/// Rows of one transaction: a second or two of SQLite's one writer, for whose turn an act of an operator waits.
const ROWS_AT_ONCE: usize = 25_000;
/// How long the last writing may take: shorter than the grace time of the process.
const AT_END_WITHIN: Duration = Duration::from_secs(3);

/// Records every snapshot of the sampler and asks Redis nothing. Samples are taken while the database is written, or away.
#[derive(Clone)]
pub struct Recorder {
    console: Console,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    /// The moment of the newest sample, and when it came by our own clock.
    newest: Mutex<Option<(Timestamp, Instant)>>,
    /// Whether the minute and hour in which this process began have what was written of them before.
    resumed: AtomicBool,
    /// Whether it was told that the database cannot be written.
    told: AtomicBool,
    dropped: AtomicBool,
}

impl Recorder {
    pub(crate) fn new(console: Console) -> Self {
        Self { console, state: Arc::default() }
    }

    /// Records and writes until `stop`, then writes what is there, whole stretches or not.
    pub async fn run(self, stop: CancellationToken) {
        tokio::join!(self.take_samples(&stop), self.write_regularly(&stop));
        self.console.history().unwritten().rollup.close_all();
        if timeout(AT_END_WITHIN, self.write()).await.is_err() {
            tracing::warn!("the end of the history was not written in time");
        }
    }

    async fn take_samples(&self, stop: &CancellationToken) {
        let mut snapshots = self.console.snapshots();
        snapshots.mark_changed();
        loop {
            tokio::select! {
                changed = snapshots.changed() => if changed.is_err() { return },
                () = stop.cancelled() => return,
            }
            let snapshot = Arc::clone(&snapshots.borrow_and_update());
            self.record(&snapshot);
        }
    }

    async fn write_regularly(&self, stop: &CancellationToken) {
        // the first writing takes up what was begun before this process: it waits for the first sample, and not longer
        let mut snapshots = self.console.snapshots();
        tokio::select! {
            looked = snapshots.wait_for(|snapshot| snapshot.at != Timestamp::default()) => if looked.is_err() { return },
            () = stop.cancelled() => return,
        }
        let mut ticks = interval(WRITE_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = stop.cancelled() => return,
            }
            tokio::select! {
                () = self.flush() => {}
                // what is cut off is rolled back, and written at the end
                () = stop.cancelled() => return,
            }
        }
    }

    /// Takes one sample. A snapshot that was not renewed is none: while Redis is away there is a gap.
    pub fn record(&self, snapshot: &Snapshot) {
        if snapshot.error.is_some() {
            return;
        }
        let mut newest = locked(&self.state.newest);
        if newest.is_some_and(|(at, _)| at == snapshot.at) {
            return;
        }
        *newest = Some((snapshot.at, Instant::now()));
        drop(newest);
        let at_s = snapshot.at.millis().div_euclid(1_000);
        let mut unwritten = self.console.history().unwritten();
        let super::Unwritten { rollup, series } = &mut *unwritten;
        series.samples(snapshot, at_s, |series, sample| rollup.record(at_s, series, sample));
        let dropped = rollup.close(at_s);
        drop(unwritten);
        self.tell_dropped(dropped);
    }

    /// Writes what is at an end.
    pub async fn flush(&self) {
        let Some((at, since)) = *locked(&self.state.newest) else { return };
        // without new samples stretches end too
        let now_s = (at + since.elapsed()).millis().div_euclid(1_000);
        let dropped = self.console.history().unwritten().rollup.close(now_s);
        self.tell_dropped(dropped);
        self.write().await;
    }

    async fn write(&self) {
        match self.try_write().await {
            Ok(()) => {
                if self.state.told.swap(false, Ordering::Relaxed) {
                    tracing::info!("the history is written again");
                }
                self.state.dropped.store(false, Ordering::Relaxed);
            }
            Err(error) if self.state.told.swap(true, Ordering::Relaxed) => drop(error),
            Err(error) if error.is_unavailable() => {
                tracing::warn!(%error, "the history cannot be written; it is kept in memory until the database is back");
            }
            Err(error) => {
                let cause = format!("{:#}", anyhow::Error::new(error));
                tracing::error!(cause, "the history cannot be written; it is kept in memory");
            }
        }
    }

    async fn try_write(&self) -> Result<(), ::store::Error> {
        self.resume().await?;
        loop {
            let taken = Taken::new(&self.console);
            if taken.batch.iter().all(Vec::is_empty) {
                return Ok(());
            }
            let now_s = taken.newest_s();
            store::write(self.console.database(), &taken.batch, &taken.names, now_s).await?;
            taken.written();
        }
    }

    async fn resume(&self) -> Result<(), ::store::Error> {
        if self.state.resumed.load(Ordering::Acquire) {
            return Ok(());
        }
        let Some(first_s) = self.console.history().unwritten().rollup.first_at_s() else { return Ok(()) };
        let before = store::resume(self.console.database(), first_s).await?;
        let mut unwritten = self.console.history().unwritten();
        for (resolution, key, bucket) in &before {
            unwritten.rollup.resume(*resolution, *key, bucket);
        }
        self.state.resumed.store(true, Ordering::Release);
        Ok(())
    }

    fn tell_dropped(&self, dropped: usize) {
        if dropped > 0 && !self.state.dropped.swap(true, Ordering::Relaxed) {
            tracing::warn!("the history has a gap: too much of it waits for the database, the oldest is dropped");
        }
    }
}

/// Rows on their way into the database. Dropped before they are written they wait again.
struct Taken<'a> {
    console: &'a Console,
    batch: Batch,
    names: Vec<(i64, Name)>,
    is_written: bool,
}

impl<'a> Taken<'a> {
    fn new(console: &'a Console) -> Self {
        let mut unwritten = console.history().unwritten();
        let names = unwritten.series.untold();
        Self { console, batch: unwritten.rollup.take(ROWS_AT_ONCE), names, is_written: false }
    }

    /// What is too old is told by the rows and by our clock, whichever is earlier: one clock that jumps ahead must not
    /// delete the history.
    fn newest_s(&self) -> i64 {
        let newest = self.batch.iter().flatten().map(|((start, _), _)| *start).max().unwrap_or(0);
        newest.min(clock::now().millis().div_euclid(1_000))
    }

    fn written(mut self) {
        self.is_written = true;
        // old answers first, so that nobody finds it neither in memory nor in an answer
        for (resolution, rows) in Resolution::ALL.into_iter().zip(&self.batch) {
            if !rows.is_empty() {
                self.console.history().wrote(resolution);
            }
        }
        let mut unwritten = self.console.history().unwritten();
        unwritten.rollup.written();
        unwritten.series.told(&self.names);
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        if !self.is_written {
            self.console.history().unwritten().rollup.put_back();
        }
    }
}
