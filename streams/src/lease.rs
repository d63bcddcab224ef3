//! The lease on what is held here: touched in time, so that nobody takes it for abandoned (promise P8), and put back
//! where it was destroyed under us (F11).

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use domain::stream::EntryId;

use crate::{Error, consumer::Group, reply, script};

/// Entries touched in one script, which holds up everybody else for well under a millisecond.
const TOUCH_AT_ONCE: usize = 200;

/// The entries in memory: delivered here, not yet acknowledged or given up.
#[derive(Debug, Default)]
pub(crate) struct Holdings {
    by_id: BTreeMap<EntryId, Held>,
    /// Entries let go of since an adoption began, while one runs: it may have read of them as pending before.
    let_go: Option<BTreeSet<EntryId>>,
}

#[derive(Debug, Clone, Copy)]
struct Held {
    /// Since when it was ours without a break.
    since: Instant,
    /// When it was last known to be ours: from then on its lease runs.
    touched: Instant,
    /// Its acknowledgement, or its move to the dead letters, may be on its way: whether it pends, nobody knows.
    settling: bool,
}

impl Holdings {
    /// Takes an entry that was asked for at this moment; `false` where it is here already.
    pub(crate) fn take(&mut self, id: EntryId, asked: Instant) -> bool {
        if self.by_id.contains_key(&id) {
            return false;
        }
        self.by_id.insert(id, Held { since: asked, touched: asked, settling: false });
        true
    }

    /// From now on these may stop pending at any time, and that is our doing.
    pub(crate) fn settle(&mut self, ids: &[EntryId]) {
        for id in ids {
            if let Some(held) = self.by_id.get_mut(id) {
                held.settling = true;
            }
        }
    }

    /// Nothing came of that: it is held as before.
    pub(crate) fn unsettle(&mut self, id: EntryId) {
        if let Some(held) = self.by_id.get_mut(&id) {
            held.settling = false;
        }
    }

    pub(crate) fn let_go(&mut self, ids: &[EntryId]) {
        for id in ids {
            self.by_id.remove(id);
        }
        if let Some(let_go) = &mut self.let_go {
            let_go.extend(ids);
        }
    }

    pub(crate) fn first(&self) -> Option<EntryId> {
        self.by_id.first_key_value().map(|(id, _)| *id)
    }

    /// To be called before pending entries are asked for.
    pub(crate) fn begin_adoption(&mut self) {
        self.let_go = Some(BTreeSet::new());
    }

    /// Which of the pending entries that were found are not here, and were not while they were looked for.
    pub(crate) fn end_adoption(&mut self, found: impl IntoIterator<Item = EntryId>) -> BTreeSet<EntryId> {
        let let_go = self.let_go.take().unwrap_or_default();
        found.into_iter().filter(|id| !self.by_id.contains_key(id) && !let_go.contains(id)).collect()
    }

    fn open(&self) -> Vec<EntryId> {
        self.by_id.iter().filter(|(_, held)| !held.settling).map(|(id, _)| *id).collect()
    }

    fn is_open(&self, id: EntryId) -> bool {
        self.by_id.get(&id).is_some_and(|held| !held.settling)
    }

    fn touch(&mut self, ids: &[EntryId], at: Instant) {
        for id in ids {
            if let Some(held) = self.by_id.get_mut(id) {
                held.touched = at;
            }
        }
    }

    fn put_back(&mut self, ids: &[EntryId], at: Instant) {
        for id in ids {
            if let Some(held) = self.by_id.get_mut(id) {
                (held.since, held.touched) = (at, at);
            }
        }
    }

    /// Whether others had the time to take an entry over, handle it and acknowledge it.
    pub(crate) fn lease_is_out(&self, id: EntryId, lasts: Duration) -> bool {
        self.by_id.get(&id).is_none_or(|held| held.touched.elapsed() >= lasts)
    }

