//! A sampler that goes on looking, and what it has found after so many looks.

use std::{sync::Arc, time::Duration};

use domain::{
    finding::{Finding, Kind, Limits},
    stream::Snapshot,
};
use testkit::wait;
use tokio::{sync::watch, task::JoinHandle};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::Room;

/// Lines that are reached at once.
pub(crate) fn short() -> Limits {
    Limits {
        left_behind: 3,
        left_behind_for: Duration::from_millis(1),
        left_behind_untold_for: Duration::from_millis(1),
        in_vain_for: Duration::from_millis(1),
        silent: Duration::from_millis(1),
        at_work: Duration::from_mins(10),
        replica_silent: Duration::from_secs(4),
        never_trimmed: 100,
        ..Limits::default()
    }
}

pub(crate) async fn run(room: &Room, lines: &[&str]) {
    for line in lines {
        let _: redis::Value = room.cli(line).await;
    }
}

/// A stream `s` with so many entries, and a group `g` that stands at its start.
pub(crate) async fn stream_of(room: &Room, entries: u64) {
    for n in 1..=entries {
        run(room, &[&format!("XADD s {n}-0 f v")]).await;
    }
    run(room, &["XGROUP CREATE s g 0"]).await;
}

pub(crate) struct Eye {
    latest: watch::Receiver<Arc<Snapshot>>,
    _stop: DropGuard,
    _task: JoinHandle<()>,
}

impl Room {
    /// Begins to look; there was a first look when this returns.
    pub(crate) async fn eye(&self, limits: Limits) -> Eye {
        let every = Duration::from_millis(10);
        let (sampler, latest) = streams::sampler::sampler(self.redis.clone(), self.metrics.clone(), every);
        let stop = CancellationToken::new();
        let task = tokio::spawn(sampler.with_limits(limits).run(stop.clone()));
        let mut eye = Eye { latest, _stop: stop.drop_guard(), _task: task };
        eye.after(1).await;
        eye
    }
}

impl Eye {
    /// What is seen when so many looks have begun and ended after this call.
    pub(crate) async fn after(&mut self, looks: usize) -> Arc<Snapshot> {
        self.latest.mark_unchanged();
        // one more: a look may be under way
        let mut seen = 0;
        while seen <= looks {
            tokio::time::timeout(Duration::from_mins(1), self.latest.changed()).await.expect("a look in time").unwrap();
            seen += usize::from(self.latest.borrow_and_update().error.is_none());
        }
        Arc::clone(&self.latest.borrow())
    }

    /// The newest look.
    pub(crate) fn now(&self) -> Arc<Snapshot> {
        Arc::clone(&self.latest.borrow())
    }

    /// What is found within two looks.
    pub(crate) async fn finds(&mut self, kind: Kind) -> Finding {
        let snapshot = self.after(2).await;
        let of_kind = snapshot.found.findings.iter().find(|finding| finding.kind == kind);
        of_kind.unwrap_or_else(|| panic!("no {kind:?} in {:#?}", snapshot.found)).clone()
    }

    /// What is over within two looks.
    pub(crate) async fn finds_no(&mut self, kind: Kind) {
        let found = self.after(2).await.found.clone();
        assert!(found.findings.iter().all(|finding| finding.kind != kind), "{kind:?} in {found:#?}");
    }

    /// Waits for what takes the server its time.
    pub(crate) async fn sees(&self, kind: Kind) -> Finding {
        wait::until(kind.as_str(), || async {
            self.latest.borrow().found.findings.iter().find(|finding| finding.kind == kind).cloned()
        })
        .await
    }
}
