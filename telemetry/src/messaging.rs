//! Spans of events, in the words of OpenTelemetry's conventions for messaging.

use domain::{event::Envelope, stream::EntryId, trace::TraceContext};

use crate::span::{KeyValue, Span, SpanKind, Start};

/// An event on its way to a stream.
pub fn send(stream: &str, parent: Option<TraceContext>) -> Span {
    Span::start(parent, || Start {
        kind: SpanKind::Producer,
        name: format!("send {stream}").into(),
        attributes: common("send", stream),
    })
}

/// Which entry a sent event became.
pub fn sent(span: &mut Span, entry: EntryId) {
    span.tell(MESSAGE_ID, entry.to_string());
}

/// One attempt of a group at an entry.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    pub stream: &'a str,
    pub group: &'a str,
    pub consumer: &'a str,
    pub entry: EntryId,
    pub envelope: &'a Envelope,
    /// 1 at the first try.
    pub number: u64,
    /// How many entries are handled in one go, where it is more than one.
    pub together: Option<usize>,
}

/// A handler at work on an entry: a child of what the entry carries, so that a trace spans all groups.
pub fn process(parent: Option<TraceContext>, attempt: Attempt<'_>) -> Span {
    Span::start(parent, || {
        let mut attributes = common("process", attempt.stream);
        attributes.push(KeyValue::new("messaging.consumer.group.name", attempt.group.to_owned()));
        attributes.push(KeyValue::new("messaging.client.id", attempt.consumer.to_owned()));
        attributes.push(KeyValue::new(MESSAGE_ID, attempt.entry.to_string()));
        attributes.push(KeyValue::new("dsm.attempt", i64::try_from(attempt.number).unwrap_or(i64::MAX)));
        if let Some(together) = attempt.together {
            let count = i64::try_from(together).unwrap_or(i64::MAX);
            attributes.push(KeyValue::new("messaging.batch.message_count", count));
        }
        for (key, value) in [
            ("messaging.message.conversation_id", &attempt.envelope.correlation_id),
            ("dsm.event.id", &attempt.envelope.event_id),
            ("dsm.event.type", &attempt.envelope.event_type),
        ] {
            attributes.extend(value.clone().map(|value| KeyValue::new(key, value)));
        }
        let name = format!("process {}", attempt.stream).into();
        Start { kind: SpanKind::Consumer, name, attributes }
    })
}

const MESSAGE_ID: &str = "messaging.message.id";

fn common(operation: &'static str, stream: &str) -> Vec<KeyValue> {
    vec![
        KeyValue::new("messaging.system", "redis"),
        KeyValue::new("messaging.operation.type", operation),
        KeyValue::new("messaging.operation.name", operation),
        KeyValue::new("messaging.destination.name", stream.to_owned()),
    ]
}
