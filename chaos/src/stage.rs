//! What faults are done to: a Redis with an append-only file, and worker processes in their slots, each with a link of its
//! own.

use std::{
    fs::File,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use testkit::{proxy::Proxy, redis::Server};

use crate::{
    conduct::Settings,
    faults::{Fault, WORKERS},
    journal::{Journal, Note},
    keeper::Keeper,
    tables::SHARED,
    worker::{CLAIM_AFTER, consumer_name},
};

/// How long an ended worker's place is empty, as a service manager would leave it.
const VACANCY: Duration = Duration::from_millis(300);
/// Over a link that is slower than this by as much in each direction, a touch may come too late.
const SLOW_LINK: Duration = Duration::from_millis(150);
/// So long after its start a worker has taken up what was pending for it.
const SETTLED_AFTER: Duration = Duration::from_secs(3);
/// After a hindrance it takes this long at most until leases are kept again: a lease, a look, a connection.
const AFTERMATH: Duration = Duration::from_secs(4);

/// Everything that can be broken.
pub struct Stage {
    server: Server,
    state: State,
    keeper: Keeper,
    slots: Vec<Slot>,
    journal: Journal,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Up,
    Stopped,
    Down,
}

/// A worker's place.
struct Slot {
    number: usize,
    proxy: Proxy,
    /// The command that starts its worker; everything but the words of this run.
    program: PathBuf,
    words: Vec<String>,
    log: PathBuf,
    child: Option<Child>,
    /// It was told to stop by a signal and must be told to go on.
    stopped: bool,
    started: Instant,
    vacant_since: Option<Instant>,
}

impl Stage {
    /// Starts Redis and the workers.
    pub async fn start(
        settings: &Settings,
        folder: &std::path::Path,
        journal: Journal,
        origin_us: u64,
    ) -> Result<Self> {
        let server = Server::start_durable().await;
        let program = std::env::current_exe().context("this program's file")?;
        let mut slots = Vec::new();
        for number in 0..WORKERS {
            let proxy = Proxy::start(&server.url()).await;
            let words = [
                ("--folder", folder.display().to_string()),
                ("--slot", number.to_string()),
                ("--redis", proxy.url()),
                ("--seed", settings.seed.to_string()),
                ("--handlers", settings.handlers.to_string()),
                ("--rate", (settings.rate / WORKERS as f64).to_string()),
                ("--origin-us", origin_us.to_string()),
            ];
            slots.push(Slot {
                number,
                proxy,
                program: program.clone(),
                words: words.into_iter().flat_map(|(name, value)| [name.to_owned(), value]).collect(),
                log: folder.join(format!("worker-{number}.log")),
                child: None,
                stopped: false,
                started: Instant::now(),
                vacant_since: None,
            });
        }
        let keeper = Keeper::new(&server.url())?;
        let mut stage = Self { server, state: State::Up, keeper, slots, journal };
        for slot in &mut stage.slots {
            slot.start()?;
        }
        Ok(stage)
    }

    /// Fills the places of workers that ended.
    pub fn look_after(&mut self) -> Result<()> {
        for slot in &mut self.slots {
            if let Some(child) = &mut slot.child
                && let Some(status) = child.try_wait()?
            {
                self.journal.note(Note::Fault { what: format!("worker {} ended with {status}", slot.number) });
                slot.child = None;
                slot.vacant_since = Some(Instant::now());
            }
            if slot.child.is_none() && slot.vacant_since.is_some_and(|since| since.elapsed() >= VACANCY) {
                slot.start()?;
            }
        }
        Ok(())
    }

    /// Begins a fault. `false`: it cannot be done now, as Redis is away already.
    pub async fn begin(&mut self, fault: &Fault) -> bool {
        let away = self.state != State::Up;
        match *fault {
            Fault::KillWorker { slot } => self.slots[slot].signal("-KILL"),
            Fault::StopWorker { slot, .. } => {
                self.hinder(Some(slot), fault);
                self.slots[slot].signal("-STOP");
                self.slots[slot].stopped = true;
            }
            Fault::EndWorker { slot } => self.slots[slot].signal("-TERM"),
            Fault::KillRedis { .. } | Fault::StopRedis { .. } if away => return false,
            Fault::KillRedis { .. } => {
                self.hinder(None, fault);
                self.server.kill();
                self.state = State::Down;
            }
            Fault::StopRedis { .. } => {
                self.hinder(None, fault);
                self.server.pause();
                self.state = State::Stopped;
            }
            Fault::CutLink { slot } => {
                self.hinder(Some(slot), fault);
                self.slots[slot].proxy.cut();
            }
            Fault::HalfOpenLink { slot, .. } => {
                self.hinder(Some(slot), fault);
                self.slots[slot].proxy.half_open(true);
            }
            Fault::LoseReplies { slot, .. } => {
                self.hinder(Some(slot), fault);
                self.slots[slot].proxy.swallow_replies(true);
            }
            Fault::DelayLink { slot, by, .. } => {
                if by > SLOW_LINK {
                    self.hinder(Some(slot), fault);
                }
                self.slots[slot].proxy.delay(by);
            }
            // somebody who has just come has not taken up yet what would be destroyed
            Fault::DeleteConsumer { slot, .. } if !self.slots[slot].is_settled() => return false,
            Fault::FlushAll
            | Fault::DeleteStream
            | Fault::DeleteConsumer { .. }
            | Fault::Trim { .. }
            | Fault::SendTwice { .. } => {
                // a command that fails has done nothing; it is a fault less
                return !away && self.keeper.damage(fault, &self.journal).await.is_ok();
            }
        }
        true
    }

    /// Ends what [`Stage::begin`] began.
    pub async fn end(&mut self, fault: &Fault) {
        match *fault {
            Fault::StopWorker { slot, .. } => self.slots[slot].go_on(),
            Fault::KillRedis { .. } if self.state == State::Down => {
                self.server.start_again().await;
                self.state = State::Up;
            }
            Fault::StopRedis { .. } if self.state == State::Stopped => {
                self.server.resume();
                self.state = State::Up;
            }
            Fault::HalfOpenLink { slot, .. } => self.slots[slot].proxy.half_open(false),
            Fault::LoseReplies { slot, .. } => self.slots[slot].proxy.swallow_replies(false),
            Fault::DelayLink { slot, .. } => self.slots[slot].proxy.delay(Duration::ZERO),
            _ => {}
        }
    }

    /// Ends the workers in an orderly way; gives the slots whose worker had to be killed.
    pub async fn dismiss(&mut self) -> Result<Vec<usize>> {
        const PATIENCE: Duration = Duration::from_secs(20);
        let deadline = Instant::now() + PATIENCE;
        let mut killed = Vec::new();
        for slot in &self.slots {
            slot.signal("-TERM");
        }
        for slot in &mut self.slots {
            while let Some(child) = &mut slot.child {
                if child.try_wait()?.is_some() {
                    slot.child = None;
                } else if Instant::now() > deadline {
                    child.kill()?;
                    child.wait()?;
                    slot.child = None;
                    killed.push(slot.number);
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        Ok(killed)
    }

    /// The most memory that a worker uses now, in KiB.
    pub fn worker_memory_kib(&self) -> u64 {
        let children = self.slots.iter().filter_map(|slot| slot.child.as_ref());
        children.map(|child| memory_kib(child.id()).unwrap_or_default()).max().unwrap_or_default()
    }

    pub fn keeper(&self) -> &Keeper {
        &self.keeper
    }

    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Notes that leases cannot be kept while this fault lasts, and shortly after.
    fn hinder(&self, slot: Option<usize>, fault: &Fault) {
        let lasts = fault.lasts() + CLAIM_AFTER + AFTERMATH;
        self.journal.note(Note::Hindered { slot, for_us: u64::try_from(lasts.as_micros()).unwrap_or(u64::MAX) });
    }
}

impl Slot {
    fn start(&mut self) -> Result<()> {
        let log = File::options().create(true).append(true).open(&self.log)?;
        let child = Command::new(&self.program)
            .arg("worker")
            .args(&self.words)
            // handlers panic on purpose: where is known
            .env("RUST_BACKTRACE", "0")
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("worker {}", self.number))?;
        (self.child, self.stopped, self.vacant_since) = (Some(child), false, None);
        self.started = Instant::now();
        Ok(())
    }

    /// Whether its worker runs, and long enough to have taken up what waited for it.
    fn is_settled(&self) -> bool {
        self.child.is_some() && !self.stopped && self.started.elapsed() >= SETTLED_AFTER
    }

    /// Sends a signal, where there is somebody to get it.
    fn signal(&self, signal: &str) {
        if let Some(child) = &self.child {
            // fails only where it has just ended: not waited for yet, its id is nobody else's
            let _ = Command::new("kill").args([signal, &child.id().to_string()]).stderr(Stdio::null()).status();
        }
    }

    fn go_on(&mut self) {
        // a worker that followed in this place was never stopped
        if std::mem::take(&mut self.stopped) {
            self.signal("-CONT");
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // SIGKILL ends a stopped process too; both fail only if it is gone already
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn memory_kib(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse().ok())
}

/// The consumer of a slot in a group, as Redis knows it; all slots read the shared group.
pub fn consumers(group: &str) -> Vec<String> {
    if group == SHARED { (0..WORKERS).map(consumer_name).collect() } else { vec![consumer_name(0)] }
}
