//! Which events are looked for.

use serde_json::Value;

use super::TraceContext;
use crate::{Timestamp, event::Envelope, stream::EntryId};

/// What an event must be; what is empty matches everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sought {
    /// Its event id, its correlation id or the id of its trace.
    pub id: Option<String>,
    pub key: Option<String>,
    pub event_type: Option<String>,
    /// Added no earlier, by the id of its entry.
    pub from: Option<Timestamp>,
    /// Added no later.
    pub until: Option<Timestamp>,
    /// A field of its JSON and the value it must have.
    pub field: Option<(String, String)>,
}

/// An event in a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub stream: String,
    pub entry: EntryId,
    pub envelope: Envelope,
    pub trace: Option<TraceContext>,
}

impl Sought {
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the event, whose JSON is `data`, is one of them. The time is the caller's: it is in the id of the entry.
    pub fn matches(&self, envelope: &Envelope, trace: Option<TraceContext>, data: &[u8]) -> bool {
        let is = |wanted: &Option<String>, has: &Option<String>| wanted.is_none() || wanted == has;
        self.id.as_deref().is_none_or(|id| is_named(id, envelope, trace))
            && is(&self.key, &envelope.aggregate_id)
            && is(&self.event_type, &envelope.event_type)
            && self.field.as_ref().is_none_or(|(path, value)| has(data, path, value))
    }
}

/// Whether this is the event's id, its correlation's or its trace's.
pub fn is_named(id: &str, envelope: &Envelope, trace: Option<TraceContext>) -> bool {
    [&envelope.event_id, &envelope.correlation_id].into_iter().flatten().any(|has| has == id)
        || trace.is_some_and(|trace| trace.trace_id_text() == id)
}

/// Whether the JSON has this value at `path`, whose parts are separated by dots; a name without a dot may be at any depth.
fn has(data: &[u8], path: &str, value: &str) -> bool {
    let Ok(json) = serde_json::from_slice::<Value>(data) else { return false };
    if path.contains('.') {
        let found = path.split('.').try_fold(&json, |at, name| at.get(name));
        return found.is_some_and(|found| says(found, value));
    }
    anywhere(&json, path, value)
}

fn anywhere(json: &Value, name: &str, value: &str) -> bool {
    match json {
        Value::Object(fields) => {
            fields.get(name).is_some_and(|found| says(found, value))
                || fields.values().any(|inner| anywhere(inner, name, value))
        }
        Value::Array(items) => items.iter().any(|inner| anywhere(inner, name, value)),
        _ => false,
    }
}

/// Whether somebody who reads this value would write it so.
fn says(found: &Value, value: &str) -> bool {
    match found {
        Value::String(text) => text == value,
        Value::Array(items) => items.iter().any(|item| says(item, value)),
        Value::Object(_) => false,
        Value::Number(number) => value == number.to_string(),
        Value::Bool(is_true) => value == if *is_true { "true" } else { "false" },
        Value::Null => value == "null",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATA: &[u8] = br#"{"event_id":"e1","event_type":"T","aggregate_id":"k","correlation_id":"c1",
        "payload":{"sprint_id":"S-1","tasks":["a","b"],"progress":42,"open":true,"none":null,"deep":{"x.y":"z"}}}"#;

    fn matches(sought: &Sought) -> bool {
        sought.matches(&Envelope::read(DATA).expect("json"), None, DATA)
    }

    fn field(path: &str, value: &str) -> bool {
        matches(&Sought { field: Some((path.to_owned(), value.to_owned())), ..Sought::default() })
    }

    #[test]
    fn an_event_is_found_by_its_id_and_by_that_of_what_it_belongs_to() {
        let id = |id: &str| matches(&Sought { id: Some(id.to_owned()), ..Sought::default() });
        assert!(id("e1") && id("c1"));
        assert!(!id("e") && !id("k"));
        let trace = TraceContext { trace_id: 0xabc, span_id: 1, sampled: false };
        assert!(is_named("00000000000000000000000000000abc", &Envelope::default(), Some(trace)));
        assert!(!is_named("abc", &Envelope::default(), Some(trace)));
    }

    #[test]
    fn a_field_has_the_value_that_somebody_who_reads_it_would_write() {
        assert!(field("payload.sprint_id", "S-1") && field("sprint_id", "S-1"));
        assert!(field("progress", "42") && field("open", "true") && field("none", "null") && field("tasks", "b"));
        assert!(!field("sprint_id", "S") && !field("payload.x", "") && !field("payload", "") && !field("", ""));
    }

    #[test]
    fn everything_asked_for_must_be_so() {
        let sought = Sought { key: Some("k".into()), event_type: Some("T".into()), ..Sought::default() };
        assert!(matches(&sought));
        assert!(!matches(&Sought { event_type: Some("U".into()), ..sought }));
    }
}
