//! A database that may not be there yet.

use std::{
    path::Path,
    sync::{
        Arc, Mutex, Once,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use sqlx::{
    Any, AnyConnection, AnyPool, Connection as _, Executor,
    any::AnyPoolOptions,
    migrate::{MigrateError, Migrator},
    pool::PoolConnection,
};
use tokio_util::sync::CancellationToken;

use crate::{Error, Transaction, migration_lock::MigrationLock};

/// Most connections that one database gets from this process. SQLite has one writer anyway, and PostgreSQL's default
/// of 100 must do for several processes with five databases each; callers wait for a free one.
const MAX_CONNECTIONS: u32 = 8;
/// How long a caller waits for a connection before it is told that the database is away.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long other callers are told so without trying, after one was: a herd at a dead door helps nobody.
const RETRY_AFTER: Duration = Duration::from_millis(500);
/// A connection that was used more lately than this is not asked whether it is still there: it was when it was given
/// back, and what is wrong with it since then its next statement tells as an outage.
const TRUST_FOR: Duration = Duration::from_secs(1);
/// How often [`Database::run`] looks whether the database is there.
const WATCH_EVERY: Duration = Duration::from_secs(1);
/// How long one statement may wait for another process's SQLite lock; within this process writers queue before that.
const SQLITE_BUSY_TIMEOUT_MS: u32 = 10_000;

/// Which SQL is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

/// A connection for reading, outside of a transaction.
pub type Connection = PoolConnection<Any>;

/// One service's database: a SQLite file, or a schema of a PostgreSQL database. Cheap to clone.
///
/// Nothing is connected when it is made. The first use connects and migrates; while the database is away, each use says
/// [`Error::Unavailable`] and [`Database::run`] keeps trying.
#[derive(Clone)]
pub struct Database(Arc<Inner>);

struct Inner {
    kind: Kind,
    url: String,
    schema: String,
    migrations: Migrator,
    pool: AnyPool,
    migrated: AtomicBool,
    /// One migrates, the others wait for it.
    migrating: tokio::sync::Mutex<()>,
    /// Until when the database counts as away, and why.
    away: Mutex<Option<(Instant, String)>>,
    /// The queue of SQLite's writers.
    writers: Arc<tokio::sync::Mutex<()>>,
}

impl Database {
    /// `url` is `sqlite://path?mode=rwc` or `postgres://…`; `schema` is the PostgreSQL schema to live in (SQLite has a
    /// file for each database instead); it goes into statements as it is. Only reads the URL; the one error is [`Error::Configuration`].
    pub fn new(url: &str, schema: &str, migrations: Migrator) -> Result<Self, Error> {
        static DRIVERS: Once = Once::new();
        DRIVERS.call_once(sqlx::any::install_default_drivers);
        let kind = match url.split_once(':').map(|(scheme, _)| scheme) {
            Some("sqlite") => Kind::Sqlite,
            Some("postgres" | "postgresql") => Kind::Postgres,
            _ => return Err(Error::Configuration("a database URL starts with sqlite: or postgres:".to_owned())),
        };
        let setup = match kind {
            Kind::Sqlite => format!(
                "pragma busy_timeout = {SQLITE_BUSY_TIMEOUT_MS}; pragma foreign_keys = on; pragma synchronous = normal;"
            ),
            Kind::Postgres => format!("set search_path to {schema}"),
        };
        let pool = AnyPoolOptions::new()
            .max_connections(MAX_CONNECTIONS)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .test_before_acquire(false)
            .before_acquire(|connection, used| {
                Box::pin(async move { Ok(used.idle_for < TRUST_FOR || connection.ping().await.is_ok()) })
            })
            .after_connect(move |connection, _| {
                let setup = sqlx::AssertSqlSafe(setup.clone());
                Box::pin(async move { connection.execute(setup).await.map(drop) })
            })
            .connect_lazy(url)
            .map_err(|error| Error::Configuration(format!("not a database URL: {error}")))?;
        Ok(Self(Arc::new(Inner {
            kind,
            url: url.to_owned(),
            schema: schema.to_owned(),
            migrations,
            pool,
            migrated: AtomicBool::new(false),
            migrating: tokio::sync::Mutex::default(),
            away: Mutex::default(),
            writers: Arc::default(),
        })))
    }

    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// Appended to a `select` that claims rows in a transaction: several processes then claim different ones. SQLite
    /// needs no word for it, as its writers come one after the other.
    pub fn for_update_skip_locked(&self) -> &'static str {
        match self.0.kind {
            Kind::Sqlite => "",
            Kind::Postgres => " for update skip locked",
        }
    }

    /// Whether the database answers, is migrated and can be used now.
    pub async fn ready(&self) -> Result<(), Error> {
        let mut connection = self.connection().await?;
        self.note((&mut *connection).execute("select 1").await.map(drop).map_err(Error::from))
    }

    /// A connection for reading.
    pub async fn connection(&self) -> Result<Connection, Error> {
        self.refuse_while_away()?;
        if !self.0.migrated.load(Ordering::Acquire) {
            self.note(self.migrate().await)?;
        }
        self.note(self.0.pool.acquire().await.map_err(Error::from))
    }

    /// Starts a transaction that may write. Waits for its turn where the database has one writer at a time.
    pub async fn begin(&self) -> Result<Transaction, Error> {
        // the turn first, the connection second: those who wait for their turn must not hold the connections
        let turn = match self.0.kind {
            Kind::Sqlite => Some(self.0.writers.clone().lock_owned().await),
            Kind::Postgres => None,
        };
        let connection = self.connection().await?;
        let begin = match self.0.kind {
            // a transaction that reads first and writes later would fail instead of waiting
            Kind::Sqlite => Some(sqlx::SqlStr::from_static("begin immediate")),
            Kind::Postgres => None,
        };
        let transaction = sqlx::Transaction::begin(connection, begin).await;
        Ok(Transaction::new(self.note(transaction.map_err(Error::from))?, turn))
    }

    /// Keeps trying until the database is there and migrated, and says so in the log; then watches over it.
    pub async fn run(self, stop: CancellationToken) {
        let mut was_ready = None;
        loop {
            let ready = self.ready().await;
            match (&ready, was_ready) {
                (Ok(()), Some(true)) | (Err(_), Some(false)) => {}
                (Ok(()), _) => tracing::info!(database.schema = self.0.schema, "database is ready"),
                (Err(error), _) => {
                    tracing::warn!(database.schema = self.0.schema, %error, "database is away, trying on");
                }
            }
            was_ready = Some(ready.is_ok());
            tokio::select! {
                () = tokio::time::sleep(WATCH_EVERY) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    async fn migrate(&self) -> Result<(), Error> {
        let _one = self.0.migrating.lock().await;
        if self.0.migrated.load(Ordering::Acquire) {
            return Ok(());
        }
        let _only_process = match self.0.kind {
            Kind::Sqlite => Some(MigrationLock::take(&self.0.url).await?),
            Kind::Postgres => None,
        };
        let mut connection = self.0.pool.acquire().await?;
        match self.0.kind {
            // Kept in the file: readers never wait for the writer. Under the lock, because two that switch at once do
            // not wait for each other: SQLite tells the second one "locked" without asking the busy time-out.
            Kind::Sqlite => connection.execute("pragma journal_mode = wal").await.map(drop)?,
            Kind::Postgres => create_schema(&mut connection, &self.0.schema).await?,
        }
        drop(connection);
        self.0.migrations.run(&self.0.pool).await.map_err(|error| match error {
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => Error::from(error),
            other => Error::Sql(other.into()),
        })?;
        self.0.migrated.store(true, Ordering::Release);
        Ok(())
    }

    fn refuse_while_away(&self) -> Result<(), Error> {
        let away = self.0.away.lock().expect("no panic happens under this lock");
        match &*away {
            Some((until, reason)) if *until > Instant::now() => Err(Error::Unavailable(reason.clone())),
            _ => Ok(()),
        }
    }

    /// Remembers whether the database was away just now.
    fn note<T>(&self, result: Result<T, Error>) -> Result<T, Error> {
        let away = match &result {
            Ok(_) => None,
            Err(Error::Unavailable(reason)) => Some((Instant::now() + RETRY_AFTER, reason.clone())),
            Err(_) => return result,
        };
        *self.0.away.lock().expect("no panic happens under this lock") = away;
        result
    }
}

/// The URL of the SQLite file `name`.db in `folder`, made if it is not there.
pub fn sqlite_url(folder: &Path, name: &str) -> String {
    // a folder may be called anything; these three mean something else in a URL
    let folder = folder.display().to_string().replace('%', "%25").replace('?', "%3F").replace('#', "%23");
    format!("sqlite://{folder}/{name}.db?mode=rwc")
}

/// Two processes may do this at once, and PostgreSQL's `if not exists` does not cover that.
async fn create_schema(connection: &mut AnyConnection, schema: &str) -> Result<(), Error> {
    let create = sqlx::AssertSqlSafe(format!("create schema if not exists {schema}"));
    match connection.execute(create).await {
        Ok(_) => Ok(()),
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Ok(()),
        Err(error) => Err(error.into()),
    }
}
