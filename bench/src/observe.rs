//! What looking costs: the sampler on an installation of many streams, once a second.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use redis::{Client, aio::MultiplexedConnection, cmd, pipe};
use streams::{Metrics, Redis, sampler::sampler};
use testkit::redis::Server;
use tokio_util::sync::CancellationToken;

const STREAMS: usize = 200;
const GROUPS: usize = 5;
const ENTRIES: usize = 20;
const LOOK_EVERY: Duration = Duration::from_secs(1);
const WATCH_FOR: Duration = Duration::from_secs(15);

pub(crate) async fn run() -> Result<()> {
    let server = Server::start().await;
    let mut redis = Client::open(server.url())?.get_multiplexed_async_connection().await?;
    furnish(&mut redis).await?;
    let before = cpu_seconds(&mut redis).await?;

    let stop = CancellationToken::new();
    let (sampler, mut snapshots) = sampler(Redis::new(&server.url())?, Metrics::default(), LOOK_EVERY);
    let started = Instant::now();
    let running = tokio::spawn(sampler.run(stop.clone()));
    snapshots.wait_for(|snapshot| snapshot.streams.len() == STREAMS).await?;
    let first = started.elapsed();
    tokio::time::sleep(WATCH_FOR).await;
    let watched = started.elapsed();
    stop.cancel();
    running.await?;

    let cost = (cpu_seconds(&mut redis).await? - before) / watched.as_secs_f64();
    println!("\n{STREAMS} streams of {GROUPS} groups each, looked at once a second");
    println!("  first snapshot after {} ms", first.as_millis());
    println!("  CPU of Redis: {:.1} % of one core", cost * 100.0);
    Ok(())
}

async fn furnish(redis: &mut MultiplexedConnection) -> Result<()> {
    for stream in (0..STREAMS).map(|number| format!("stream-{number:03}")) {
        let mut pipeline = pipe();
        for _ in 0..ENTRIES {
            pipeline.cmd("XADD").arg(&stream).arg("*").arg("data").arg(r#"{"event_type":"Looked"}"#).ignore();
        }
        for group in (0..GROUPS).map(|number| format!("group-{number}")) {
            pipeline.cmd("XGROUP").arg("CREATE").arg(&stream).arg(&group).arg("0").ignore();
            let mut read = cmd("XREADGROUP");
            read.arg("GROUP").arg(&group).arg("consumer").arg("COUNT").arg(ENTRIES / 2);
            pipeline.add_command(read.arg("STREAMS").arg(&stream).arg(">").clone()).ignore();
        }
        let () = pipeline.query_async(redis).await?;
    }
    Ok(())
}

async fn cpu_seconds(redis: &mut MultiplexedConnection) -> Result<f64> {
    let info: String = cmd("INFO").arg("cpu").query_async(redis).await?;
    let value = |name: &str| -> Result<f64> {
        let line =
            info.lines().find_map(|line| line.strip_prefix(name)).with_context(|| format!("no {name} in INFO"))?;
        Ok(line.trim().parse()?)
    };
    Ok(value("used_cpu_sys:")? + value("used_cpu_user:")?)
}
