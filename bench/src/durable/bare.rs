//! Nothing but the statements: one connection, one event or many to a transaction.

use std::time::{Duration, Instant};

use anyhow::Result;
use sqlx::{AnyConnection, Connection, Executor};

use super::{Kind, SCHEMA};
use crate::event::{KEYS, event_id, task_id};

const MARK: &str = "insert into inbox (event_id, handled_us) values ($1, $2) on conflict do nothing";
const UPDATE: &str = "update task set status = 'in_progress', progress = $2 where task_id = $1";

pub(crate) async fn run(url: &str, kind: Kind, events: usize, together: usize) -> Result<Duration> {
    let mut database = connect(url, kind).await?;
    furnish(&mut database).await?;
    let started = Instant::now();
    for first in (0..events).step_by(together) {
        let numbers = first..(first + together).min(events);
        let mut transaction = database.begin().await?;
        if together == 1 {
            mark(&mut transaction, &event_id(first), micros(first)).await?;
            update(&mut transaction, &task_id(first), micros(first) % 100).await?;
        } else {
            many(&mut transaction, numbers).await?;
        }
        transaction.commit().await?;
    }
    Ok(started.elapsed())
}

pub(crate) async fn connect(url: &str, kind: Kind) -> Result<AnyConnection> {
    sqlx::any::install_default_drivers();
    let mut database = AnyConnection::connect(url).await?;
    if kind == Kind::Sqlite {
        // as `store` sets it
        database.execute("pragma journal_mode = wal; pragma synchronous = normal; pragma busy_timeout = 10000").await?;
    }
    Ok(database)
}

/// The tables, and the rows that are updated.
pub(crate) async fn furnish(database: &mut AnyConnection) -> Result<()> {
    for table in SCHEMA {
        database.execute(table).await?;
    }
    let values: Vec<_> = (0..KEYS).map(|number| format!("('{}', 'unassigned', 0)", task_id(number))).collect();
    let rows = format!("insert into task (task_id, status, progress) values {}", values.join(", "));
    database.execute(sqlx::AssertSqlSafe(rows)).await?;
    Ok(())
}

pub(crate) async fn mark(database: &mut AnyConnection, event_id: &str, at_us: i64) -> Result<()> {
    sqlx::query(MARK).bind(event_id).bind(at_us).execute(database).await?;
    Ok(())
}

pub(crate) async fn update(database: &mut AnyConnection, task_id: &str, progress: i64) -> Result<()> {
    sqlx::query(UPDATE).bind(task_id).bind(progress).execute(database).await?;
    Ok(())
}

async fn many(database: &mut AnyConnection, numbers: std::ops::Range<usize>) -> Result<()> {
    let values = store::rows::placeholders(numbers.len(), 2);
    // `column1` is what both databases call the first column of VALUES
    let update = format!(
        "update task set status = 'in_progress', progress = v.column2 from (values {values}) as v \
         where task_id = v.column1"
    );
    let mark = format!("insert into inbox (event_id, handled_us) values {values} on conflict do nothing");
    let mut mark = sqlx::query(sqlx::AssertSqlSafe(mark));
    let mut update = sqlx::query(sqlx::AssertSqlSafe(update));
    for number in numbers {
        mark = mark.bind(event_id(number)).bind(micros(number));
        update = update.bind(task_id(number)).bind(micros(number) % 100);
    }
    mark.execute(&mut *database).await?;
    update.execute(database).await?;
    Ok(())
}

/// Stands for a time: to ask a clock is no part of the limit.
fn micros(number: usize) -> i64 {
    i64::try_from(number).expect("a number of an event is small")
}
