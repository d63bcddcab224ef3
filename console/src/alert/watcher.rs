//! Looks at what the sampler saw, by every rule. It never asks Redis itself: looking costs Redis nothing more. Of several
//! processes on one database one watches; the others are ready to take over.

use std::{sync::Arc, time::Duration};

use domain::{
    Timestamp,
    alert::{Arrivals, Board, Change, Rule},
    stream::Snapshot,
};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{lease, ledger, rule};
use crate::{Console, Error, clock};

/// How often rules are asked while the sampler is silent: time goes on, and what holds for long enough must fire.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long a look with all it writes may take.
const LOOK_WITHIN: Duration = Duration::from_secs(10);
/// How long what is over is kept.
const KEEP: Duration = Duration::from_hours(90 * 24);
/// How often what is past keeping is deleted.
const TIDY_EVERY: Duration = Duration::from_mins(10);

/// The loop that looks; one per process.
pub struct Watcher {
    console: Console,
    holder: String,
    arrivals: Arrivals,
    /// What is not fine, while it is us who watch.
    watch: Option<Watch>,
}

struct Watch {
    board: Board,
    /// When the right to watch was renewed.
    renewed: Instant,
    /// By the clock, which goes on while a machine sleeps.
    looked: Timestamp,
}

impl Watcher {
    pub fn new(console: &Console) -> Self {
        let holder = Uuid::new_v4().to_string();
        Self { console: console.clone(), holder, arrivals: Arrivals::default(), watch: None }
    }

    pub async fn run(mut self, stop: CancellationToken) {
        let mut snapshots = self.console.snapshots();
        let mut failing = false;
        let mut tidied = Instant::now();
        loop {
            tokio::select! {
                changed = snapshots.changed() => if changed.is_err() { break },
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = stop.cancelled() => break,
            }
            let snapshot = Arc::clone(&snapshots.borrow_and_update());
            let looked = tokio::select! {
                looked = timeout(LOOK_WITHIN, self.look(&snapshot)) => looked,
                // what it was writing is rolled back, and found by the next one who looks
                () = stop.cancelled() => break,
            };
            match looked.unwrap_or_else(|_| Err(too_late())) {
                Ok(()) => {
                    if std::mem::take(&mut failing) {
                        tracing::info!("alert rules are watched again");
                    }
                }
                Err(error) => {
                    // whether it was written is not known: what is there is read anew
                    self.watch = None;
                    if !std::mem::replace(&mut failing, true) {
                        let cause = format!("{:#}", anyhow::Error::new(error));
                        tracing::warn!(cause, "alert rules cannot be watched; trying on");
                    }
                }
            }
            if tidied.elapsed() >= TIDY_EVERY && self.watch.is_some() {
                tidied = Instant::now();
                if let Err(error) = self.tidy().await {
                    tracing::debug!(%error, "old alerts were not deleted");
                }
            }
        }
        if self.watch.is_some()
            && let Err(error) = self.hand_over().await
        {
            tracing::debug!(%error, "the right to watch was not handed over; it ends by itself");
        }
    }

    /// One look by every rule.
    async fn look(&mut self, snapshot: &Snapshot) -> Result<(), Error> {
        let now = clock::now();
        if self.arrivals.note(snapshot) {
            self.console.alerts().arrivals.send_replace(Arc::new(self.arrivals.clone()));
        }
        let mut connection = self.console.database().connection().await.map_err(Error::AlertsAway)?;
        let rules = rule::all(&mut connection).await.map_err(Error::AlertsAway)?;
        let rules: Vec<Rule> = rules.into_iter().map(Rule::try_from).collect::<Result<_, _>>()?;
        let counts = ledger::count(&mut connection).await?;
        let is_untold = !ledger::untold(&mut connection, now).await?.is_empty();
        drop(connection);
        self.console.alerts().firing.send_replace(counts);
        // a machine that slept has seen nothing meanwhile
        self.watch.take_if(|watch| now.since(watch.looked) > lease::LEASE);
        if self.watch.is_none() {
            self.watch = self.take_over(now).await?;
        }
        let Some(watch) = &mut self.watch else { return Ok(()) };
        let changes = watch.board.look(&rules, snapshot, &self.arrivals, now);
        let is_telling = is_untold && !self.console.alerts().channels.is_empty();
        if !changes.is_empty() || is_telling || watch.renewed.elapsed() >= lease::RENEW_AFTER {
            let renewed = Instant::now();
            if !write(&self.console, &self.holder, &rules, &changes, now).await? {
                // somebody else watches by now
                self.watch = None;
                return Ok(());
            }
            watch.board.apply(&changes);
            watch.renewed = renewed;
        }
        watch.looked = now;
        Ok(())
    }

    /// Takes the right to watch, and what was found so far; `None` while another process has it.
    async fn take_over(&self, now: Timestamp) -> Result<Option<Watch>, Error> {
        let renewed = Instant::now();
        let mut transaction = self.console.database().begin().await.map_err(Error::AlertsAway)?;
        let taken = lease::take(&mut transaction, &self.holder, now).await.map_err(Error::AlertsAway)?;
        let Some(taken) = taken else { return Ok(None) };
        let mut board = ledger::load(&mut transaction).await?;
        transaction.commit().await.map_err(Error::AlertsAway)?;
        if let Some(last_seen) = taken.last_seen {
            board.unwatched_since(last_seen);
        }
        tracing::info!("this process watches the alert rules");
        Ok(Some(Watch { board, renewed, looked: now }))
    }

    async fn tidy(&self) -> Result<(), Error> {
        let now = clock::now().micros();
        let before = Timestamp::from_micros(now.saturating_sub(i64::try_from(KEEP.as_micros()).unwrap_or(i64::MAX)));
        let mut transaction = self.console.database().begin().await.map_err(Error::AlertsAway)?;
        ledger::delete_old(&mut transaction, before).await?;
        transaction.commit().await.map_err(Error::AlertsAway)
    }

    async fn hand_over(&self) -> Result<(), store::Error> {
        let mut transaction = self.console.database().begin().await?;
        lease::release(&mut transaction, &self.holder).await?;
        transaction.commit().await
    }
}

fn too_late() -> Error {
    Error::AlertsAway(store::Error::Unavailable(format!("no answer within {LOOK_WITHIN:?}")))
}

/// Writes what a look has changed and renews the right to watch, in one transaction; false where that is not ours any
/// more, and nothing was written.
async fn write(
    console: &Console,
    holder: &str,
    rules: &[Rule],
    changes: &[Change],
    now: Timestamp,
) -> Result<bool, Error> {
    let mut transaction = console.database().begin().await.map_err(Error::AlertsAway)?;
    if !lease::keep(&mut transaction, holder, now).await.map_err(Error::AlertsAway)? {
        return Ok(false);
    }
    let messages = ledger::write(&mut transaction, &console.alerts().channels, rules, changes, now).await?;
    let counts = ledger::count(&mut transaction).await?;
    transaction.commit().await.map_err(Error::AlertsAway)?;
    console.alerts().firing.send_replace(counts);
    if messages > 0 {
        console.alerts().committed.notify_one();
    }
    Ok(true)
}
