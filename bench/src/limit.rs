//! The least that a consumer can do: no order, no retry, no dead letter. And the most that reading ahead would give.

use std::time::Instant;

use anyhow::Result;
use redis::{Client, Cmd, Value, cmd};

use crate::consume::{Done, GROUP, STREAM};

/// Entries of one XREADGROUP and one XACK, as our consumer's.
const COUNT: usize = 100;

/// Read 100, parse, acknowledge 100, next. Until nothing is unread.
pub(crate) async fn turn_by_turn(url: &str) -> Result<Done> {
    let config = redis::AsyncConnectionConfig::new().set_response_timeout(None).set_connection_timeout(None);
    let mut redis = Client::open(url)?.get_multiplexed_async_connection_with_config(&config).await?;
    let (started, mut events) = (Instant::now(), 0);
    loop {
        let reply: Value = read().query_async(&mut redis).await?;
        match parse(&reply)? {
            0 => return Ok(Done { events, took: started.elapsed() }),
            parsed => events += parsed,
        }
        acknowledge(&reply).exec_async(&mut redis).await?;
    }
}

/// The next read and the acknowledgement of the previous batch are on the wire while this batch is parsed.
pub(crate) fn read_ahead(url: &str) -> Result<Done> {
    let mut redis = Client::open(url)?.get_connection()?;
    let (started, mut events) = (Instant::now(), 0);
    let mut current: Value = read().query(&mut redis)?;
    loop {
        redis.send_packed_command(&read().get_packed_command())?;
        match parse(&current)? {
            0 => return Ok(Done { events, took: started.elapsed() }),
            parsed => events += parsed,
        }
        redis.send_packed_command(&acknowledge(&current).get_packed_command())?;
        let next = redis.recv_response()?;
        redis.recv_response()?;
        current = next;
    }
}

fn read() -> Cmd {
    let mut read = cmd("XREADGROUP");
    read.arg("GROUP").arg(GROUP).arg("limit").arg("COUNT").arg(COUNT).arg("STREAMS").arg(STREAM).arg(">");
    read
}

fn acknowledge(reply: &Value) -> Cmd {
    let mut acknowledge = cmd("XACK");
    acknowledge.arg(STREAM).arg(GROUP);
    for (id, _) in entries(reply) {
        acknowledge.arg(id);
    }
    acknowledge
}

/// The empty handler: parses the JSON of every entry, as ours does.
fn parse(reply: &Value) -> Result<usize> {
    let mut parsed = 0;
    for (_, data) in entries(reply) {
        std::hint::black_box(serde_json::from_slice::<serde_json::Value>(data)?);
        parsed += 1;
    }
    Ok(parsed)
}

/// `[[stream, [[id, [field, value]]]]]` as pairs of id and value; no copy is made.
pub(crate) fn entries(reply: &Value) -> impl Iterator<Item = (&[u8], &[u8])> {
    let list = match reply {
        Value::Array(streams) => match streams.first() {
            Some(Value::Array(stream)) => stream.get(1),
            _ => None,
        },
        _ => None,
    };
    let list = match list {
        Some(Value::Array(list)) => list.as_slice(),
        _ => &[],
    };
    list.iter().filter_map(entry)
}

fn entry(value: &Value) -> Option<(&[u8], &[u8])> {
    let Value::Array(parts) = value else { return None };
    let [Value::BulkString(id), Value::Array(fields)] = parts.as_slice() else { return None };
    let Value::BulkString(data) = fields.get(1)? else { return None };
    Some((id, data))
}
