//! The sample project ([`domain::demo::PROJECT`]): a web shop's team and backlog, traffic on it, handling that is slow
//! and fails on purpose, and its removal. Nothing here touches another project.

mod disturbance;
mod removal;
mod report;
mod sample;
mod traffic;

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

pub(crate) use disturbance::{disturb, is_disturbed};
use domain::{
    Timestamp,
    demo::{DemoState, PROJECT},
    project::Done,
};
pub(crate) use removal::is_of_removed_demo;
pub use removal::remove;
pub use report::Report;
pub use sample::load_sample;
pub use traffic::Traffic;

use crate::{Error, Services, peer};

/// What is switched on in this process.
#[derive(Default)]
pub(crate) struct Switches {
    traffic: AtomicBool,
    failing: AtomicBool,
    /// Events of the demo up to here belong to one that was removed.
    removed_until_us: AtomicI64,
    /// Held while the traffic acts, so that a removal waits for it.
    acting: tokio::sync::Mutex<()>,
    /// Wakes the traffic when it is switched on.
    switched: tokio::sync::Notify,
    /// Whether there is something to report on.
    reporting: tokio::sync::watch::Sender<bool>,
    /// Held while the report reads, so that a removal waits for its end.
    reading: tokio::sync::Mutex<()>,
}

impl Switches {
    fn is_traffic_on(&self) -> bool {
        self.traffic.load(Ordering::Relaxed)
    }

    fn is_failing(&self) -> bool {
        self.failing.load(Ordering::Relaxed)
    }

    fn removed_until(&self) -> Timestamp {
        Timestamp::from_micros(self.removed_until_us.load(Ordering::Relaxed))
    }
}

/// Whether the sample project is there, and what is switched on.
pub async fn state(services: &Services) -> Result<DemoState, Error> {
    let loaded = match peer::project(services, PROJECT).await {
        Ok(_) => true,
        Err(peer::PeerError::NotFound(_)) => false,
        Err(error) => return Err(error.into()),
    };
    let switches = services.demo();
    Ok(DemoState { loaded, traffic: switches.is_traffic_on(), failing: switches.is_failing() })
}

/// Starts daily scrums on the sample project, with some handling slow and some failing; 409 before it is loaded.
pub async fn start_traffic(services: &Services) -> Result<Done, Error> {
    if !state(services).await?.loaded {
        return Err(Error::conflict("load the sample project first"));
    }
    let switches = services.demo();
    switches.failing.store(true, Ordering::Relaxed);
    switches.traffic.store(true, Ordering::Relaxed);
    switches.switched.notify_one();
    Ok(Done::new("Demo traffic started"))
}

/// Stops the daily scrums. Whether handling fails stays as it is: its dead letters are there to be repaired.
#[expect(clippy::unused_async, reason = "all functions of a service are called alike")]
pub async fn stop_traffic(services: &Services) -> Result<Done, Error> {
    services.demo().traffic.store(false, Ordering::Relaxed);
    Ok(Done::new("Demo traffic stopped"))
}

/// Lets some handling of the sample project's events be slow and fail, or mends it.
#[expect(clippy::unused_async, reason = "all functions of a service are called alike")]
pub async fn set_failing(services: &Services, failing: bool) -> Result<Done, Error> {
    services.demo().failing.store(failing, Ordering::Relaxed);
    Ok(Done::new(if failing { "Some handling of the demo fails now" } else { "Handling of the demo is mended" }))
}
