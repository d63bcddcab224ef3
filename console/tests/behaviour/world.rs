//! What a test needs to start with: the console on one of the two databases, a Redis with a group that has failed.

use std::{path::PathBuf, time::Duration};

use console::{Actor, Console, Error, alert::Channels, audit, group};
use domain::{
    Refusal,
    audit::AuditEntry,
    dead_letter::{Cursor, Filter},
    operation::{DeadLetterSelection, PendingAct, PendingSelection},
    refusal::RefusalKind,
    stream::EntryId,
};
use store::Database;
use streams::{
    Backoff, Consumer, ConsumerSettings, Failure, Handler, Message, Metrics, Redis, operate, sampler::sampler,
};
use testkit::{
    postgres::{Postgres, Sqlite},
    redis::Server,
    wait,
};
use tokio_util::sync::CancellationToken;

use crate::redis::ask;

/// Six entries: the first two are dead letters of [`GROUP`], the others pend there.
pub(crate) const STREAM: &str = "orders";
pub(crate) const GROUP: &str = "workers";
/// A group of the same stream that has read nothing.
pub(crate) const OTHERS: &str = "others";
/// A group whose consumer runs in this process.
pub(crate) const WATCHED: (&str, &str) = ("watched", "watchers");
/// An entry of [`WATCHED`] that fails there, and holds up its lane for longer than any test.
pub(crate) const PARKED: u64 = 7;

/// The console, and what lies below it.
pub(crate) struct World {
    pub(crate) console: Console,
    pub(crate) server: Server,
    pub(crate) redis: Redis,
    pub(crate) metrics: Metrics,
    below: Below,
    stop: CancellationToken,
}

enum Below {
    /// `later` is where the database will be, if it is away from the start.
    Sqlite {
        folder: Sqlite,
        later: Option<PathBuf>,
    },
    Postgres(Postgres),
}

/// Runs `test` on SQLite, then on PostgreSQL.
pub(crate) async fn on_both(test: impl AsyncFn(World)) {
    eprintln!("on SQLite");
    test(World::new(Below::Sqlite { folder: Sqlite::new().expect("a folder"), later: None }).await).await;
    eprintln!("on PostgreSQL");
    test(World::new(Below::Postgres(Postgres::new().await.expect("a PostgreSQL server"))).await).await;
}

/// Runs `test` where the database plays no part.
pub(crate) async fn on_sqlite(test: impl AsyncFn(World)) {
    test(World::new(Below::Sqlite { folder: Sqlite::new().expect("a folder"), later: None }).await).await;
}

/// Runs `test` on both, with the console's database away until [`World::restore`].
pub(crate) async fn on_both_without_database(test: impl AsyncFn(World)) {
    eprintln!("on SQLite");
    let folder = Sqlite::new().expect("a folder");
    let later = Some(folder.folder().join("later"));
    test(World::new(Below::Sqlite { folder, later }).await).await;
    eprintln!("on PostgreSQL");
    let database = Postgres::new().await.expect("a PostgreSQL server");
    database.cut().await.expect("a cut");
    test(World::new(Below::Postgres(database)).await).await;
}

impl World {
    async fn new(below: Below) -> Self {
        let server = Server::start().await;
        let redis = Redis::new(&server.url()).expect("a URL");
        let (metrics, stop) = (Metrics::default(), CancellationToken::new());
        let (sampler, snapshots) = sampler(redis.clone(), metrics.clone(), Duration::from_millis(20));
        tokio::spawn(sampler.run(stop.clone()));
        let database = console::database(&below.url()).expect("a URL");
        let console = Console::new(database, redis.clone(), metrics.clone(), snapshots);
        Self { console, server, redis, metrics, below, stop }
    }

    /// A second console on the same database, as another process has it.
    pub(crate) fn another_console(&self) -> Console {
        let database = console::database(&self.below.url()).expect("a URL");
        Console::new(database, self.redis.clone(), self.metrics.clone(), self.console.snapshots())
    }

    /// The same, telling of alerts by these channels.
    pub(crate) fn console_by(&self, channels: Channels) -> Console {
        let database = console::database(&self.below.url()).expect("a URL");
        let (redis, snapshots) = (self.redis.clone(), self.console.snapshots());
        Console::telling(database, redis, self.metrics.clone(), snapshots, channels)
    }

    /// Takes the database away. SQLite serves a file that is open whatever becomes of it, so there the log itself goes.
    pub(crate) async fn cut(&self) {
        match &self.below {
            Below::Sqlite { .. } => self.sql("alter table audit rename to audit_away").await,
            Below::Postgres(database) => database.cut().await.expect("a cut"),
        }
    }

    /// Brings the database back.
    pub(crate) async fn restore(&self) {
        match &self.below {
            Below::Sqlite { later: Some(folder), .. } => std::fs::create_dir(folder).expect("a folder"),
            Below::Sqlite { .. } => self.sql("alter table audit_away rename to audit").await,
            Below::Postgres(database) => database.restore().await.expect("a restore"),
        }
        wait::until("the database", || async { self.database().ready().await.ok() }).await;
    }

