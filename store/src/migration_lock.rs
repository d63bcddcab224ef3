//! One process at a time migrates a SQLite file. PostgreSQL has advisory locks for that, which sqlx takes by itself; for
//! SQLite it has none, and two processes that start at once would both make the first table.

use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use sqlx::sqlite::SqliteConnectOptions;

use crate::Error;

/// How often a process that waits looks again.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// How long it waits: longer than any migration of ours takes, shorter than a person's patience.
const WAIT: Duration = Duration::from_secs(30);

/// Held while migrating; dropped, the next process goes on.
pub(crate) struct MigrationLock {
    _file: File,
}

impl MigrationLock {
    /// Waits until this process may migrate the file that `url` names.
    pub(crate) async fn take(url: &str) -> Result<Self, Error> {
        let path = beside(&file_of(url)?);
        let away = |error: std::io::Error| Error::Unavailable(format!("{}: {error}", path.display()));
        // not the database file itself: closing a second handle of that one would drop SQLite's own locks
        let file = File::create(&path).map_err(away)?;
        let waited = tokio::time::timeout(WAIT, async {
            loop {
                match file.try_lock() {
                    Ok(()) => return Ok(()),
                    Err(TryLockError::WouldBlock) => tokio::time::sleep(LOOK_EVERY).await,
                    Err(TryLockError::Error(error)) => return Err(away(error)),
                }
            }
        });
        waited.await.map_err(|_| Error::Unavailable("another process is still migrating".to_owned()))??;
        Ok(Self { _file: file })
    }
}

fn file_of(url: &str) -> Result<PathBuf, Error> {
    let options = SqliteConnectOptions::from_str(url)
        .map_err(|error| Error::Configuration(format!("not a database URL: {error}")))?;
    Ok(options.get_filename().to_owned())
}

fn beside(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".migrating");
    name.into()
}
