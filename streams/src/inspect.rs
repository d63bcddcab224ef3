//! Looking, which cannot break anything: every read is capped.
use crate::{Error, Redis};
use domain::stream::{Entry, EntryId, EntryPage, PendingPage};
use serde::{Deserialize, Serialize};

/// Which entries of a stream. `before` and `after` are exclusive; `after` wins.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Browse {
    pub before: Option<EntryId>,
    pub after: Option<EntryId>,
    pub count: usize,
    pub event_type: Option<String>,
    pub text: Option<String>,
}

/// Which pending entries of a group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PendingBrowse {
    pub after: Option<EntryId>,
    pub consumer: Option<String>,
    pub min_idle_ms: Option<u64>,
    pub count: usize,
}

pub async fn entries(_redis: &Redis, _stream: &str, _browse: &Browse) -> Result<EntryPage, Error> {
    unimplemented!()
}
pub async fn entry(_redis: &Redis, _stream: &str, _id: EntryId) -> Result<Entry, Error> {
    unimplemented!()
}
pub async fn pending(
    _redis: &Redis,
    _stream: &str,
    _group: &str,
    _browse: &PendingBrowse,
) -> Result<PendingPage, Error> {
    unimplemented!()
}
