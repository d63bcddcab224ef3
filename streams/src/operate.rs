//! Changing what waits: every act looks first, refuses if the look no longer fits the preview, then does what it said.
//!
//! | module | what |
//! | --- | --- |
//! | here | pending entries: claim, acknowledge, dead-letter; moving a group |
//! | `group` | creating and deleting a group |
//! | `consumer` | deleting consumers, after what they have pending is handed over |
//! | `trim` | removing the oldest entries of a stream |
//! | `entries` | deleting entries by id |
//! | `lane` | lanes of consumers here that wait behind an entry that fails |
//!
//! What the newer ones do is decided and done in one script, which is given the token of the preview: nothing can happen in
//! between (docs/adr/0024).

mod consumer;
mod entries;
mod group;
mod lane;
mod trim;

use std::future::Future;

use domain::{
    Refusal,
    operation::{GroupMove, ItemReport, Outcome, PendingAct, PendingSelection, Position, Report},
    stream::EntryId,
};
use redis::Value;
use sha2::{Digest, Sha256};

pub use self::{
    consumer::delete_consumers,
    entries::delete_entries_of_groups,
    group::{create_group, delete_group},
    lane::{clear_lane, parked_lanes},
    trim::trim,
};
use crate::{
    Error, Redis, clock,
    dead_letter::record::{Obituary, hex},
    inspect, keys,
    reply::{self, RawEntry},
    script,
};

/// Items of one act: small enough for one answer within seconds.
pub(crate) const AT_MOST: usize = 1_000;
/// An owner that touched an entry within this time may still be working on it.
const FRESH_MS: u64 = 60_000;
/// Entries counted to tell how many a move skips or repeats.
const COUNT_AT_MOST: usize = 10_000;

pub(crate) fn check_size(items: usize) -> Result<(), Error> {
    if items > AT_MOST {
        return Err(Error::Refused(format!("at most {AT_MOST} items at once, not {items}")));
    }
    Ok(())
}

/// What was seen before an act, as a token that changes when the state does.
pub(crate) struct Look(String);

impl Look {
    pub(crate) fn new(facts: impl Iterator<Item = String>) -> Self {
        let mut hash = Sha256::new();
        for fact in facts {
            hash.update((fact.len() as u64).to_be_bytes());
            hash.update(fact);
        }
        let mut token = hex(&hash.finalize());
        token.truncate(16);
        Self(token)
    }

    /// Refuses an act whose preview showed something else.
    pub(crate) fn check(&self, expected: Option<&str>) -> Result<(), Error> {
        match expected {
            Some(expected) if expected != self.0 => Err(stale()),
            _ => Ok(()),
        }
    }

    pub(crate) fn token(self) -> String {
        self.0
    }
}

/// The answer to an act whose preview showed something else.
fn stale() -> Error {
    Error::Conflict("the state has changed since the preview: look again".to_owned())
}

/// How a script is told whether to look or to act.
const fn mode(dry_run: bool) -> &'static str {
    if dry_run { "look" } else { "act" }
}

/// Whether there is a reason. What cannot be taken back needs one; a preview does not.
fn check_reason(what: &str, reason: Option<&str>, dry_run: bool) -> Result<(), Error> {
    if dry_run || reason.is_some_and(|reason| !reason.trim().is_empty()) {
        return Ok(());
    }
    Err(Error::Refused(format!("{what} needs a reason")))
}

/// The items of one act, one after the other. What Redis refuses becomes the outcome of the item, because what was done
/// before it must not be forgotten.
#[derive(Default)]
pub(crate) struct Tries {
    away: bool,
}

impl Tries {
    /// Once Redis is away nothing more is tried: each try could wait seconds for an answer.
    pub(crate) async fn next(
        &mut self,
        item: String,
        act: impl Future<Output = Result<ItemReport, Error>>,
    ) -> ItemReport {
        if self.away {
            let detail = "not tried: redis was away for an item before it".to_owned();
            return ItemReport { item, outcome: Outcome::Skipped, detail };
        }
        act.await.unwrap_or_else(|error| {
            self.away = matches!(error, Error::Unavailable(_));
            ItemReport { item, outcome: Outcome::Failed, detail: Refusal::from(error).message }
        })
    }
}

