//! Whether a service can do its work, and what still waits to be published.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Timestamp;

/// `GET /health/ready` (contract §2.0). The service's own database and Redis decide; peers are reported, never gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Readiness {
    /// `<name>-service`
    pub service: String,
    /// `ready` or `not_ready`
    pub status: String,
    /// `ok` or `error`
    pub database: String,
    /// `ok` or `error`
    pub redis: String,
    /// `<peer>_service` to `ok` or `error`; absent for services that call nobody.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub external_apis: BTreeMap<String, String>,
    pub timestamp: Timestamp,
}

impl Readiness {
    pub fn is_ready(&self) -> bool {
        self.status == READY
    }
}

pub const READY: &str = "ready";
pub const NOT_READY: &str = "not_ready";

/// Events that a service has committed and the relay has not published yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OutboxState {
    pub service: String,
    pub unsent: u64,
    /// When the oldest of them was committed; `None` = nothing waits.
    pub oldest: Option<Timestamp>,
}
