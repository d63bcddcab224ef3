//! Loops that end together.

use std::future::Future;

use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Loops that end together, after those before them.
pub(crate) struct Stage {
    pub(crate) stop: CancellationToken,
    pub(crate) tasks: TaskTracker,
}

impl Stage {
    pub(crate) fn new() -> Self {
        Self { stop: CancellationToken::new(), tasks: TaskTracker::new() }
    }

    pub(crate) fn run<F: Future<Output = ()> + Send + 'static>(&self, start: impl FnOnce(CancellationToken) -> F) {
        self.tasks.spawn(start(self.stop.clone()));
    }

    pub(crate) async fn end(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}
