//! The events of the scrum, as the wire has them (contract §3). Byte-compatible: key order and types are the
//! reference's; what we add to an envelope is optional and additive.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use crate::{
    Date, Timestamp,
    backlog::TaskStatus,
    sprint::SprintStatus,
    trace::{TRACEPARENT, TraceContext},
};

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
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Envelope {
    pub event_id: Option<String>,
    pub event_type: Option<String>,
    /// The ordering key.
    pub aggregate_id: Option<String>,
    pub correlation_id: Option<String>,
    /// Where it has a trace context that the standard allows.
    pub trace: Option<TraceContext>,
}

/// The same as it is written: the correlation is in either of two places.
#[derive(Deserialize)]
struct WrittenEnvelope {
    #[serde(default)]
    event_id: Option<String>,
    #[serde(default)]
    event_type: Option<String>,
    #[serde(default)]
    aggregate_id: Option<String>,
    #[serde(default)]
    correlation_id: Option<String>,
    #[serde(default)]
    metadata: Option<Metadata>,
    #[serde(default)]
    traceparent: Option<Traceparent>,
}

/// Anything: an event is no worse for a trace context that is none.
struct Traceparent(Option<TraceContext>);

impl<'de> Deserialize<'de> for Traceparent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Traceparent;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a trace context")
            }

            fn visit_str<E>(self, text: &str) -> Result<Traceparent, E> {
                Ok(Traceparent(TraceContext::parse(text)))
            }

            fn visit_bool<E>(self, _: bool) -> Result<Traceparent, E> {
                Ok(Traceparent(None))
            }

            fn visit_i64<E>(self, _: i64) -> Result<Traceparent, E> {
                Ok(Traceparent(None))
            }

            fn visit_u64<E>(self, _: u64) -> Result<Traceparent, E> {
                Ok(Traceparent(None))
            }

            fn visit_f64<E>(self, _: f64) -> Result<Traceparent, E> {
                Ok(Traceparent(None))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Traceparent, A::Error> {
                while items.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Traceparent(None))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Traceparent, A::Error> {
                while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Traceparent(None))
            }
        }
        deserializer.deserialize_any(Read)
    }
}

/// The JSON of an event with the trace that it belongs to: one more field behind those of the contract, which a reader who
/// knows nothing of it passes over. Anything but an object of at least one field stays as it is.
pub fn with_trace(json: &str, trace: TraceContext) -> String {
    match json.trim_end().strip_suffix('}') {
        Some(open) if !open.trim_end().ends_with('{') => format!("{open},\"{TRACEPARENT}\":\"{trace}\"}}"),
        _ => json.to_owned(),
    }
}

impl Envelope {
    /// Reads the envelope from the JSON of field `data`.
    pub fn read(json: &[u8]) -> Result<Self, serde_json::Error> {
        let written: WrittenEnvelope = match str::from_utf8(json) {
            // one look at all of it is cheaper than one at every string
            Ok(text) => serde_json::from_str(text)?,
            // what is wrong may be in a part that is not read
            Err(_) => serde_json::from_slice(json)?,
        };
        Ok(Self {
            event_id: written.event_id,
            event_type: written.event_type,
            aggregate_id: written.aggregate_id,
            correlation_id: written.correlation_id.or_else(|| written.metadata?.correlation_id),
            trace: written.traceparent.and_then(|traceparent| traceparent.0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TASK_UPDATED_WIRE: &str = r#"{"event_id":"5b1e","event_type":"TASK_UPDATED","timestamp":"2026-03-02T09:15:04.120331","aggregate_id":"ACM-7-TASK004","aggregate_type":"Task","event_data":{"task_id":"ACM-7-TASK004","project_id":"ACM-7","sprint_id":"ACM-7-S02","status":"in_progress","progress_percentage":42,"updated_at":"2026-03-02T09:15:04.120331","assigned_to":"E017"},"metadata":{"source_service":"SprintService","correlation_id":"90aa"}}"#;
    const SPRINT_STARTED_WIRE: &str = r#"{"event_id":"c07d","event_type":"SprintStarted","aggregate_id":"ACM-7-S02","payload":{"sprint_id":"ACM-7-S02","project_id":"ACM-7","sprint_name":"Checkout","start_date":"2026-03-02","end_date":"2026-03-16","tasks":["ACM-7-TASK004"]},"timestamp":"2026-03-02T09:15:04.120331","correlation_id":"90aa"}"#;

    #[test]
    fn a_trace_is_one_more_field_and_what_is_none_does_no_harm() {
        let trace = TraceContext::parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").expect("a context");
        let traced = with_trace(SPRINT_STARTED_WIRE, trace);
        assert!(traced.starts_with(SPRINT_STARTED_WIRE.strip_suffix('}').expect("an object")), "{traced}");
        let envelope = Envelope::read(traced.as_bytes()).expect("an envelope");
        assert_eq!(envelope.trace, Some(trace));
        assert_eq!(
            Envelope { trace: None, ..envelope },
            Envelope::read(SPRINT_STARTED_WIRE.as_bytes()).expect("the same")
        );
        for json in ["{}", "[]", "\"}\"", "", "{ }"] {
            assert_eq!(with_trace(json, trace), json);
        }
        for hostile in ["7", "-7", "0.5", "true", "null", "{\"a\":[1]}", "[[],{}]", "\"00-evil\""] {
            let event = format!("{{\"event_id\":\"e\",\"traceparent\":{hostile},\"aggregate_id\":\"a\"}}");
            let envelope = Envelope::read(event.as_bytes()).expect("an envelope");
            assert_eq!((envelope.trace, envelope.aggregate_id.as_deref()), (None, Some("a")), "{hostile}");
        }
    }

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
