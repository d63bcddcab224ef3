//! Creating and deleting a group.

use domain::{
    operation::{GroupCreate, GroupDelete, ItemReport, Outcome, Position, Report},
    stream::{ConsumerSample, EntryId},
};
use redis::Value;

use super::{check_reason, count_between, counted, mode, stale};
use crate::{Error, Redis, keys, operate::FRESH_MS, reply, script};

/// Longest name of a group, in bytes. Redis has no limit; pages and logs have.
const NAME_AT_MOST: usize = 512;

/// Creates a group. Refuses one that is there already, and a stream that is not unless told to make it.
pub async fn create_group(redis: &Redis, stream: &str, wanted: &GroupCreate) -> Result<Report, Error> {
    let group = &wanted.group;
    if group.is_empty() || group.len() > NAME_AT_MOST {
        return Err(Error::Refused(format!("the name of a group has 1 to {NAME_AT_MOST} bytes, not {}", group.len())));
    }
    let (target, after) = match wanted.at {
        Position::Start => ("0-0".to_owned(), Some(EntryId::ZERO)),
        Position::End => ("$".to_owned(), None),
        Position::After(id) => (id.to_string(), Some(id)),
    };
    let mut call = script::CREATE_GROUP.prepare_invoke();
    call.key(stream).arg(mode(wanted.dry_run)).arg(wanted.state_token.as_deref().unwrap_or_default());
    call.arg(group).arg(&target).arg(if wanted.make_stream { "make" } else { "" });
    let (word, state_token, last): (String, String, String) = redis.script(&call).await?;
    match word.as_str() {
        "stale" => return Err(stale()),
        "exists" => return Err(Error::Conflict(format!("stream {stream} has a group {group} already"))),
        "no_stream" => {
            return Err(Error::NotFound(format!(
                "no stream {stream}: check the name, or say that it is to be made too"
            )));
        }
        _ => {}
    }
    let is_new = last.is_empty();
    let unread = match after {
        Some(after) if !is_new => count_between(redis, stream, after, reply::entry_id(&last)?).await?,
        _ => 0,
    };
    let mut warnings = Vec::new();
    if is_new {
        warnings.push(format!("there is no stream {stream}: it is made, empty"));
    }
    if unread > 0 {
        warnings.push(format!("{} in the stream wait for {group} from the start", counted(unread, "entry", "entries")));
    }
    let place = match wanted.at {
        Position::Start => "before the first entry".to_owned(),
        Position::End => "after the last entry: it is given what is added from then on".to_owned(),
        Position::After(id) => format!("after {id}"),
    };
    let (outcome, detail) = if wanted.dry_run {
        (Outcome::Would, format!("would be created {place}"))
    } else {
        (Outcome::Done, format!("created {place}"))
    };
    let items = vec![ItemReport { item: group.clone(), outcome, detail }];
    Ok(Report { items, warnings, state_token, audit_id: None })
}

/// Deletes a group: its place in the stream, what it has pending, its consumers. The entries stay.
pub async fn delete_group(redis: &Redis, stream: &str, group: &str, wanted: &GroupDelete) -> Result<Report, Error> {
    check_reason("deleting a group", wanted.reason.as_deref(), wanted.dry_run)?;
    let readers = consumers(redis, stream, group).await?.into_iter().filter(is_reading).count();
    let mut call = script::DELETE_GROUP.prepare_invoke();
    call.key(stream).arg(mode(wanted.dry_run)).arg(wanted.state_token.as_deref().unwrap_or_default()).arg(group);
    let (word, state_token, delivered, pending, consumers): (String, String, String, usize, usize) =
        redis.script(&call).await?;
    match word.as_str() {
        "stale" => return Err(stale()),
        "none" => return Err(no_group(stream, group)),
        _ => {}
    }
    let unread = count_between(redis, stream, reply::entry_id(&delivered)?, EntryId::MAX).await?;
    let mut warnings = vec![format!(
        "{} unread by {group}, {pending} pending for it: nobody of {group} will handle them, and its place is forgotten",
        counted(unread, "entry", "entries"),
    )];
    if readers > 0 {
        warnings.push(if readers == 1 {
            "1 consumer has read within a minute: while it runs, it gets errors, or creates the group again".to_owned()
        } else {
            format!("{readers} consumers have read within a minute: while they run, they get errors, or create the group again")
        });
    }
    if keys::source_of(stream).is_none() {
        warnings.push(format!("dead letters of {group} stay, and cannot be replayed while there is no such group"));
    }
    let with = match (consumers, pending) {
        (1, _) => format!("with 1 consumer and {pending} pending"),
        _ => format!("with {consumers} consumers and {pending} pending"),
    };
    let (outcome, detail) = if wanted.dry_run {
        (Outcome::Would, format!("would be deleted {with}"))
    } else {
        (Outcome::Done, format!("deleted {with}"))
    };
    let items = vec![ItemReport { item: group.to_owned(), outcome, detail }];
    Ok(Report { items, warnings, state_token, audit_id: None })
}

/// The consumers of a group as they are now.
pub(super) async fn consumers(redis: &Redis, stream: &str, group: &str) -> Result<Vec<ConsumerSample>, Error> {
    let answer: Value = redis.query(redis::cmd("XINFO").arg("CONSUMERS").arg(stream).arg(group)).await?;
    reply::items(answer)?.into_iter().map(reply::consumer).collect()
}

/// Whether a program reads under this name, as far as can be told.
pub(super) fn is_reading(consumer: &ConsumerSample) -> bool {
    consumer.name.as_str() != keys::HANDED_OVER && consumer.idle_ms < FRESH_MS
}

fn no_group(stream: &str, group: &str) -> Error {
    Error::NotFound(format!("no group {group} on stream {stream}"))
}
