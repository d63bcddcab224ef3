//! A dead letter as Redis has it: leading fields that explain it, then the fields of the entry, untouched.

use domain::{
    Timestamp,
    dead_letter::{Cursor, DeadLetter, Provenance, fingerprint_text},
    stream::EntryId,
};
use sha2::{Digest, Sha256};

use crate::{
    Error, Redis,
    inspect::shown_fields,
    keys,
    reply::{Fields, RawEntry, entry_id},
    script,
};

/// Names of the leading fields, in their order. The last one ends them, so that an entry's own field of such a name
/// cannot be mistaken.
const STREAM: &str = "dlq.stream";
const SOURCE_ID: &str = "dlq.source_id";
const GROUP: &str = "dlq.group";
const CONSUMER: &str = "dlq.consumer";
const KEY: &str = "dlq.key";
const EVENT_TYPE: &str = "dlq.event_type";
const EVENT_ID: &str = "dlq.event_id";
const CORRELATION_ID: &str = "dlq.correlation_id";
const ATTEMPTS: &str = "dlq.attempts";
const FIRST_FAILED_AT: &str = "dlq.first_failed_at";
const LAST_FAILED_AT: &str = "dlq.last_failed_at";
const ERROR: &str = "dlq.error";
const FINGERPRINT: &str = "dlq.fingerprint";
const BODY_HASH: &str = "dlq.body_hash";
const FIELDS: &str = "dlq.fields";

/// Longest error text kept; the rest of a longer one explains nothing more.
const ERROR_CHARS: usize = 2_000;

/// Everything known about a failure when an entry is given up.
pub(crate) struct Obituary<'a> {
    pub(crate) stream: &'a str,
    pub(crate) group: &'a str,
    pub(crate) consumer: &'a str,
    pub(crate) source_id: EntryId,
    pub(crate) envelope: Option<&'a domain::event::Envelope>,
    pub(crate) attempts: u64,
    pub(crate) first_failed_at: Timestamp,
    pub(crate) last_failed_at: Timestamp,
    pub(crate) error: &'a str,
    pub(crate) fields: &'a Fields,
}

impl Obituary<'_> {
    /// The record, names and values in turn.
    pub(crate) fn record(&self) -> Vec<Vec<u8>> {
        let envelope = self.envelope.cloned().unwrap_or_default();
        let error: String = self.error.chars().take(ERROR_CHARS).collect();
        let fingerprint = fingerprint(&error, envelope.event_type.as_deref(), self.group);
        let mut record: Vec<Vec<u8>> = Vec::with_capacity(30 + 2 * self.fields.len());
        let mut add = |name: &str, value: String| {
            record.push(name.as_bytes().to_vec());
            record.push(value.into_bytes());
        };
        add(STREAM, self.stream.to_owned());
        add(SOURCE_ID, self.source_id.to_string());
        add(GROUP, self.group.to_owned());
        add(CONSUMER, self.consumer.to_owned());
        for (name, value) in [
            (KEY, envelope.aggregate_id),
            (EVENT_TYPE, envelope.event_type),
            (EVENT_ID, envelope.event_id),
            (CORRELATION_ID, envelope.correlation_id),
        ] {
            if let Some(value) = value {
                add(name, value);
            }
        }
        add(ATTEMPTS, self.attempts.to_string());
        add(FIRST_FAILED_AT, self.first_failed_at.to_string());
        add(LAST_FAILED_AT, self.last_failed_at.to_string());
        add(FINGERPRINT, fingerprint);
        add(ERROR, error);
        add(BODY_HASH, body_hash(self.fields));
        add(FIELDS, self.fields.len().to_string());
        for (name, value) in self.fields {
            record.push(name.clone());
            record.push(value.clone());
        }
        record
    }

    /// Moves the entry to the dead-letter stream and acknowledges it, in one step (promise P7). `None` where the entry
    /// is not this consumer's any more; an empty consumer stands for whoever has it.
    pub(crate) async fn bury(&self, redis: &Redis, owner: &str) -> Result<Option<EntryId>, Error> {
        let mut call = script::MOVE.prepare_invoke();
        call.key(self.stream).key(keys::dead_letter_stream(self.stream));
        call.arg(self.group).arg(owner).arg(self.source_id.to_string()).arg(self.record());
        let record: Option<String> = redis.script(&call).await?;
        record.map(|id| entry_id(&id)).transpose()
    }
}

