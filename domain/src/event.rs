//! The events of the scrum, as the wire has them (contract §3). Byte-compatible: key order and types are the
//! reference's; what we add to an envelope is optional and additive.

use serde::{Deserialize, Serialize};

use crate::{Date, Timestamp, backlog::TaskStatus, sprint::SprintStatus};

/// `TASK_UPDATED` on `task_update_events`. All keys are present on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskUpdated {
    pub event_id: String,
    pub event_type: TaskUpdatedType,
    pub timestamp: Timestamp,
    pub aggregate_id: String,
    pub aggregate_type: String,
    pub event_data: TaskUpdatedData,
    pub metadata: Metadata,
}

/// The one word of this type; anything else is another event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TaskUpdatedType {
    #[serde(rename = "TASK_UPDATED")]
    TaskUpdated,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskUpdatedData {
    pub task_id: String,
    pub project_id: String,
    #[serde(default)]
    pub sprint_id: Option<String>,
    pub status: TaskStatus,
    pub progress_percentage: i64,
    pub updated_at: Timestamp,
    #[serde(default)]
    pub assigned_to: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    #[serde(default)]
    pub source_service: Option<String>,
    #[serde(default)]
    pub correlation_id: Option<String>,
}

/// An event on `dsm:events`: flat, with a `payload`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DomainEvent<P> {
    pub event_id: String,
    pub event_type: String,
    pub aggregate_id: String,
    pub payload: P,
    pub timestamp: Timestamp,
    #[serde(default)]
    pub correlation_id: Option<String>,
}

/// Payload of `SprintStarted`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SprintStartedPayload {
    pub sprint_id: String,
    pub project_id: String,
    pub sprint_name: String,
    pub start_date: Date,
    pub end_date: Date,
    /// Ids of the planned tasks.
    #[serde(default)]
    pub tasks: Vec<String>,
}

/// Payload of `SprintCompleted`: a sprint was closed, with or without unfinished tasks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SprintCompletedPayload {
    pub sprint_id: String,
    pub project_id: String,
    pub sprint_name: String,
    pub start_date: Date,
    pub end_date: Date,
    pub status: SprintStatus,
    pub total_tasks: u64,
    pub completed_tasks: u64,
    pub completed_task_ids: Vec<String>,
    /// Go back to the backlog.
    pub pending_task_ids: Vec<String>,
    /// Finished tasks.
    pub velocity: u64,
}

pub const TASK_UPDATED: &str = "TASK_UPDATED";
pub const SPRINT_STARTED: &str = "SprintStarted";
pub const SPRINT_COMPLETED: &str = "SprintCompleted";

/// What every event has, ours or another program's, as far as it can be read: used for routing, lanes and display.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Envelope {
    #[serde(default)]
    pub event_id: Option<String>,
    #[serde(default)]
    pub event_type: Option<String>,
    /// The ordering key.
    #[serde(default)]
    pub aggregate_id: Option<String>,
    #[serde(default)]
    pub correlation_id: Option<String>,
    #[serde(default)]
    metadata: Option<Metadata>,
}

impl Envelope {
    /// Reads the envelope from the JSON of field `data`.
    pub fn read(json: &[u8]) -> Result<Self, serde_json::Error> {
        let mut envelope: Self = serde_json::from_slice(json)?;
        if envelope.correlation_id.is_none() {
            envelope.correlation_id = envelope.metadata.take().and_then(|m| m.correlation_id);
        }
        Ok(envelope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TASK_UPDATED_WIRE: &str = r#"{"event_id":"5b1e","event_type":"TASK_UPDATED","timestamp":"2026-03-02T09:15:04.120331","aggregate_id":"ACM-7-TASK004","aggregate_type":"Task","event_data":{"task_id":"ACM-7-TASK004","project_id":"ACM-7","sprint_id":"ACM-7-S02","status":"in_progress","progress_percentage":42,"updated_at":"2026-03-02T09:15:04.120331","assigned_to":"E017"},"metadata":{"source_service":"SprintService","correlation_id":"90aa"}}"#;
    const SPRINT_STARTED_WIRE: &str = r#"{"event_id":"c07d","event_type":"SprintStarted","aggregate_id":"ACM-7-S02","payload":{"sprint_id":"ACM-7-S02","project_id":"ACM-7","sprint_name":"Checkout","start_date":"2026-03-02","end_date":"2026-03-16","tasks":["ACM-7-TASK004"]},"timestamp":"2026-03-02T09:15:04.120331","correlation_id":"90aa"}"#;

    #[test]
    fn task_updated_is_byte_compatible_with_the_contract() {
        let event: TaskUpdated = serde_json::from_str(TASK_UPDATED_WIRE).expect("contract example");
        assert_eq!(serde_json::to_string(&event).expect("json"), TASK_UPDATED_WIRE);
    }

    #[test]
    fn sprint_started_is_byte_compatible_with_the_contract() {
        let event: DomainEvent<SprintStartedPayload> =
            serde_json::from_str(SPRINT_STARTED_WIRE).expect("contract example");
        assert_eq!(serde_json::to_string(&event).expect("json"), SPRINT_STARTED_WIRE);
    }

    #[test]
    fn the_correlation_id_is_found_in_either_place() {
        for wire in [TASK_UPDATED_WIRE, SPRINT_STARTED_WIRE] {
            assert_eq!(Envelope::read(wire.as_bytes()).expect("json").correlation_id.as_deref(), Some("90aa"));
        }
    }

    #[test]
    fn an_event_without_its_required_fields_is_malformed() {
        let cut = TASK_UPDATED_WIRE.replace(r#""progress_percentage":42,"#, "");
        assert!(serde_json::from_str::<TaskUpdated>(&cut).is_err());
    }
}
