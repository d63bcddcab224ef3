//! The databases of a history: one of the commands with the outbox, one for each group with its inbox.
//!
//! Outbox and inbox are those of the services, made by their own migrations, so that what is tested here cannot drift
//! from what is shipped. Beside them stand two tables in which nothing is unique that must turn out to be so.

use std::{collections::BTreeSet, path::Path};

use anyhow::Result;
use services::Databases;
use sqlx::Executor;
use store::{Database, sqlite_url};

use crate::Event;

/// Read by one worker only: the order per key is promised within one process.
pub const ORDERED: &str = "ordered";
/// Read by all workers, who take over from each other.
pub const SHARED: &str = "shared";
pub const GROUPS: [&str; 2] = [ORDERED, SHARED];

/// The databases in one folder, for one process.
#[derive(Clone)]
pub struct Tables {
    pub commands: Database,
    pub ordered: Database,
    pub shared: Database,
}

impl Tables {
    pub fn open(folder: &Path) -> Result<Self> {
        Ok(Self {
            commands: Databases::sprint(&sqlite_url(folder, "commands"))?,
            ordered: Databases::backlog(&sqlite_url(folder, ORDERED))?,
            shared: Databases::backlog(&sqlite_url(folder, SHARED))?,
        })
    }

    pub fn of_group(&self, group: &str) -> &Database {
        if group == ORDERED { &self.ordered } else { &self.shared }
    }

    /// Makes the tables; once, before any worker starts.
    pub async fn create(&self) -> Result<()> {
        let commands = "create table accepted (id integer primary key, key bigint not null, n bigint not null);
                        create index accepted_by_key on accepted (key, n);";
        let effects = "create table effects (id integer primary key, key bigint not null, n bigint not null,
                        taken_back bigint not null);";
        for (database, statements) in [(&self.commands, commands), (&self.ordered, effects), (&self.shared, effects)] {
            let mut transaction = database.begin().await?;
            transaction.execute(statements).await?;
            transaction.commit().await?;
        }
        Ok(())
    }

    /// Events whose commands are committed.
    pub async fn accepted(&self) -> Result<BTreeSet<Event>> {
        let mut connection = self.commands.connection().await?;
        let rows: Vec<(i64, i64)> = sqlx::query_as("select key, n from accepted").fetch_all(&mut *connection).await?;
        rows.into_iter().map(|(key, n)| Ok(Event::new(u32::try_from(key)?, u32::try_from(n)?))).collect()
    }

    /// Effects of a group, in the order of their commits.
    pub async fn effects(&self, group: &str) -> Result<Vec<Event>> {
        let mut connection = self.of_group(group).connection().await?;
        let rows: Vec<(i64, i64, i64)> =
            sqlx::query_as("select key, n, taken_back from effects order by id").fetch_all(&mut *connection).await?;
        let event = |(key, n, taken_back): (i64, i64, i64)| {
            Ok(Event { taken_back: taken_back == 1, ..Event::new(u32::try_from(key)?, u32::try_from(n)?) })
        };
        rows.into_iter().map(event).collect()
    }

    /// Events that wait in the outbox.
    pub async fn unsent(&self) -> Result<BTreeSet<Event>> {
        self.events("select data from outbox where sent_at_us is null").await
    }

    /// Events that the outbox still minds: they wait there, or some group may need them to be sent again.
    pub async fn minded(&self) -> Result<BTreeSet<Event>> {
        self.events("select data from outbox where done_at_us is null").await
    }

    /// Events that are declared as sent again, after Redis had lost them.
    pub async fn sent_again(&self) -> Result<BTreeSet<Event>> {
        self.events("select data from outbox_losses where how = 'sent_again'").await
    }

    /// Events that are declared as removed by somebody before every group had read them.
    pub async fn removed(&self) -> Result<BTreeSet<Event>> {
        self.events("select data from outbox_losses where how = 'removed'").await
    }

    async fn events(&self, statement: &'static str) -> Result<BTreeSet<Event>> {
        let mut connection = self.commands.connection().await?;
        let rows: Vec<(String,)> = sqlx::query_as(statement).fetch_all(&mut *connection).await?;
        rows.into_iter().map(|(data,)| event_of(data.as_bytes())).collect()
    }
}

/// The event that an entry's `data` holds.
pub fn event_of(data: &[u8]) -> Result<Event> {
    let envelope = domain::event::Envelope::read(data)?;
    envelope.event_id.unwrap_or_default().parse().map_err(anyhow::Error::msg)
}
