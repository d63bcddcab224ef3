//! A large installation: the streams, groups and consumers that are looked at.

use anyhow::Result;
use redis::{aio::MultiplexedConnection, cmd, pipe};

pub(crate) const STREAMS: usize = 1_000;
pub(crate) const GROUPS: usize = 10;
pub(crate) const CONSUMERS: usize = 3;
pub(crate) const ENTRIES: usize = 20;
/// Entries that every group has read and not acknowledged.
pub(crate) const PENDING: usize = CONSUMERS * READ_BY_EACH;
const READ_BY_EACH: usize = 3;

pub(crate) fn name(number: usize) -> String {
    format!("stream-{number:04}")
}

fn group(number: usize) -> String {
    format!("group-{number}")
}

pub(crate) async fn furnish(redis: &mut MultiplexedConnection) -> Result<()> {
    for stream in (0..STREAMS).map(name) {
        let mut pipeline = pipe();
        for _ in 0..ENTRIES {
            pipeline.cmd("XADD").arg(&stream).arg("*").arg("data").arg(r#"{"event_type":"Looked"}"#).ignore();
        }
        for group in (0..GROUPS).map(group) {
            pipeline.cmd("XGROUP").arg("CREATE").arg(&stream).arg(&group).arg("0").ignore();
            for consumer in 0..CONSUMERS {
                pipeline.add_command(read(&stream, &group, consumer, READ_BY_EACH)).ignore();
            }
        }
        let () = pipeline.query_async(redis).await?;
    }
    Ok(())
}

/// Every group reads an entry; where it has read all of them it starts again, so that it can go on for ever.
pub(crate) async fn everybody_reads_one(redis: &mut MultiplexedConnection) -> Result<()> {
    for stream in (0..STREAMS).map(name) {
        let mut pipeline = pipe();
        for group in (0..GROUPS).map(group) {
            pipeline.add_command(read(&stream, &group, 0, 1));
        }
        let read: Vec<redis::Value> = pipeline.query_async(redis).await?;
        if read.contains(&redis::Value::Nil) {
            let mut again = pipe();
            for group in (0..GROUPS).map(group) {
                again.cmd("XGROUP").arg("SETID").arg(&stream).arg(&group).arg("0").ignore();
            }
            let () = again.query_async(redis).await?;
        }
    }
    Ok(())
}

/// Every group has read and acknowledged everything: nothing on a page grows older by itself.
pub(crate) async fn everybody_rests(redis: &mut MultiplexedConnection) -> Result<()> {
    for stream in (0..STREAMS).map(name) {
        let mut pipeline = pipe();
        for group in (0..GROUPS).map(group) {
            // a new group has nothing pending
            pipeline.cmd("XGROUP").arg("DESTROY").arg(&stream).arg(&group).ignore();
            pipeline.cmd("XGROUP").arg("CREATE").arg(&stream).arg(&group).arg("$").ignore();
        }
        let () = pipeline.query_async(redis).await?;
    }
    Ok(())
}

/// So many groups, of as many streams, fall behind by an entry.
pub(crate) async fn some_fall_behind(redis: &mut MultiplexedConnection, groups: usize) -> Result<()> {
    if groups == 0 {
        return Ok(());
    }
    let mut pipeline = pipe();
    for stream in (0..groups).map(name) {
        pipeline.cmd("XGROUP").arg("SETID").arg(&stream).arg(group(0)).arg("0").ignore();
    }
    Ok(pipeline.query_async(redis).await?)
}

fn read(stream: &str, group: &str, consumer: usize, count: usize) -> redis::Cmd {
    let mut read = cmd("XREADGROUP");
    read.arg("GROUP").arg(group).arg(format!("consumer-{consumer}")).arg("COUNT").arg(count);
    read.arg("STREAMS").arg(stream).arg(">");
    read
}
