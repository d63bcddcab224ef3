//! Groups that are gone or moved, entries that they never got, and what is known of their lag (F1, F2, F4, F7).

use std::collections::HashSet;

use super::{
    Action, Kind,
    symptom::{Course, Symptom, TOLD_FOR, Tally, entries},
};
use crate::{
    Figure, Status,
    figure::grouped,
    stream::{EntryId, GroupSample, StreamSample},
};

/// Groups of a stream that are not there any more; `is_unread` tells those that only could not be looked at.
pub(super) fn gone(was: &StreamSample, is: &StreamSample, is_unread: impl Fn(&str) -> bool) -> Vec<Symptom> {
    if was.groups.is_empty() {
        return Vec::new();
    }
    let there: HashSet<&str> = is.groups.iter().map(|group| group.name.as_str()).collect();
    let gone = was.groups.iter().filter(|group| !there.contains(group.name.as_str()) && !is_unread(&group.name));
    let symptom = |group: &GroupSample| {
        let pending =
            if group.pending > 0 { format!(" with {} pending", entries(group.pending)) } else { String::new() };
        let what = format!("It is gone{pending}, and stood after {}", group.last_delivered_id);
        let meaning =
            "Its readers get NOGROUP: made anew at 0 it repeats everything, at $ it skips what it had not read";
        Symptom::new(Kind::GroupGone, Status::Warn, &what, meaning).on_group(group).course(Course::Happened(TOLD_FOR))
    };
    gone.map(symptom).collect()
}

/// What is known of the same stream and group from the look before.
#[derive(Clone, Copy)]
pub(super) enum Before<'a> {
    Seen(&'a StreamSample, &'a GroupSample),
    /// It was not there, or nobody had looked.
    Nothing,
    /// It could not be looked at: what happened then nobody saw.
    Unread,
}

pub(super) fn symptoms(before: Before<'_>, stream: &StreamSample, group: &GroupSample) -> Vec<Symptom> {
    let mut found = Vec::new();
    match before {
        Before::Nothing => found.extend(trimmed_unseen(stream, group)),
        Before::Unread => {}
        Before::Seen(stream_was, was) => match moved_back(was, group) {
            // of a group that stands elsewhere by now nothing follows from where it stood
            Some(moved) => found.push(moved),
            None => found.extend(trimmed_unread(stream_was, was, stream, group)),
        },
    }
    found.extend(lag(group));
    found
}

fn moved_back(was: &GroupSample, is: &GroupSample) -> Option<Symptom> {
    (is.last_delivered_id < was.last_delivered_id).then(|| {
        let what = format!("It stood after {} and stands after {}", was.last_delivered_id, is.last_delivered_id);
        let meaning = "It was moved, or destroyed and made anew: entries between are delivered to it again";
        Symptom::new(Kind::GroupMovedBack, Status::Warn, &what, meaning)
            .on_group(is)
            .course(Course::Happened(TOLD_FOR))
            .action(Action::Move)
    })
}

/// The first entry lies after the last one that the group was given: what lay between is removed, whether it was read or
/// not.
fn is_behind_a_gap(stream: &StreamSample, group: &GroupSample) -> bool {
    first_readable(stream) > group.last_delivered_id.next() && stream.entries_added > stream.length
}

fn trimmed(stream: &StreamSample, group: &GroupSample, status: Status, what: &str, meaning: &str) -> Symptom {
    let action = stream.first_id.map_or(Action::Read, |from| Action::ListEntries { from });
    Symptom::new(Kind::UnreadTrimmed, status, what, meaning)
        .on_group(group)
        .course(Course::Happened(TOLD_FOR))
        .action(action)
}

/// How much was removed unread is known where somebody looked before.
fn trimmed_unread(
    stream_was: &StreamSample,
    was: &GroupSample,
    stream: &StreamSample,
    group: &GroupSample,
) -> Option<Symptom> {
    if !is_behind_a_gap(stream, group) || first_readable(stream_was) == first_readable(stream) {
        return None;
    }
    let tally = lost(stream_was, was, stream, group)?;
    Some(trimmed(stream, group, Status::Bad, "", "").tally(tally))
}

