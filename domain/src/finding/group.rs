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

/// Groups of a stream that are not there any more.
pub(super) fn gone(was: &StreamSample, is: &StreamSample) -> Vec<Symptom> {
    if was.groups.is_empty() {
        return Vec::new();
    }
    let there: HashSet<&str> = is.groups.iter().map(|group| group.name.as_str()).collect();
    let gone = was.groups.iter().filter(|group| !there.contains(group.name.as_str()));
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

/// `was` is the same stream and group at the look before.
pub(super) fn symptoms(
    was: Option<(&StreamSample, &GroupSample)>,
    stream: &StreamSample,
    group: &GroupSample,
) -> Vec<Symptom> {
    let moved = was.and_then(|(_, was)| moved_back(was, group));
    let mut found: Vec<Symptom> = trimmed_unread(was.filter(|_| moved.is_none()), stream, group).into_iter().collect();
    found.extend(moved);
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
/// not. How much that was is known only where somebody looked before.
fn trimmed_unread(
    was: Option<(&StreamSample, &GroupSample)>,
    stream: &StreamSample,
    group: &GroupSample,
) -> Option<Symptom> {
    let first = first_readable(stream);
    if first <= group.last_delivered_id.next() || stream.entries_added <= stream.length {
        return None;
    }
    let action = stream.first_id.map_or(Action::Read, |from| Action::ListEntries { from });
    if let Some((stream_was, was)) = was {
        if first_readable(stream_was) == first {
            return None;
        }
        let tally = lost(stream_was, was, stream, group)?;
        return Some(
            Symptom::new(Kind::UnreadTrimmed, Status::Bad, "", "")
                .on_group(group)
                .tally(tally)
                .course(Course::Happened(TOLD_FOR))
                .action(action),
        );
    }
    // nobody saw it: told once, as it may have been made like this
    let removed = stream.entries_added.saturating_sub(stream.length);
    let what = format!(
        "Entries after {}, its last delivered one, may have been removed before it was given them: {} of {} are gone from \
         the stream",
        group.last_delivered_id,
        grouped(removed),
        entries(stream.entries_added)
    );
    let meaning = "It was so when this console looked first, so nobody knows whether the group had been due them";
    Some(
        Symptom::new(Kind::UnreadTrimmed, Status::Unknown, &what, meaning)
            .on_group(group)
            .course(Course::Happened(TOLD_FOR))
            .action(action),
    )
}

fn lost_unread(lost: u64) -> String {
    let were = if lost == 1 { "was" } else { "were" };
    format!("{} {were} removed before the group was given them. {NEVER_READ}", entries(lost))
}

fn lost_unread_at_least(lost: u64) -> String {
    format!("At least {} were removed before the group was given them. {NEVER_READ}", entries(lost))
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
    let (unread_was, explain): (u64, fn(u64) -> String) = match &was.lag {
        Figure::Exact(unread) => (*unread, lost_unread),
        figure => (figure.lower_bound()?, lost_unread_at_least),
    };
    let Figure::Exact(unread) = group.lag else { return None };
    let came = stream.entries_added.checked_sub(stream_was.entries_added)?;
    let lost = (unread_was + came).saturating_sub(unread + read);
    (lost > 0).then_some(Tally { count: lost, explain })
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
