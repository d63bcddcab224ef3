//! One service process: commands, a relay, and a consumer for each group, with the handlers that seed and mix decide.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context, Result, anyhow};
use services::{inbox, relay::Relay};
use store::{Database, Transaction};
use streams::{Backoff, Consumer, ConsumerSettings, Failure, Handler, Message, Metrics, Redis};
use tokio::{signal::unix, sync::Notify};
use tokio_util::sync::CancellationToken;

use crate::{
    Event, STREAM,
    fate::{Fate, Mix},
    journal::{Clock, Journal, Note},
    tables::{ORDERED, SHARED, Tables},
    workload::Workload,
};

/// The lease of an entry.
pub const CLAIM_AFTER: Duration = Duration::from_secs(2);
/// A slow handler: more than two leases.
const SLOW: Duration = Duration::from_millis(4_500);
/// Between the commit of an effect and the end of its handler, where one lingers.
const LINGER: Duration = Duration::from_millis(300);
/// High enough that crashes alone seldom use them up.
const MAX_ATTEMPTS: u64 = 6;
/// Events of different keys in one transaction.
const TOGETHER: usize = 20;
/// A loop that comes this late was kept from running by the machine.
const STALL: Duration = Duration::from_millis(250);

/// What a worker is told.
#[derive(Debug, Clone, clap::Args)]
pub struct Orders {
    /// Where the databases and the journals are.
    #[arg(long)]
    pub folder: PathBuf,
    /// Its place: the worker that follows in it has the same consumer name.
    #[arg(long)]
    pub slot: usize,
    #[arg(long)]
    pub redis: String,
    #[arg(long)]
    pub seed: u64,
    #[arg(long)]
    pub handlers: Mix,
    /// Commands a second.
    #[arg(long)]
    pub rate: f64,
    /// Start of the history, in microseconds since 1970.
    #[arg(long)]
    pub origin_us: u64,
}

/// The name of a slot's consumers.
pub fn consumer_name(slot: usize) -> String {
    format!("worker-{slot}")
}

/// The file that tells workers to issue no more commands.
pub fn quiet_file(folder: &Path) -> PathBuf {
    folder.join("quiet")
}

/// Works until SIGTERM.
pub async fn run(orders: Orders) -> Result<()> {
    let origin = SystemTime::UNIX_EPOCH + Duration::from_micros(orders.origin_us);
    let path = orders.folder.join(format!("worker-{}.journal", orders.slot));
    let journal = Arc::new(Journal::open(&path, Clock::since(origin))?);
    journal.note(Note::Up { slot: orders.slot });
    watch_for_stalls(&journal);
    let tables = Tables::open(&orders.folder)?;
    let redis = Redis::new(&orders.redis)?;
    let committed = Arc::new(Notify::new());
    let stop = CancellationToken::new();
    let mut terminate = unix::signal(unix::SignalKind::terminate()).context("SIGTERM")?;
    let relay = Relay::over(
        vec![("commands", tables.commands.clone())],
        vec![tables.ordered.clone(), tables.shared.clone()],
        Arc::clone(&committed),
        redis.clone(),
    );
    let workload = Workload {
        commands: tables.commands.clone(),
        journal: Arc::clone(&journal),
        committed,
        per_second: orders.rate,
        seed: orders.seed.wrapping_mul(31).wrapping_add(orders.slot as u64),
    };
    let quiet = quiet_file(&orders.folder);
    let consumer = |group| {
        let handler = Effects {
            database: tables.of_group(group).clone(),
            journal: Arc::clone(&journal),
            seed: orders.seed,
            mix: orders.handlers,
            had_outage: Mutex::default(),
        };
        Consumer::new(redis.clone(), settings(group, orders.slot), handler, Metrics::default()).run(stop.clone())
    };
    tokio::join!(
        async {
            terminate.recv().await;
            stop.cancel();
        },
        relay.run(stop.clone()),
        workload.run(stop.clone(), move || quiet.exists()),
        consumer(SHARED),
        async {
            if orders.slot == 0 {
                consumer(ORDERED).await;
            }
        },
    );
    Ok(())
}

fn settings(group: &str, slot: usize) -> ConsumerSettings {
    ConsumerSettings {
        claim_after: CLAIM_AFTER,
        reclaim_every: Duration::from_millis(500),
        max_attempts: MAX_ATTEMPTS,
        backoff: Backoff { first: Duration::from_millis(100), cap: Duration::from_secs(1) },
        probe: Backoff { first: Duration::from_millis(100), cap: Duration::from_millis(500) },
        drain: Duration::from_secs(6),
        ..ConsumerSettings::new(STREAM, group, consumer_name(slot))
    }
}

