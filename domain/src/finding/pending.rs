//! What pends and will not end by itself: body lost, nobody tries again, tried too often, taken from the living (F5, F13,
//! F14, F16).

use std::time::Duration;

use super::{
    Action, Kind, Limits, OldPending,
    symptom::{Course, Symptom, entries},
};
use crate::{
    Status, Timestamp,
    operation::PendingAct,
    stream::{EntryId, GroupSample, Name},
    time::humane,
};

/// Counters above this were set by a program that gave up on the entry (`XNACK FATAL`), not counted.
const COUNTED_AT_MOST: u64 = 1 << 32;
/// What happened by mistake once is old news soon; what happens on is told anew each time.
const TAKEN_TOLD_FOR: Duration = Duration::from_mins(15);

pub(super) fn symptoms(group: &GroupSample, limits: &Limits) -> impl Iterator<Item = Symptom> {
    [body_lost(group), unattended(group, limits), too_often(group, limits), released(group)].into_iter().flatten()
}

fn ids<'a>(old: impl IntoIterator<Item = &'a OldPending>) -> Vec<EntryId> {
    old.into_iter().map(|pending| pending.id).collect()
}

fn repair(act: PendingAct, old: &[&OldPending]) -> Action {
    Action::Repair { act, ids: ids(old.iter().copied()) }
}

/// The entry was trimmed or deleted while it pended.
fn body_lost(group: &GroupSample) -> Option<Symptom> {
    let lost: Vec<&OldPending> = group.oldest.iter().filter(|pending| !pending.has_body).collect();
    let first = lost.first()?;
    let what = format!(
        "{} among its oldest pending ones were trimmed or deleted before they were acknowledged, {} first",
        entries(lost.len() as u64),
        first.id
    );
    let meaning =
        "Who holds one in hand may still handle it; if that fails, nobody can try again, and the id pends for ever";
    Some(
        Symptom::new(Kind::BodyLost, Status::Bad, &what, meaning)
            .on_group(group)
            .course(Course::LastsConfirmed)
            .action(repair(PendingAct::DeadLetter, &lost)),
    )
}

/// Delivered long ago, and nobody has tried again.
fn unattended(group: &GroupSample, limits: &Limits) -> Option<Symptom> {
    // what an operator holds is meant to wait
    if group.handling.as_ref().is_some_and(|handling| handling.paused) {
        return None;
    }
    let is_left = |pending: &&OldPending| {
        pending.consumer.is_some()
            && pending.has_body
            && pending.deliveries < limits.too_often
            && Duration::from_millis(pending.idle_ms) >= limits.unattended_for
    };
    let left: Vec<&OldPending> = group.oldest.iter().filter(is_left).collect();
    let longest = left.iter().max_by_key(|pending| pending.idle_ms)?;
    let idle = humane(Duration::from_millis(longest.idle_ms));
    let owner = longest.consumer.as_deref().unwrap_or_default();
    let what = format!(
        "Of its oldest pending entries, {} were given to a consumer and not tried again, {} by {owner} for {idle}",
        left.len(),
        longest.id
    );
    let meaning = "Readers that ask for new entries only never come back to them: they have had no effect until somebody \
                   claims them";
    Some(
        Symptom::new(Kind::PendingUnattended, Status::Warn, &what, meaning)
            .on_group(group)
            .action(repair(PendingAct::Claim, &left)),
    )
}

/// Delivered again and again, or given up by a program.
fn too_often(group: &GroupSample, limits: &Limits) -> Option<Symptom> {
    let is_poison = |pending: &&OldPending| pending.has_body && pending.deliveries >= limits.too_often;
    let poison: Vec<&OldPending> = group.oldest.iter().filter(is_poison).collect();
    let worst = poison.iter().max_by_key(|pending| pending.deliveries)?;
    let (what, meaning) = if worst.deliveries >= COUNTED_AT_MOST {
        (
            format!("Entry {} was marked as fatal by the program that reads it", worst.id),
            "It is not tried again, and pends until somebody sets it aside",
        )
    } else {
        (
            format!("Entry {} was delivered {} times and is not handled", worst.id, worst.deliveries),
            "It fails each time: it costs its readers their time, and will not end by itself",
        )
    };
    Some(
        Symptom::new(Kind::DeliveredTooOften, Status::Warn, &what, meaning)
            .on_group(group)
            .action(repair(PendingAct::DeadLetter, &poison)),
    )
}

