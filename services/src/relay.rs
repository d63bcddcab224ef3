//! Publishes the outbox: in order, again after a failure, forgotten only when Redis has it. The only place from which a
//! domain event leaves.

use std::{sync::Arc, time::Duration};

use domain::Timestamp;
use store::Database;
use streams::{Body, Progress, Redis};
use telemetry::{Span, messaging};
use tokio::{sync::Notify, time::Instant};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{Error, Services, clock, inbox, loss, outbox};

/// Events published in one round trip: enough for hundreds of sprints' tasks a second, few enough to be done long
/// before the lease ends.
const BATCH: i64 = 500;
/// How often we look without being woken: finds what other processes committed, and what a lost wake-up left.
const POLL_EVERY: Duration = Duration::from_millis(500);
/// Pause after Redis or the database failed.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// How long the right to publish is ours without renewal. Clocks of two processes may differ by less than this.
const LEASE: Duration = Duration::from_secs(15);
/// How long it is taken for ours without a look: what is begun then is done before the lease ends.
const RENEW_AFTER: Duration = Duration::from_secs(4);
/// How long a batch may take: well within the lease, so that nobody else publishes while we still do.
const PUBLISH_TIMEOUT: Duration = Duration::from_secs(5);
/// How often we look whether Redis lost what was published, and what is done with.
const WATCH_EVERY: Duration = Duration::from_secs(1);
/// How long events that every group has acknowledged are kept, to be looked at.
pub const KEEP_DONE: Duration = Duration::from_hours(1);
/// How long events are kept that some group has not handled: a group that nobody serves must not fill the database.
const KEEP_SENT: Duration = Duration::from_hours(7 * 24);
/// How long losses are told.
const KEEP_LOSSES: Duration = Duration::from_hours(30 * 24);
/// How long a repeat of an event is recognised. A repeat that is older still changes nothing in the backlog or a
/// project, whose changes carry their time.
const KEEP_PROCESSED: Duration = Duration::from_hours(30 * 24);
/// How often what is past keeping is deleted.
const TIDY_EVERY: Duration = Duration::from_mins(1);

/// Publishes what the services of this process commit; one per process. Of several processes one publishes at a time.
pub struct Relay {
    outboxes: Vec<Outbox>,
    /// Whose inboxes are kept short.
    inboxes: Vec<Database>,
    /// Wakes it when something was committed in this process.
    committed: Arc<Notify>,
    redis: Redis,
    holder: String,
}

/// A service's outbox, and how long it is surely ours.
struct Outbox {
    service: &'static str,
    database: Database,
    ours_until: Option<Instant>,
}

impl Relay {
    /// The relay of the four services.
    pub fn new(services: &Services, redis: Redis) -> Self {
        let databases = services.databases();
        let inboxes = [&databases.project, &databases.backlog, &databases.chronicle].map(Database::clone).to_vec();
        let outboxes = outbox::producers(services).map(|(service, database)| (service, database.clone())).to_vec();
        Self::over(outboxes, inboxes, Arc::clone(services.committed()), redis)
    }

