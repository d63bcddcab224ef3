//! Streams that are gone, began again, grow for ever, or whose entries cannot be set aside (F6, F7, F18, F19).

use std::collections::HashSet;

use super::{
    Kind, Limits,
    symptom::{Course, Symptom, TOLD_FOR, entries},
};
use crate::{
    Status,
    stream::{Snapshot, StreamSample, Unread},
};

/// More streams than these gone at one look have one cause, and are one finding.
const ONE_BY_ONE: usize = 5;

/// Whether it is another stream of the same name, or an earlier state of it.
pub(super) fn began_again(was: &StreamSample, is: &StreamSample) -> bool {
    is.entries_added < was.entries_added || is.last_id < was.last_id
}

pub(super) fn symptoms(was: Option<&StreamSample>, is: &StreamSample, limits: &Limits) -> Vec<Symptom> {
    let mut found = Vec::new();
    if let Some(was) = was.filter(|was| began_again(was, is)) {
        let what = format!(
            "Its last id was {}, with {} ever added, and now is {}, with {}",
            was.last_id,
            entries(was.entries_added),
            is.last_id,
            entries(is.entries_added)
        );
        let meaning = "It was deleted and made anew, or Redis came back with an earlier state: entries between are gone, and \
                       groups may stand elsewhere";
        found.push(
            Symptom::new(Kind::StreamRestarted, Status::Bad, &what, meaning)
                .on_stream(is)
                .course(Course::Happened(TOLD_FOR)),
        );
    }
    if !is.can_dead_letter && !is.groups.is_empty() {
        let meaning = "Its dead letters cannot lie in its slot, and a move across slots is not atomic: entries of it are \
                       never set aside";
        found.push(
            Symptom::new(Kind::NoDeadLetters, Status::Warn, "The name has a } and no hash tag, in a cluster", meaning)
                .on_stream(is),
        );
    }
    if is.length >= limits.never_trimmed && is.length == is.entries_added {
        let what = format!("It holds {}, all that were ever added", entries(is.length));
        let meaning = "Nobody trims it, or with a trim that removes nothing (XTRIM ~ keeps whole nodes): it grows until \
                       memory is full";
        found.push(Symptom::new(Kind::NeverTrimmed, Status::Idle, &what, meaning).on_stream(is));
    }
    found
}

/// What Redis did not let us look at.
pub(super) fn unread(now: &Snapshot) -> Vec<Symptom> {
    let meaning =
        "How it is, and whether it is there at all, is not known; nothing is shown rather than made-up numbers";
    let symptom =
        |what: &str| Symptom::new(Kind::LagUnknown, Status::Unknown, what, meaning).course(Course::LastsConfirmed);
    if now.unread.len() > ONE_BY_ONE {
        let first = &now.unread[0];
        let what = format!(
            "{} streams and groups could not be looked at, {} first: {}",
            now.unread.len(),
            first.stream,
            first.why.trim_end_matches('.')
        );
        return vec![symptom(&what)];
    }
    let one = |unread: &Unread| {
        let mut symptom = symptom(&format!("It could not be looked at: {}", unread.why.trim_end_matches('.')));
        symptom.stream = Some(unread.stream.clone());
        symptom.group.clone_from(&unread.group);
        symptom
    };
    now.unread.iter().map(one).collect()
}

/// Streams with groups that are not there any more.
pub(super) fn gone(before: &Snapshot, now: &Snapshot) -> Vec<Symptom> {
    let there: HashSet<&str> = now.streams.iter().map(|stream| stream.name.as_str()).collect();
    let is_unread = |stream: &StreamSample| now.unread(&stream.name, None).is_some();
    let gone: Vec<&StreamSample> = before
        .streams
        .iter()
        .filter(|stream| !stream.groups.is_empty() && !there.contains(stream.name.as_str()) && !is_unread(stream))
        .collect();
    let meaning = "It was deleted, evicted, flushed or lost with Redis' memory: readers get NOGROUP, and what was unread is \
                   gone";
    let symptom =
        |what: &str| Symptom::new(Kind::StreamGone, Status::Warn, what, meaning).course(Course::Happened(TOLD_FOR));
    if gone.len() > ONE_BY_ONE {
        let names: Vec<&str> = gone.iter().take(ONE_BY_ONE).map(|stream| stream.name.as_str()).collect();
        let what = format!("{} streams are gone at once, with their groups: {}, …", gone.len(), names.join(", "));
        return vec![symptom(&what)];
    }
    let one = |stream: &&StreamSample| {
        let groups = stream.groups.len();
        let groups = if groups == 1 { "1 group".to_owned() } else { format!("{groups} groups") };
        symptom(&format!("It is gone, with {} and {groups}", entries(stream.length))).on_stream(stream)
    };
    gone.iter().map(one).collect()
}
