//! Publishes the outbox: in order, again after a failure, forgotten only when Redis has it. The only place from which a
//! domain event leaves.

use std::time::Duration;

use domain::Timestamp;
use store::Database;
use streams::{Outgoing, Redis};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{Error, Services, clock, inbox, outbox};

/// Events published in one round trip: enough for hundreds of sprints' tasks a second, few enough to be done long
/// before the lease ends.
const BATCH: i64 = 500;
/// How often we look without being woken: finds what other processes committed, and what a lost wake-up left.
const POLL_EVERY: Duration = Duration::from_millis(500);
/// Pause after Redis or the database failed.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// How long the right to publish is ours without renewal. Clocks of two processes may differ by less than this.
const LEASE: Duration = Duration::from_secs(15);
/// How long a batch may take: well within the lease, so that nobody else publishes while we still do.
const PUBLISH_TIMEOUT: Duration = Duration::from_secs(5);
/// How long sent events are kept, to be looked at.
const KEEP_SENT: Duration = Duration::from_hours(1);
/// How long a repeat of an event is recognised. A repeat that is older still changes nothing in the backlog or a
/// project, whose changes carry their time.
const KEEP_PROCESSED: Duration = Duration::from_hours(30 * 24);
/// How often what is past keeping is deleted.
const TIDY_EVERY: Duration = Duration::from_mins(1);

/// Publishes what the services of this process commit; one per process. Of several processes one publishes at a time.
pub struct Relay {
    services: Services,
    redis: Redis,
    holder: String,
}

impl Relay {
    pub fn new(services: Services, redis: Redis) -> Self {
        Self { services, redis, holder: Uuid::new_v4().to_string() }
    }

    pub async fn run(self, stop: CancellationToken) {
        let mut tidied = tokio::time::Instant::now();
        let mut failing = false;
        loop {
            // before we look, so that a commit while we look is not missed
            let committed = self.services.committed().notified();
            let pause = match self.publish_all().await {
                Ok(true) => continue,
                Ok(false) => {
                    if std::mem::take(&mut failing) {
                        tracing::info!("relay publishes again");
                    }
                    POLL_EVERY
                }
                Err(error) => {
                    if !std::mem::replace(&mut failing, true) {
                        tracing::warn!(%error, "relay cannot publish; events wait in the outbox");
                    }
                    RETRY_AFTER
                }
            };
            if tidied.elapsed() >= TIDY_EVERY {
                tidied = tokio::time::Instant::now();
                if let Err(error) = self.tidy().await {
                    tracing::debug!(%error, "outbox and inbox were not tidied");
                }
            }
            tokio::select! {
                () = committed, if !failing => {}
                () = tokio::time::sleep(pause) => {}
                () = stop.cancelled() => break,
            }
        }
        self.hand_over().await;
    }

    /// Publishes a batch of every outbox; whether there may be more.
    async fn publish_all(&self) -> Result<bool, Error> {
        let mut more = false;
        for (_, database) in outbox::producers(&self.services) {
            more |= self.publish(database).await?;
        }
        Ok(more)
    }

    async fn publish(&self, database: &Database) -> Result<bool, Error> {
        // a look first: most of the time nothing waits, and a look disturbs no writer
        let mut connection = database.connection().await?;
        if outbox::next(&mut connection, 1).await?.is_empty() {
            return Ok(false);
        }
        drop(connection);
        let mut transaction = database.begin().await?;
        let now = clock::now();
        let ours = outbox::lease(&mut transaction, &self.holder, now, now + LEASE).await?;
        transaction.commit().await?;
        if !ours {
            return Ok(false);
        }
        // read after the lease is ours: what its last holder sent is marked by now, or its mark was lost
        let mut connection = database.connection().await?;
        let waiting = outbox::next(&mut connection, BATCH).await?;
        drop(connection);
        let more = i64::try_from(waiting.len()) == Ok(BATCH);
        // a stream at a time: one that refuses must not make the others be sent again and again
        let mut streams: Vec<(String, Vec<outbox::Waiting>)> = Vec::new();
        for row in waiting {
            match streams.iter_mut().find(|(stream, _)| *stream == row.stream) {
                Some((_, rows)) => rows.push(row),
                None => streams.push((row.stream.clone(), vec![row])),
            }
        }
        let mut failed = None;
        for (stream, rows) in streams {
            if let Err(error) = self.send(database, &stream, rows).await {
                failed = Some(error);
            }
        }
        failed.map_or(Ok(more), Err)
    }

    async fn send(&self, database: &Database, stream: &str, rows: Vec<outbox::Waiting>) -> Result<(), Error> {
        let (ids, batch): (Vec<i64>, Vec<Outgoing>) =
            rows.into_iter().map(|row| (row.id, Outgoing { stream: row.stream, data: row.data })).unzip();
        match tokio::time::timeout(PUBLISH_TIMEOUT, streams::publish(&self.redis, &batch)).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => return Err(Error::Unavailable(format!("stream {stream} took no events: {error}"))),
            Err(_) => return Err(Error::Unavailable(format!("stream {stream} took no events in {PUBLISH_TIMEOUT:?}"))),
        }
        let mut transaction = database.begin().await?;
        outbox::mark_sent(&mut transaction, &ids, clock::now()).await?;
        transaction.commit().await?;
        Ok(())
    }

    async fn tidy(&self) -> Result<(), Error> {
        let now = clock::now();
        for (_, database) in outbox::producers(&self.services) {
            let mut transaction = database.begin().await?;
            outbox::delete_sent(&mut transaction, before(now, KEEP_SENT)).await?;
            transaction.commit().await?;
        }
        let databases = self.services.databases();
        for database in [&databases.project, &databases.backlog, &databases.chronicle] {
            let mut transaction = database.begin().await?;
            inbox::forget(&mut transaction, before(now, KEEP_PROCESSED)).await?;
            transaction.commit().await?;
        }
        Ok(())
    }

    /// Lets another process publish at once.
    async fn hand_over(&self) {
        for (service, database) in outbox::producers(&self.services) {
            let release = async {
                let mut transaction = database.begin().await?;
                outbox::release(&mut transaction, &self.holder).await?;
                transaction.commit().await.map_err(Error::from)
            };
            if let Err(error) = release.await {
                tracing::debug!(service.name = service, %error, "the outbox's lease was left to run out");
            }
        }
    }
}

fn before(now: Timestamp, by: Duration) -> Timestamp {
    Timestamp::from_micros(now.micros().saturating_sub(i64::try_from(by.as_micros()).unwrap_or(i64::MAX)))
}