/// Owned by nobody: how long it waits is not known, as releasing it sets its time to nothing.
fn released(group: &GroupSample) -> Option<Symptom> {
    let free: Vec<&OldPending> = group.oldest.iter().filter(|pending| pending.consumer.is_none()).collect();
    let first = free.first()?;
    let what =
        format!("Of its oldest pending entries, {} were released and belong to nobody, {} first", free.len(), first.id);
    let meaning = "They wait for a consumer that claims idle entries; how long they have waited Redis does not say";
    Some(
        Symptom::new(Kind::Released, Status::Idle, &what, meaning)
            .on_group(group)
            .course(Course::LastsConfirmed)
            .action(Action::ListPending),
    )
}

/// An entry that was taken over sooner after its delivery than `too_early`. Whether that was wrong is known when its first
/// owner shows that it lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Taken {
    pub(super) id: EntryId,
    first: Name,
    second: Name,
    held: Duration,
    /// Its first owner had asked for something shortly before.
    was_at_work: bool,
    /// By Redis' clock.
    pub(super) at: Timestamp,
}

/// `span` = time between the looks.
pub(super) fn taken(
    was: &GroupSample,
    is: &GroupSample,
    (span, at): (Duration, Timestamp),
    limits: &Limits,
) -> Vec<Taken> {
    let ago = Duration::from_millis;
    let one = |now: &OldPending| {
        let before = was.oldest.iter().find(|before| before.id == now.id)?;
        let (first, second) = (before.consumer.as_ref()?, now.consumer.as_ref()?);
        if first == second || now.deliveries <= before.deliveries {
            return None;
        }
        // both looks are by Redis' clock: it was delivered to the first owner this long before it was taken
        let held =
            (ago(before.idle_ms) + span).checked_sub(ago(now.idle_ms)).filter(|held| *held < limits.too_early)?;
        let taken_at =
            i64::try_from(now.idle_ms).ok().map(|ms| Timestamp::from_millis(at.millis().saturating_sub(ms)))?;
        // from the owner's last act to the moment of taking
        let silent = was
            .consumers
            .iter()
            .find(|consumer| consumer.name == *first)
            .map(|owner| (ago(owner.idle_ms) + span).saturating_sub(ago(now.idle_ms)));
        let was_at_work = silent.is_some_and(|silent| silent < limits.at_work);
        Some(Taken { id: now.id, first: first.clone(), second: second.clone(), held, was_at_work, at: taken_at })
    };
    is.oldest.iter().filter_map(one).collect()
}

impl Taken {
    /// Its first owner has done something since: it lived when the entry was taken from it.
    pub(super) fn seen(&self, group: &GroupSample, now: Timestamp) -> Option<Symptom> {
        let owner = group.consumers.iter().find(|consumer| consumer.name == self.first)?;
        if Duration::from_millis(owner.idle_ms) >= now.since(self.at) {
            return None;
        }
        let Self { id, first, second, .. } = self;
        let held = humane(self.held);
        // one that had been silent may have been started anew since, under its old name
        let (status, since) = if self.was_at_work {
            (Status::Warn, "works on")
        } else {
            (Status::Unknown, "has asked again since: it was busy, or was started anew")
        };
        let what = format!("{second} took entry {id} from {first}, which had been given it {held} before and {since}");
        let meaning = "Both may have handled it at the same time: the time after which entries are claimed is shorter than the \
                       work takes";
        Some(
            Symptom::new(Kind::TakenFromTheLiving, status, &what, meaning)
                .on_group(group)
                .course(Course::Happened(TAKEN_TOLD_FOR))
                .action(Action::ListPending),
        )
    }
}
