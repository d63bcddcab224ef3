//! Dead letters: entries a group gave up on, with everything needed to understand and repair them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Timestamp,
    stream::{EntryId, Field},
};

/// One record of a dead-letter stream (promise P7: the move explains itself).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeadLetter {
    /// Id in the dead-letter stream.
    pub id: EntryId,
    pub provenance: Provenance,
    /// The fields of the source entry, untouched.
    pub fields: Vec<Field>,
    /// Whether the source entry is still in its stream: decides how a replay is sent.
    pub source_present: bool,
}

/// Where a dead letter comes from and why it is dead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Provenance {
    pub stream: String,
    /// Id in the source stream.
    pub source_id: EntryId,
    pub group: String,
    pub consumer: String,
    /// Ordering key (`aggregate_id`), where the entry had one.
    pub key: Option<String>,
    pub event_type: Option<String>,
    pub event_id: Option<String>,
    pub correlation_id: Option<String>,
    pub attempts: u64,
    pub first_failed_at: Timestamp,
    pub last_failed_at: Timestamp,
    pub error: String,
    /// Groups records of one cause: see [`fingerprint_text`].
    pub fingerprint: String,
    /// SHA-256 of the fields as they were, hex.
    pub body_hash: String,
}

/// Records that died of the same thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Cause {
    pub fingerprint: String,
    /// The error with ids, numbers and quoted values taken out.
    pub error: String,
    pub event_type: Option<String>,
    pub stream: String,
    pub group: String,
    pub count: u64,
    pub first: Timestamp,
    pub last: Timestamp,
    /// Records per hour over the last 24 hours, oldest first.
    pub per_hour: Vec<u64>,
}

/// A page of dead letters, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeadLetterPage {
    pub records: Vec<DeadLetter>,
    /// Where to go on (exclusive); `None` at the end.
    pub older: Option<Cursor>,
    /// Records that match, as far as counted.
    pub total: u64,
}

/// A dead letter's address: its dead-letter stream and id, written `<stream>/<id>` in URLs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
pub struct Cursor {
    /// The *source* stream.
    pub stream: String,
    /// Id in the dead-letter stream.
    pub id: EntryId,
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.stream, self.id)
    }
}

impl std::str::FromStr for Cursor {
    type Err = crate::stream::NotAnEntryId;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // stream names may contain slashes, ids never do
        let (stream, id) = text.rsplit_once('/').unwrap_or(("", text));
        Ok(Self { stream: stream.to_owned(), id: id.parse()? })
    }
}

/// Which dead letters. Empty fields match everything.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Filter {
    pub stream: Option<String>,
    pub group: Option<String>,
    pub event_type: Option<String>,
    pub fingerprint: Option<String>,
    /// Part of the error, key, event id or source id; letter case does not matter.
    pub text: Option<String>,
}

impl Filter {
    pub fn matches(&self, p: &Provenance) -> bool {
        let equal = |want: &Option<String>, have: Option<&str>| want.as_deref().is_none_or(|w| Some(w) == have);
        let contains = |needle: &str| {
            let needle = needle.to_lowercase();
            [Some(&p.error), p.key.as_ref(), p.event_id.as_ref(), p.correlation_id.as_ref()]
                .into_iter()
                .flatten()
                .any(|hay| hay.to_lowercase().contains(&needle))
                || p.source_id.to_string().contains(&needle)
        };
        equal(&self.stream, Some(&p.stream))
            && equal(&self.group, Some(&p.group))
            && equal(&self.event_type, p.event_type.as_deref())
            && equal(&self.fingerprint, Some(&p.fingerprint))
            && self.text.as_deref().is_none_or(contains)
    }
}

/// The error with everything that differs between two records of one cause taken out: quoted texts become `<…>`, words
/// that contain a digit become `<n>` (numbers, ids, hosts with ports, uuids), white space is folded; at most 200
/// characters. Two errors with the same text here are the same cause (with the same type and group).
pub fn normalise_error(error: &str) -> String {
    let mut out = String::with_capacity(error.len().min(200));
    let mut quote: Option<char> = None;
    let mut word = String::new();
    let flush = |word: &mut String, out: &mut String| {
        if word.chars().any(|c| c.is_ascii_digit()) {
            let tail = word.len() - word.trim_end_matches(['.', ',', ':', ';', ')', '!', '?']).len();
            out.push_str("<n>");
            out.push_str(&word[word.len() - tail..]);
        } else {
            out.push_str(word);
        }
        word.clear();
    };
    for c in error.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if (c == '"' || c == '`' || c == '\'') && word.is_empty() => {
                out.push_str("<…>");
                quote = Some(c);
            }
            None if c.is_whitespace() => {
                flush(&mut word, &mut out);
                if !out.ends_with(' ') {
                    out.push(' ');
                }
            }
            None => word.push(c),
        }
    }
    flush(&mut word, &mut out);
    out.trim().chars().take(200).collect()
}

/// The text whose hash is the fingerprint: normalised error, event type and group, a line each.
pub fn fingerprint_text(error: &str, event_type: Option<&str>, group: &str) -> String {
    format!("{}\n{}\n{group}", normalise_error(error), event_type.unwrap_or("-"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn errors_that_differ_only_in_ids_are_one_cause() {
        let a = normalise_error("unknown task ACM-9-TASK014: no row in backlog.tasks");
        assert_eq!(a, normalise_error("unknown task ACM-9-TASK021: no row in backlog.tasks"));
        assert_eq!(a, "unknown task <n>: no row in backlog.tasks");
        assert_eq!(
            normalise_error("missing field \"project_id\" at line 1 column 7"),
            "missing field <…> at line <n> column <n>"
        );
    }

    #[test]
    fn errors_that_differ_in_words_are_two_causes() {
        assert_ne!(normalise_error("unknown task A1"), normalise_error("unknown sprint A1"));
    }

    #[test]
    fn a_cursor_survives_a_stream_name_with_slashes() {
        let c = Cursor { stream: "a/b:c".into(), id: EntryId { ms: 5, seq: 1 } };
        assert_eq!(c.to_string().parse::<Cursor>().expect("cursor"), c);
    }

    proptest! {
        #[test]
        fn any_text_can_be_normalised_and_stays_short(error in "\\PC{0,300}") {
            let once = normalise_error(&error);
            prop_assert!(once.chars().count() <= 200);
        }

        #[test]
        fn numbers_never_make_a_new_cause(a in 0u64.., b in 0u64..) {
            prop_assert_eq!(normalise_error(&format!("timeout after {a} ms")), normalise_error(&format!("timeout after {b} ms")));
        }
    }
}
