//! The same work through our consumer: lanes per key, attempts counted, time-outs, metrics, batched acknowledgement.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::Result;
use streams::{Consumer, ConsumerSettings, Failure, Handler, Message, Metrics, Redis};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::GROUP;

/// Parses the JSON, as the limit does, and counts.
struct Counter {
    left: Arc<AtomicUsize>,
    finished: Arc<Notify>,
}

impl Handler for Counter {
    async fn handle(&self, message: &Message) -> Result<(), Failure> {
        let event = serde_json::from_slice::<serde_json::Value>(&message.data);
        std::hint::black_box(event.map_err(|error| Failure::Reject(error.into()))?);
        if self.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.finished.notify_one();
        }
        Ok(())
    }
}

/// Time until the last entry was handled and everything was acknowledged: the consumer ends only then.
pub(crate) async fn consume(redis: &Redis, stream: &str, entries: usize) -> Result<Duration> {
    let (left, finished) = (Arc::new(AtomicUsize::new(entries)), Arc::new(Notify::new()));
    let settings = ConsumerSettings::new(stream, GROUP, "ours");
    let handler = Counter { left, finished: finished.clone() };
    let stop = CancellationToken::new();
    let started = Instant::now();
    let running = tokio::spawn(Consumer::new(redis.clone(), settings, handler, Metrics::default()).run(stop.clone()));
    finished.notified().await;
    stop.cancel();
    running.await?;
    Ok(started.elapsed())
}