/// A pending entry as it is now.
struct Seen {
    id: EntryId,
    /// Consumer, idle milliseconds, deliveries; `None` = not pending.
    pending: Option<(String, u64, u64)>,
    body: Option<RawEntry>,
}

/// Claims, acknowledges or dead-letters pending entries of a group.
pub async fn pending(redis: &Redis, stream: &str, group: &str, selection: &PendingSelection) -> Result<Report, Error> {
    check_size(selection.ids.len())?;
    let mut ids = selection.ids.clone();
    ids.sort_unstable();
    ids.dedup();
    let seen = look_at_pending(redis, stream, group, &ids).await?;
    let fact = |seen: &Seen| match &seen.pending {
        Some((consumer, _, deliveries)) => format!("{} {deliveries} {consumer}", seen.id),
        None => format!("{} -", seen.id),
    };
    let look = Look::new(seen.iter().map(fact));
    look.check(selection.state_token.as_deref())?;
    let (mut items, mut tries) = (Vec::with_capacity(seen.len()), Tries::default());
    for seen in &seen {
        items.push(if seen.pending.is_none() {
            item(seen.id, Outcome::Skipped, "it is not pending any more")
        } else if selection.dry_run {
            item(seen.id, Outcome::Would, would(selection.act))
        } else {
            tries.next(seen.id.to_string(), act(redis, stream, group, selection, seen)).await
        });
    }
    Ok(Report { items, warnings: pending_warnings(selection.act, &seen), state_token: look.token(), audit_id: None })
}

async fn look_at_pending(redis: &Redis, stream: &str, group: &str, ids: &[EntryId]) -> Result<Vec<Seen>, Error> {
    // asked for once even where nothing is selected, so that a wrong group name is told
    let _summary: Value = redis.query(redis::cmd("XPENDING").arg(stream).arg(group)).await?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut pipeline = redis::pipe();
    for id in ids {
        pipeline.cmd("XPENDING").arg(stream).arg(group).arg(id.to_string()).arg(id.to_string()).arg(1);
    }
    let listed: Vec<Vec<reply::Pending>> = redis.pipeline(&pipeline).await?;
    let bodies = inspect::find_many(redis, stream, ids).await?;
    let seen = ids.iter().zip(listed).zip(bodies).map(|((id, mut pending), body)| Seen {
        id: *id,
        pending: pending.pop().map(|(_, consumer, idle_ms, deliveries)| (reply::name(consumer), idle_ms, deliveries)),
        body,
    });
    Ok(seen.collect())
}

async fn act(
    redis: &Redis,
    stream: &str,
    group: &str,
    selection: &PendingSelection,
    seen: &Seen,
) -> Result<ItemReport, Error> {
    let gone = "it is not pending any more";
    Ok(match selection.act {
        PendingAct::Claim => {
            let handed_over = hand_over(redis, stream, group, "", &[(seen.id, None)]).await?;
            if handed_over.is_empty() {
                item(seen.id, Outcome::Skipped, gone)
            } else {
                item(seen.id, Outcome::Done, "free to be taken by the group's reclaimer")
            }
        }
        PendingAct::Acknowledge => {
            let count: u64 = redis.query(redis::cmd("XACK").arg(stream).arg(group).arg(seen.id.to_string())).await?;
            if count == 1 {
                item(seen.id, Outcome::Done, "acknowledged without being handled")
            } else {
                item(seen.id, Outcome::Skipped, gone)
            }
        }
        PendingAct::DeadLetter => match bury(redis, stream, group, selection, seen).await? {
            Some(record) => item(seen.id, Outcome::Done, &format!("moved to {stream}/{record}")),
            None => item(seen.id, Outcome::Skipped, gone),
        },
    })
}

