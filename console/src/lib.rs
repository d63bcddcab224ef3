//! What operations must remember, and the acts that need it: every repair goes through here, is allowed to whom it is
//! allowed, and leaves its intent in the audit log before Redis is touched, its result after.
//!
//! | module | what |
//! | --- | --- |
//! | [`access`] | who may what |
//! | `act` | how everything that changes something is carried out: may this person, intent, work, result |
//! | [`audit`] | the log of acts; where it cannot be written, nothing is done |
//! | [`stream`] | entries of any stream |
//! | [`group`] | pending entries of any group: look, claim, acknowledge, dead-letter; move, pause |
//! | [`dead_letter`] | dead letters: look, group by cause, replay, discard |

pub mod access;
mod act;
pub mod audit;
mod clock;
pub mod dead_letter;
pub mod error;
pub mod group;
pub mod stream;

use std::sync::Arc;

pub use access::Actor;
use domain::stream::Snapshot;
pub use error::Error;
use store::Database;
use streams::{Metrics, Redis, dead_letter::Shelf};
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
}

impl Console {
    pub fn new(database: Database, redis: Redis, metrics: Metrics, snapshots: watch::Receiver<Arc<Snapshot>>) -> Self {
        let shelf = Shelf::new(redis.clone());
        Self(Arc::new(Inner { database, redis, metrics, snapshots, acts: TaskTracker::new(), shelf }))
    }

    /// What the sampler saw last.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.0.snapshots.borrow().clone()
    }

    /// Tells when the sampler has looked again.
    pub fn snapshots(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.0.snapshots.clone()
    }

    pub fn database(&self) -> &Database {
        &self.0.database
    }

    /// Waits until the acts that have begun are ended, for an orderly stop: they go on without their callers.
    pub async fn settle(&self) {
        self.0.acts.close();
        self.0.acts.wait().await;
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

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }
}

/// The console's own database at `url`, in a schema (or file) of its own.
pub fn database(url: &str) -> Result<Database, store::Error> {
    Database::new(url, "console", sqlx::migrate!("../migrations/console"))
}
