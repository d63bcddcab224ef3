//! Consumers side by side: an empty handler that parses the JSON, one process each, every event acknowledged.

use std::{
    fs::File,
    process::{self, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use nix::sys::resource::{UsageWho, getrusage};
use redis::{Connection, cmd, pipe};

use crate::{
    event::event,
    figures::{Section, Spread, Target, Wanted, short},
    machine,
    programs::{self, Program},
    server::{Counters, Server},
    snapshot::Snapshot,
};

pub(crate) const STREAM: &str = "ev";
pub(crate) const GROUP: &str = "g";
/// Entries added in one round trip.
const BATCH: usize = 500;
/// Most that filling or one run may take: a peer that hangs must not take the others along.
const PATIENCE: Duration = Duration::from_mins(2);
/// Often enough to waste little time, seldom enough to disturb nobody.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What a consumer of ours did in its process.
pub(crate) struct Done {
    pub(crate) events: usize,
    pub(crate) took: Duration,
}

/// One run of one program.
#[derive(Clone, Copy)]
struct Run {
    per_second: f64,
    client_cpu_us: f64,
    redis_cpu_us: f64,
    commands: f64,
}

/// A program with what it reads and what it did, round by round.
struct Measured {
    program: &'static Program,
    command: programs::Command,
    content: Snapshot,
    runs: Vec<Option<Run>>,
    failure: Option<String>,
}

pub(crate) fn run(rounds: usize, only: &[String]) -> Result<Section> {
    let server = Server::start()?;
    let mut redis = server.connect()?;
    let (mut measured, mut absent) = (Vec::new(), Vec::new());
    for program in programs::selected(only)? {
        eprintln!("[bench] {}: {} events are published", program.name, program.events);
        match prepare(&server, &mut redis, program) {
            Ok(ready) => measured.push(ready),
            Err(error) => absent.push((program, format!("{error:#}"))),
        }
    }
    let mut load = machine::Load::default();
    for round in 1..=rounds {
        for one in &mut measured {
            load.look();
            let run = one.round(&server, &mut redis);
            match &run {
                Ok(run) => eprintln!("[bench] round {round}: {} {:.0} events/s", one.program.name, run.per_second),
                Err(error) => eprintln!("[bench] round {round}: {} failed: {error:#}", one.program.name),
            }
            one.failure = one.failure.take().or(run.as_ref().err().map(|error| format!("{error:#}")));
            one.runs.push(run.ok());
        }
    }
    Ok(section(&measured, &absent, rounds, &load))
}

fn prepare(server: &Server, redis: &mut Connection, program: &'static Program) -> Result<Measured> {
    let command = program.command()?;
    cmd("FLUSHALL").exec(redis)?;
    if program.reads_our_stream {
        fill(redis, program.events)?;
    } else {
        start(&command, server, program, "fill")?;
    }
    Ok(Measured { program, command, content: Snapshot::take(redis)?, runs: Vec::new(), failure: None })
}

/// The stream `ev` with the group `g`, which has read nothing.
pub(crate) fn fill(redis: &mut Connection, events: usize) -> Result<()> {
    for first in (0..events).step_by(BATCH) {
        let mut batch = pipe();
        for number in first..(first + BATCH).min(events) {
            batch.cmd("XADD").arg(STREAM).arg("*").arg("data").arg(event(number)).ignore();
        }
        batch.exec(redis)?;
    }
    Ok(cmd("XGROUP").arg("CREATE").arg(STREAM).arg(GROUP).arg("0").exec(redis)?)
}

impl Measured {
    fn round(&self, server: &Server, redis: &mut Connection) -> Result<Run> {
        self.content.put_back(redis)?;
        let (before, cpu_before) = (Counters::read(redis)?, cpu_of_children()?);
        let printed = start(&self.command, server, self.program, "run")?;
        let (cpu, after) = (cpu_of_children()? - cpu_before, Counters::read(redis)?);
        let (done, seconds) = result(&printed)?;
        if self.program.reads_our_stream && self.program.name != "sea-streamer" {
            // the peers are taken at their word; sea-streamer leaves what its last interval did not acknowledge
            let pending: (u64, redis::Value, redis::Value, redis::Value) =
                cmd("XPENDING").arg(STREAM).arg(GROUP).query(redis)?;
            if pending.0 > 0 {
                bail!("{} entries were not acknowledged", pending.0);
            }
        }
        let each = |seconds: f64| seconds * 1e6 / self.program.events as f64;
        Ok(Run {
            per_second: done / seconds,
            client_cpu_us: each(cpu),
            redis_cpu_us: each(after.cpu_seconds - before.cpu_seconds),
            commands: (after.commands - before.commands) / self.program.events as f64,
        })
    }

    fn values(&self, of: impl Fn(&Run) -> f64) -> Vec<f64> {
        self.runs.iter().flatten().map(of).collect()
    }
}

/// Starts a process and gives what it printed.
fn start(command: &programs::Command, server: &Server, program: &Program, word: &str) -> Result<String> {
    let folder = programs::environments();
    std::fs::create_dir_all(&folder)?;
    let log = folder.join(format!("{}.stderr", program.name));
    let mut child = process::Command::new(&command.program)
        .args(&command.arguments)
        .arg(word)
        .env("REDIS_URL", server.url())
        .env("N", program.events.to_string())
        .envs(command.variables.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(File::create(&log)?)
        .spawn()
        .with_context(|| format!("{} cannot be started", command.program.display()))?;
    let started = Instant::now();
    let ended = loop {
        if let Some(ended) = child.try_wait()? {
            break ended;
        }
        if started.elapsed() > PATIENCE {
            child.kill()?;
            child.wait()?;
            bail!("`{word}` did not end within {PATIENCE:?}");
        }
        std::thread::sleep(LOOK_EVERY);
    };
    if !ended.success() {
        let said = std::fs::read_to_string(&log).unwrap_or_default();
        let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
        bail!("`{word}` ended with {ended}: {}", last.trim());
    }
    Ok(std::io::read_to_string(child.stdout.take().expect("it is piped"))?)
}

/// `RESULT <events> <seconds>`
fn result(printed: &str) -> Result<(f64, f64)> {
    let line = printed.lines().find_map(|line| line.strip_prefix("RESULT ")).context("it printed no RESULT")?;
    let (events, seconds) = line.split_once(' ').with_context(|| format!("RESULT {line}"))?;
    Ok((events.trim().parse()?, seconds.trim().parse()?))
}

/// User and system time of all children that have ended, in seconds.
fn cpu_of_children() -> Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let seconds = |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    Ok(seconds(usage.user_time()) + seconds(usage.system_time()))
}

fn section(measured: &[Measured], absent: &[(&Program, String)], rounds: usize, load: &machine::Load) -> Section {
    let mut section = Section::new(
        "Consume",
        format!(
            "An event of {} bytes; the handler parses its JSON and does nothing else; one process; every event is \
             acknowledged. {rounds} interleaved rounds, ratios formed inside each round; rates begin with the first \
             event, the CPU columns are of the whole process with its start. {load}",
            event(0).len()
        ),
        &[
            "consumer",
            "events",
            "events/s",
            "ratio to limit",
            "client CPU µs/event",
            "Redis CPU µs/event",
            "commands/event",
        ],
    );
    let find = |name: &str| measured.iter().find(|one| one.program.name == name);
    let limit = find("limit");
    for one in measured {
        let label = one
            .command
            .version
            .as_ref()
            .map_or_else(|| one.program.label.to_owned(), |version| format!("{} ({version})", one.program.label));
        let ratio = limit.map(|limit| ratios(one, limit, |run| run.per_second)).unwrap_or_default();
        section.row([
            label,
            short(one.program.events as f64),
            Spread::cell(&one.values(|run| run.per_second)),
            Spread::cell(&ratio),
            Spread::cell(&one.values(|run| run.client_cpu_us)),
            Spread::cell(&one.values(|run| run.redis_cpu_us)),
            Spread::cell(&one.values(|run| run.commands)),
        ]);
        if let Some(failure) = &one.failure {
            let failed = one.runs.iter().filter(|run| run.is_none()).count();
            section.notes.push(format!("{} failed in {failed} of {rounds} rounds: {failure}", one.program.name));
        }
    }
    for (program, why) in absent {
        section.notes.push(format!("{} was not measured: {why}", program.name));
    }
    let against = |other: &str, of: fn(&Run) -> f64| {
        Spread::of(&ratios(find("ours")?, find(other)?, of)).map(|spread| spread.median)
    };
    let rate = |run: &Run| run.per_second;
    section.targets = vec![
        Target::new("ours / limit, events/s", Wanted::AtLeast(1.0), against("limit", rate)),
        Target::new("ours / sea-streamer, events/s", Wanted::AtLeast(3.0), against("sea-streamer", rate)),
        Target::new("ours / FastStream in batches, events/s", Wanted::AtLeast(6.0), against("faststream-batch", rate)),
        Target::new("ours / limit, client CPU", Wanted::AtMost(2.0), against("limit", |run| run.client_cpu_us)),
    ];
    section
}

/// `one` over `other`, inside each round in which both ran.
fn ratios(one: &Measured, other: &Measured, of: impl Fn(&Run) -> f64) -> Vec<f64> {
    let pairs = one.runs.iter().zip(&other.runs);
    pairs.filter_map(|(one, other)| Some(of(one.as_ref()?) / of(other.as_ref()?))).collect()
}
