//! A durable effect: an inbox mark and an update for every event, beside bare loops over the same tables.

pub(crate) mod bare;
mod handler;
mod service;

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use streams::{Consumer, ConsumerSettings, Handler, Metrics, Redis};
use testkit::postgres::{Postgres, Sqlite};
use tokio_util::sync::CancellationToken;

use crate::{
    consume::{self, GROUP, STREAM},
    event::KEYS,
    figures::{Section, Spread, Target, Wanted, short},
    machine,
    server::Server,
};
use handler::Effect;

/// The same on both databases.
const SCHEMA: [&str; 2] = [
    "create table inbox (event_id text primary key, handled_us bigint not null)",
    "create table task (task_id text primary key, status text not null, progress bigint not null)",
];
/// Events of one transaction where several share it.
const TOGETHER: usize = 100;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
}

/// A database of its own for every run, so that none finds the marks of another.
enum Place {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

impl Kind {
    pub(crate) const ALL: [Self; 2] = [Self::Sqlite, Self::Postgres];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }

    async fn place(self) -> Result<Place> {
        Ok(match self {
            Self::Sqlite => Place::Sqlite(Sqlite::new()?),
            Self::Postgres => Place::Postgres(Postgres::new().await?),
        })
    }
}

impl Place {
    fn url(&self) -> String {
        match self {
            Self::Sqlite(sqlite) => sqlite.url(),
            Self::Postgres(postgres) => postgres.url(),
        }
    }
}

/// The ways to bring events into a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    ManyRows,
    OneByOne,
    HandlerOneByOne,
    HandlerTogether,
    WithRedis,
    Service,
}

impl Way {
    const ALL: [Self; 6] =
        [Self::ManyRows, Self::OneByOne, Self::HandlerOneByOne, Self::HandlerTogether, Self::WithRedis, Self::Service];

    fn label(self) -> &'static str {
        match self {
            Self::ManyRows => "**limit**: bare loop, 100 per transaction, two statements of many rows",
            Self::OneByOne => "bare loop, one transaction per event",
            Self::HandlerOneByOne => "ours: `handle` alone, 16 at once, no Redis",
            Self::HandlerTogether => "**ours**: `handle_together` alone, 100 at once, no Redis",
            Self::WithRedis => "**ours**: Redis, `streams::Consumer`, the same handler",
            Self::Service => "ours: Redis, `streams::Consumer`, the backlog service with its own tables",
        }
    }

    /// Slow ways get fewer events, so that a round stays short.
    fn events(self) -> usize {
        match self {
            Self::ManyRows | Self::HandlerTogether | Self::WithRedis | Self::Service => 50_000,
            Self::OneByOne | Self::HandlerOneByOne => 5_000,
        }
    }

    /// How long it took in an empty database.
    async fn run(self, kind: Kind) -> Result<Duration> {
        let place = kind.place().await?;
        let (url, events) = (place.url(), self.events());
        match self {
            Self::ManyRows => bare::run(&url, kind, events, TOGETHER).await,
            Self::OneByOne => bare::run(&url, kind, events, 1).await,
            Self::HandlerOneByOne | Self::HandlerTogether => {
                let effect = Effect::new(&url, events).await?;
                let messages = handler::messages(events)?;
                let started = Instant::now();
                if self == Self::HandlerTogether {
                    handler::feed(&effect, &messages).await?;
                } else {
                    handler::feed_one_by_one(&effect, &messages).await?;
                }
                let took = started.elapsed();
                effect.check().await?;
                Ok(took)
            }
            Self::WithRedis => {
                let effect = Effect::new(&url, events).await?;
                let took = consume(effect.clone(), events, effect.finished()).await?;
                effect.check().await?;
                Ok(took)
            }
            Self::Service => service::run(&place, events).await,
        }
    }
}

/// Events through a Redis and a consumer, until every effect is committed and every entry acknowledged.
async fn consume(handler: impl Handler, events: usize, finished: impl Future<Output = ()>) -> Result<Duration> {
    let server = Server::start()?;
    consume::fill(&mut server.connect()?, events)?;
    let settings = ConsumerSettings::new(STREAM, GROUP, "ours");
    let stop = CancellationToken::new();
    let consumer = Consumer::new(Redis::new(&server.url())?, settings, handler, Metrics::default());
    let started = Instant::now();
    let running = tokio::spawn(consumer.run(stop.clone()));
    finished.await;
    stop.cancel();
    running.await?;
    Ok(started.elapsed())
}

pub(crate) async fn run(rounds: usize, kinds: &[Kind]) -> Result<Vec<Section>> {
    let mut sections = Vec::new();
    for &kind in kinds {
        sections.push(on(kind, rounds).await?);
    }
    Ok(sections)
}

async fn on(kind: Kind, rounds: usize) -> Result<Section> {
    let mut rates: Vec<(Way, Vec<f64>)> = Way::ALL.map(|way| (way, Vec::new())).into();
    let mut load = machine::Load::default();
    for round in 1..=rounds {
        for (way, rates) in &mut rates {
            load.look();
            let took = way.run(kind).await.with_context(|| format!("{way:?} on {}", kind.name()))?;
            let rate = way.events() as f64 / took.as_secs_f64();
            eprintln!("[bench] round {round}: {} {way:?} {rate:.0} events/s", kind.name());
            rates.push(rate);
        }
    }
    let against = |way: Way, other: Way| -> Vec<f64> {
        let of = |wanted| rates.iter().find(|(way, _)| *way == wanted).map(|(_, rates)| rates.as_slice());
        let pairs = of(way).unwrap_or_default().iter().zip(of(other).unwrap_or_default());
        pairs.map(|(one, other)| one / other).collect()
    };
    let (name, durability) = match kind {
        Kind::Sqlite => {
            ("SQLite", "write-ahead log, `synchronous = normal`: a commit is in the file, not yet on the disk")
        }
        Kind::Postgres => {
            ("PostgreSQL", "`fsync` and `synchronous_commit` off: its round trips are measured, not a disk")
        }
    };
    let mut section = Section::new(
        &format!("Durable effect on {name}"),
        format!(
            "An inbox mark and an update of one of {KEYS} rows for every event, through sqlx' `Any`; {durability}. \
             {rounds} interleaved rounds, each run in an empty database. {load}"
        ),
        &["way", "events", "events/s", "ratio to limit", "ratio to one transaction per event"],
    );
    for (way, rates) in &rates {
        section.row([
            way.label().to_owned(),
            short(way.events() as f64),
            Spread::cell(rates),
            Spread::cell(&against(*way, Way::ManyRows)),
            Spread::cell(&against(*way, Way::OneByOne)),
        ]);
    }
    let median = |way, other| Spread::of(&against(way, other)).map(|spread| spread.median);
    section.targets = vec![
        Target::new("handler's path / limit", Wanted::AtLeast(0.8), median(Way::HandlerTogether, Way::ManyRows)),
        Target::new("ours / one transaction per event", Wanted::AtLeast(10.0), median(Way::WithRedis, Way::OneByOne)),
    ];
    Ok(section)
}

/// Those that are named, or both.
pub(crate) fn selected(only: &[String]) -> Result<Vec<Kind>> {
    let find = |name: &String| match Kind::ALL.into_iter().find(|kind| kind.name() == name) {
        Some(kind) => Ok(kind),
        None => bail!("no database {name}; there are sqlite and postgres"),
    };
    if only.is_empty() { Ok(Kind::ALL.to_vec()) } else { only.iter().map(find).collect() }
}
