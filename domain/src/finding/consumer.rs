//! Consumers: those that are left behind, those that ask in vain, and those that were deleted with what they held (F11,
//! F12, F17).

use std::{collections::HashSet, time::Duration};

use super::{
    Action, Kind, Limits, OldPending,
    symptom::{Course, Symptom, TOLD_FOR, entries},
};
use crate::{
    Status,
    stream::{ConsumerSample, GroupSample, RedisFacts},
    time::humane,
};

pub(super) fn symptoms(
    was: Option<&GroupSample>,
    group: &GroupSample,
    redis: &RedisFacts,
    limits: &Limits,
) -> Vec<Symptom> {
    let tells_attempts = tells_attempts(redis);
    let mut found: Vec<Symptom> = left_behind(group, tells_attempts, limits).into_iter().collect();
    if tells_attempts {
        found.extend(in_vain(group, limits));
    }
    found.extend(was.into_iter().flat_map(|was| vanished(was, group, limits.silent)));
    found
}

/// Whether `idle` is the time since a consumer last asked (7.2 and later), not since it was last given something.
fn tells_attempts(redis: &RedisFacts) -> bool {
    let mut numbers = redis.version.split('.').map(str::parse::<u32>);
    let (Some(Ok(major)), Some(Ok(minor))) = (numbers.next(), numbers.next()) else { return false };
    (major, minor) >= (7, 2)
}

fn idle(consumer: &ConsumerSample) -> Duration {
    Duration::from_millis(consumer.idle_ms)
}

fn left_behind(group: &GroupSample, tells_attempts: bool, limits: &Limits) -> Option<Symptom> {
    let line = if tells_attempts { limits.left_behind_for } else { limits.left_behind_untold_for };
    let left = group.consumers.iter().filter(|consumer| consumer.pending == 0 && idle(consumer) >= line).count();
    (left >= limits.left_behind).then(|| {
        let what = format!("{left} of its {} consumers have asked for nothing for {} or longer", group.consumers.len(), humane(line));
        let meaning = "They are names of processes that ended, made anew at each start: they cost memory, and each look at the \
                       group takes longer";
        Symptom::new(Kind::ConsumersLeftBehind, Status::Warn, &what, meaning).on_group(group)
    })
}

/// Entries wait, somebody asks, and is given none: it asks for something else.
fn in_vain(group: &GroupSample, limits: &Limits) -> Option<Symptom> {
    // consumers in this process say themselves why they take nothing
    if group.handling.is_some() || !group.lag.exceeds(0) {
        return None;
    }
    let waits = Duration::from_millis(group.behind_ms?);
    let mut asking = group.consumers.iter().filter(|consumer| idle(consumer) < limits.at_work).peekable();
    let first = &asking.peek()?.name;
    // never given anything = in vain for ever
    let was_given = |consumer: &ConsumerSample| {
        consumer.inactive_ms.is_some_and(|inactive| Duration::from_millis(inactive) < limits.in_vain_for)
    };
    (waits >= limits.in_vain_for && !asking.any(was_given)).then(|| {
        let what = format!("Entries have waited for {}, and {first} asks without being given any", humane(waits));
        let meaning = "It lives, and asks for its own old entries (an id instead of >) or only claims: what is new is read by nobody";
        // ids may be older than their entries: what just came can look as if it had waited
        Symptom::new(Kind::AskedInVain, Status::Warn, &what, meaning).on_group(group).course(Course::LastsConfirmed)
    })
}

/// Consumers that were silent, held something, and are gone; what they held pends nowhere.
fn vanished<'a>(
    was: &'a GroupSample,
    is: &'a GroupSample,
    silent: Duration,
) -> impl Iterator<Item = Symptom> + use<'a> {
    let held = |consumer: &&ConsumerSample| consumer.pending > 0 && idle(consumer) >= silent;
    let suspects: Vec<&ConsumerSample> = was.consumers.iter().filter(held).collect();
    let there: HashSet<&str> = if suspects.is_empty() {
        HashSet::new()
    } else {
        is.consumers.iter().map(|consumer| consumer.name.as_str()).collect()
    };
    suspects.into_iter().filter(move |consumer| !there.contains(consumer.name.as_str())).filter_map(move |consumer| {
        let known: Vec<&OldPending> =
            was.oldest.iter().filter(|pending| pending.consumer.as_deref() == Some(consumer.name.as_str())).collect();
        let first = known.first()?;
        // what another one has by now was handed over, as it should be
        let still_pends = known.iter().any(|pending| is.oldest.iter().any(|now| now.id == pending.id));
        if still_pends || is.pending.saturating_add(consumer.pending) > was.pending.saturating_add(read_since(was, is)?) {
            return None;
        }
        let what = format!(
            "Consumer {} was silent for {}, held {} from {} on, and is deleted; they pend nowhere now",
            consumer.name,
            humane(idle(consumer)),
            entries(consumer.pending),
            first.id
        );
        let meaning = "They were acknowledged in that moment, or destroyed with it and had no effect: Redis keeps no record of which";
        Some(
            Symptom::new(Kind::PendingVanished, Status::Unknown, &what, meaning)
                .on_group(is)
                .of_consumer(&consumer.name)
                .course(Course::Happened(TOLD_FOR))
                .action(Action::ListEntries { from: first.id }),
        )
    })
}

/// Entries that the group was given since; `None` where Redis has lost count.
fn read_since(was: &GroupSample, is: &GroupSample) -> Option<u64> {
    if is.last_delivered_id == was.last_delivered_id {
        return Some(0);
    }
    is.entries_read?.checked_sub(was.entries_read?)
}
