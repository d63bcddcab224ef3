//! The same work through our consumer: lanes per key, attempts counted, time-outs, metrics, batched acknowledgement.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use anyhow::Result;
use streams::{Consumer, ConsumerSettings, Failure, Handler, Message, Metrics, Redis};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::consume::{Done, GROUP, STREAM};

/// Parses the JSON, as the limit does, and counts.
struct Counter {
    together: usize,
    left: AtomicUsize,
    finished: Arc<Notify>,
}

impl Handler for Counter {
    fn together(&self) -> usize {
        self.together
    }

    async fn handle(&self, message: &Message) -> Result<(), Failure> {
        let event = serde_json::from_slice::<serde_json::Value>(message.data());
        std::hint::black_box(event.map_err(|error| Failure::Reject(error.into()))?);
        if self.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.finished.notify_one();
        }
        Ok(())
    }
}

/// Until the last entry was handled and everything was acknowledged: the consumer ends only then. `together` is how many
/// messages the handler takes at once; 1 is a handler that says nothing about it.
pub(crate) async fn consume(url: &str, events: usize, together: usize) -> Result<Done> {
    let finished = Arc::new(Notify::new());
    let handler = Counter { together, left: AtomicUsize::new(events), finished: finished.clone() };
    let settings = ConsumerSettings::new(STREAM, GROUP, "ours");
    let stop = CancellationToken::new();
    let started = Instant::now();
    let running =
        tokio::spawn(Consumer::new(Redis::new(url)?, settings, handler, Metrics::default()).run(stop.clone()));
    finished.notified().await;
    stop.cancel();
    running.await?;
    Ok(Done { events, took: started.elapsed() })
}
