//! An entry on its way through a consumer.

use domain::{Timestamp, event::Envelope, stream::EntryId};
use serde::Deserialize;

use crate::{
    ConsumerSettings, Message, clock,
    dead_letter::record::Obituary,
    keys,
    lane::{Key, Queued},
    reply::{Fields, RawEntry},
};

/// One entry held by this consumer.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    pub(crate) id: EntryId,
    /// As they are in the stream, for the dead letter.
    pub(crate) fields: Fields,
    /// The message, or why it is none.
    pub(crate) message: Result<Message, String>,
    /// Attempts begun so far, here and by earlier consumers; kept in Redis as the delivery count.
    pub(crate) attempts: u64,
    /// Whether Redis counts the next attempt already: true for what was just read, as reading counts.
    pub(crate) counted: bool,
    pub(crate) first_failed_at: Option<Timestamp>,
}

/// The mark of an entry that was added again for one group; everybody else's consumers skip it.
#[derive(Deserialize)]
struct ReplayMark {
    group: String,
}

impl Delivery {
    /// An entry that was read for the first time.
    pub(crate) fn fresh(settings: &ConsumerSettings, raw: RawEntry) -> Self {
        Self { counted: true, ..Self::again(settings, raw, 0) }
    }

    /// An entry that was delivered before and never acknowledged.
    pub(crate) fn again(settings: &ConsumerSettings, raw: RawEntry, attempts: u64) -> Self {
        let message = read(&raw).map(|(data, envelope)| Message {
            stream: settings.stream.clone(),
            group: settings.group.clone(),
            id: raw.id,
            data,
            envelope,
            attempt: attempts.saturating_add(1),
        });
        Self { id: raw.id, fields: raw.fields, message, attempts, counted: false, first_failed_at: None }
    }

    pub(crate) fn lane(&self) -> Key {
        let key = self.message.as_ref().ok().and_then(|message| message.envelope.aggregate_id.clone());
        key.map_or(Key::Entry(self.id), Key::Aggregate)
    }

    /// Whether this was added again for another group (design §4). A field of that name in any other shape is the
    /// producer's own business.
    pub(crate) fn is_for_another_group(&self, group: &str) -> bool {
        let mark = self.fields.iter().rfind(|(name, _)| name == keys::REPLAY.as_bytes());
        mark.and_then(|(_, value)| serde_json::from_slice::<ReplayMark>(value).ok())
            .is_some_and(|mark| mark.group != group)
    }

    pub(crate) fn obituary<'a>(&'a self, settings: &'a ConsumerSettings, error: &'a str) -> Obituary<'a> {
        let now = clock::now();
        Obituary {
            stream: &settings.stream,
            group: &settings.group,
            consumer: &settings.consumer,
            source_id: self.id,
            envelope: self.message.as_ref().ok().map(|message| &message.envelope),
            attempts: self.attempts,
            first_failed_at: self.first_failed_at.unwrap_or(now),
            last_failed_at: now,
            error,
            fields: &self.fields,
        }
    }
}

impl Queued for Delivery {
    fn id(&self) -> EntryId {
        self.id
    }
}

/// The event of an entry. What is wrong with it here will be wrong at every attempt.
fn read(raw: &RawEntry) -> Result<(Vec<u8>, Envelope), String> {
    let data = raw.fields.iter().find(|(name, _)| name == keys::DATA.as_bytes());
    let (_, data) = data.ok_or("malformed: no field `data`")?;
    // serde would read a list as a struct's fields in turn
    if !data.trim_ascii_start().starts_with(b"{") {
        return Err("malformed: not a JSON object".to_owned());
    }
    let envelope = Envelope::read(data)
        .map_err(|error| format!("malformed: {}{error}", if error.is_data() { "" } else { "not JSON: " }))?;
    if envelope.event_type.as_ref().is_none_or(String::is_empty) {
        return Err("malformed: no `event_type`".to_owned());
    }
    Ok((data.clone(), envelope))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entry(fields: &[(&str, &[u8])]) -> RawEntry {
        let fields = fields.iter().map(|(name, value)| (name.as_bytes().to_vec(), value.to_vec())).collect();
        RawEntry { id: EntryId { ms: 1, seq: 0 }, fields }
    }

    #[test]
    fn what_cannot_be_an_event_is_malformed() {
        let broken: [&[u8]; 8] = [
            b"",
            b"{",
            b"[]",
            b"7",
            b"{}",
            br#"{"event_type":7}"#,
            br#"{"event_type":""}"#,
            b"{\"event_type\":\"\xff\"}",
        ];
        for data in broken {
            let error = read(&entry(&[("data", data)])).expect_err(&String::from_utf8_lossy(data));
            assert!(error.starts_with("malformed: "), "{error}");
        }
        assert!(read(&entry(&[("payload", br#"{"event_type":"T"}"#)])).is_err());
        assert!(read(&entry(&[("data", br#"{"event_type":"T"}"#)])).is_ok());
    }

    #[test]
    fn only_a_mark_for_another_group_makes_a_consumer_skip() {
        let settings = ConsumerSettings::new("s", "g", "c");
        let skips = |mark: &[u8]| {
            Delivery::fresh(&settings, entry(&[("data", b"{}"), ("replay", mark)])).is_for_another_group("g")
        };
        assert!(skips(br#"{"group":"other","source_id":"1-0"}"#));
        assert!(!skips(br#"{"group":"g"}"#));
        assert!(!skips(b"yes"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_an_event_or_malformed_and_never_a_panic(data in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = read(&entry(&[("data", &data)]));
        }
    }
}
