//! Deleting consumers. What they have pending is handed over first, in the same step: a consumer that is deleted takes
//! what it has along (F11).

use std::collections::BTreeMap;

use domain::{
    operation::{ConsumerDelete, ItemReport, Outcome, Report},
    stream::{ConsumerSample, EntryId},
};

use super::{
    AT_MOST, Look, Tries, check_size,
    group::{consumers, is_reading},
};
use crate::{Error, Redis, clock, dead_letter::record::Obituary, keys, script};

/// Entries handed over in one step, which holds up everybody else for some milliseconds.
const STEP: usize = 1_000;

/// Deletes consumers of a group, each in one step with what hands its entries over.
pub async fn delete_consumers(
    redis: &Redis,
    stream: &str,
    group: &str,
    wanted: &ConsumerDelete,
) -> Result<Report, Error> {
    check_size(wanted.consumers.len())?;
    let known: BTreeMap<String, ConsumerSample> = consumers(redis, stream, group)
        .await?
        .into_iter()
        .map(|consumer| (consumer.name.to_string(), consumer))
        .collect();
    let chosen = Chosen::new(wanted, &known);
    let target = target(wanted, &known, &chosen)?;
    let fact = |name: &&str| match known.get(*name) {
        Some(consumer) => format!("{} {name}", consumer.pending),
        None => format!("- {name}"),
    };
    let look = Look::new(chosen.names().iter().map(fact).chain([target.to_owned()]));
    look.check(wanted.state_token.as_deref())?;
    let warnings = warnings(&chosen, &known, group, target);
    let mut items = Vec::with_capacity(chosen.names().len());
    if wanted.dry_run {
        items.extend(chosen.names().iter().map(|name| would(name, known.get(*name), target)));
    } else {
        let mut tries = Tries::default();
        for name in &chosen.named {
            items.push(match known.get(*name) {
                None => gone(name),
                Some(_) => tries.next((*name).to_owned(), delete(redis, stream, group, name, target)).await,
            });
        }
        items.extend(delete_empty(redis, stream, group, &chosen).await?);
    }
    Ok(Report { items, warnings, state_token: look.token(), audit_id: None })
}

/// The consumers that are meant.
struct Chosen<'a> {
    /// By name, each once, in the order asked for.
    named: Vec<&'a str>,
    /// Because they are empty and idle.
    empty: Vec<&'a str>,
    idle_ms: u64,
    /// Of the empty ones, those that are too many for one act.
    left_out: usize,
}

impl<'a> Chosen<'a> {
    fn new(wanted: &'a ConsumerDelete, known: &'a BTreeMap<String, ConsumerSample>) -> Self {
        let mut named: Vec<&str> = Vec::with_capacity(wanted.consumers.len());
        for name in &wanted.consumers {
            if !named.contains(&name.as_str()) {
                named.push(name);
            }
        }
        let idle_ms = wanted.empty_for_ms.unwrap_or(u64::MAX);
        let is_empty = |consumer: &&ConsumerSample| {
            consumer.pending == 0 && consumer.idle_ms >= idle_ms && !named.contains(&consumer.name.as_str())
        };
        let mut empty: Vec<&str> = known.values().filter(is_empty).map(|consumer| consumer.name.as_str()).collect();
        let room = AT_MOST - named.len();
        let left_out = empty.len().saturating_sub(room);
        empty.truncate(room);
        Self { named, empty, idle_ms, left_out }
    }

    fn names(&self) -> Vec<&'a str> {
        self.named.iter().chain(&self.empty).copied().collect()
    }
}

/// Who gets what the consumers have pending.
fn target<'a>(
    wanted: &'a ConsumerDelete,
    known: &BTreeMap<String, ConsumerSample>,
    chosen: &Chosen<'_>,
) -> Result<&'a str, Error> {
    let target = wanted.hand_over_to.as_deref().filter(|name| !name.is_empty()).unwrap_or(keys::HANDED_OVER);
    let has_pending = |name: &&&str| known.get(**name).is_some_and(|consumer| consumer.pending > 0);
    if target != keys::HANDED_OVER && !known.contains_key(target) {
        return Err(Error::NotFound(format!("there is no consumer {target} to hand entries over to")));
    }
    // with nothing to hand over nobody needs to be there to take it
    let is_deleted = chosen.names().contains(&target);
    if is_deleted && (target != keys::HANDED_OVER || chosen.named.iter().any(|name| has_pending(&name))) {
        return Err(Error::Refused(format!("{target} is to be deleted itself: hand over to another consumer")));
    }
    Ok(target)
}

