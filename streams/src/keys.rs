//! The only place that spells a Redis name.

/// The dead-letter stream of a stream: `{stream}:dlq`. The braces are a hash tag: in a cluster both lie in one slot, so
/// that one script can move an entry from one to the other. (Not so for a name with a `}` and without a hash tag: there is
/// no other name in its slot. In a cluster such a stream can be read, but its entries cannot be moved aside.)
pub fn dead_letter_stream(stream: &str) -> String {
    // A name that has a hash tag of its own keeps it; two colons keep `{a}` and `a` apart.
    if has_hash_tag(stream) { format!("{stream}::dlq") } else { format!("{{{stream}}}:dlq") }
}

/// What a recovery job has sent to groups of `stream`: a hash in its slot, so that sending and remembering are one step.
pub(crate) fn sent_by_job(stream: &str, job: i64) -> String {
    format!("{}:job:{job}", dead_letter_stream(stream))
}

/// Whether the dead-letter stream of `stream` lies in its slot (F19).
pub(crate) fn can_dead_letter_in_a_cluster(stream: &str) -> bool {
    has_hash_tag(stream) || !stream.contains('}')
}

/// The stream whose dead letters `name` holds; `None` where it is no dead-letter stream.
pub fn source_of(name: &str) -> Option<&str> {
    if let Some(tagged) = name.strip_suffix("::dlq")
        && has_hash_tag(tagged)
    {
        return Some(tagged);
    }
    name.strip_prefix('{')?.strip_suffix("}:dlq").filter(|source| !source.is_empty() && !has_hash_tag(source))
}

/// Whether Redis Cluster would hash only a part of this name: the text between the first `{` and the next `}`.
fn has_hash_tag(name: &str) -> bool {
    name.split_once('{').and_then(|(_, rest)| rest.split_once('}')).is_some_and(|(tag, _)| !tag.is_empty())
}

/// Field of an entry that holds the event as JSON (contract §3).
pub const DATA: &str = "data";
/// Field of an entry that was added again for one group: JSON that names it, see `dead_letter::replay`.
pub const REPLAY: &str = "replay";
/// The name under which entries wait in a group's pending list to be picked up by its reclaimer: owned by nobody.
pub const HANDED_OVER: &str = "handed-over";

/// Sorted set of the processes that share what they measured: the id of each, at the time of its last beat. The braces
/// are a hash tag: the records lie in its slot, so that one script can write both. All begin with this, so that one
/// pattern of an access list allows all.
pub const HEARTBEATS: &str = "dsm:console:{heartbeats}";

/// What one process measured.
pub(crate) fn heartbeat(id: &str) -> String {
    format!("{HEARTBEATS}:{id}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_dead_letter_stream_is_named_after_its_source() {
        assert_eq!(dead_letter_stream("dsm:events"), "{dsm:events}:dlq");
        assert_eq!(source_of("{dsm:events}:dlq"), Some("dsm:events"));
        assert_eq!(source_of("dsm:events"), None);
        assert_eq!(source_of("orders:dlq"), None);
    }

    #[test]
    fn a_name_with_a_hash_tag_keeps_its_slot_and_its_own_dead_letters() {
        assert_eq!(dead_letter_stream("{orders}"), "{orders}::dlq");
        assert_ne!(dead_letter_stream("{orders}"), dead_letter_stream("orders"));
    }

    #[test]
    fn only_a_name_that_closes_a_brace_and_has_no_tag_has_no_place_for_dead_letters() {
        for name in ["orders", "{orders}", "a{b}c", "a{b", "{a}}"] {
            assert!(can_dead_letter_in_a_cluster(name), "{name}");
        }
        for name in ["a}", "{}a", "}{"] {
            assert!(!can_dead_letter_in_a_cluster(name), "{name}");
        }
    }

    proptest! {
        #[test]
        fn every_dead_letter_stream_leads_back_to_its_source(name in "[a-z:{}]{1,12}") {
            let dead_letters = dead_letter_stream(&name);
            prop_assert_eq!(source_of(&dead_letters), Some(name.as_str()));
        }
    }
}
