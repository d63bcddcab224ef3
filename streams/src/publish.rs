//! Sending entries.

use domain::stream::EntryId;

use crate::{Error, Redis, keys};

/// An event on its way to a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    pub stream: String,
    /// The event as JSON; becomes the entry's only field, `data`.
    pub data: String,
}

/// Adds all of `batch`, in order, in one round trip, and gives the ids in the same order.
///
/// All or nothing as far as Redis can refuse (out of memory, read only): a batch that is sent again after an error
/// cannot arrive in another order. When the *answer* is lost, sending again makes duplicates; the inbox of every
/// consumer absorbs them (promise P2).
pub async fn publish(redis: &Redis, batch: &[Outgoing]) -> Result<Vec<EntryId>, Error> {
    if batch.is_empty() {
        return Ok(Vec::new());
    }
    let mut pipeline = redis::pipe();
    pipeline.atomic();
    for outgoing in batch {
        pipeline.cmd("XADD").arg(&outgoing.stream).arg("*").arg(keys::DATA).arg(&outgoing.data);
    }
    let ids: Vec<String> = redis.pipeline(&pipeline).await?;
    ids.iter().map(|id| crate::reply::entry_id(id)).collect()
}
