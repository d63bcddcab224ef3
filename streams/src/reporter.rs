//! Tells all other processes on this Redis what the consumers of this one measured.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use crate::{
    Error, Metrics, Redis, clock,
    heartbeat::{Identity, LIFETIME, Record},
    keys, script,
};

/// Pause between two beats: two may be lost before the record expires.
const BEAT_EVERY: Duration = Duration::from_secs(5);
/// How long the record may take to be removed at a stop; after that it expires.
const REMOVE_WITHIN: Duration = Duration::from_secs(2);

/// The loop that beats.
pub struct Reporter {
    redis: Redis,
    metrics: Metrics,
    identity: Identity,
    every: Duration,
}

impl Reporter {
    /// Of one process, whose figures these are. From now on its own record is known as its own.
    pub fn new(redis: Redis, metrics: Metrics, identity: Identity) -> Self {
        metrics.introduce(identity.clone());
        Self { redis, metrics, identity, every: BEAT_EVERY }
    }

    /// With another pause between two beats: for tests and for who measures.
    #[must_use]
    pub fn every(self, every: Duration) -> Self {
        Self { every, ..self }
    }

    /// Beats until `stop`, then removes the record. Goes on where it may not write, and says so once.
    pub async fn run(self, stop: CancellationToken) {
        let mut ticks = interval(self.every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut has_beaten = false;
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = stop.cancelled() => break,
            }
            let groups = self.metrics.all_measured();
            if groups.is_empty() {
                // no consumer was started yet, or none ever is
                continue;
            }
            let record = Record::write(&self.identity, &groups);
            has_beaten = true;
            let beaten = tokio::select! {
                beaten = self.beat(&record) => beaten,
                () = stop.cancelled() => break,
            };
            self.note(beaten.err());
        }
        // what was sent and not answered may have arrived
        if has_beaten && !matches!(timeout(REMOVE_WITHIN, self.remove()).await, Ok(Ok(()))) {
            tracing::info!("the figures of this process could not be removed from redis; they expire by themselves");
        }
    }

    async fn beat(&self, record: &[u8]) -> Result<(), Error> {
        let mut call = script::BEAT.prepare_invoke();
        call.key(keys::HEARTBEATS).key(keys::heartbeat(self.identity.id()));
        call.arg(self.identity.id()).arg(record).arg(u64::try_from(LIFETIME.as_millis()).expect("seconds fit"));
        let asked = clock::now();
        let now_ms = self.redis.script(&call).await?;
        self.metrics.note_time(now_ms, asked, clock::now());
        Ok(())
    }

    async fn remove(&self) -> Result<(), Error> {
        let mut pipeline = redis::pipe();
        pipeline.cmd("DEL").arg(keys::heartbeat(self.identity.id())).ignore();
        pipeline.cmd("ZREM").arg(keys::HEARTBEATS).arg(self.identity.id()).ignore();
        self.redis.pipeline(&pipeline).await
    }

    /// Says in the log what is new.
    fn note(&self, error: Option<Error>) {
        // without Redis nobody is told anything; the sampler and the readers say so
        let unshared = match error {
            Some(Error::Unavailable(_)) => return,
            error => error.map(|error| error.to_string()),
        };
        let before = self.metrics.heartbeats().unshared;
        match (&before, &unshared) {
            (None, Some(why)) => tracing::warn!(
                error = why,
                "what the consumers here measure cannot be shared with other processes: allow this user to write the keys \
                 {}*",
                keys::HEARTBEATS
            ),
            (Some(_), None) => tracing::info!("what the consumers here measure is shared with other processes"),
            _ => {}
        }
        if before != unshared {
            self.metrics.note_heartbeats(|heartbeats| heartbeats.unshared = unshared);
        }
    }
}
