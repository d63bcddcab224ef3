//! How the sampler's looks at Redis went.

use std::time::{Duration, Instant};

/// Since the process began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Looks {
    pub succeeded: u64,
    pub failed: u64,
    /// When the newest look that succeeded ended: the age of all figures, by a clock that nobody sets.
    pub newest: Option<Instant>,
    /// How long that one took.
    pub took: Duration,
}

impl Looks {
    pub(super) fn succeed(&mut self, took: Duration) {
        self.succeeded += 1;
        self.newest = Some(Instant::now());
        self.took = took;
    }

    pub(super) fn fail(&mut self) {
        self.failed += 1;
    }
}
