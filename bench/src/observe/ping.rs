//! Somebody else who uses the same Redis: a PING every millisecond on a fixed schedule, so that one that waits makes those
//! after it wait too, as it would a caller.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use anyhow::Result;
use redis::cmd;

use crate::{figures::quantile, server::Server};

const EVERY: Duration = Duration::from_millis(1);

pub(crate) struct Ping {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Result<Vec<f64>>>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Waits {
    pub(crate) count: usize,

    pub(crate) p99_ms: f64,
}

impl Ping {
    pub(crate) fn start(server: &Server) -> Result<Self> {
        let mut redis = server.connect()?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = std::thread::spawn(move || {
            let mut waits = Vec::new();
            let mut due = Instant::now();
            while !stopped.load(Ordering::Relaxed) {
                due += EVERY;
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
                cmd("PING").exec(&mut redis)?;
                waits.push(due.elapsed().as_secs_f64() * 1_000.0);
            }
            Ok(waits)
        });
        Ok(Self { stop, thread })
    }

    pub(crate) fn stop(self) -> Result<Waits> {
        self.stop.store(true, Ordering::Relaxed);
        let mut waits = self.thread.join().expect("it does not panic")?;
        waits.sort_by(f64::total_cmp);
        Ok(Waits { count: waits.len(), p99_ms: quantile(&waits, 0.99) })
    }
}