async fn bury(
    redis: &Redis,
    stream: &str,
    group: &str,
    selection: &PendingSelection,
    seen: &Seen,
) -> Result<Option<EntryId>, Error> {
    let (consumer, deliveries) = seen.pending.as_ref().map_or(("", 0), |(consumer, _, n)| (consumer.as_str(), *n));
    let reason = selection.reason.as_deref().map_or("", str::trim);
    let error = match (&seen.body, reason) {
        (None, _) => "body lost: the entry was deleted or trimmed while it was pending".to_owned(),
        (Some(_), "") => "moved here by an operator".to_owned(),
        (Some(_), reason) => format!("moved here by an operator: {reason}"),
    };
    let envelope = seen.body.as_ref().and_then(inspect::envelope);
    let now = clock::now();
    let fields = seen.body.as_ref().map(|body| body.fields.clone()).unwrap_or_default();
    let obituary = Obituary {
        stream,
        group,
        consumer,
        source_id: seen.id,
        envelope: envelope.as_ref(),
        attempts: deliveries,
        first_failed_at: now,
        last_failed_at: now,
        error: &error,
        fields: &fields,
    };
    obituary.bury(redis, consumer).await
}

/// Frees pending entries for the group's reclaimer, keeping the count of attempts or setting it. Gives those that were
/// still pending (and `owner`'s, where one is named).
pub(crate) async fn hand_over(
    redis: &Redis,
    stream: &str,
    group: &str,
    owner: &str,
    entries: &[(EntryId, Option<u64>)],
) -> Result<Vec<EntryId>, Error> {
    let mut call = script::HAND_OVER.prepare_invoke();
    call.key(stream).arg(group).arg(owner).arg(script::FREE_IDLE_MS);
    for (id, attempts) in entries {
        call.arg(id.to_string()).arg(attempts.map_or_else(String::new, |attempts| attempts.to_string()));
    }
    let done: Vec<String> = redis.script(&call).await?;
    done.iter().map(|id| reply::entry_id(id)).collect()
}

fn would(act: PendingAct) -> &'static str {
    match act {
        PendingAct::Claim => "would be free to be taken by the group's reclaimer",
        PendingAct::Acknowledge => "would be acknowledged without being handled: the group never sees it again",
        PendingAct::DeadLetter => "would be moved to the dead letters",
    }
}

fn pending_warnings(act: PendingAct, seen: &[Seen]) -> Vec<String> {
    let mut warnings = Vec::new();
    let pending = seen.iter().filter_map(|seen| seen.pending.as_ref());
    let fresh = pending.filter(|(consumer, idle_ms, _)| *idle_ms < FRESH_MS && consumer != keys::HANDED_OVER).count();
    if fresh > 0 {
        warnings
            .push(format!("{fresh} of them were touched by their consumer within a minute: it may be working on them"));
    }
    let lost = seen.iter().filter(|seen| seen.pending.is_some() && seen.body.is_none()).count();
    if lost > 0 {
        warnings.push(format!("{lost} of them have lost their body: there is nothing left to handle"));
    }
    if act == PendingAct::Claim {
        warnings
            .push("entries that were claimed wait until a consumer of the group takes over idle entries".to_owned());
    }
    warnings
}

