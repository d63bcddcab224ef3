//! Keeps streams short, never past what a group has not read or not acknowledged.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::{Error, Redis, script};

/// Entries removed in one step, which holds up everybody else for about a millisecond.
const STEP: u64 = 1_000;

/// The loop that trims the streams it is given, and no other: on a server that others use too, nothing else is ours to
/// delete. Dead-letter streams are never trimmed.
pub struct Trimmer {
    redis: Redis,
    streams: Vec<String>,
    keep: u64,
    every: Duration,
}

impl Trimmer {
    /// Keeps about `keep` entries (contract §3: 10 000) in each of `streams`.
    pub fn new(redis: Redis, streams: Vec<String>, keep: u64, every: Duration) -> Self {
        Self { redis, streams, keep, every }
    }

    pub async fn run(self, stop: CancellationToken) {
        let mut ticks = interval(self.every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = stop.cancelled() => return,
            }
            for stream in &self.streams {
                match self.trim(stream, &stop).await {
                    Ok(0) => {}
                    Ok(removed) => tracing::debug!(stream.name = stream, removed, "trimmed"),
                    // away: others say so already, and the next tick tries again
                    Err(Error::Unavailable(_)) => break,
                    Err(error) => tracing::warn!(stream.name = stream, %error, "a stream could not be trimmed"),
                }
            }
        }
    }

    /// Removes what is too much, step by step, and gives the number removed.
    async fn trim(&self, stream: &str, stop: &CancellationToken) -> Result<u64, Error> {
        let mut sum = 0;
        while !stop.is_cancelled() {
            let mut call = script::TRIM.key(stream);
            let removed: u64 = match self.redis.script(call.arg(self.keep).arg(STEP)).await {
                // nobody has made the stream yet
                Err(Error::NotFound(_)) => 0,
                answer => answer?,
            };
            sum += removed;
            if removed == 0 {
                break;
            }
        }
        Ok(sum)
    }
}
