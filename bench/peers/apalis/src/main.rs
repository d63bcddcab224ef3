//! apalis-redis storage, 50 tasks at once, batches of 100 fetched, results and events not kept: its lightest safe setting.
//! `apalis-peer fill`, then `apalis-peer run`, with REDIS_URL and N.

use apalis::prelude::*;
use apalis_redis::{Config, RedisStorage};
use serde_json::{Value, json};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// Tasks pushed at once; N is a multiple of it.
const BATCH: usize = 500;

static DONE: AtomicUsize = AtomicUsize::new(0);
static STARTED: OnceLock<Instant> = OnceLock::new();

fn count() -> usize {
    std::env::var("N").ok().and_then(|count| count.parse().ok()).expect("N")
}

async fn handle(event: Value) -> Result<(), BoxDynError> {
    let started = STARTED.get_or_init(Instant::now);
    std::hint::black_box(event);
    if DONE.fetch_add(1, Ordering::Relaxed) + 1 == count() {
        println!("RESULT {} {}", count(), started.elapsed().as_secs_f64());
        std::process::exit(0);
    }
    Ok(())
}

/// As `bench/src/event.rs` spells it.
fn event(number: usize) -> Value {
    let key = format!("ACM-7-TASK{:03}", number % 1000);
    json!({"event_id": format!("5b1e8c52-7a90-4f0e-9d0b-{number:012}"), "event_type": "TASK_UPDATED",
        "timestamp": "2026-03-02T09:15:04.120331", "aggregate_id": key, "aggregate_type": "Task",
        "event_data": {"task_id": key, "project_id": "ACM-7", "sprint_id": "ACM-7-S02", "status": "in_progress",
            "progress_percentage": 42, "updated_at": "2026-03-02T09:15:04.120331", "assigned_to": "E017"},
        "metadata": {"source_service": "SprintService", "correlation_id": "90aa41d7-13c2-4d0e-8a55-6f5b0b7f2d34"}})
}

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), BoxDynError> {
    let connection = apalis_redis::connect(std::env::var("REDIS_URL")?).await?;
    let config = Config::default().queue("ev").batch_size(100).persist_results(false).emit_events(false);
    let mut storage: RedisStorage<Value> = RedisStorage::new(connection).with_config(config);
    if std::env::args().nth(1).as_deref() == Some("fill") {
        for first in (0..count()).step_by(BATCH) {
            storage.push_bulk((first..first + BATCH).map(event).collect()).await?;
        }
        return Ok(());
    }
    WorkerBuilder::new("peer").backend(storage).concurrency(50).build(handle).run().await?;
    Ok(())
}
