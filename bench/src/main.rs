//! What our parts cost, beside their peers and beside the bare loop that does the least possible, side by side in one run.
//! `make bench` runs everything and writes `bench/RESULTS.md`. No test reads these figures.
//!
//! | module | what |
//! | --- | --- |
//! | [`consume`] | consumers with an empty handler, a process each |
//! | [`programs`] | who they are and how each is started |
//! | [`limit`] [`ours`] | the bare loops, and `streams::Consumer`, as such processes |
//! | [`durable`] | inbox mark and update per event, on both databases |
//! | [`latency`] | from a command to its effect in another service |
//! | [`soak`] | a million events, and whether anything grows |
//! | [`observe`] | what a look costs on a large installation, beside an exporter and a bare pipeline |
//! | [`pages`] | pages and live connections of the console on that installation |
//! | [`installation`] | a thousand streams of ten groups |
//! | [`server`] [`snapshot`] [`event`] | the Redis that is measured on, and what is in it |
//! | [`figures`] [`machine`] | medians, tables, and what is said of the machine |

mod consume;
mod durable;
mod event;
mod figures;
mod installation;
mod latency;
mod limit;
mod machine;
mod observe;
mod ours;
mod pages;
mod programs;
mod server;
mod snapshot;
mod soak;

use std::{fmt::Write, path::Path};

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};
use durable::Kind;
use figures::Section;

/// Odd, so that the median is one of them.
const ROUNDS: usize = 5;
/// Events of the soak: about a minute.
const SOAKED: usize = 1_000_000;

/// Measures consumers and their peers, effects in databases, latency, memory and the sampler.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    part: Part,
}

#[derive(Subcommand)]
enum Part {
    /// Everything.
    All {
        #[arg(long, default_value_t = ROUNDS)]
        rounds: usize,
        /// Write bench/RESULTS.md.
        #[arg(long)]
        write: bool,
    },
    /// Consumers with an empty handler.
    Consume {
        #[arg(long, default_value_t = ROUNDS)]
        rounds: usize,
        /// Only these, by name: limit,ours,sea-streamer,…
        #[arg(long, value_delimiter = ',')]
        only: Vec<String>,
    },
    /// An inbox mark and an update for every event.
    Durable {
        #[arg(long, default_value_t = ROUNDS)]
        rounds: usize,
        /// Only these databases: sqlite, postgres.
        #[arg(long, value_delimiter = ',')]
        only: Vec<String>,
    },
    /// From a command to its effect in another service.
    Latency {
        #[arg(long, default_value_t = ROUNDS)]
        rounds: usize,
        /// Only these databases: sqlite, postgres.
        #[arg(long, value_delimiter = ',')]
        only: Vec<String>,
    },
    /// Many events through one consumer, with a look at the memory.
    Soak {
        #[arg(long, default_value_t = SOAKED)]
        events: usize,
    },
    /// The sampler on an installation of many streams.
    Observe {
        #[arg(long, default_value_t = ROUNDS)]
        rounds: usize,
    },
    /// Pages and live connections of the console on an installation of many streams.
    Pages,
    /// One consumer in this process; `consume` starts these.
    #[command(hide = true)]
    Run {
        name: String,
        /// What to do: `run`.
        word: String,
    },
}

fn main() -> Result<()> {
    let sections = match Arguments::parse().part {
        Part::Run { name, word } => return run(&name, &word),
        Part::All { rounds, write } => {
            let mut sections = Vec::new();
            let mut done = |more: Vec<Section>| -> Result<()> {
                for section in &more {
                    println!("{section}");
                }
                sections.extend(more);
                // after every part: who stops it halfway keeps what was measured
                if write { write_results(&sections) } else { Ok(()) }
            };
            done(vec![consume::run(rounds, &[])?])?;
            done(block_on(durable::run(rounds, &Kind::ALL))?)?;
            done(vec![block_on(latency::run(rounds, &Kind::ALL))?])?;
            done(vec![block_on(soak::run(SOAKED))?])?;
            done(vec![block_on(observe::run(rounds))?])?;
            done(vec![block_on(pages::run())?])?;
            return Ok(());
        }
        Part::Consume { rounds, only } => vec![consume::run(rounds, &only)?],
        Part::Durable { rounds, only } => block_on(durable::run(rounds, &durable::selected(&only)?))?,
        Part::Latency { rounds, only } => vec![block_on(latency::run(rounds, &durable::selected(&only)?))?],
        Part::Soak { events } => vec![block_on(soak::run(events))?],
        Part::Pages => vec![block_on(pages::run())?],
        Part::Observe { rounds } => vec![block_on(observe::run(rounds))?],
    };
    for section in sections {
        println!("{section}");
    }
    Ok(())
}

/// The runtime that a server would have.
fn block_on<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(future)
}

/// A consumer as a process of its own.
fn run(name: &str, word: &str) -> Result<()> {
    let url = std::env::var("REDIS_URL").context("REDIS_URL")?;
    let events = std::env::var("N").context("N")?.parse()?;
    let done = match (name, word) {
        ("limit", "run") => block_on(limit::turn_by_turn(&url))?,
        ("ceiling", "run") => limit::read_ahead(&url)?,
        ("ours", "run") => block_on(ours::consume(&url, events, 1))?,
        ("ours-together", "run") => block_on(ours::consume(&url, events, 100))?,
        _ => bail!("there is no `run {name} {word}`"),
    };
    println!("RESULT {} {}", done.events, done.took.as_secs_f64());
    Ok(())
}

fn write_results(sections: &[Section]) -> Result<()> {
    let mut text = machine::header()?;
    for section in sections {
        write!(text, "\n{section}")?;
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("RESULTS.md");
    std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
}