    /// Which of the entries that pend no more were destroyed with their consumer, now that these are still `ours`. A deleted
    /// consumer loses all its entries at once: one that was ours before another was last touched, and still is, tells
    /// that the other was acknowledged.
    fn destroyed(&self, gone: &[EntryId], ours: &[EntryId], lasts: Duration) -> Vec<EntryId> {
        let oldest = ours.iter().filter_map(|id| self.by_id.get(id)).map(|held| held.since).min();
        let is_destroyed = |id: &&EntryId| {
            let Some(held) = self.by_id.get(id) else { return false };
            !self.lease_is_out(**id, lasts) && oldest.is_none_or(|oldest| oldest > held.touched)
        };
        gone.iter().filter(is_destroyed).copied().collect()
    }
}

/// Touches everything held here. Gives what is not ours any more: taken over, or acknowledged by somebody else. What was
/// destroyed with this consumer (XGROUP DELCONSUMER) is put back.
pub(crate) async fn renew<H>(group: &Group<H>) -> Result<Vec<EntryId>, Error> {
    let at = Instant::now();
    let open: Vec<_> = group.held().open().into_iter().map(|id| (id, None)).collect();
    let mut found = Touch::default();
    for chunk in open.chunks(TOUCH_AT_ONCE) {
        let answer = touch(group, "", chunk).await?;
        found.taken.extend(answer.taken);
        found.gone.extend(answer.gone);
        found.ours.extend(answer.ours);
    }
    let (destroyed, acknowledged): (Vec<_>, Vec<_>) = {
        let mut held = group.held();
        // before they count as touched now
        let destroyed = held.destroyed(&found.gone, &found.ours, group.settings.claim_after);
        held.touch(&found.ours, at);
        let open = found.gone.into_iter().filter(|id| held.is_open(*id));
        open.partition(|id| destroyed.contains(id))
    };
    if !destroyed.is_empty() {
        put_back(group, &destroyed).await?;
    }
    Ok(found.taken.into_iter().chain(acknowledged).collect())
}

/// Writes down that an attempt at one entry begins. `false`: it is somebody else's. What pends no more, though nobody can
/// have taken it over, was destroyed with this consumer or acknowledged by hand: it is handled, once too often rather
/// than never.
pub(crate) async fn hold<H>(group: &Group<H>, id: EntryId, attempt: u64) -> Result<bool, Error> {
    let at = Instant::now();
    let found = touch(group, "", &[(id, Some(attempt))]).await?;
    let mut held = group.held();
    held.touch(&found.ours, at);
    Ok(found.taken.is_empty() && (found.gone.is_empty() || !held.lease_is_out(id, group.settings.claim_after)))
}

/// Puts one entry back that is to be moved to the dead letters and pends no more; `false`: it is somebody else's.
pub(crate) async fn reclaim<H>(group: &Group<H>, id: EntryId, attempts: u64) -> Result<bool, Error> {
    if group.held().lease_is_out(id, group.settings.claim_after) {
        return Ok(false);
    }
    Ok(touch(group, "back", &[(id, Some(attempts))]).await?.taken.is_empty())
}

async fn put_back<H>(group: &Group<H>, destroyed: &[EntryId]) -> Result<(), Error> {
    let settings = &group.settings;
    tracing::warn!(
        stream.name = settings.stream,
        group.name = settings.group,
        consumer.name = settings.consumer,
        entries = destroyed.len(),
        "this consumer was deleted from its group; what it holds is put back into the pending list"
    );
    let at = Instant::now();
    let mut back = Vec::new();
    for chunk in destroyed.chunks(TOUCH_AT_ONCE) {
        let entries: Vec<_> = chunk.iter().map(|id| (*id, None)).collect();
        back.extend(touch(group, "back", &entries).await?.ours);
    }
    // what was settled meanwhile pends again by mistake
    let settled: Vec<_> = {
        let mut held = group.held();
        held.put_back(&back, at);
        back.into_iter().filter(|id| !held.is_open(*id)).collect()
    };
    if !settled.is_empty() {
        let mut acknowledge = redis::cmd("XACK");
        acknowledge.arg(&settings.stream).arg(&settings.group);
        for id in &settled {
            acknowledge.arg(id.to_string());
        }
        group.redis.query::<u64>(&acknowledge).await?;
    }
    Ok(())
}