/// First 16 hex digits of the SHA-256 of the cause.
pub(crate) fn fingerprint(error: &str, event_type: Option<&str>, group: &str) -> String {
    let mut text = hex(&Sha256::digest(fingerprint_text(error, event_type, group)));
    text.truncate(16);
    text
}

/// SHA-256 over the fields, each part with its length before it so that no two lists look alike.
fn body_hash(fields: &Fields) -> String {
    let mut hash = Sha256::new();
    for part in fields.iter().flat_map(|(name, value)| [name, value]) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hex(&hash.finalize())
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
        text
    })
}

/// A record read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) at: Cursor,
    pub(crate) provenance: Provenance,
    /// Fields of the entry.
    pub(crate) fields: Fields,
    /// Number of fields before those.
    pub(crate) leading: usize,
}

impl Record {
    /// Reads a record of the dead letters of `stream`. What another program put there is shown as it is, rather than
    /// hidden: without a group it can be discarded, not replayed.
    pub(crate) fn read(stream: &str, raw: RawEntry) -> Self {
        let at = Cursor { stream: stream.to_owned(), id: raw.id };
        let end = raw.fields.iter().position(|(name, _)| name == FIELDS.as_bytes());
        let leading = end.map_or(0, |last| last + 1);
        let text = |name: &str| {
            let found = raw.fields[..leading].iter().find(|(field, _)| field == name.as_bytes());
            found.map(|(_, value)| String::from_utf8_lossy(value).into_owned())
        };
        let time = |name: &str| text(name).and_then(|t| t.parse().ok()).unwrap_or_else(|| raw.id.added_at());
        let error = text(ERROR).unwrap_or_else(|| "put here by another program".to_owned());
        let (event_type, group) = (text(EVENT_TYPE), text(GROUP).unwrap_or_default());
        let provenance = Provenance {
            stream: stream.to_owned(),
            source_id: text(SOURCE_ID).and_then(|id| id.parse().ok()).unwrap_or(raw.id),
            consumer: text(CONSUMER).unwrap_or_default(),
            key: text(KEY),
            event_id: text(EVENT_ID),
            correlation_id: text(CORRELATION_ID),
            attempts: text(ATTEMPTS).and_then(|n| n.parse().ok()).unwrap_or(0),
            first_failed_at: time(FIRST_FAILED_AT),
            last_failed_at: time(LAST_FAILED_AT),
            fingerprint: text(FINGERPRINT).unwrap_or_else(|| fingerprint(&error, event_type.as_deref(), &group)),
            body_hash: text(BODY_HASH).unwrap_or_else(|| body_hash(&raw.fields)),
            error,
            event_type,
            group,
        };
        let mut fields = raw.fields;
        fields.drain(..leading);
        Self { at, provenance, fields, leading }
    }

    pub(crate) fn shown(self, source_present: bool) -> DeadLetter {
        DeadLetter {
            id: self.at.id,
            provenance: self.provenance,
            fields: shown_fields(&self.fields, crate::inspect::WHOLE),
            source_present,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(any::<u8>(), 0..20)
    }

    proptest! {
        #[test]
        fn a_record_gives_back_the_entry_and_its_story(
            fields in prop::collection::vec((prop_oneof![bytes(), Just(b"dlq.fields".to_vec())], bytes()), 0..5),
            error in "\\PC{0,40}",
            attempts in 0u64..9,
        ) {
            let envelope = domain::event::Envelope::read(br#"{"event_type":"T"}"#).expect("json");
            let when = Timestamp::from_millis(1_700_000_000_123);
            let obituary = Obituary {
                stream: "s", group: "g", consumer: "c", source_id: EntryId { ms: 7, seq: 1 }, envelope: Some(&envelope),
                attempts, first_failed_at: when, last_failed_at: when, error: &error, fields: &fields,
            };
            let pairs = obituary.record().chunks(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect();
            let record = Record::read("s", RawEntry { id: EntryId { ms: 9, seq: 0 }, fields: pairs });
            prop_assert_eq!(&record.fields, &fields);
            prop_assert_eq!(record.provenance.error, error);
            prop_assert_eq!(record.provenance.attempts, attempts);
            prop_assert_eq!(record.provenance.last_failed_at, when);
            prop_assert_eq!(record.provenance.body_hash, body_hash(&fields));
            prop_assert_eq!(record.provenance.source_id, EntryId { ms: 7, seq: 1 });
        }
    }
}