    pub(crate) async fn sql(&self, statement: &str) {
        let mut transaction = self.database().begin().await.expect("a transaction");
        sqlx::query(sqlx::AssertSqlSafe(statement.to_owned())).execute(&mut *transaction).await.expect("a statement");
        transaction.commit().await.expect("a commit");
    }

    fn database(&self) -> &Database {
        self.console.database()
    }

    pub(crate) fn ask(&self, command: &str) -> serde_json::Value {
        ask(&self.server, &command.split(' ').collect::<Vec<_>>())
    }

    /// Six entries of [`STREAM`], two of them dead letters of [`GROUP`], four pending there, all unread by [`OTHERS`].
    pub(crate) async fn failures(&self) {
        self.ask(&format!("xgroup create {STREAM} {GROUP} $ mkstream"));
        self.ask(&format!("xgroup create {STREAM} {OTHERS} $"));
        for n in 1..=6 {
            self.ask(&format!("xadd {STREAM} {n}-0 data {{\"event_id\":\"secret-{n}\",\"aggregate_id\":\"k{n}\"}}"));
        }
        self.ask(&format!("xreadgroup group {GROUP} one streams {STREAM} >"));
        let selection = PendingSelection { act: PendingAct::DeadLetter, ..pending([1, 2]) };
        operate::pending(&self.redis, STREAM, GROUP, &selection).await.expect("dead letters");
    }

    /// All dead letters of [`STREAM`], to be acted on for a reason.
    pub(crate) async fn dead_letters(&self) -> DeadLetterSelection {
        let page = streams::dead_letter::Shelf::new(self.redis.clone())
            .list(&[STREAM.to_owned()], &Filter::default(), None, 500)
            .await;
        let records = page.expect("dead letters").records;
        let items = records.iter().map(|d| Cursor { stream: d.provenance.stream.clone(), id: d.id }).collect();
        DeadLetterSelection { items, dry_run: false, state_token: None, reason: Some("a test".to_owned()) }
    }

    /// Runs a consumer of [`WATCHED`] and waits until it reads.
    pub(crate) async fn consume(&self) {
        let hour = Duration::from_hours(1);
        let backoff = Backoff { first: hour, cap: hour };
        let settings = ConsumerSettings { backoff, ..ConsumerSettings::new(WATCHED.0, WATCHED.1, "here") };
        let consumer = Consumer::new(self.redis.clone(), settings, Accept, self.metrics.clone());
        tokio::spawn(consumer.run(self.stop.clone()));
        wait::until("the consumer's group", || async { (self.ask("exists watched") == 1).then_some(()) }).await;
        self.ask(&format!("xadd {} {PARKED}-0 data {{\"event_type\":\"Fails\",\"aggregate_id\":\"k\"}}", WATCHED.0));
        let parked = || async { group::parked_lanes(&self.console, WATCHED.0, WATCHED.1).await?.pop() };
        wait::until("an entry that holds up its lane", parked).await;
    }

    pub(crate) fn held(&self) -> bool {
        self.metrics.handling(WATCHED.0, WATCHED.1).expect("a consumer runs here").paused
    }

    /// The log, newest first.
    pub(crate) async fn log(&self) -> Vec<AuditEntry> {
        let page = audit::list(&self.console, None, None, 500).await.expect("the log");
        assert_eq!(page.older, None, "the log of a test is short");
        page.entries
    }

    /// The newest entry of the log, with its report.
    pub(crate) async fn newest(&self) -> AuditEntry {
        let id = self.log().await.first().expect("an entry").id;
        audit::get(&self.console, id).await.expect("the entry")
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Below {
    fn url(&self) -> String {
        match self {
            Self::Sqlite { later: Some(folder), .. } => format!("sqlite://{}/console.db?mode=rwc", folder.display()),
            Self::Sqlite { folder, .. } => folder.url(),
            Self::Postgres(database) => database.url(),
        }
    }
}

struct Accept;

impl Handler for Accept {
    async fn handle(&self, message: &Message) -> Result<(), Failure> {
        match message.envelope.event_type.as_deref() {
            Some("Fails") => Err(Failure::Retry(anyhow::anyhow!("it fails"))),
            _ => Ok(()),
        }
    }
}

/// Pending entries of [`STREAM`] by number, to be acknowledged for a reason.
pub(crate) fn pending(numbers: impl IntoIterator<Item = u64>) -> PendingSelection {
    PendingSelection {
        act: PendingAct::Acknowledge,
        ids: numbers.into_iter().map(entry).collect(),
        dry_run: false,
        state_token: None,
        reason: Some("a test".to_owned()),
    }
}

pub(crate) fn entry(number: u64) -> EntryId {
    EntryId { ms: number, seq: 0 }
}

pub(crate) fn local() -> Actor {
    Actor::local()
}

/// How the console refused.
pub(crate) fn refusal<T: std::fmt::Debug>(result: Result<T, Error>) -> Refusal {
    Refusal::from(result.expect_err("a refusal"))
}

pub(crate) fn kind<T: std::fmt::Debug>(result: Result<T, Error>) -> RefusalKind {
    refusal(result).kind
}
