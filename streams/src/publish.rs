//! Sending entries.

use domain::{event::with_trace, stream::EntryId, trace::TraceContext};
use futures::future::join_all;

use crate::{Error, Position, Redis, keys, reply, script};

/// An event on its way to a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    pub stream: String,
    /// The event as JSON; becomes the entry's only field, `data`.
    pub data: String,
}

/// What becomes an entry of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Body<'a> {
    /// The event as JSON, for the field `data`.
    pub data: &'a str,
    /// The trace it belongs to, which the event then names.
    pub trace: Option<TraceContext>,
}

impl<'a> From<&'a str> for Body<'a> {
    fn from(data: &'a str) -> Self {
        Self { data, trace: None }
    }
}

/// Adds all of `batch`, in order, in one round trip, and gives the ids in the same order.
///
/// All or nothing as far as Redis can refuse (out of memory, read only): a batch that is sent again after an error
/// cannot arrive in another order. When the *answer* is lost, sending again makes duplicates; the inbox of every
/// consumer absorbs them (promise P2). In a cluster this holds for the entries of one slot, so for each stream; after an
/// error some slots may have theirs.
pub async fn publish(redis: &Redis, batch: &[Outgoing]) -> Result<Vec<EntryId>, Error> {
    let mut ids = vec![EntryId::ZERO; batch.len()];
    let parts = redis.transactions(batch.iter().map(|outgoing| &outgoing.stream));
    let sent = join_all(parts.iter().map(|places| add(redis, places.iter().map(|place| &batch[*place])))).await;
    for (places, sent) in parts.iter().zip(sent) {
        for (place, id) in places.iter().zip(sent?) {
            ids[*place] = id;
        }
    }
    Ok(ids)
}

async fn add(redis: &Redis, batch: impl Iterator<Item = &Outgoing>) -> Result<Vec<EntryId>, Error> {
    let mut pipeline = redis::pipe();
    pipeline.atomic();
    for outgoing in batch {
        pipeline.cmd("XADD").arg(&outgoing.stream).arg("*").arg(keys::DATA).arg(&outgoing.data);
    }
    if pipeline.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<String> = redis.pipeline(&pipeline).await?;
    ids.iter().map(|id| reply::entry_id(id)).collect()
}

/// Adds all of `bodies` to a stream in one step, if that has at least what was published to it before: gives the ids, and
/// the position to keep. `None`: the stream was lost, or went back to an earlier state, and nothing was added.
pub async fn publish_after(
    redis: &Redis,
    stream: &str,
    position: Position,
    bodies: &[Body<'_>],
) -> Result<Option<(Vec<EntryId>, Position)>, Error> {
    let mut call = script::PUBLISH.key(stream);
    call.arg(position.entries_added).arg(position.last_id.ms).arg(position.last_id.seq);
    for Body { data, trace } in bodies {
        match trace {
            Some(trace) => call.arg(with_trace(data, *trace)),
            None => call.arg(*data),
        };
    }
    let answer: Option<(u64, Vec<String>)> = redis.script(&call).await?;
    let Some((entries_added, ids)) = answer else { return Ok(None) };
    let ids = ids.iter().map(|id| reply::entry_id(id)).collect::<Result<Vec<_>, _>>()?;
    let last_id = ids.last().copied().unwrap_or(position.last_id);
    Ok(Some((ids, Position { entries_added, last_id })))
}
