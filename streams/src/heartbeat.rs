//! What a process with consumers tells all others of its last minute: one record, small and of a known size, that dies
//! with the process.
//!
//! The record is JSON, so that it can be read with `redis-cli`. A histogram is a list of time and count in turn, of the
//! places that hold any. A field that a newer program adds is not seen by an older one, and one that is missing is empty;
//! what cannot be understood at all has another `format`.

use std::time::Duration;

use domain::{
    Timestamp,
    latency::{EventType, ProcessReport},
};
use serde::{Deserialize, Serialize};

use crate::metrics::{GroupMeasured, Measured, MeasuredTimes, TYPES};

/// Of these records; raised where an older program would misunderstand a newer one.
const FORMAT: u32 = 1;
/// A record lives so long after the last beat, and with it the figures of a process that died.
pub(crate) const LIFETIME: Duration = Duration::from_secs(15);
/// A longer record is neither written nor read: every process reads those of all others.
pub(crate) const BYTES_AT_MOST: usize = 256 * 1024;
/// Groups in one record.
const GROUPS_AT_MOST: usize = 64;
/// How many types of a group have figures of their own in a record, until it is short enough.
const STEPS: [usize; 5] = [TYPES, 8, 2, 1, 0];
/// Bytes of words about a process that are kept.
const WORDS_AT_MOST: usize = 120;

/// Who a process is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// As it was started: people know it by this.
    pub instance: String,
    /// Of this program.
    pub version: String,
    pub started_at: Timestamp,
    /// No other process has it, even of the same name.
    id: String,
}