/// Nobody saw it: told once, as it may have been made like this.
fn trimmed_unseen(stream: &StreamSample, group: &GroupSample) -> Option<Symptom> {
    if !is_behind_a_gap(stream, group) {
        return None;
    }
    let removed = stream.entries_added.saturating_sub(stream.length);
    let what = format!(
        "Entries after {}, its last delivered one, may have been removed before it was given them: {} of {} are gone from \
         the stream",
        group.last_delivered_id,
        grouped(removed),
        entries(stream.entries_added)
    );
    let meaning = "It was so when this console looked first, so nobody knows whether the group had been due them";
    Some(trimmed(stream, group, Status::Unknown, &what, meaning))
}

fn lost_unread(lost: &Figure) -> String {
    let count = lost.lower_bound().unwrap_or(0);
    let (at_least, were) = match lost {
        Figure::Exact(1) => ("", "was"),
        Figure::Exact(_) => ("", "were"),
        _ => ("At least ", "were"),
    };
    format!("{at_least}{} {were} removed before the group was given them. {NEVER_READ}", entries(count))
}

const NEVER_READ: &str = "They have no effect in this group and never will: Redis keeps no record of them.";

/// The first id that a group can be given; of an empty stream, the next one.
fn first_readable(stream: &StreamSample) -> EntryId {
    stream.first_id.unwrap_or_else(|| stream.last_id.next())
}

/// Entries that were unread or came, and are neither unread nor read now. `None` = none are lost, or nothing can be said.
fn lost(stream_was: &StreamSample, was: &GroupSample, stream: &StreamSample, group: &GroupSample) -> Option<Tally> {
    // stream and group are two answers: a group that is ahead of its stream was asked later
    if was.last_delivered_id > stream_was.last_id || group.last_delivered_id > stream.last_id {
        return None;
    }
    let read = if group.last_delivered_id == was.last_delivered_id {
        0
    } else if stream.max_deleted_id == EntryId::ZERO {
        group.entries_read?.checked_sub(was.entries_read?)?
    } else {
        // after a deletion Redis counts what is read by guessing
        return None;
    };
    let unread_was = was.lag.lower_bound()?;
    let Figure::Exact(unread) = group.lag else { return None };
    let came = stream.entries_added.checked_sub(stream_was.entries_added)?;
    let lost = (unread_was + came).saturating_sub(unread + read);
    let count = if matches!(was.lag, Figure::Exact(_)) { Figure::Exact(lost) } else { Figure::AtLeast(lost) };
    (lost > 0).then_some(Tally { count, explain: lost_unread })
}

fn lag(group: &GroupSample) -> Option<Symptom> {
    match (&group.lag, group.lag_reported) {
        (Figure::Unknown(reason), _) => Some(
            Symptom::new(
                Kind::LagUnknown,
                Status::Unknown,
                &format!("Its lag is unknown: {reason}"),
                "It may be behind without looking so; nothing is shown rather than a made-up number",
            )
            .on_group(group),
        ),
        (Figure::AtLeast(bound), None) => Some(
            Symptom::new(
                Kind::LagUnknown,
                Status::Unknown,
                &format!("Redis does not know its lag, and at least {} are unread", entries(*bound)),
                "Entries were deleted ahead of it or it was moved by hand; the count is exact again when it has passed them",
            )
            .on_group(group),
        ),
        (lag, Some(reported)) => {
            let truth = match lag {
                Figure::AtLeast(bound) => format!("at least {}", grouped(*bound)),
                lag => grouped(lag.lower_bound().unwrap_or(0)),
            };
            Some(
                Symptom::new(
                    Kind::LagCorrected,
                    Status::Unknown,
                    &format!("Redis says that {} are unread, and {truth} are there after its last delivered one", entries(reported)),
                    "Redis counts wrong after entries ahead of a group were removed or it was moved; what the console shows is counted",
                )
                .on_group(group)
                .course(Course::LastsConfirmed),
            )
        }
        (Figure::Exact(_), None) => None,
    }
}
