//! Streams, of whatever program.

use domain::{
    Timestamp,
    stream::{EntryId, StreamSample},
};

use super::family::{Family, Kind, Subject, Value, count, seconds};

impl Subject for StreamSample {
    const LABELS: &'static [&'static str] = &["stream"];

    fn labels(&self) -> Vec<&str> {
        vec![&self.name]
    }
}

pub(super) const FAMILIES: &[Family<StreamSample>] = &[
    Family {
        name: "dsm_stream_entries",
        kind: Kind::Gauge,
        unit: "entries",
        help: "Entries in the stream. Dead-letter streams are among the streams.",
        read: |stream, _| Some(count(stream.length)),
    },
    Family {
        name: "dsm_stream_entries_added_total",
        kind: Kind::Counter,
        unit: "entries",
        help: "Entries ever added to the stream, as Redis counts them.",
        read: |stream, _| Some(count(stream.entries_added)),
    },
    Family {
        name: "dsm_stream_memory_bytes",
        kind: Kind::Gauge,
        unit: "bytes",
        help: "Memory of the stream, measured at every tenth look. Absent until it was measured.",
        read: |stream, _| stream.memory_bytes.map(count),
    },
    Family {
        name: "dsm_stream_first_entry_age_seconds",
        kind: Kind::Gauge,
        unit: "seconds",
        help: "Age of the oldest entry by its id. Absent where the stream is empty or the id is no time.",
        read: |stream, at| age(stream.first_id?, at),
    },
    Family {
        name: "dsm_stream_last_added_age_seconds",
        kind: Kind::Gauge,
        unit: "seconds",
        help: "Time since an entry was last added, by its id. Absent where nothing was added or the id is no time.",
        read: |stream, at| age(stream.last_id, at),
    },
    Family {
        name: "dsm_stream_dead_letters",
        kind: Kind::Gauge,
        unit: "records",
        help: "Records in the dead-letter stream that belongs to the stream. Absent for dead-letter streams themselves.",
        read: |stream, _| if stream.source.is_some() { None } else { Some(count(stream.dead_letters)) },
    },
];

fn age(id: EntryId, at: Timestamp) -> Option<Value> {
    id.tells_time().then(|| seconds(at.since(id.added_at())))
}