impl Identity {
    pub fn new(instance: &str, version: &str) -> Self {
        let (instance, version) = (clipped(instance), clipped(version));
        let id = format!("{instance}:{:016x}", rand::random::<u64>());
        Self { instance, version, started_at: crate::clock::now(), id }
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Record {
    format: u32,
    #[serde(default)]
    instance: String,
    #[serde(default)]
    version: String,
    #[serde(default)]
    started_at: Timestamp,
    #[serde(default)]
    groups: Vec<GroupRecord>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct GroupRecord {
    pub(crate) stream: String,
    pub(crate) group: String,
    #[serde(default)]
    pub(crate) paused: bool,
    #[serde(default)]
    pub(crate) types: Vec<TypeRecord>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct TypeRecord {
    pub(crate) event_type: EventType,
    #[serde(default)]
    handled: u64,
    #[serde(default)]
    failed: u64,
    #[serde(default)]
    retried: u64,
    #[serde(default)]
    dead_lettered: u64,
    #[serde(default)]
    delivered_us: Vec<u64>,
    #[serde(default)]
    settled_us: Vec<u64>,
    #[serde(default)]
    handler_us: Vec<u64>,
}

impl TypeRecord {
    fn new(event_type: EventType, measured: &Measured) -> Self {
        Self {
            event_type,
            handled: measured.handled,
            failed: measured.failed,
            retried: measured.retried,
            dead_lettered: measured.dead_lettered,
            delivered_us: measured.delivered.sparse(),
            settled_us: measured.settled.sparse(),
            handler_us: measured.handler.sparse(),
        }
    }

    pub(crate) fn measured(&self) -> Measured {
        Measured {
            handled: believable(self.handled),
            failed: believable(self.failed),
            retried: believable(self.retried),
            dead_lettered: believable(self.dead_lettered),
            delivered: MeasuredTimes::from_sparse(&self.delivered_us),
            settled: MeasuredTimes::from_sparse(&self.settled_us),
            handler: MeasuredTimes::from_sparse(&self.handler_us),
        }
    }

    /// As [`Measured::weight`].
    pub(crate) fn weight(&self) -> u64 {
        believable(self.handled) + believable(self.failed) + believable(self.dead_lettered)
    }
}

/// A count of a minute, up to what sums of many cannot overflow with.
fn believable(count: u64) -> u64 {
    count.min(u64::from(u32::MAX))
}

/// Only this is read of a record whose format is not known.
#[derive(Deserialize)]
struct Head {
    format: u32,
}

impl Record {
    /// The record as it is written: with fewer event types where it would be too long, in the end with fewer groups.
    pub(crate) fn write(identity: &Identity, groups: &[GroupMeasured]) -> Vec<u8> {
        let mut groups = &groups[..groups.len().min(GROUPS_AT_MOST)];
        loop {
            for types in STEPS {
                let text = Self::with_types(identity, groups, types);
                if text.len() <= BYTES_AT_MOST {
                    return text;
                }
            }
            // each group has only its sum by now; without any it is short
            groups = &groups[..groups.len() / 2];
        }
    }

    fn with_types(identity: &Identity, groups: &[GroupMeasured], types: usize) -> Vec<u8> {
        let groups = groups.iter().map(|group| GroupRecord {
            stream: group.stream.clone(),
            group: group.group.clone(),
            paused: group.paused,
            types: with_types(&group.types, types),
        });
        let record = Self {
            format: FORMAT,
            instance: identity.instance.clone(),
            version: identity.version.clone(),
            started_at: identity.started_at,
            groups: groups.collect(),
        };
        serde_json::to_vec(&record).expect("texts and numbers can be written")
    }

    /// Reads what anybody may have written; the error says what is wrong.
    pub(crate) fn read(text: &[u8]) -> Result<Self, String> {
        if text.len() > BYTES_AT_MOST {
            return Err(format!("it is longer than {} kB", BYTES_AT_MOST / 1024));
        }
        let head: Head = serde_json::from_slice(text).map_err(|_| "it is no record of this program".to_owned())?;
        if head.format != FORMAT {
            return Err(format!("its format is {}, and this program knows {FORMAT}", head.format));
        }
        let mut record: Self = serde_json::from_slice(text).map_err(|error| format!("it cannot be read: {error}"))?;
        let types = record.groups.iter().map(|group| group.types.len()).max().unwrap_or(0);
        if record.groups.len() > GROUPS_AT_MOST || types > TYPES + 2 {
            return Err("it has more groups or event types than a record may have".to_owned());
        }
        record.instance = clipped(&record.instance);
        record.version = clipped(&record.version);
        Ok(record)
    }

    pub(crate) fn group<'a>(&'a self, stream: &str, group: &str) -> Option<&'a GroupRecord> {
        self.groups.iter().find(|known| known.stream == stream && known.group == group)
    }

    /// Who wrote it, when, and whether the group is held there.
    pub(crate) fn report(&self, at: Timestamp, paused: bool) -> ProcessReport {
        let (instance, version) = (self.instance.clone(), self.version.clone());
        ProcessReport { instance, version, started_at: self.started_at, at, here: false, paused }
    }
}

/// The types with most in them by themselves, all others in sum.
fn with_types(all: &[(EventType, Measured)], types: usize) -> Vec<TypeRecord> {
    let mut named: Vec<_> = all.iter().filter(|(event_type, _)| *event_type != EventType::Others).collect();
    named.sort_by_key(|(_, measured)| std::cmp::Reverse(measured.weight()));
    // the entries that are no event are not a type, and count beside them
    let rest = named.split_off(named.len().min(types + usize::from(types > 0)));
    let others = all.iter().filter(|(event_type, _)| *event_type == EventType::Others);
    let mut sum = Measured::nothing();
    rest.into_iter().chain(others).for_each(|(_, measured)| sum.add(measured));
    let mut told: Vec<_> = named.into_iter().map(|(name, measured)| TypeRecord::new(name.clone(), measured)).collect();
    if sum.weight() > 0 {
        told.push(TypeRecord::new(EventType::Others, &sum));
    }
    told
}

fn clipped(words: &str) -> String {
    words[..words.floor_char_boundary(WORDS_AT_MOST)].to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::metrics::How;

    fn measured(times_us: &[u64]) -> Measured {
        let mut measured = Measured::nothing();
        for time in times_us {
            measured.count(How::Handled);
            for times in [&mut measured.delivered, &mut measured.settled, &mut measured.handler] {
                times.record(Duration::from_micros(*time));
            }
        }
        measured
    }

    fn group(name: String, types: Vec<(EventType, Measured)>) -> GroupMeasured {
        GroupMeasured { stream: "s".to_owned(), group: name, paused: false, types }
    }

    fn identity() -> Identity {
        Identity::new("dsm-1", "1.2.3")
    }

    fn named(n: usize) -> EventType {
        EventType::Named(format!("Type{n}"))
    }

    fn read_of(text: &[u8]) -> Record {
        Record::read(text).unwrap_or_else(|why| panic!("{why}: {}", String::from_utf8_lossy(text)))
    }

    #[test]
    fn a_record_that_would_be_too_long_tells_of_fewer_types_and_loses_no_count() {
        let wide: Vec<u64> = (0..3_000).map(|n| 1 + n * n).collect();
        let types = |n: usize| (0..n).map(|n| (named(n), measured(&wide[n..]))).collect::<Vec<_>>();
        let groups: Vec<_> = (0..5).map(|n| group(format!("g{n}"), types(TYPES))).collect();
        let text = Record::write(&identity(), &groups);
        assert!(text.len() <= BYTES_AT_MOST);
        let told = read_of(&text).group("s", "g3").expect("the group").clone();
        assert!(told.types.len() < TYPES, "the premise: not all fit");
        let handled = |types: &[TypeRecord]| types.iter().map(|one| one.handled).sum::<u64>();
        let all: u64 = groups[3].types.iter().map(|(_, measured)| measured.handled).sum();
        assert_eq!(handled(&told.types), all);
    }

    #[test]
    fn a_process_with_very_many_groups_tells_of_some() {
        let long = "x".repeat(2_000);
        let groups: Vec<_> = (0..500).map(|n| group(format!("{long}{n}"), vec![(named(0), measured(&[n]))])).collect();
        let text = Record::write(&identity(), &groups);
        assert!(text.len() <= BYTES_AT_MOST);
        assert!(!read_of(&text).groups.is_empty());
    }

    #[test]
    fn a_record_of_another_format_says_so_and_unknown_fields_are_passed_over() {
        let newer = br#"{"format":2,"groups":"told in another way"}"#;
        assert_eq!(Record::read(newer).expect_err("newer"), "its format is 2, and this program knows 1");
        let with_more = br#"{"format":1,"instance":"a","mood":"good","groups":[{"stream":"s","group":"g","types":[
            {"event_type":{"named":"T"},"handled":3,"colour":"red"}]}]}"#;
        let record = read_of(with_more);
        assert_eq!(record.group("s", "g").expect("the group").types[0].measured().handled, 3);
        assert!(record.group("s", "h").is_none());
    }

    #[test]
    fn what_is_no_record_is_refused_with_the_reason() {
        let endless = format!(r#"{{"format":1,"instance":"{}"}}"#, "x".repeat(BYTES_AT_MOST));
        let many = format!(
            r#"{{"format":1,"groups":[{{"stream":"s","group":"g","types":[{}]}}]}}"#,
            vec![r#"{"event_type":"others"}"#; TYPES + 3].join(",")
        );
        let deep = "[".repeat(100_000);
        for (text, why) in [
            ("", "no record"),
            ("\u{0}\u{1}", "no record"),
            ("[]", "no record"),
            ("{}", "no record"),
            (deep.as_str(), "no record"),
            (r#"{"format":1,"groups":[{}]}"#, "cannot be read"),
            (r#"{"format":1,"started_at":"yesterday"}"#, "cannot be read"),
            (endless.as_str(), "longer than 256 kB"),
            (many.as_str(), "more groups or event types"),
        ] {
            let refused = Record::read(text.as_bytes()).expect_err(why);
            assert!(refused.contains(why), "{refused}");
        }
    }

    proptest! {
        #[test]
        fn what_was_written_is_read_as_it_was(
            times in prop::collection::vec(prop::collection::vec(0u64..10_000_000, 1..30), 1..5),
        ) {
            let types: Vec<_> = times.iter().enumerate().map(|(n, times)| (named(n), measured(times))).collect();
            let record = read_of(&Record::write(&identity(), &[group("g".to_owned(), types.clone())]));
            let mut told: Vec<_> =
                record.groups[0].types.iter().map(|one| (one.event_type.clone(), one.measured())).collect();
            told.sort_by(|(a, _), (b, _)| a.cmp(b));
            for ((name, told), (expected, measured)) in told.iter().zip(&types) {
                prop_assert_eq!(name, expected);
                prop_assert_eq!(told.told(name.clone()), measured.told(name.clone()));
            }
            prop_assert_eq!(told.len(), types.len());
        }

        #[test]
        fn any_bytes_are_a_record_or_refused_and_never_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Record::read(&bytes);
        }
    }
}
