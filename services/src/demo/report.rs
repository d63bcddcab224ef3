//! A group of the demo's own: a report that reads the same events as the backlog. While handling is disturbed it is too
//! slow for the traffic, so that lag can be seen to grow, and to shrink once it is mended.

use std::time::Duration;

use streams::{Consumer, ConsumerSettings, Failure, Handler, Message, Metrics, Redis};
use tokio_util::sync::CancellationToken;

use super::removal::demo_event;
use crate::{
    Error, Services,
    keys::{DEMO_REPORT_GROUP, TASK_UPDATE_EVENTS},
};

/// Per event of the sample project while handling is disturbed: the traffic brings three a second.
const SLOW: Duration = Duration::from_millis(450);
/// Few, so that what waits is seen as lag and not as pending.
const HOLD_AT_MOST: usize = 5;
const RETRY: Duration = Duration::from_secs(1);

/// Reads while the sample project is loaded.
pub struct Report {
    pub services: Services,
    pub redis: Redis,
    pub metrics: Metrics,
    /// Stable name of this process.
    pub instance: String,
}

impl Report {
    pub async fn run(self, stop: CancellationToken) {
        let mut wanted = self.services.demo().reporting.subscribe();
        tokio::select! {
            () = self.recall() => {}
            () = stop.cancelled() => return,
        }
        loop {
            tokio::select! {
                loaded = wanted.wait_for(|wanted| *wanted) => if loaded.is_err() { return },
                () = stop.cancelled() => return,
            }
            let reading = self.services.demo().reading.lock().await;
            let removed = stop.child_token();
            let consumer = self.consumer().run(removed.clone());
            let removal = async {
                // an error means that the process ends, and `stop` says so too
                let _ = wanted.wait_for(|wanted| !*wanted).await;
                removed.cancel();
                std::future::pending::<()>().await;
            };
            tokio::select! {
                () = consumer => {}
                () = removal => {}
            }
            drop(reading);
        }
    }

    /// After a restart: whether the sample project was loaded before.
    async fn recall(&self) {
        loop {
            match super::state(&self.services).await {
                Ok(state) => {
                    if state.loaded {
                        self.services.demo().reporting.send_replace(true);
                    }
                    return;
                }
                Err(_) => tokio::time::sleep(RETRY).await,
            }
        }
    }

    fn consumer(&self) -> Consumer<Slow> {
        let settings = ConsumerSettings {
            batch: HOLD_AT_MOST,
            hold_at_most: HOLD_AT_MOST,
            at_once: 1,
            ..ConsumerSettings::new(TASK_UPDATE_EVENTS, DEMO_REPORT_GROUP, &self.instance)
        };
        Consumer::new(self.redis.clone(), settings, Slow(self.services.clone()), self.metrics.clone())
    }
}

/// Stops the report and removes its group.
pub(super) async fn remove(services: &Services, redis: &Redis) -> Result<(), Error> {
    let switches = services.demo();
    switches.reporting.send_replace(false);
    let _nobody_reads = switches.reading.lock().await;
    let destroyed = streams::operate::destroy_group(redis, TASK_UPDATE_EVENTS, DEMO_REPORT_GROUP).await;
    destroyed.map(drop).map_err(super::removal::from_redis)
}

struct Slow(Services);

impl Handler for Slow {
    async fn handle(&self, message: &Message) -> Result<(), Failure> {
        if self.0.demo().is_failing() && demo_event(message.data()).is_some() {
            tokio::time::sleep(SLOW).await;
        }
        Ok(())
    }
}
