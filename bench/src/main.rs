//! What our parts cost on this machine, beside the bare loop that does the least possible. `make bench` runs it.
//!
//! Rounds are interleaved (limit, ours, limit, ours, …) and a ratio is formed inside each round: machines are shared, so only
//! the ratios mean something somewhere else. No test reads these figures.
//!
//! | module | what |
//! | --- | --- |
//! | [`limit`] | the bare loop: read 100, parse, acknowledge 100 |
//! | [`ours`] | the same entries through `streams::Consumer` with an empty handler |
//! | [`observe`] | what the sampler costs Redis on a large installation |
//! | [`figures`] | medians and the table |

mod figures;
mod limit;
mod observe;
mod ours;

use anyhow::Result;
use figures::{median, per_second, report};
use streams::{Outgoing, Redis};
use testkit::redis::Server;

/// Entries per round: long enough that starting up does not count, short enough for an evening.
const ENTRIES: usize = 50_000;
/// Odd, so that the median is one of them.
const ROUNDS: usize = 5;
/// Keys of the entries: as many tasks as a busy installation has in its sprints.
const KEYS: usize = 1_000;
/// Entries published in one round trip.
const BATCH: usize = 500;
pub(crate) const GROUP: &str = "bench";

#[tokio::main]
async fn main() -> Result<()> {
    let server = Server::start().await;
    let redis = Redis::new(&server.url())?;
    let (mut published, mut bare, mut consumed, mut ratios) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for round in 1..=ROUNDS {
        let (for_limit, for_ours) = (format!("limit-{round}"), format!("ours-{round}"));
        published.push(per_second(ENTRIES, fill(&redis, &for_limit).await?));
        published.push(per_second(ENTRIES, fill(&redis, &for_ours).await?));
        let limit = per_second(ENTRIES, limit::consume(&server.url(), &for_limit).await?);
        let ours = per_second(ENTRIES, ours::consume(&redis, &for_ours, ENTRIES).await?);
        println!("round {round}: limit {limit:.0} events/s, ours {ours:.0} events/s");
        bare.push(limit);
        consumed.push(ours);
        ratios.push(ours / limit);
    }
    println!("\n{ENTRIES} events of {} bytes, {KEYS} keys, {ROUNDS} rounds: median [least-most]", event(0).len());
    report("publish, pipelines of 500", "events/s", &published);
    report("limit: bare loop, COUNT 100, one XACK per batch", "events/s", &bare);
    report("ours: lanes per key, attempts, batched XACK", "events/s", &consumed);
    println!("  ratio of ours to the limit: {:.2}", median(&ratios));
    drop(server);
    observe::run().await
}

async fn fill(redis: &Redis, stream: &str) -> Result<std::time::Duration> {
    let batches: Vec<Vec<Outgoing>> = (0..ENTRIES)
        .step_by(BATCH)
        .map(|first| {
            let numbers = first..(first + BATCH).min(ENTRIES);
            numbers.map(|number| Outgoing { stream: stream.to_owned(), data: event(number) }).collect()
        })
        .collect();
    let started = std::time::Instant::now();
    for batch in &batches {
        streams::publish(redis, batch).await?;
    }
    Ok(started.elapsed())
}

/// A `TASK_UPDATED` of the usual size.
fn event(number: usize) -> String {
    let (task, id) = (number % KEYS, number);
    format!(
        r#"{{"event_id":"5b1e8c52-7a90-4f0e-9d0b-{id:012}","event_type":"TASK_UPDATED","timestamp":"2026-03-02T09:15:04.120331","aggregate_id":"ACM-7-TASK{task:03}","aggregate_type":"Task","event_data":{{"task_id":"ACM-7-TASK{task:03}","project_id":"ACM-7","sprint_id":"ACM-7-S02","status":"in_progress","progress_percentage":42,"updated_at":"2026-03-02T09:15:04.120331","assigned_to":"E017"}},"metadata":{{"source_service":"SprintService","correlation_id":"90aa41d7-13c2-4d0e-8a55-6f5b0b7f2d34"}}}}"#
    )
}
