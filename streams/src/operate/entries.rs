//! Deleting entries of a stream by id, with what that takes from its groups.

use domain::operation::{EntriesDelete, ItemReport, Outcome, Report};

use super::{check_reason, check_size, item, mode, stale};
use crate::{Error, Redis, keys, script};

/// How many of the entries a group has not read, and how many pend in it.
type Needs = (String, u64, u64);

/// Deletes entries for good, all or (where the preview no longer holds) none.
pub async fn delete_entries_of_groups(redis: &Redis, stream: &str, wanted: &EntriesDelete) -> Result<Report, Error> {
    check_size(wanted.ids.len())?;
    check_reason("deleting entries", wanted.reason.as_deref(), wanted.dry_run)?;
    let mut ids = wanted.ids.clone();
    ids.sort_unstable();
    ids.dedup();
    let mut call = script::DELETE_ENTRIES.prepare_invoke();
    call.key(stream).arg(mode(wanted.dry_run)).arg(wanted.state_token.as_deref().unwrap_or_default());
    for id in &ids {
        call.arg(id.to_string());
    }
    let (word, state_token, present, groups): (String, String, Vec<u8>, Vec<Needs>) = redis.script(&call).await?;
    if word == "stale" {
        return Err(stale());
    }
    let became = |is_present: u8| match (is_present, wanted.dry_run) {
        (0, _) => (Outcome::Skipped, "it is not in the stream"),
        (_, true) => (Outcome::Would, "would be deleted for good"),
        (_, false) => (Outcome::Done, "deleted for good"),
    };
    let items: Vec<ItemReport> = ids
        .iter()
        .zip(&present)
        .map(|(id, present)| {
            let (outcome, detail) = became(*present);
            item(*id, outcome, detail)
        })
        .collect();
    let warnings = warnings(stream, &groups);
    Ok(Report { items, warnings, state_token, audit_id: None })
}

fn warnings(stream: &str, groups: &[Needs]) -> Vec<String> {
    let mut warnings: Vec<String> =
        groups.iter().filter_map(|(group, unread, pending)| loss(group, *unread, *pending)).collect();
    if let Some((group, ..)) = groups.iter().find(|(_, unread, _)| *unread > 0) {
        warnings.push(format!("Redis then says a wrong lag for {group}, or none; this console counts it"));
    }
    if let Some(source) = keys::source_of(stream) {
        warnings.push(format!("these are dead letters of {source}: nobody can replay them then"));
    }
    warnings
}

/// `3 entries unread by g: it will never see them; 2 pending for g lose their body`, where there is any.
pub(super) fn loss(group: &str, unread: u64, pending: u64) -> Option<String> {
    let unread = (unread > 0).then(|| match unread {
        1 => format!("1 entry unread by {group}: it will never see it"),
        n => format!("{n} entries unread by {group}: it will never see them"),
    });
    let pending = (pending > 0).then(|| match pending {
        1 => format!("1 pending for {group} loses its body"),
        n => format!("{n} pending for {group} lose their body"),
    });
    let told: Vec<String> = [unread, pending].into_iter().flatten().collect();
    (!told.is_empty()).then(|| told.join("; "))
}
