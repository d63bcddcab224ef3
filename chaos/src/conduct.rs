//! One history: commands and faults for so many seconds, a quiet time, the verdict.

use std::{
    collections::BTreeMap,
    fs::File,
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context, Result};

use crate::{
    checker::{self, Finding},
    fate::Mix,
    faults::{self, Fault, Kind, Step},
    history::{Group, History},
    journal::{self, Clock, Journal, Note},
    stage::Stage,
    tables::{GROUPS, Tables},
    worker::quiet_file,
};

/// How often workers are looked after.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Nothing may happen for so long before it counts as rest.
const REST: Duration = Duration::from_secs(2);

/// What a history is made from.
#[derive(Debug, Clone)]
pub struct Settings {
    pub seed: u64,
    pub seconds: u64,
    pub faults: Vec<Kind>,
    pub handlers: Mix,
    /// Commands a second, of all workers together.
    pub rate: f64,
    /// How long everything may take to come to rest after the last fault: leases of processes that died (the relay's
    /// takes 15 s), attempts, a Redis that a machine under load serves slowly.
    pub rest_within: Duration,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Report {
    pub settings: Settings,
    pub history: History,
    pub findings: Vec<Finding>,
    /// Faults that were done.
    pub faults: usize,
    /// How long it all took.
    pub took: Duration,
}

/// Runs a history in `folder` and judges it.
pub async fn run(settings: &Settings, folder: &Path) -> Result<Report> {
    let began = Instant::now();
    let origin = SystemTime::now();
    let origin_us = u64::try_from(origin.duration_since(SystemTime::UNIX_EPOCH)?.as_micros())?;
    // as the workers get it, cut to microseconds
    let clock = Clock::since(SystemTime::UNIX_EPOCH + Duration::from_micros(origin_us));
    let tables = Tables::open(folder)?;
    tables.create().await?;
    let journal = Journal::open(&folder.join("conductor.journal"), clock)?;
    let mut stage = Stage::start(settings, folder, journal, origin_us).await?;
    let faults = break_things(&mut stage, settings, clock).await?;
    File::create(quiet_file(folder)).context("the word that no more commands are wanted")?;
    rest(&mut stage, &tables, settings.rest_within).await?;
    let worker_memory_kib = stage.worker_memory_kib();
    let killed = stage.dismiss().await?;
    let mut history = History { worker_memory_kib, ..History::default() };
    let groups = stage.keeper().end(stage.journal()).await?;
    read_end(&mut history, groups, &tables, folder).await?;
    let mut findings = checker::check(&history);
    findings.extend(killed.into_iter().map(|slot| Finding::Left { what: format!("worker {slot}, deaf to SIGTERM") }));
    Ok(Report { settings: settings.clone(), history, findings, faults, took: began.elapsed() })
}

/// Follows the plan; gives how many faults were done.
async fn break_things(stage: &mut Stage, settings: &Settings, clock: Clock) -> Result<usize> {
    let mut acts: BTreeMap<(Duration, usize), (bool, Fault)> = BTreeMap::new();
    for (place, Step { at, fault }) in
        faults::plan(settings.seed, settings.seconds, &settings.faults).into_iter().enumerate()
    {
        acts.insert((at, 2 * place), (true, fault));
        if !fault.lasts().is_zero() {
            acts.insert((at + fault.lasts(), 2 * place + 1), (false, fault));
        }
    }
    let mut done = 0;
    let end = Duration::from_secs(settings.seconds);
    while clock.now() < end || !acts.is_empty() {
        stage.look_after()?;
        while let Some(next) = acts.first_entry()
            && next.key().0 <= clock.now()
        {
            let (begins, fault) = next.remove();
            if begins {
                let happened = stage.begin(&fault).await;
                done += usize::from(happened);
                let what = format!("{fault}{}", if happened { "" } else { " (could not be done)" });
                stage.journal().note(Note::Fault { what });
            } else {
                stage.end(&fault).await;
            }
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(done)
}

/// Waits until nothing waits and nothing happens any more, or for as long as that may take.
async fn rest(stage: &mut Stage, tables: &Tables, within: Duration) -> Result<()> {
    let deadline = Instant::now() + within;
    let mut calm_since = None;
    let mut before = (0, 0);
    while Instant::now() < deadline {
        stage.look_after()?;
        let effects = (tables.effects(GROUPS[0]).await?.len(), tables.effects(GROUPS[1]).await?.len());
        let places = stage.keeper().places().await;
        let settled = places.is_some_and(|places| {
            places.len() == GROUPS.len() && places.values().all(|place| place.pending == 0 && place.unread == 0)
        });
        if settled && effects == before && tables.minded().await?.is_empty() {
            if calm_since.get_or_insert_with(Instant::now).elapsed() >= REST {
                return Ok(());
            }
        } else {
            calm_since = None;
        }
        before = effects;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}

async fn read_end(
    history: &mut History,
    groups: impl IntoIterator<Item = (String, Group)>,
    tables: &Tables,
    folder: &Path,
) -> Result<()> {
    history.groups = groups.into_iter().collect();
    for name in GROUPS {
        history.groups.entry(name.to_owned()).or_default().effects = tables.effects(name).await?;
    }
    history.accepted = tables.accepted().await?;
    history.unsent = tables.unsent().await?;
    history.minded = tables.minded().await?;
    history.sent_again = tables.sent_again().await?;
    history.removed = tables.removed().await?;
    history.tell(&journal::read(folder)?);
    Ok(())
}

/// A folder for one history, with what belongs to it in its name.
pub fn folder(seed: u64) -> Result<tempfile::TempDir> {
    Ok(tempfile::Builder::new().prefix(&format!("chaos-{seed}-")).tempdir()?)
}

/// Keeps the folder of a history that is worth a look.
pub fn keep(folder: tempfile::TempDir) -> PathBuf {
    folder.keep()
}
