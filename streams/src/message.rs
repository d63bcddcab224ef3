//! What a handler is given, and how it may fail.

use std::future::Future;

use domain::{event::Envelope, stream::EntryId};

/// One entry, delivered to one group.
#[derive(Debug, Clone)]
pub struct Message {
    pub stream: String,
    pub group: String,
    pub id: EntryId,
    /// The JSON of field `data`, as it was sent.
    pub data: Vec<u8>,
    pub envelope: Envelope,
    /// 1 at the first try.
    pub attempt: u64,
}

/// Why a message could not be handled, by what shall become of it.
#[derive(Debug)]
pub enum Failure {
    /// Try again later: counts as an attempt; after the last one the entry becomes a dead letter.
    Retry(anyhow::Error),
    /// Will never succeed: a dead letter at once.
    Reject(anyhow::Error),
    /// Something that every message needs is away: costs no attempt. The group holds everything and sends one message
    /// at a time as a probe until one gets through.
    Outage(anyhow::Error),
}

/// Handles the messages of one group. Runs at least once per message and never at the same time for two messages of
/// one key; must be safe to run twice.
pub trait Handler: Send + Sync + 'static {
    fn handle(&self, message: &Message) -> impl Future<Output = Result<(), Failure>> + Send;
}
