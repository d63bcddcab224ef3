//! `cargo xtask chaos`: runs fault histories and says what came of them.

mod table;

use std::{ops::RangeInclusive, process::ExitCode, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use chaos::{
    conduct::{self, Report, Settings},
    fate::Mix,
    faults::{self, Kind},
    worker::{self, Orders},
};
use clap::{Parser, Subcommand};
use tokio::{sync::Semaphore, task::JoinSet};

/// Runs service processes and a real Redis under faults and judges what became of every event.
#[derive(Parser)]
#[command(bin_name = "cargo xtask chaos", args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    role: Option<Role>,
    #[command(flatten)]
    run: Run,
}

#[derive(Subcommand)]
enum Role {
    /// One service process; started by the others.
    #[command(hide = true)]
    Worker(Orders),
}

#[derive(clap::Args)]
struct Run {
    /// Decides faults, handlers and commands.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Several seeds, like 1..=30.
    #[arg(long, value_parser = range, conflicts_with = "seed")]
    seeds: Option<RangeInclusive<u64>>,
    /// How long commands are issued and things are broken.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Histories that run side by side.
    #[arg(long, default_value_t = 1)]
    jobs: usize,
    /// Which faults, with commas between; all but `trim` where not given.
    #[arg(long, value_enum, value_delimiter = ',')]
    faults: Option<Vec<Kind>>,
    /// How many of ten thousand events have which fate, like slow=60,reject=40; `all` or `none`.
    #[arg(long, default_value = "all")]
    handlers: Mix,
    /// Commands a second.
    #[arg(long, default_value_t = 100.0)]
    rate: f64,
    /// Seconds within which all must have come to rest after the last fault.
    #[arg(long, default_value_t = 120)]
    rest_within: u64,
    /// Print the plan of the faults and do nothing.
    #[arg(long)]
    plan: bool,
}

fn range(text: &str) -> Result<RangeInclusive<u64>, String> {
    let (first, last) = text.split_once("..=").ok_or("not like 1..=30")?;
    let number = |text: &str| text.parse().map_err(|_| format!("`{text}` is no number"));
    Ok(number(first)?..=number(last)?)
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    if let Some(Role::Worker(orders)) = arguments.role {
        let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
        tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).init();
        Box::pin(worker::run(orders)).await?;
        return Ok(ExitCode::SUCCESS);
    }
    let run = arguments.run;
    let kinds = run.faults.clone().unwrap_or_else(Kind::promised);
    let settings = |seed| Settings {
        seed,
        seconds: run.seconds,
        faults: kinds.clone(),
        handlers: run.handlers,
        rate: run.rate,
        rest_within: Duration::from_secs(run.rest_within),
    };
    let seeds = run.seeds.clone().unwrap_or(run.seed..=run.seed);
    let one = seeds.start() == seeds.end();
    if one || run.plan {
        for seed in seeds.clone() {
            println!("the plan of seed {seed}:");
            for step in faults::plan(seed, run.seconds, &kinds) {
                println!("{:>9.3} s  {}", step.at.as_secs_f64(), step.fault);
            }
        }
    }
    if run.plan {
        return Ok(ExitCode::SUCCESS);
    }
    let turns = Arc::new(Semaphore::new(run.jobs));
    let mut histories = JoinSet::new();
    for seed in seeds {
        let (settings, turns) = (settings(seed), Arc::clone(&turns));
        histories.spawn(async move {
            let _turn = turns.acquire_owned().await.context("nobody closes it")?;
            history(settings).await
        });
    }
    println!("{}", table::head());
    let mut red = 0;
    while let Some(report) = histories.join_next().await {
        red += usize::from(!report??.findings.is_empty());
    }
    if !one {
        println!("{}", if red == 0 { "all green".to_owned() } else { format!("{red} red") });
    }
    Ok(if red == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs one history and prints its line, and where it is red, what is wrong with it.
async fn history(settings: Settings) -> Result<Report> {
    /// Findings printed in full; the rest is counted.
    const SHOWN: usize = 12;
    let folder = conduct::folder(settings.seed)?;
    // a history that hangs is red as well, and must not hang its caller
    let limit = Duration::from_secs(settings.seconds + 300);
    let report = tokio::time::timeout(limit, conduct::run(&settings, folder.path())).await;
    let report = report.with_context(|| format!("seed {} did not end in {limit:?}", settings.seed))??;
    println!("{}", table::line(&report));
    if !report.findings.is_empty() {
        for finding in report.findings.iter().take(SHOWN) {
            println!("    {}: {finding}", finding.word());
        }
        if report.findings.len() > SHOWN {
            println!("    … and {} more", report.findings.len() - SHOWN);
        }
        println!("    journals, logs and tables: {}", conduct::keep(folder).display());
        println!("    again: {}", table::command(&report.settings));
    }
    Ok(report)
}