/// Notes when this process got no processor: what happens then is not the program's doing.
fn watch_for_stalls(journal: &Arc<Journal>) {
    const LOOK_EVERY: Duration = Duration::from_millis(50);
    let journal = Arc::clone(journal);
    std::thread::spawn(move || {
        loop {
            let looked = Instant::now();
            std::thread::sleep(LOOK_EVERY);
            let late = looked.elapsed().saturating_sub(LOOK_EVERY);
            if late > STALL {
                journal.note(Note::Stalled { for_us: u64::try_from(late.as_micros()).unwrap_or(u64::MAX) });
            }
        }
    });
}

/// The handler of a group: a row for each event that takes effect.
struct Effects {
    database: Database,
    journal: Arc<Journal>,
    seed: u64,
    mix: Mix,
    had_outage: Mutex<BTreeSet<Event>>,
}

impl Handler for Effects {
    async fn handle(&self, message: &Message) -> Result<(), Failure> {
        let event = read(message)?;
        let _run = Run::start(&self.journal, message, event);
        match self.mix.fate(self.seed, message.group(), event) {
            Fate::Slow => tokio::time::sleep(SLOW).await,
            Fate::Retry(times) if message.attempt <= times => return Err(Failure::Retry(anyhow!("not yet"))),
            Fate::Poison => return Err(Failure::Retry(anyhow!("never"))),
            Fate::Reject => return Err(Failure::Reject(anyhow!("refused"))),
            Fate::Panic if message.attempt == 1 => panic!("the first attempt at {event} panics"),
            Fate::Abort if message.attempt == 1 => std::process::abort(),
            Fate::Outage if self.outage_begins(event) => return Err(Failure::Outage(anyhow!("away"))),
            _ => {}
        }
        self.take_effect(event).await?;
        if self.mix.fate(self.seed, message.group(), event) == Fate::Linger {
            tokio::time::sleep(LINGER).await;
        }
        Ok(())
    }

    fn together(&self) -> usize {
        TOGETHER
    }

    async fn handle_together(&self, messages: &[&Message]) -> Result<(), Failure> {
        let mut runs = Vec::new();
        let mut events = Vec::new();
        for message in messages {
            let event = read(message)?;
            if self.mix.fate(self.seed, message.group(), event) != Fate::Fast {
                return Err(Failure::Retry(anyhow!("one of them wants to be alone")));
            }
            events.push((event, event.to_string()));
            runs.push(Run::start(&self.journal, message, event));
        }
        let ids: Vec<_> = events.iter().map(|(_, id)| (id.as_str(), "chaos")).collect();
        let (mut transaction, first) = inbox::first_times(&self.database, &ids).await?;
        for (event, _) in events.iter().filter(|(_, id)| first.contains(id.as_str())) {
            note_effect(&mut transaction, *event).await?;
        }
        Ok(transaction.commit().await.map_err(services::Error::from)?)
    }
}

fn read(message: &Message) -> Result<Event, Failure> {
    let id = message.envelope.event_id.as_deref().unwrap_or_default();
    id.parse().map_err(|error| Failure::Reject(anyhow::Error::msg(error)))
}

async fn note_effect(transaction: &mut Transaction, event: Event) -> Result<(), services::Error> {
    sqlx::query("insert into effects (key, n, taken_back) values ($1, $2, $3)")
        .bind(i64::from(event.key))
        .bind(i64::from(event.n))
        .bind(i64::from(event.taken_back))
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

impl Effects {
    async fn take_effect(&self, event: Event) -> Result<(), Failure> {
        let Some(mut transaction) = inbox::first_time(&self.database, &event.to_string(), "chaos").await? else {
            return Ok(());
        };
        note_effect(&mut transaction, event).await?;
        Ok(transaction.commit().await.map_err(services::Error::from)?)
    }

    /// Whether this process meets this event's outage now: the probe after it gets through.
    fn outage_begins(&self, event: Event) -> bool {
        self.had_outage.lock().unwrap_or_else(PoisonError::into_inner).insert(event)
    }
}

/// A handler at work; noted as ended however it ends.
struct Run<'a> {
    journal: &'a Journal,
    group: String,
    entry: String,
}

impl<'a> Run<'a> {
    fn start(journal: &'a Journal, message: &Message, event: Event) -> Self {
        let (group, entry) = (message.group().to_owned(), message.id.to_string());
        journal.note(Note::Started { group: group.clone(), entry: entry.clone(), event, attempt: message.attempt });
        Self { journal, group, entry }
    }
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        self.journal.note(Note::Ended { group: self.group.clone(), entry: self.entry.clone() });
    }
}
