//! What a handler is given, and how it may fail.

use std::{future::Future, sync::Arc};

use domain::{event::Envelope, stream::EntryId, trace::TraceContext};

use crate::{
    ConsumerSettings, keys,
    reply::{Fields, RawEntry},
};

/// One entry, delivered to one group.
#[derive(Debug, Clone)]
pub struct Message {
    pub id: EntryId,
    pub envelope: Envelope,
    /// 1 at the first try.
    pub attempt: u64,
    settings: Arc<ConsumerSettings>,
    /// As they are in the stream; `data` is the value of one of them.
    fields: Fields,
    data: usize,
}

/// An entry that is no event, and will be none at any attempt.
#[derive(Debug, Clone)]
pub struct Malformed {
    why: String,
    fields: Fields,
}

impl Message {
    /// A message as the first attempt of a consumer would see it: for calling a handler directly.
    pub fn new(stream: &str, group: &str, id: EntryId, data: impl Into<Vec<u8>>) -> Result<Self, Malformed> {
        let settings = Arc::new(ConsumerSettings::new(stream, group, ""));
        let fields = vec![(keys::DATA.as_bytes().to_vec(), data.into())];
        Self::read(&settings, RawEntry { id, fields }, 1)
    }

    pub(crate) fn read(settings: &Arc<ConsumerSettings>, raw: RawEntry, attempt: u64) -> Result<Self, Malformed> {
        let RawEntry { id, fields } = raw;
        match read(&fields) {
            Ok((data, envelope)) => Ok(Self { id, envelope, attempt, settings: Arc::clone(settings), fields, data }),
            Err(why) => Err(Malformed { why, fields }),
        }
    }

    pub fn stream(&self) -> &str {
        &self.settings.stream
    }

    pub fn group(&self) -> &str {
        &self.settings.group
    }

    /// The JSON of field `data`, as it was sent.
    pub fn data(&self) -> &[u8] {
        &self.fields[self.data].1
    }

    /// The trace that the event says it belongs to.
    pub fn trace(&self) -> Option<TraceContext> {
        self.envelope.trace
    }

    pub(crate) fn fields(&self) -> &Fields {
        &self.fields
    }
}

impl Malformed {
    pub fn why(&self) -> &str {
        &self.why
    }

    pub(crate) fn fields(&self) -> &Fields {
        &self.fields
    }
}

/// Which field is `data`, and the event in it.
fn read(fields: &Fields) -> Result<(usize, Envelope), String> {
    let place = fields.iter().position(|(name, _)| name == keys::DATA.as_bytes());
    let place = place.ok_or("malformed: no field `data`")?;
    let data = &fields[place].1;
    // serde would read a list as a struct's fields in turn
    if !data.trim_ascii_start().starts_with(b"{") {
        return Err("malformed: not a JSON object".to_owned());
    }
    let envelope = Envelope::read(data)
        .map_err(|error| format!("malformed: {}{error}", if error.is_data() { "" } else { "not JSON: " }))?;
    if envelope.event_type.as_ref().is_none_or(String::is_empty) {
        return Err("malformed: no `event_type`".to_owned());
    }
    Ok((place, envelope))
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

    /// How many messages [`Handler::handle_together`] takes at most. With 1 it is never called.
    fn together(&self) -> usize {
        1
    }

    /// Handles messages of different keys in one go, at their first attempt: one transaction instead of many. All or
    /// nothing. An outage holds them all; after any other failure each is given to [`Handler::handle`] by itself, so that
    /// a bad one costs the others nothing but time.
    fn handle_together(&self, messages: &[&Message]) -> impl Future<Output = Result<(), Failure>> + Send {
        async move {
            for message in messages {
                self.handle(message).await?;
            }
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn malformed(name: &str, data: &[u8]) -> Option<String> {
        read(&vec![(name.as_bytes().to_vec(), data.to_vec())]).err()
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
            let error = malformed("data", data).unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(data)));
            assert!(error.starts_with("malformed: "), "{error}");
        }
        assert!(malformed("payload", br#"{"event_type":"T"}"#).is_some());
        assert!(malformed("data", br#"{"event_type":"T"}"#).is_none());
    }

    proptest! {
        #[test]
        fn any_bytes_are_an_event_or_malformed_and_never_a_panic(data in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = malformed("data", &data);
        }
    }
}