/// What a touch found.
#[derive(Default)]
struct Touch {
    taken: Vec<EntryId>,
    gone: Vec<EntryId>,
    ours: Vec<EntryId>,
}

async fn touch<H>(group: &Group<H>, back: &str, entries: &[(EntryId, Option<u64>)]) -> Result<Touch, Error> {
    let mut call = script::HOLD.prepare_invoke();
    call.key(&group.settings.stream).arg(&group.settings.group).arg(&group.settings.consumer).arg(back);
    for (id, attempts) in entries {
        call.arg(id.to_string()).arg(attempts.map_or_else(String::new, |attempts| attempts.to_string()));
    }
    let (taken, gone, ours): (Vec<String>, Vec<String>, Vec<String>) = group.redis.script(&call).await?;
    let ids = |list: Vec<String>| list.iter().map(|id| reply::entry_id(id)).collect::<Result<Vec<_>, _>>();
    Ok(Touch { taken: ids(taken)?, gone: ids(gone)?, ours: ids(ours)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEASE: Duration = Duration::from_mins(1);

    fn id(ms: u64) -> EntryId {
        EntryId { ms, seq: 0 }
    }

    #[test]
    fn what_was_let_go_of_during_an_adoption_is_not_taken_again() {
        let (mut held, now) = (Holdings::default(), Instant::now());
        assert!(held.take(id(1), now) && held.take(id(2), now) && !held.take(id(1), now));
        held.begin_adoption();
        held.let_go(&[id(1)]);
        // 1 was pending when it was asked for and is no more, 2 is here
        assert_eq!(held.end_adoption([1, 2, 3].map(id)), BTreeSet::from([id(3)]));
        held.begin_adoption();
        assert_eq!(held.end_adoption([id(1)]), BTreeSet::from([id(1)]), "it comes again: somebody put it there");
    }

    #[test]
    fn what_is_settling_is_held_and_not_expected_to_pend() {
        let (mut held, now) = (Holdings::default(), Instant::now());
        held.take(id(1), now);
        held.take(id(2), now);
        held.settle(&[id(1), id(9)]);
        assert_eq!(held.open(), [id(2)]);
        assert_eq!(held.first(), Some(id(1)));
        assert!(!held.take(id(1), now));
    }

    #[test]
    fn entries_that_pend_no_more_were_destroyed_unless_an_older_one_still_does() {
        let (mut held, now) = (Holdings::default(), Instant::now());
        let later = now + Duration::from_millis(5);
        held.take(id(1), now);
        held.take(id(2), now);
        held.take(id(3), later);
        assert_eq!(held.destroyed(&[id(1), id(2)], &[], LEASE), [id(1), id(2)]);
        assert_eq!(held.destroyed(&[id(1)], &[id(2)], LEASE), [], "2 was ours before: 1 was acknowledged");
        assert_eq!(held.destroyed(&[id(1), id(2)], &[id(3)], LEASE), [id(1), id(2)], "3 was read after the deletion");
        held.touch(&[id(1)], later + Duration::from_millis(5));
        assert_eq!(held.destroyed(&[id(1)], &[id(3)], LEASE), [], "it was seen after 3 was read");
    }

    #[test]
    fn what_others_had_the_time_to_take_over_is_not_put_back() {
        let (mut held, now) = (Holdings::default(), Instant::now());
        held.take(id(1), now);
        assert_eq!(held.destroyed(&[id(1)], &[], Duration::ZERO), []);
        assert!(held.lease_is_out(id(1), Duration::ZERO) && !held.lease_is_out(id(1), LEASE));
        assert!(held.lease_is_out(id(9), LEASE), "what is not here is nobody's to put back");
    }
}