    /// A relay of any databases that have the tables of outbox and inbox (`migrations/`).
    pub fn over(
        outboxes: Vec<(&'static str, Database)>,
        inboxes: Vec<Database>,
        committed: Arc<Notify>,
        redis: Redis,
    ) -> Self {
        let outboxes = outboxes.into_iter();
        let outboxes = outboxes.map(|(service, database)| Outbox { service, database, ours_until: None }).collect();
        Self { outboxes, inboxes, committed, redis, holder: Uuid::new_v4().to_string() }
    }

    pub async fn run(mut self, stop: CancellationToken) {
        let (mut tidied, mut watched) = (Instant::now(), Instant::now());
        let mut failing = false;
        let wake = Arc::clone(&self.committed);
        loop {
            // before we look, so that a commit while we look is not missed
            let committed = wake.notified();
            let watch = watched.elapsed() >= WATCH_EVERY;
            if watch {
                watched = Instant::now();
            }
            let pause = match self.work(watch).await {
                // a long outbox does not keep the process from ending: what is left is published by the next one
                Ok(true) if !stop.is_cancelled() => continue,
                Ok(_) => {
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
                tidied = Instant::now();
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

    /// Publishes a batch of every outbox, then, if it is time, looks what became of those before; whether there may be
    /// more.
    async fn work(&mut self, watch: bool) -> Result<bool, Error> {
        let mut more = false;
        for outbox in 0..self.outboxes.len() {
            more |= self.publish(outbox).await?;
            if watch {
                self.watch(outbox).await?;
            }
        }
        Ok(more)
    }

    /// Marks what every group has acknowledged, and lets what Redis lost be sent again.
    async fn watch(&mut self, outbox: usize) -> Result<(), Error> {
        let database = self.outboxes[outbox].database.clone();
        let mut connection = database.connection().await?;
        let open = loss::open_streams(&mut connection).await?;
        drop(connection);
        if open.is_empty() || !self.is_ours(outbox).await? {
            return Ok(());
        }
        for stream in open {
            match streams::progress(&self.redis, &stream).await {
                Ok(progress) => look_after(&database, &stream, progress.as_ref()).await?,
                // publishing says so, where there is something to publish
                Err(error) => tracing::debug!(stream.name = stream, %error, "a stream could not be looked at"),
            }
        }
        Ok(())
    }

    async fn publish(&mut self, outbox: usize) -> Result<bool, Error> {
        let database = self.outboxes[outbox].database.clone();
        let mut waiting = next(&database).await?;
        if waiting.is_empty() {
            return Ok(false);
        }
        let was_ours = self.surely_ours(outbox);
        if !self.is_ours(outbox).await? {
            return Ok(false);
        }
        if !was_ours {
            // what its last holder sent is marked by now, or its mark was lost
            waiting = next(&database).await?;
        }
        let more = i64::try_from(waiting.len()) == Ok(BATCH);
        // a stream at a time: one that refuses must not make the others be sent again and again
        let mut streams: Vec<(String, Vec<outbox::Waiting>)> = Vec::new();
        for row in waiting {
            match streams.iter_mut().find(|(stream, _)| *stream == row.stream) {
                Some((_, rows)) => rows.push(row),
                None => streams.push((row.stream.clone(), vec![row])),
            }
        }
        let (mut failed, mut lost) = (None, false);
        for (stream, rows) in streams {
            match self.send(&database, &stream, rows).await {
                Ok(sent) => lost |= !sent,
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(more || lost), Err)
    }

    fn surely_ours(&self, outbox: usize) -> bool {
        self.outboxes[outbox].ours_until.is_some_and(|until| Instant::now() < until)
    }

    /// Whether the right to publish is ours; asks only when it may not be any more.
    async fn is_ours(&mut self, outbox: usize) -> Result<bool, Error> {
        if self.surely_ours(outbox) {
            return Ok(true);
        }
        let until = Instant::now() + RENEW_AFTER;
        let mut transaction = self.outboxes[outbox].database.begin().await?;
        let now = clock::now();
        let ours = outbox::lease(&mut transaction, &self.holder, now, now + LEASE).await?;
        transaction.commit().await?;
        self.outboxes[outbox].ours_until = ours.then_some(until);
        Ok(ours)
    }

    /// Sends rows to their stream. `false`: the stream was lost, and older rows go first.
    async fn send(&self, database: &Database, stream: &str, rows: Vec<outbox::Waiting>) -> Result<bool, Error> {
        let unavailable = |why: String| Error::Unavailable(format!("stream {stream} took no events{why}"));
        let mut connection = database.connection().await?;
        let position = loss::position(&mut connection, stream).await?.unwrap_or_default();
        drop(connection);
        let spans: Vec<Span> = rows.iter().map(|row| messaging::send(stream, row.trace())).collect();
        let bodies: Vec<Body> =
            rows.iter().zip(&spans).map(|(row, span)| Body { data: &row.data, trace: span.context() }).collect();
        let publishing = streams::publish_after(&self.redis, stream, position, &bodies);
        let published = match tokio::time::timeout(PUBLISH_TIMEOUT, publishing).await {
            Ok(Ok(published)) => published,
            Ok(Err(error)) => return Err(not_sent(spans, unavailable(format!(": {error}")))),
            Err(_) => return Err(not_sent(spans, unavailable(format!(" in {PUBLISH_TIMEOUT:?}")))),
        };
        let Some((entries, position)) = published else {
            drop(not_sent(spans, unavailable(": it was lost".to_owned())));
            send_again(database, stream).await?;
            return Ok(false);
        };
        for (mut span, entry) in spans.into_iter().zip(&entries) {
            messaging::sent(&mut span, *entry);
        }
        let sent: Vec<_> = rows.iter().map(|row| row.id).zip(entries).collect();
        let mut transaction = database.begin().await?;
        outbox::mark_sent(&mut transaction, &sent, clock::now()).await?;
        loss::keep_position(&mut transaction, stream, position).await?;
        transaction.commit().await?;
        Ok(true)
    }

    async fn tidy(&self) -> Result<(), Error> {
        let now = clock::now();
        for Outbox { database, .. } in &self.outboxes {
            let mut transaction = database.begin().await?;
            outbox::delete_sent(&mut transaction, before(now, KEEP_DONE), before(now, KEEP_SENT)).await?;
            loss::forget(&mut transaction, before(now, KEEP_LOSSES)).await?;
            transaction.commit().await?;
        }
        for database in &self.inboxes {
            let mut transaction = database.begin().await?;
            inbox::forget(&mut transaction, before(now, KEEP_PROCESSED)).await?;
            transaction.commit().await?;
        }
        Ok(())
    }

    /// Lets another process publish at once.
    async fn hand_over(&self) {
        for Outbox { service, database, .. } in &self.outboxes {
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

/// Ends the spans of events that were not published, and hands the reason on.
fn not_sent(spans: Vec<Span>, error: Error) -> Error {
    for mut span in spans {
        span.fail("unavailable", || error.to_string());
    }
    error
}

/// What waits, in order.
async fn next(database: &Database) -> Result<Vec<outbox::Waiting>, Error> {
    let mut connection = database.connection().await?;
    outbox::next(&mut connection, BATCH).await
}

/// Lets what was lost with the stream be sent again; else marks what every group has acknowledged.
async fn look_after(database: &Database, stream: &str, progress: Option<&Progress>) -> Result<(), Error> {
    let mut connection = database.connection().await?;
    let position = loss::position(&mut connection, stream).await?.unwrap_or_default();
    drop(connection);
    if position.is_lost(progress) {
        return send_again(database, stream).await;
    }
    let Some(progress) = progress else { return Ok(()) };
    let mut transaction = database.begin().await?;
    let removed = loss::settle(&mut transaction, stream, progress, clock::now()).await?;
    transaction.commit().await?;
    if removed > 0 {
        tracing::warn!(stream.name = stream, removed, "entries were removed before every group had read them");
    }
    Ok(())
}

async fn send_again(database: &Database, stream: &str) -> Result<(), Error> {
    let mut transaction = database.begin().await?;
    let events = loss::send_again(&mut transaction, stream, clock::now()).await?;
    transaction.commit().await?;
    tracing::warn!(
        stream.name = stream,
        events,
        "redis lost the stream, or went back to an earlier state of it; what some group may not have handled is sent again"
    );
    Ok(())
}

fn before(now: Timestamp, by: Duration) -> Timestamp {
    Timestamp::from_micros(now.micros().saturating_sub(i64::try_from(by.as_micros()).unwrap_or(i64::MAX)))
}