/// Moves a group to another place in its stream.
pub async fn move_group(redis: &Redis, stream: &str, group: &str, to: &GroupMove) -> Result<Report, Error> {
    inspect::exists(redis, stream).await?;
    let (facts, groups): (Value, Value) = {
        let mut pipeline = redis::pipe();
        pipeline.cmd("XINFO").arg("STREAM").arg(stream).cmd("XINFO").arg("GROUPS").arg(stream);
        redis.pipeline(&pipeline).await?
    };
    let facts = reply::StreamFacts::read(facts)?;
    let from = reply::items(groups)?
        .into_iter()
        .map(reply::GroupFacts::read)
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .find(|facts| facts.name == group)
        .ok_or_else(|| Error::NotFound(format!("no group {group} on stream {stream}")))?;
    // the entries read are told along, where they are known, so that Redis can go on counting the lag
    let (target, entries_read) = match to.to {
        Position::Start => (EntryId::ZERO, Some(facts.entries_added.saturating_sub(facts.length))),
        Position::End => (facts.last_id, Some(facts.entries_added)),
        Position::After(id) => (id, None),
    };
    let look = Look::new([format!("{} {target}", from.last_delivered_id)].into_iter());
    look.check(to.state_token.as_deref())?;
    let back = target < from.last_delivered_id;
    let (low, high) = if back { (target, from.last_delivered_id) } else { (from.last_delivered_id, target) };
    let between = count_between(redis, stream, low, high).await?;
    let (is, them) = if between == 1 { ("entry is", "it") } else { ("entries are", "them") };
    let many = so_many(between);
    let mut warnings = Vec::new();
    if back {
        warnings.push(format!("{many} {is} delivered to {group} again"));
    } else if between > 0 {
        warnings.push(format!("{many} {is} skipped: {group} will never see {them}"));
    }
    if from.pending > 0 {
        let (stay, them) = if from.pending == 1 { ("entry stays", "it") } else { ("entries stay", "them") };
        warnings.push(format!("{} {stay} pending: a move does not touch {them}", from.pending));
    }
    let detail = format!("from {} to {target}", from.last_delivered_id);
    let outcome = if to.dry_run {
        Outcome::Would
    } else {
        let mut set = redis::cmd("XGROUP");
        set.arg("SETID").arg(stream).arg(group).arg(target.to_string());
        if let Some(read) = entries_read {
            set.arg("ENTRIESREAD").arg(read);
        }
        let () = redis.query(&set).await?;
        Outcome::Done
    };
    let items = vec![ItemReport { item: group.to_owned(), outcome, detail }];
    Ok(Report { items, warnings, state_token: look.token(), audit_id: None })
}

/// Entries after `low` up to `high`, as far as counted.
async fn count_between(redis: &Redis, stream: &str, low: EntryId, high: EntryId) -> Result<usize, Error> {
    let (mut count, mut from) = (0, low);
    while count <= COUNT_AT_MOST && from < high {
        let page = inspect::range(redis, stream, Some(from), true, AT_MOST).await?;
        count += page.iter().filter(|raw| raw.id <= high).count();
        match page.last() {
            Some(last) if page.len() == AT_MOST => from = last.id,
            _ => break,
        }
    }
    Ok(count)
}

/// A count of [`count_between`] in words.
fn so_many(count: usize) -> String {
    if count > COUNT_AT_MOST { format!("more than {COUNT_AT_MOST}") } else { count.to_string() }
}

/// `1 entry`, `more than 10000 entries`.
fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{} {}", so_many(count), if count == 1 { one } else { many })
}

/// Deletes entries from a stream for good; gives how many were there. Groups that had them pending keep the ids (F5).
pub async fn delete_entries(redis: &Redis, stream: &str, ids: &[EntryId]) -> Result<u64, Error> {
    check_size(ids.len())?;
    if ids.is_empty() {
        return Ok(0);
    }
    let mut delete = redis::cmd("XDEL");
    delete.arg(stream);
    for id in ids {
        delete.arg(id.to_string());
    }
    redis.query(&delete).await
}

/// Destroys a group with all that it has pending; false where it is not there. Its consumers must have stopped: a reader
/// creates its group again.
pub async fn destroy_group(redis: &Redis, stream: &str, group: &str) -> Result<bool, Error> {
    match redis.query::<u64>(redis::cmd("XGROUP").arg("DESTROY").arg(stream).arg(group)).await {
        Err(Error::NotFound(_)) => Ok(false),
        answer => Ok(answer? == 1),
    }
}

pub(crate) async fn group_names(redis: &Redis, stream: &str) -> Result<Vec<String>, Error> {
    let groups: Value = match redis.query(redis::cmd("XINFO").arg("GROUPS").arg(stream)).await {
        Err(Error::NotFound(_)) => return Ok(Vec::new()),
        answer => answer?,
    };
    reply::items(groups)?.into_iter().map(|group| Ok(reply::GroupFacts::read(group)?.name)).collect()
}

fn item(id: EntryId, outcome: Outcome, detail: &str) -> ItemReport {
    ItemReport { item: id.to_string(), outcome, detail: detail.to_owned() }
}
