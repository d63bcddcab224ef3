//! The least that a consumer can do: read 100, parse the JSON, acknowledge 100, next. No order, no retry, no dead letter.

use std::time::{Duration, Instant};

use anyhow::Result;
use redis::{Client, cmd, streams::StreamReadReply};

use crate::GROUP;

const COUNT: usize = 100;

/// Time until nothing is unread.
pub(crate) async fn consume(url: &str, stream: &str) -> Result<Duration> {
    let mut redis = Client::open(url)?.get_multiplexed_async_connection().await?;
    let () = cmd("XGROUP").arg("CREATE").arg(stream).arg(GROUP).arg("0").query_async(&mut redis).await?;
    let started = Instant::now();
    loop {
        let mut read = cmd("XREADGROUP");
        read.arg("GROUP").arg(GROUP).arg("limit").arg("COUNT").arg(COUNT).arg("STREAMS").arg(stream).arg(">");
        let reply: Option<StreamReadReply> = read.query_async(&mut redis).await?;
        let Some(batch) = reply.and_then(|mut reply| reply.keys.pop()) else {
            return Ok(started.elapsed());
        };
        let mut acknowledge = cmd("XACK");
        acknowledge.arg(stream).arg(GROUP);
        for entry in &batch.ids {
            let data: Vec<u8> = entry.get("data").unwrap_or_default();
            std::hint::black_box(serde_json::from_slice::<serde_json::Value>(&data)?);
            acknowledge.arg(&entry.id);
        }
        let _: u64 = acknowledge.query_async(&mut redis).await?;
    }
}
