//! What detectors need to know beyond the figures that everybody looks at.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::stream::{EntryId, Name};

/// One server; of a cluster, one of its masters.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct ServerFacts {
    /// Another one after every start. Empty where the server does not let us ask.
    pub run_id: String,
    pub uptime_seconds: u64,
    pub used_memory_bytes: u64,
    /// 0 = no limit.
    pub max_memory_bytes: u64,
    pub eviction_policy: String,
    pub evicted_keys: u64,
    /// It repeats what another server writes, and refuses writes of its own.
    pub is_replica: bool,
    /// Replicas that are connected.
    pub replicas: u64,
    /// Time since the slowest of them was last heard of; `None` = there is none.
    pub replica_silent_seconds: Option<u64>,
    /// Whether it refuses writes where too few replicas listen (`min-replicas-to-write`).
    pub needs_replicas: bool,
}

/// One of the oldest pending entries of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OldPending {
    pub id: EntryId,
    /// `None` = it was released, and waits to be taken by anybody.
    pub consumer: Option<Name>,
    /// Since its last delivery; means nothing where it was released.
    pub idle_ms: u64,
    pub deliveries: u64,
    /// Whether the entry itself is still in the stream.
    pub has_body: bool,
}
