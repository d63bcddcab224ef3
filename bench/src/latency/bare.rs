//! The hops with nothing around them: insert, XADD, blocked XREADGROUP, inbox mark and update.

use std::time::Instant;

use anyhow::{Context, Result};
use redis::{Client, Value, aio::MultiplexedConnection, cmd};
use sqlx::{AnyConnection, Connection, Executor};
use tokio::{sync::mpsc, task::JoinHandle};

use super::{Arrival, next};
use crate::{
    durable::{Kind, bare},
    event::{event, event_id, task_id},
};

const STREAM: &str = "bare";
const GROUP: &str = "g";

pub(crate) struct Chain {
    database: AnyConnection,
    redis: MultiplexedConnection,
    arrived: mpsc::UnboundedReceiver<Arrival>,
    reader: JoinHandle<Result<()>>,
}

impl Chain {
    pub(crate) async fn new(redis_url: &str, database_url: &str, kind: Kind) -> Result<Self> {
        let mut database = bare::connect(database_url, kind).await?;
        bare::furnish(&mut database).await?;
        database.execute("create table sent (id bigint primary key, data text not null)").await?;
        let client = Client::open(redis_url)?;
        let mut redis = client.get_multiplexed_async_connection().await?;
        cmd("XGROUP").arg("CREATE").arg(STREAM).arg(GROUP).arg("$").arg("MKSTREAM").exec_async(&mut redis).await?;
        let config = redis::AsyncConnectionConfig::new().set_response_timeout(None);
        let blocking = client.get_multiplexed_async_connection_with_config(&config).await?;
        let (arrivals, arrived) = mpsc::unbounded_channel();
        let reader = tokio::spawn(read(blocking, bare::connect(database_url, kind).await?, arrivals));
        Ok(Self { database, redis, arrived, reader })
    }

    pub(crate) async fn once(&mut self, number: usize) -> Result<Arrival> {
        let data = event(number);
        let mut transaction = self.database.begin().await?;
        sqlx::query("insert into sent (id, data) values ($1, $2)")
            .bind(i64::try_from(number)?)
            .bind(&data)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        cmd("XADD").arg(STREAM).arg("*").arg("data").arg(&data).exec_async(&mut self.redis).await?;
        next(&mut self.arrived).await
    }

    /// Ends the reader with an entry that says so.
    pub(crate) async fn end(mut self) -> Result<()> {
        cmd("XADD").arg(STREAM).arg("*").arg("end").arg("").exec_async(&mut self.redis).await?;
        self.reader.await?
    }
}

async fn read(
    mut redis: MultiplexedConnection,
    mut database: AnyConnection,
    arrivals: mpsc::UnboundedSender<Arrival>,
) -> Result<()> {
    for number in 0.. {
        let mut read = cmd("XREADGROUP");
        read.arg("GROUP").arg(GROUP).arg("c").arg("COUNT").arg(1).arg("BLOCK").arg(0);
        let reply: Value = read.arg("STREAMS").arg(STREAM).arg(">").query_async(&mut redis).await?;
        let received = Instant::now();
        let (id, data) = crate::limit::entries(&reply).next().context("an entry")?;
        if data.is_empty() {
            return Ok(());
        }
        std::hint::black_box(serde_json::from_slice::<serde_json::Value>(data)?);
        let mut transaction = database.begin().await?;
        bare::mark(&mut transaction, &event_id(number), 1).await?;
        bare::update(&mut transaction, &task_id(number), 42).await?;
        transaction.commit().await?;
        arrivals.send(Arrival { received, effective: Instant::now() })?;
        cmd("XACK").arg(STREAM).arg(GROUP).arg(id).exec_async(&mut redis).await?;
    }
    Ok(())
}
