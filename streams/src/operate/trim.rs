//! Removing the oldest entries of a stream, exactly, and never past what a group needs unless told to.

use std::collections::BTreeSet;

use domain::{
    operation::{ItemReport, Outcome, Report, Trim, TrimTo},
    stream::EntryId,
};
use redis::Value;

use super::{AT_MOST, check_reason, entries::loss, mode, stale};
use crate::{Error, Redis, inspect, keys, reply, script};

/// Entries looked at to tell what a trim costs, and to find the place of a number: a second or two.
const LOOK_AT_MOST: u64 = 100_000;
/// Pending ids looked at in a group.
const PENDING_AT_MOST: usize = 10_000;

/// A group at the place of a trim.
struct Needs {
    group: String,
    delivered: EntryId,
    /// Ids that pend in it before the place that was asked for.
    pending: BTreeSet<EntryId>,
    unread: u64,
    losing_body: u64,
    /// Its entries between the place where the trim stops and the one that was asked for.
    kept: u64,
}

/// Trims a stream. What is asked for is turned into the first entry that is kept; the report names it, and an act on that
/// (`before`) does not grow while entries are added.
pub async fn trim(redis: &Redis, stream: &str, wanted: &Trim) -> Result<Report, Error> {
    check_reason("trimming a stream", wanted.reason.as_deref(), wanted.dry_run)?;
    let facts = facts(redis, stream).await?;
    let asked = match wanted.to {
        TrimTo::Before(id) => id.min(facts.last_id.next()).max(EntryId::ZERO.next()),
        TrimTo::Keep(count) => place_of(redis, stream, &facts, count).await?,
    };
    let cut = async |mode: &str, expected: &str| {
        let mut call = script::CUT.prepare_invoke();
        call.key(stream).arg(mode).arg(expected).arg(asked.to_string());
        call.arg(if wanted.past_groups { "past" } else { "" }).arg(PENDING_AT_MOST);
        redis.script::<Answer>(&call).await
    };
    let (_, state_token, keep_from, _, groups) = cut("look", "").await?;
    if wanted.state_token.as_ref().is_some_and(|expected| *expected != state_token) {
        return Err(stale());
    }
    let keep_from = reply::entry_id(&keep_from)?;
    let mut groups = groups.into_iter().map(Needs::read).collect::<Result<Vec<_>, _>>()?;
    let (would_remove, is_all) = count(redis, stream, keep_from, asked, &mut groups).await?;
    let removed = if wanted.dry_run {
        would_remove
    } else {
        // the counts are of what the token stands for: where it no longer does, nothing is done
        let (word, _, _, removed, _) = cut(mode(wanted.dry_run), &state_token).await?;
        if word == "stale" {
            return Err(stale());
        }
        removed
    };
    let many = if is_all || !wanted.dry_run { removed.to_string() } else { format!("more than {LOOK_AT_MOST}") };
    let entries = if removed == 1 { "entry" } else { "entries" };
    let (outcome, detail) = match (removed, wanted.dry_run) {
        (0, _) => {
            (Outcome::Skipped, format!("loses nothing: {keep_from} is the first to keep, and nothing is before it"))
        }
        (_, true) => (Outcome::Would, format!("would lose {many} {entries}: all before {keep_from}")),
        (_, false) => (Outcome::Done, format!("lost {many} {entries}: all before {keep_from}")),
    };
    let items = vec![ItemReport { item: stream.to_owned(), outcome, detail }];
    let warnings = warnings(stream, &groups, is_all, wanted.past_groups);
    Ok(Report { items, warnings, state_token, audit_id: None })
}

/// Word, token, first id kept, how many were removed, groups as name, last delivered id, ids pending before the place asked for.
type Answer = (String, String, String, u64, Vec<(String, String, Vec<String>)>);

impl Needs {
    fn read((group, delivered, pending): (String, String, Vec<String>)) -> Result<Self, Error> {
        Ok(Self {
            group,
            delivered: reply::entry_id(&delivered)?,
            pending: pending.iter().map(|id| reply::entry_id(id)).collect::<Result<_, _>>()?,
            unread: 0,
            losing_body: 0,
            kept: 0,
        })
    }
}

