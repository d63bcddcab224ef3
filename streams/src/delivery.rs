//! An entry on its way through a consumer.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use domain::{Timestamp, stream::EntryId};
use serde::Deserialize;

use crate::{
    ConsumerSettings, Message, clock,
    dead_letter::record::Obituary,
    keys,
    lane::{Key, Queued},
    message::Malformed,
    metrics::Attempted,
    reply::{Fields, RawEntry},
};

/// One entry held by this consumer.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    pub(crate) id: EntryId,
    /// The message, or why it is none.
    pub(crate) message: Result<Message, Malformed>,
    /// Attempts begun so far, here and by earlier consumers; kept in Redis as the delivery count.
    pub(crate) attempts: u64,
    /// Whether Redis counts the next attempt already: true for what was just read, as reading counts.
    pub(crate) counted: bool,
    /// Whether it may only be handled by itself: it failed in the company of others, and which of them was at fault is
    /// not known.
    pub(crate) alone: bool,
    pub(crate) first_failed_at: Option<Timestamp>,
    /// Why the last attempt here failed.
    pub(crate) error: Option<String>,
    /// When it was asked for: from then on its lease runs.
    pub(crate) asked: Instant,
    /// When it came.
    pub(crate) delivered: Instant,
    /// How long it was in the stream before that; `None` where it was delivered before, or its id is no time.
    pub(crate) waited: Option<Duration>,
}

/// How entries came that were read together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Came {
    pub(crate) asked: Instant,
    pub(crate) delivered: Instant,
    /// The same by the clock of Redis.
    pub(crate) at: Timestamp,
}

/// The mark of an entry that was added again for one group; everybody else's consumers skip it.
#[derive(Deserialize)]
struct ReplayMark {
    group: String,
}

impl Delivery {
    /// An entry that was read for the first time.
    pub(crate) fn fresh(settings: &Arc<ConsumerSettings>, raw: RawEntry, came: Came) -> Self {
        // clocks that disagree may have it come before it was sent; it came at once then
        let waited = raw.id.tells_time().then(|| came.at.since(raw.id.added_at()));
        Self { counted: true, waited, ..Self::again(settings, raw, 0, (came.asked, came.delivered)) }
    }

    /// An entry that was delivered before and never acknowledged; when it was asked for, and when it came.
    pub(crate) fn again(
        settings: &Arc<ConsumerSettings>,
        raw: RawEntry,
        attempts: u64,
        (asked, delivered): (Instant, Instant),
    ) -> Self {
        let id = raw.id;
        let message = Message::read(settings, raw, attempts.saturating_add(1));
        Self {
            id,
            message,
            attempts,
            counted: false,
            alone: false,
            first_failed_at: None,
            error: None,
            asked,
            delivered,
            waited: None,
        }
    }

    /// For the measurements, at the end of an attempt at what was not malformed.
    pub(crate) fn attempted(&self) -> Attempted<'_> {
        // together with others the first attempt is not counted before its end
        let attempt = self.attempts.max(1);
        Attempted {
            event_type: self.event_type().unwrap_or_default(),
            waited: self.waited.filter(|_| attempt == 1),
            delivered: self.delivered,
            attempt,
        }
    }

    /// `None` for what is no event.
    pub(crate) fn event_type(&self) -> Option<&str> {
        self.message.as_ref().ok().and_then(|message| message.envelope.event_type.as_deref())
    }

    /// Whether it may be handled together with others: only what was never attempted, so that an entry that takes its
    /// process along does so to others once at most.
    pub(crate) fn joins_others(&self) -> bool {
        self.counted && self.attempts == 0 && !self.alone && self.message.is_ok()
    }

    pub(crate) fn lane(&self) -> Key {
        let key = self.message.as_ref().ok().and_then(|message| message.envelope.aggregate_id.as_deref());
        key.map_or(Key::Entry(self.id), |key| Key::Aggregate(key.into()))
    }

    /// Whether this was added again for another group (design §4). A field of that name in any other shape is the
    /// producer's own business.
    pub(crate) fn is_for_another_group(&self, group: &str) -> bool {
        let mark = self.fields().iter().rfind(|(name, _)| name == keys::REPLAY.as_bytes());
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
            fields: self.fields(),
        }
    }

    /// For the log: what the event says it belongs to.
    pub(crate) fn correlation_id(&self) -> Option<&str> {
        self.message.as_ref().ok()?.envelope.correlation_id.as_deref()
    }

    /// The same for the trace that its entry names.
    pub(crate) fn trace_id(&self) -> Option<String> {
        self.message.as_ref().ok()?.trace().map(|trace| trace.trace_id_text())
    }

    /// As they are in the stream.
    fn fields(&self) -> &Fields {
        match &self.message {
            Ok(message) => message.fields(),
            Err(malformed) => malformed.fields(),
        }
    }
}

// in a box it is cheap to move from hand to hand
impl Queued for Box<Delivery> {
    fn id(&self) -> EntryId {
        self.id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_mark_for_another_group_makes_a_consumer_skip() {
        let settings = Arc::new(ConsumerSettings::new("s", "g", "c"));
        let skips = |mark: &[u8]| {
            let fields = [("data", b"{}".as_slice()), ("replay", mark)];
            let fields = fields.map(|(name, value)| (name.as_bytes().to_vec(), value.to_vec())).to_vec();
            let raw = RawEntry { id: EntryId { ms: 1, seq: 0 }, fields };
            let (asked, delivered, at) = (Instant::now(), Instant::now(), clock::now());
            Delivery::fresh(&settings, raw, Came { asked, delivered, at }).is_for_another_group("g")
        };
        assert!(skips(br#"{"group":"other","source_id":"1-0"}"#));
        assert!(!skips(br#"{"group":"g"}"#));
        assert!(!skips(b"yes"));
    }
}
