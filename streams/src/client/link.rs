//! One connection for everybody: made when first needed, made again after it was lost.

use std::{
    pin::Pin,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use futures::{FutureExt, future::Shared};

use super::door::Connected;
use crate::Error;

/// How long one attempt may take. It is given up by its own time-outs before; only one that nobody waits for any more is
/// older than this.
pub(super) const ATTEMPT_WITHIN: Duration = Duration::from_secs(5);

type Connecting = Pin<Box<dyn Future<Output = Result<Connected, Error>> + Send>>;

/// The attempt that everybody waits for, or the connection that it gave.
#[derive(Default)]
pub(super) struct Link(Mutex<Option<Attempt>>);

struct Attempt {
    connecting: Shared<Connecting>,
    began: Instant,
}

impl Link {
    /// The connection; makes it if there is none. Callers who come while it is being made wait for the same attempt, and
    /// are all told how it ended: nobody queues at a Redis that hangs.
    pub(super) async fn get(&self, connect: impl FnOnce() -> Connecting) -> Result<Connected, Error> {
        let connecting = {
            let mut attempt = self.attempt();
            let abandoned =
                |attempt: &mut Attempt| attempt.connecting.peek().is_none() && attempt.began.elapsed() > ATTEMPT_WITHIN;
            if attempt.as_mut().is_some_and(abandoned) {
                *attempt = None;
            }
            let begin = || Attempt { connecting: connect().shared(), began: Instant::now() };
            attempt.get_or_insert_with(begin).connecting.clone()
        };
        let connected = connecting.clone().await;
        if connected.is_err() {
            // the next caller tries again
            self.attempt().take_if(|attempt| attempt.connecting.ptr_eq(&connecting));
        }
        connected
    }

    /// Drops this connection, so that the next caller makes another one.
    pub(super) fn forget(&self, lost: &Connected) {
        let is_lost = |attempt: &mut Attempt| {
            attempt.connecting.peek().is_some_and(|made| made.as_ref().is_ok_and(|made| made.is(lost)))
        };
        self.attempt().take_if(is_lost);
    }

    fn attempt(&self) -> MutexGuard<'_, Option<Attempt>> {
        // an option of a handle is whole after every statement, so a panic elsewhere does not spoil it
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
