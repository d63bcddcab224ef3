//! A million events through one consumer: whether anything grows.

use std::{
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use redis::{Client, aio::MultiplexedConnection, cmd, streams::StreamInfoGroupsReply};
use streams::{Outgoing, Redis, Trimmer};
use tokio::process::{Child, Command};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    consume::{GROUP, STREAM},
    event::event,
    figures::{Section, Target, Wanted},
    machine,
    server::{Counters, Server},
};

/// Events published in one round trip.
const BATCH: usize = 500;
/// Unread entries at which publishing waits: enough for the consumer never to wait, few enough to keep Redis small.
const LAG_AT_MOST: usize = 5_000;
/// The contract's length of a stream (§3), and how often the services trim.
const KEEP: u64 = 10_000;
const TRIM_EVERY: Duration = Duration::from_secs(1);
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Rows of the printed curve.
const ROWS: usize = 20;
/// How far the resident memory of the last quarter may be from that of the second.
const GROWTH: f64 = 1.1;

struct Sample {
    seconds: f64,
    handled: usize,
    rss_mb: f64,
    pending: usize,
    consumers: usize,
    redis_mb: f64,
}

pub(crate) async fn run(events: usize) -> Result<Section> {
    let server = Server::start()?;
    let mut redis = Client::open(server.url())?.get_multiplexed_async_connection().await?;
    let () =
        cmd("XGROUP").arg("CREATE").arg(STREAM).arg(GROUP).arg("0").arg("MKSTREAM").query_async(&mut redis).await?;
    let (stop, loops) = (CancellationToken::new(), TaskTracker::new());
    let trimmer = Trimmer::new(Redis::new(&server.url())?, vec![STREAM.to_owned()], KEEP, TRIM_EVERY);
    loops.spawn(trimmer.run(stop.clone()));
    // a process of its own, so that its memory is only the consumer's
    let mut consumer = Command::new(std::env::current_exe()?)
        .args(["run", "ours", "run"])
        .env("REDIS_URL", server.url())
        .env("N", events.to_string())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let started = Instant::now();
    let publisher = loops.spawn(publish(server.url(), events, stop.clone()));
    let mut load = machine::Load::default();
    let samples = watch(&mut consumer, &mut redis, started, events, &mut load).await;
    stop.cancel();
    publisher.await??;
    loops.close();
    loops.wait().await;
    Ok(section(&samples?, events, &load))
}

async fn publish(url: String, events: usize, stop: CancellationToken) -> Result<()> {
    let (redis, mut looking) = (Redis::new(&url)?, Client::open(url)?.get_multiplexed_async_connection().await?);
    for first in (0..events).step_by(BATCH) {
        let numbers = first..(first + BATCH).min(events);
        let batch: Vec<_> = numbers.map(|number| Outgoing { stream: STREAM.to_owned(), data: event(number) }).collect();
        streams::publish(&redis, &batch).await?;
        while group(&mut looking).await?.lag > LAG_AT_MOST {
            if stop.is_cancelled() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    Ok(())
}

struct Group {
    lag: usize,
    handled: usize,
    pending: usize,
    consumers: usize,
}

async fn group(redis: &mut MultiplexedConnection) -> Result<Group> {
    let reply: StreamInfoGroupsReply = cmd("XINFO").arg("GROUPS").arg(STREAM).query_async(redis).await?;
    let group = reply.groups.into_iter().next().context("the stream has lost its group")?;
    let read = group.entries_read.unwrap_or(0);
    Ok(Group {
        lag: group.lag.unwrap_or(0),
        handled: read.saturating_sub(group.pending),
        pending: group.pending,
        consumers: group.consumers,
    })
}

/// Samples until the consumer ends, which it does when it has handled everything.
async fn watch(
    consumer: &mut Child,
    redis: &mut MultiplexedConnection,
    started: Instant,
    events: usize,
    load: &mut machine::Load,
) -> Result<Vec<Sample>> {
    let process = consumer.id().context("the consumer ended at once")?;
    let mut samples = Vec::new();
    loop {
        tokio::select! {
            ended = consumer.wait() => {
                let (ended, group) = (ended?, group(redis).await?);
                if !ended.success() || group.handled != events {
                    bail!("the consumer ended with {ended} after {} of {events} events", group.handled);
                }
                return Ok(samples);
            }
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        load.look();
        // gone in this very moment
        let Some(rss_mb) = resident_mb(process) else { continue };
        let group = group(redis).await?;
        let info: String = cmd("INFO").query_async(redis).await?;
        let sample = Sample {
            seconds: started.elapsed().as_secs_f64(),
            handled: group.handled,
            rss_mb,
            pending: group.pending,
            consumers: group.consumers,
            redis_mb: Counters::parse(&info)?.memory_bytes / 1e6,
        };
        eprintln!("[bench] soak: {:.0} s, {} events, {:.1} MB", sample.seconds, sample.handled, sample.rss_mb);
        samples.push(sample);
    }
}

/// Memory of a process that is in RAM. `None` when there is no such process.
fn resident_mb(process: u32) -> Option<f64> {
    // the same number as in statm, but in kB instead of pages of unknown size
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse::<f64>().ok().map(|kb| kb * 1024.0 / 1e6)
}

fn section(samples: &[Sample], events: usize, load: &machine::Load) -> Section {
    let seconds = samples.last().map_or(0.0, |sample| sample.seconds);
    let mut section = Section::new(
        "Soak",
        format!(
            "{events} events of {} bytes through one `streams::Consumer` in a process of its own, about {seconds:.0} s; \
             publishing waits at {LAG_AT_MOST} unread entries, `streams::Trimmer` keeps {KEEP}; looked at every {} s. {load}",
            event(0).len(),
            LOOK_EVERY.as_secs()
        ),
        &["s", "events handled", "RSS MB", "pending", "consumers", "Redis MB"],
    );
    for sample in samples.iter().step_by(samples.len().div_ceil(ROWS).max(1)) {
        section.row([
            format!("{:.0}", sample.seconds),
            sample.handled.to_string(),
            format!("{:.1}", sample.rss_mb),
            sample.pending.to_string(),
            sample.consumers.to_string(),
            format!("{:.1}", sample.redis_mb),
        ]);
    }
    let quarter = samples.len() / 4;
    let mean = |samples: &[Sample]| {
        let sum: f64 = samples.iter().map(|sample| sample.rss_mb).sum();
        (!samples.is_empty()).then_some(sum / samples.len() as f64)
    };
    let growth = mean(&samples[samples.len() - quarter..]).zip(mean(&samples[quarter..2 * quarter]));
    let growth = growth.map(|(last, second)| last / second);
    section.targets.push(Target::new("RSS of the last quarter / of the second", Wanted::AtMost(GROWTH), growth));
    section
}
