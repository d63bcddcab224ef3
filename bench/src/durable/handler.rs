//! The same effect as a handler writes it: parsed, guarded by the inbox, in a transaction of `store`.

use std::{
    borrow::Cow,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use anyhow::{Result, anyhow, bail};
use domain::{Timestamp, stream::EntryId};
use futures::{StreamExt, TryStreamExt, stream};
use serde::Deserialize;
use sqlx::migrate::Migrator;
use store::Database;
use streams::{Failure, Handler, Message};
use tokio::sync::Notify;

use super::{TOGETHER, bare};
use crate::{
    consume::{GROUP, STREAM},
    event::event,
};

/// Handlers that run at the same time, as `ConsumerSettings` has it.
const AT_ONCE: usize = 16;

/// What this effect needs of an event; what it does not is passed over and not copied.
#[derive(Deserialize)]
struct Update<'a> {
    #[serde(borrow)]
    event_id: Cow<'a, str>,
    event_data: Data<'a>,
}

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow)]
    task_id: Cow<'a, str>,
    progress_percentage: i64,
    updated_at: Timestamp,
}

#[derive(Clone)]
pub(crate) struct Effect(Arc<Inner>);

struct Inner {
    database: Database,
    events: usize,
    left: AtomicUsize,
    finished: Notify,
}

impl Effect {
    /// Over an empty database, for so many events.
    pub(crate) async fn new(url: &str, events: usize) -> Result<Self> {
        let database = Database::new(url, "bench", Migrator::with_migrations(Vec::new()))?;
        let mut transaction = database.begin().await?;
        bare::furnish(&mut transaction).await?;
        transaction.commit().await?;
        Ok(Self(Arc::new(Inner { database, events, left: AtomicUsize::new(events), finished: Notify::new() })))
    }

    /// Waits until as many events had their effect.
    pub(crate) async fn finished(&self) {
        self.0.finished.notified().await;
    }

    /// Whether every event was marked, and so had its effect.
    pub(crate) async fn check(&self) -> Result<()> {
        let mut connection = self.0.database.connection().await?;
        let (marked,): (i64,) =
            sqlx::query_as("select cast(count(*) as bigint) from inbox").fetch_one(&mut *connection).await?;
        if usize::try_from(marked)? != self.0.events {
            bail!("{marked} of {} events had their effect", self.0.events);
        }
        Ok(())
    }

    async fn apply(&self, event: &Update<'_>) -> Result<()> {
        let mut transaction = self.0.database.begin().await?;
        let marked = sqlx::query("insert into inbox (event_id, handled_us) values ($1, $2) on conflict do nothing")
            .bind(&*event.event_id)
            .bind(event.event_data.updated_at.micros())
            .execute(&mut *transaction)
            .await?;
        if marked.rows_affected() == 1 {
            sqlx::query("update task set status = 'in_progress', progress = $2 where task_id = $1")
                .bind(&*event.event_data.task_id)
                .bind(event.event_data.progress_percentage)
                .execute(&mut *transaction)
                .await?;
            transaction.commit().await?;
        }
        Ok(())
    }

    async fn apply_all(&self, events: &[Update<'_>]) -> Result<()> {
        let values = store::rows::placeholders(events.len(), 2);
        let mark = format!("insert into inbox (event_id, handled_us) values {values} on conflict do nothing");
        let mut mark = sqlx::query(sqlx::AssertSqlSafe(mark));
        for event in events {
            mark = mark.bind(&*event.event_id).bind(event.event_data.updated_at.micros());
        }
        let mut transaction = self.0.database.begin().await?;
        // counted and not returned: the rows of an answer are a cost that the bare loop does not have either
        let marked = mark.execute(&mut *transaction).await?.rows_affected();
        if usize::try_from(marked)? < events.len() {
            // a repeat among them is rare, so the way to find it may be long
            drop(transaction);
            for event in events {
                self.apply(event).await?;
            }
            return Ok(());
        }
        // `column1` is what both databases call the first column of VALUES
        let update = format!(
            "update task set status = 'in_progress', progress = v.column2 from (values {values}) as v \
             where task_id = v.column1"
        );
        let mut update = sqlx::query(sqlx::AssertSqlSafe(update));
        for event in events {
            update = update.bind(&*event.event_data.task_id).bind(event.event_data.progress_percentage);
        }
        update.execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(())
    }

    fn count(&self, events: usize) {
        if self.0.left.fetch_sub(events, Ordering::AcqRel) == events {
            self.0.finished.notify_one();
        }
    }
}

fn read(message: &Message) -> Result<Update<'_>, Failure> {
    serde_json::from_slice(message.data()).map_err(|error| Failure::Reject(error.into()))
}

impl Handler for Effect {
    fn together(&self) -> usize {
        TOGETHER
    }

    async fn handle_together(&self, messages: &[&Message]) -> Result<(), Failure> {
        let events = messages.iter().map(|message| read(message)).collect::<Result<Vec<_>, _>>()?;
        self.apply_all(&events).await.map_err(Failure::Retry)?;
        self.count(events.len());
        Ok(())
    }

    async fn handle(&self, message: &Message) -> Result<(), Failure> {
        self.apply(&read(message)?).await.map_err(Failure::Retry)?;
        self.count(1);
        Ok(())
    }
}

/// What a consumer would give to its handler.
pub(crate) fn messages(events: usize) -> Result<Vec<Message>> {
    let message = |number| {
        let id = EntryId { ms: 1, seq: number as u64 };
        Message::new(STREAM, GROUP, id, event(number)).map_err(|malformed| anyhow!("{}", malformed.why()))
    };
    (0..events).map(message).collect()
}

/// Hands them on as a consumer does whose handler takes many: the keys come in turn, so that no two of one key meet.
pub(crate) async fn feed(effect: &Effect, messages: &[Message]) -> Result<()> {
    for together in messages.chunks(TOGETHER) {
        let together: Vec<_> = together.iter().collect();
        effect.handle_together(&together).await.map_err(|failure| anyhow!("{failure:?}"))?;
    }
    Ok(())
}

/// The same where every message has its own transaction.
pub(crate) async fn feed_one_by_one(effect: &Effect, messages: &[Message]) -> Result<()> {
    stream::iter(messages)
        .map(|message| effect.handle(message))
        .buffer_unordered(AT_ONCE)
        .try_collect::<Vec<()>>()
        .await
        .map_err(|failure| anyhow!("{failure:?}"))?;
    Ok(())
}
