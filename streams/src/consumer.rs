//! c
use crate::{Backoff, Handler, Metrics, Redis};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How a consumer reads its group.
#[derive(Debug, Clone)]
pub struct ConsumerSettings {
    pub stream: String,
    pub group: String,
    pub consumer: String,
    pub max_attempts: u64,
    pub backoff: Backoff,
    pub claim_after: Duration,
    pub reclaim_every: Duration,
    pub handler_timeout: Duration,
    pub batch: usize,
    pub running: usize,
    pub drain: Duration,
}
impl ConsumerSettings {
    pub fn new(stream: impl Into<String>, group: impl Into<String>, consumer: impl Into<String>) -> Self {
        Self {
            stream: stream.into(),
            group: group.into(),
            consumer: consumer.into(),
            max_attempts: 5,
            backoff: Backoff::HANDLER,
            claim_after: Duration::from_secs(30),
            reclaim_every: Duration::from_secs(1),
            handler_timeout: Duration::from_secs(10),
            batch: 100,
            running: 16,
            drain: Duration::from_secs(10),
        }
    }
}
#[expect(dead_code)]
pub struct Consumer<H> {
    redis: Redis,
    settings: ConsumerSettings,
    handler: H,
    metrics: Metrics,
}
impl<H: Handler> Consumer<H> {
    pub fn new(redis: Redis, settings: ConsumerSettings, handler: H, metrics: Metrics) -> Self {
        Self { redis, settings, handler, metrics }
    }
    pub async fn run(self, _stop: CancellationToken) {
        unimplemented!()
    }
}
