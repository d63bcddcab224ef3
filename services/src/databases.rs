//! One database per service; none reads another's.

use std::path::Path;

use store::Database;
use tokio_util::sync::CancellationToken;

/// The databases of the four services.
#[derive(Clone)]
pub struct Databases {
    pub project: Database,
    pub backlog: Database,
    pub sprint: Database,
    pub chronicle: Database,
}

impl Databases {
    /// A SQLite file for each service in `folder`.
    pub fn sqlite(folder: &Path) -> Result<Self, store::Error> {
        Self::open(|service| store::sqlite_url(folder, service))
    }

    /// A schema for each service in the PostgreSQL database at `url`.
    pub fn postgres(url: &str) -> Result<Self, store::Error> {
        Self::open(|_| url.to_owned())
    }

    fn open(url: impl Fn(&str) -> String) -> Result<Self, store::Error> {
        Ok(Self {
            project: Self::project(&url("project"))?,
            backlog: Self::backlog(&url("backlog"))?,
            sprint: Self::sprint(&url("sprint"))?,
            chronicle: Self::chronicle(&url("chronicle"))?,
        })
    }

    pub fn project(url: &str) -> Result<Database, store::Error> {
        Database::new(url, "project", sqlx::migrate!("../migrations/project"))
    }

    pub fn backlog(url: &str) -> Result<Database, store::Error> {
        Database::new(url, "backlog", sqlx::migrate!("../migrations/backlog"))
    }

    pub fn sprint(url: &str) -> Result<Database, store::Error> {
        Database::new(url, "sprint", sqlx::migrate!("../migrations/sprint"))
    }

    pub fn chronicle(url: &str) -> Result<Database, store::Error> {
        Database::new(url, "chronicle", sqlx::migrate!("../migrations/chronicle"))
    }

    /// Keeps trying to connect and migrate all four, until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        let [project, backlog, sprint, chronicle] =
            [self.project, self.backlog, self.sprint, self.chronicle].map(|database| database.run(stop.clone()));
        tokio::join!(project, backlog, sprint, chronicle);
    }
}
