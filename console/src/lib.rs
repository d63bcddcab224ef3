//! What operations must remember, and the acts that need it: every repair goes through here, is allowed to whom it is
//! allowed, and leaves its intent in the audit log before Redis is touched, its result after.
//!
//! | module | what |
//! | --- | --- |
//! | [`access`] | who may what |
//! | `act` | how everything that changes something is carried out: may this person, intent, work, result |
//! | [`alert`] | rules, what fires, who is told; the loops that watch and tell |
//! | [`audit`] | the log of acts; where it cannot be written, nothing is done |
//! | [`stream`] | entries of any stream: look, trim, delete |
//! | [`search`] | entries that fit a filter, however many others lie between; kept while somebody looks |
//! | [`export`] | entries as a file |
//! | [`group`] | any group: create, delete, move, pause; its pending entries: look, claim, acknowledge, dead-letter; its consumers and lanes |
//! | [`dead_letter`] | dead letters: look, group by cause, replay, discard |
//! | [`recovery`] | jobs that send many entries back: frozen, tried with a few, at a bounded rate, with a result for each |
//! | [`trace`] | events of any stream, looked for by what is in them |
//! | [`history`] | what figures of streams and groups were, up to 90 days back; a [`history::Recorder`] writes it |

pub mod access;
mod act;
pub mod alert;
pub mod audit;
mod clock;
pub mod dead_letter;
pub mod error;
pub mod export;
pub mod group;
pub mod history;
pub mod recovery;
pub mod search;
pub mod stream;
pub mod trace;

use std::sync::Arc;

pub use access::Actor;
use alert::{Alerts, Channels, Counts};
use domain::{latency::Heartbeats, stream::Snapshot};
pub use error::Error;
use history::{History, Recorder};
use recovery::Recoveries;
use search::Searches;
use store::Database;
use streams::{
    Metrics, Redis,
    dead_letter::Shelf,
    metrics::{GroupTotals, Looks},
};
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

/// The operations half of this process. Cheap to clone.
#[derive(Clone)]
pub struct Console(Arc<Inner>);

struct Inner {
    database: Database,
    redis: Redis,
    metrics: Metrics,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    acts: TaskTracker,
    shelf: Shelf,
    history: History,
    alerts: Alerts,
    searches: Searches,
    verified: audit::Verified,
    recoveries: Recoveries,
}

impl Console {
    /// A console that tells nobody of alerts.
    pub fn new(database: Database, redis: Redis, metrics: Metrics, snapshots: watch::Receiver<Arc<Snapshot>>) -> Self {
        Self::telling(database, redis, metrics, snapshots, Channels::none())
    }

    /// A console that tells of alerts by these channels.
    pub fn telling(
        database: Database,
        redis: Redis,
        metrics: Metrics,
        snapshots: watch::Receiver<Arc<Snapshot>>,
        channels: Channels,
    ) -> Self {
        let (shelf, history, alerts) = (Shelf::new(redis.clone()), History::default(), Alerts::new(channels));
        let inner = Inner {
            database,
            redis,
            metrics,
            snapshots,
            acts: TaskTracker::new(),
            shelf,
            history,
            alerts,
            searches: Searches::default(),
            verified: audit::Verified::default(),
            recoveries: Recoveries::default(),
        };
        Self(Arc::new(inner))
    }

    /// Writes the history of what the sampler sees. One for each process; the history is whole without the others.
    pub fn recorder(&self) -> Recorder {
        Recorder::new(self.clone())
    }

    /// What the sampler saw last.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.0.snapshots.borrow().clone()
    }

    /// Tells when the sampler has looked again.
    pub fn snapshots(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.0.snapshots.clone()
    }

    /// What the consumers in this process did since it began.
    pub fn totals(&self) -> Vec<GroupTotals> {
        self.0.metrics.totals()
    }

    /// How the sampler's looks went.
    pub fn looks(&self) -> Looks {
        self.0.metrics.looks()
    }

    /// Whether Redis was ever asked, with whatever answer.
    pub fn has_asked(&self) -> bool {
        let Looks { succeeded, failed, .. } = self.looks();
        succeeded + failed > 0
    }

    /// How the heartbeats were, by which processes share what their consumers measured.
    pub fn heartbeats(&self) -> Heartbeats {
        self.0.metrics.heartbeats()
    }

    pub fn database(&self) -> &Database {
        &self.0.database
    }

    /// The names of the channels by which people are told of alerts.
    pub fn channels(&self) -> Vec<String> {
        self.0.alerts.channels.names().map(str::to_owned).collect()
    }

    /// How many alerts fire, as far as this process knows.
    pub fn firing(&self) -> Counts {
        *self.0.alerts.firing.borrow()
    }

    /// Ends searches, and waits until the acts that have begun are ended, for an orderly stop: they go on without their
    /// callers.
    pub async fn settle(&self) {
        self.0.searches.end().await;
        self.0.acts.close();
        self.0.acts.wait().await;
    }

    pub(crate) fn alerts(&self) -> &Alerts {
        &self.0.alerts
    }

    pub(crate) fn recoveries(&self) -> &Recoveries {
        &self.0.recoveries
    }

    pub(crate) fn verified(&self) -> &audit::Verified {
        &self.0.verified
    }

    pub(crate) fn acts(&self) -> &TaskTracker {
        &self.0.acts
    }

    pub(crate) fn redis(&self) -> &Redis {
        &self.0.redis
    }

    /// Dead letters, read once for everybody who looks.
    pub(crate) fn shelf(&self) -> &Shelf {
        &self.0.shelf
    }

    pub(crate) fn searches(&self) -> &Searches {
        &self.0.searches
    }

    pub(crate) fn history(&self) -> &History {
        &self.0.history
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }
}

/// The console's own database at `url`, in a schema (or file) of its own.
pub fn database(url: &str) -> Result<Database, store::Error> {
    Database::new(url, "console", sqlx::migrate!("../migrations/console"))
}

/// The same for a further connection, whose history, alerts and audit log lie apart: in a schema named after it. At
/// most 32 of `a-z`, `0-9` and `-`, as [`domain::connection::is_name`] has it.
pub fn database_of(url: &str, connection: &str) -> Result<Database, store::Error> {
    if !domain::connection::is_name(connection) {
        return Err(store::Error::Configuration(format!("{connection:?} is no name of a connection")));
    }
    let schema = format!("console_{}", connection.replace('-', "_"));
    Database::new(url, &schema, sqlx::migrate!("../migrations/console"))
}
