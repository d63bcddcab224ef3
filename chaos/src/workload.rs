//! Commands: each commits a row and its events in one transaction, or is rolled back as a whole.

use std::{sync::Arc, time::Duration};

use anyhow::Result;
use rand::{Rng, SeedableRng, rngs::StdRng};
use services::outbox;
use store::Database;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::{
    Event, STREAM,
    journal::{Journal, Note},
};

/// Keys of the events: enough to keep all lanes busy, few enough that each sees many events.
const KEYS: u32 = 30;
/// How many commands of a hundred are rolled back after everything was written.
const TAKEN_BACK: u32 = 4;
/// How many of a hundred have several events, as a sprint's start has.
const SEVERAL: u32 = 5;

/// Issues commands until `stop` or `quiet`.
pub struct Workload {
    pub commands: Database,
    pub journal: Arc<Journal>,
    pub committed: Arc<Notify>,
    pub per_second: f64,
    pub seed: u64,
}

impl Workload {
    pub async fn run(self, stop: CancellationToken, quiet: impl Fn() -> bool) {
        let mut random = StdRng::seed_from_u64(self.seed);
        let mut ticks = tokio::time::interval(Duration::from_secs_f64(1.0 / self.per_second));
        // what could not be issued while the process stood still is not made up for in one burst
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = stop.cancelled() => return,
            }
            if quiet() {
                return;
            }
            let key = random.random_range(0..KEYS);
            let count = if random.random_range(0..100) < SEVERAL { random.random_range(2..=5) } else { 1 };
            let taken_back = random.random_range(0..100) < TAKEN_BACK;
            // a caller whose command failed does not know whether it was committed; the tables do
            if let Err(error) = self.command(key, count, taken_back).await {
                tracing::debug!(%error, "a command failed");
            }
        }
    }

    async fn command(&self, key: u32, count: u32, taken_back: bool) -> Result<()> {
        let mut transaction = self.commands.begin().await?;
        let (last,): (i64,) = sqlx::query_as("select cast(coalesce(max(n), 0) as bigint) from accepted where key = $1")
            .bind(i64::from(key))
            .fetch_one(&mut *transaction)
            .await?;
        let first = u32::try_from(last)? + 1;
        let events: Vec<_> = (first..first + count).map(|n| Event { taken_back, ..Event::new(key, n) }).collect();
        for event in &events {
            sqlx::query("insert into accepted (key, n) values ($1, $2)")
                .bind(i64::from(key))
                .bind(i64::from(event.n))
                .execute(&mut *transaction)
                .await?;
        }
        let outgoing: Vec<_> = events
            .iter()
            .map(|event| outbox::Event {
                stream: STREAM,
                key: event.key_name(),
                project_id: "chaos".to_owned(),
                data: event.data(),
            })
            .collect();
        outbox::append(&mut transaction, &outgoing, now()).await?;
        if taken_back {
            drop(transaction);
        } else {
            transaction.commit().await?;
            self.committed.notify_one();
        }
        for event in events {
            self.journal.note(if taken_back { Note::TakenBack { event } } else { Note::Accepted { event } });
        }
        Ok(())
    }
}

fn now() -> domain::Timestamp {
    let since_epoch = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    domain::Timestamp::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
}