async fn facts(redis: &Redis, stream: &str) -> Result<reply::StreamFacts, Error> {
    inspect::exists(redis, stream).await?;
    reply::StreamFacts::read(redis.query::<Value>(redis::cmd("XINFO").arg("STREAM").arg(stream)).await?)
}

/// The id of the first of the newest `count` entries. Redis cannot tell it: entries are read from the nearer end.
async fn place_of(redis: &Redis, stream: &str, facts: &reply::StreamFacts, count: u64) -> Result<EntryId, Error> {
    let beyond = facts.length.saturating_sub(count);
    if beyond == 0 {
        return Ok(facts.first_id.unwrap_or(EntryId::ZERO.next()));
    }
    if count == 0 {
        return Ok(facts.last_id.next());
    }
    let forward = beyond < count;
    let number = if forward { beyond + 1 } else { count };
    if number > LOOK_AT_MOST {
        return Err(Error::Refused(format!(
            "to find the place of {count} entries among {} takes reading more than {LOOK_AT_MOST} of them: say before which \
             entry or time instead",
            facts.length
        )));
    }
    let (mut left, mut from) = (number, None);
    loop {
        let step = usize::try_from(left).unwrap_or(AT_MOST).min(AT_MOST);
        let page = inspect::range(redis, stream, from, forward, step).await?;
        let Some(last) = page.last() else { return Ok(from.unwrap_or(EntryId::ZERO.next())) };
        left -= page.len() as u64;
        from = Some(last.id);
        if left == 0 || page.len() < step {
            return Ok(last.id);
        }
    }
}

/// Counts what is removed, and what of it each group needs; `false` where not all was looked at. Groups that hold the trim
/// up are told what is kept for them.
async fn count(
    redis: &Redis,
    stream: &str,
    keep_from: EntryId,
    asked: EntryId,
    groups: &mut [Needs],
) -> Result<(u64, bool), Error> {
    let (mut removed, mut looked_at, mut from) = (0, 0, None);
    while looked_at < LOOK_AT_MOST {
        let page = inspect::range(redis, stream, from, true, AT_MOST).await?;
        for raw in page.iter().take_while(|raw| raw.id < asked) {
            removed += u64::from(raw.id < keep_from);
            for needs in groups.iter_mut() {
                let (is_unread, pends) = (raw.id > needs.delivered, needs.pending.contains(&raw.id));
                if raw.id >= keep_from {
                    needs.kept += u64::from(is_unread || pends);
                } else {
                    needs.unread += u64::from(is_unread);
                    needs.losing_body += u64::from(pends);
                }
            }
        }
        looked_at += page.len() as u64;
        match page.last() {
            Some(last) if page.len() == AT_MOST && last.id < asked => from = Some(last.id),
            _ => return Ok((removed, true)),
        }
    }
    Ok((removed, false))
}

fn warnings(stream: &str, groups: &[Needs], is_all: bool, past_groups: bool) -> Vec<String> {
    let mut warnings: Vec<String> =
        groups.iter().filter_map(|needs| loss(&needs.group, needs.unread, needs.losing_body)).collect();
    if !past_groups {
        let kept = groups.iter().filter(|needs| needs.kept > 0);
        warnings.extend(kept.map(|needs| {
            let (entries, them) = if needs.kept == 1 { ("entry", "it") } else { ("entries", "them") };
            format!("{} {entries} stay, as {} still needs {them}", needs.kept, needs.group)
        }));
    }
    if groups.iter().any(|needs| needs.pending.len() >= PENDING_AT_MOST) {
        warnings.push(format!("more than {PENDING_AT_MOST} entries pend there in a group: not all were counted"));
    }
    if !is_all {
        warnings.push(format!("only the oldest {LOOK_AT_MOST} entries were counted: the true numbers are higher"));
    }
    if let Some(source) = keys::source_of(stream) {
        warnings.push(format!("these are dead letters of {source}: nobody can replay them then"));
    }
    warnings
}
