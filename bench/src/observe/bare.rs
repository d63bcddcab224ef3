//! The least that a sample with consumers asks: what the answers mean is left to nobody.

use anyhow::Result;
use redis::{Value, aio::MultiplexedConnection, pipe};

use crate::installation;

/// Streams in one pipeline: the stall of others is set by it (ten: least stall for a fifth more time).
const AT_ONCE: usize = 10;

pub(crate) async fn sample(redis: &mut MultiplexedConnection) -> Result<()> {
    let names: Vec<String> = (0..installation::STREAMS).map(installation::name).collect();
    for chunk in names.chunks(AT_ONCE) {
        let mut pipeline = pipe();
        for stream in chunk {
            pipeline.cmd("XINFO").arg("STREAM").arg(stream).cmd("XINFO").arg("GROUPS").arg(stream);
            for group in 0..installation::GROUPS {
                pipeline.cmd("XINFO").arg("CONSUMERS").arg(stream).arg(format!("group-{group}"));
            }
        }
        let answers: Vec<Value> = pipeline.query_async(redis).await?;
        std::hint::black_box(answers);
    }
    Ok(())
}