fn warnings(chosen: &Chosen<'_>, known: &BTreeMap<String, ConsumerSample>, group: &str, target: &str) -> Vec<String> {
    let deleted: Vec<&ConsumerSample> = chosen.names().iter().filter_map(|name| known.get(*name)).collect();
    let pending: u64 = deleted.iter().map(|consumer| consumer.pending).sum();
    let mut warnings = Vec::new();
    if pending > 0 {
        let (wait, they) = if pending == 1 { ("entry waits", "it is") } else { ("entries wait", "they are") };
        warnings.push(if target == keys::HANDED_OVER {
            format!("{pending} pending {wait} until a consumer of {group} takes over idle entries; nothing is lost")
        } else {
            format!(
                "{pending} pending {wait} for {target} then: {they} handled when {target} looks at what it has pending"
            )
        });
    }
    let reading = deleted.iter().filter(|consumer| is_reading(consumer)).count();
    if reading > 0 {
        let who = if deleted.len() == 1 { "it".to_owned() } else { format!("{reading} of them") };
        warnings.push(format!(
            "{who} read within a minute: a program that still runs handles what it holds once more, and comes back under its \
             name"
        ));
    }
    if chosen.left_out > 0 {
        warnings.push(format!("{} more are empty and idle: do it again for them", chosen.left_out));
    }
    if chosen.empty.iter().any(|name| known.get(*name).is_some_and(|consumer| consumer.inactive_ms.is_none())) {
        warnings.push(
            "this Redis does not tell whether an idle consumer still asks for entries (7.2 and newer do): one that does comes \
             back with the next entry it is given"
                .to_owned(),
        );
    }
    warnings
}

fn would(name: &str, consumer: Option<&ConsumerSample>, target: &str) -> ItemReport {
    match consumer {
        None => gone(name),
        Some(consumer) if consumer.pending == 0 => item(name, Outcome::Would, "would be deleted: it holds nothing"),
        Some(ConsumerSample { pending, .. }) => {
            item(name, Outcome::Would, &format!("would hand {pending} over to {target}, then be deleted"))
        }
    }
}

/// Hands over and deletes one consumer. It is deleted in the step that finds nothing pending with it; what it is given
/// before that is handed over too.
async fn delete(redis: &Redis, stream: &str, group: &str, name: &str, target: &str) -> Result<ItemReport, Error> {
    let lost_body = lost_body(stream, group, name);
    let idle = if target == keys::HANDED_OVER { script::FREE_IDLE_MS.to_string() } else { String::new() };
    let (mut all, mut all_lost) = (0, 0);
    loop {
        let mut call = script::DELETE_CONSUMER.prepare_invoke();
        call.key(stream).key(keys::dead_letter_stream(stream));
        call.arg(group).arg(name).arg(target).arg(&idle).arg(STEP).arg(&lost_body);
        let (word, handed_over, lost): (String, u64, u64) = redis.script(&call).await?;
        (all, all_lost) = (all + handed_over, all_lost + lost);
        if word == "deleted" {
            break;
        }
    }
    let lost = match all_lost {
        0 => String::new(),
        1 => ", 1 had lost its body and is a dead letter".to_owned(),
        n => format!(", {n} had lost their body and are dead letters"),
    };
    let handed_over = if all == 0 { "it held nothing".to_owned() } else { format!("handed {all} over to {target}") };
    Ok(item(name, Outcome::Done, &format!("deleted: {handed_over}{lost}")))
}

/// The record of an entry whose body is gone; its id is filled in where it is found.
fn lost_body(stream: &str, group: &str, consumer: &str) -> Vec<Vec<u8>> {
    let now = clock::now();
    let obituary = Obituary {
        stream,
        group,
        consumer,
        source_id: EntryId::ZERO,
        envelope: None,
        attempts: 0,
        first_failed_at: now,
        last_failed_at: now,
        error: "body lost: the entry was deleted or trimmed while it was pending",
        fields: &Vec::new(),
    };
    obituary.record()
}

/// All in one step; those that came back to life meanwhile are left alone.
async fn delete_empty(redis: &Redis, stream: &str, group: &str, chosen: &Chosen<'_>) -> Result<Vec<ItemReport>, Error> {
    if chosen.empty.is_empty() {
        return Ok(Vec::new());
    }
    let mut call = script::DELETE_EMPTY_CONSUMERS.prepare_invoke();
    call.key(stream).arg(group).arg(chosen.idle_ms);
    for name in &chosen.empty {
        call.arg(*name);
    }
    let deleted: Vec<String> = redis.script(&call).await?;
    let became = |name: &&str| {
        if deleted.iter().any(|deleted| deleted == name) {
            item(name, Outcome::Done, "deleted: it held nothing")
        } else {
            item(name, Outcome::Skipped, "it is gone, or reads again")
        }
    };
    Ok(chosen.empty.iter().map(became).collect())
}

fn gone(name: &str) -> ItemReport {
    item(name, Outcome::Skipped, "there is no such consumer in this group")
}

fn item(name: &str, outcome: Outcome, detail: &str) -> ItemReport {
    ItemReport { item: name.to_owned(), outcome, detail: detail.to_owned() }
}
