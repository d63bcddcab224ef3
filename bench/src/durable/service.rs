//! The real thing beside the bench's own handler: the backlog service follows the tasks of a sprint.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Result, bail};
use services::{Databases, Services, consumer::EventHandler};
use streams::{Failure, Handler, Message};
use tokio::sync::Notify;

use super::{Place, consume};
use crate::event::{KEYS, task_id};

/// Counts what the service's handler has handled.
struct Counted {
    handler: EventHandler,
    left: AtomicUsize,
    finished: Arc<Notify>,
}

impl Counted {
    fn count(&self, events: usize) {
        if self.left.fetch_sub(events, Ordering::AcqRel) == events {
            self.finished.notify_one();
        }
    }
}

impl Handler for Counted {
    fn together(&self) -> usize {
        self.handler.together()
    }

    async fn handle_together(&self, messages: &[&Message]) -> Result<(), Failure> {
        self.handler.handle_together(messages).await?;
        self.count(messages.len());
        Ok(())
    }

    async fn handle(&self, message: &Message) -> Result<(), Failure> {
        self.handler.handle(message).await?;
        self.count(1);
        Ok(())
    }
}

pub(crate) async fn run(place: &Place, events: usize) -> Result<Duration> {
    let services = Services::new(match place {
        Place::Sqlite(sqlite) => Databases::sqlite(sqlite.folder())?,
        Place::Postgres(postgres) => Databases::postgres(&postgres.url())?,
    });
    furnish(&services).await?;
    let finished = Arc::new(Notify::new());
    let handler = services::backlog::tasks_handler(services.clone());
    let handler = Counted { handler, left: AtomicUsize::new(events), finished: Arc::clone(&finished) };
    let took = consume(handler, events, async move { finished.notified().await }).await?;
    let mut connection = services.databases().backlog.connection().await?;
    let (marked,): (i64,) =
        sqlx::query_as("select cast(count(*) as bigint) from processed_events").fetch_one(&mut *connection).await?;
    if usize::try_from(marked)? != events {
        bail!("{marked} of {events} events had their effect");
    }
    Ok(took)
}

/// The tasks that the events speak of.
async fn furnish(services: &Services) -> Result<()> {
    let values: Vec<_> = (0..KEYS).map(|number| format!("('{}', 'ACM-7', 'a task')", task_id(number))).collect();
    let insert = format!("insert into tasks (task_id, project_id, title) values {}", values.join(", "));
    let mut transaction = services.databases().backlog.begin().await?;
    sqlx::query(sqlx::AssertSqlSafe(insert)).execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(())
}
