//! The acts on a group. Each ends on the group's page, which says what became of it.

use std::sync::Arc;

use domain::{
    Refusal,
    operation::{ConsumerDelete, GroupDelete, GroupMove, LaneClear, PendingAct, PendingSelection},
    stream::Snapshot,
};
use leptos_axum::redirect;
use tokio::time::timeout;

use crate::{
    address,
    context::context,
    refused::Refused,
    repair::{LOOK_WITHIN, after_next_look, entry_ids, must_be, position, summary},
};

/// The acts on pending entries, as forms name them.
pub(super) const PENDING_ACTS: [PendingAct; 3] = [PendingAct::Claim, PendingAct::Acknowledge, PendingAct::DeadLetter];

pub(super) fn pending_act(word: &str) -> Option<PendingAct> {
    PENDING_ACTS.into_iter().find(|act| act.as_str() == word)
}

pub(super) async fn repair(
    stream: String,
    group: String,
    act: &str,
    ids: &str,
    state_token: Option<String>,
    reason: Option<String>,
) -> Result<(), Refused> {
    let context = context();
    let act = pending_act(act).ok_or_else(|| Refusal::invalid(format!("there is no act {act}")))?;
    let selection = PendingSelection { act, ids: entry_ids(ids)?, dry_run: false, state_token, reason };
    let report = console::group::repair(&context.console, &context.actor(), &stream, &group, &selection).await?;
    let word = match act {
        PendingAct::Claim => "Claimed",
        PendingAct::Acknowledge => "Acknowledged",
        PendingAct::DeadLetter => "Moved to the dead letters",
    };
    after_next_look(&context.console).await;
    leave(&stream, &group, &format!("{word}: {}", summary(&report)));
    Ok(())
}

pub(super) async fn move_to(
    stream: String,
    group: String,
    to: &str,
    after: Option<String>,
    confirm: &str,
    state_token: Option<String>,
    reason: Option<String>,
) -> Result<(), Refused> {
    let context = context();
    must_be(confirm, &group)?;
    let to = GroupMove { to: position(to, after.as_deref())?, dry_run: false, state_token, reason };
    let report = console::group::move_to(&context.console, &context.actor(), &stream, &group, &to).await?;
    let detail = report.items.first().map(|item| item.detail.clone()).unwrap_or_default();
    after_next_look(&context.console).await;
    leave(&stream, &group, &format!("Moved {detail}."));
    Ok(())
}

pub(super) async fn pause(stream: String, group: String, paused: bool) -> Result<(), Refused> {
    let context = context();
    console::group::pause(&context.console, &context.actor(), &stream, &group, paused).await?;
    let is_seen = |snapshot: &Arc<Snapshot>| {
        let sample =
            snapshot.stream(&stream).and_then(|sample| sample.groups.iter().find(|sample| sample.name == group));
        sample.and_then(|sample| sample.handling.as_ref()).is_none_or(|handling| handling.paused == paused)
    };
    // the page stays where it is: its verdict says what was done, as soon as the sampler has seen it
    let _ = timeout(LOOK_WITHIN, context.console.snapshots().wait_for(is_seen)).await;
    Ok(())
}

pub(super) async fn delete(
    stream: String,
    group: String,
    confirm: &str,
    state_token: Option<String>,
    reason: Option<String>,
) -> Result<(), Refused> {
    let context = context();
    must_be(confirm, &group)?;
    let wanted = GroupDelete { dry_run: false, state_token, reason };
    let report = console::group::delete(&context.console, &context.actor(), &stream, &group, &wanted).await?;
    let detail = report.items.first().map(|item| item.detail.clone()).unwrap_or_default();
    // no waiting for a look: the page that is left would meanwhile ask for a group that is gone
    redirect(&address::done(&address::groups(&stream), &format!("Group {group} {detail}.")));
    Ok(())
}

pub(super) async fn delete_consumers(
    stream: String,
    group: String,
    consumers: Vec<String>,
    empty_for_ms: Option<u64>,
    hand_over_to: Option<String>,
    state_token: Option<String>,
    reason: Option<String>,
) -> Result<(), Refused> {
    let context = context();
    let wanted = ConsumerDelete { consumers, empty_for_ms, hand_over_to, dry_run: false, state_token, reason };
    let report = console::group::delete_consumers(&context.console, &context.actor(), &stream, &group, &wanted).await?;
    let words = match report.items.as_slice() {
        [only] => format!("{} {}.", only.item, only.detail),
        _ => format!("Deleted consumers: {}", summary(&report)),
    };
    after_next_look(&context.console).await;
    leave(&stream, &group, &words);
    Ok(())
}

pub(super) async fn clear_lane(
    stream: String,
    group: String,
    entry: &str,
    state_token: Option<String>,
    reason: Option<String>,
) -> Result<(), Refused> {
    let context = context();
    let entry = entry.parse().map_err(|error: domain::stream::NotAnEntryId| Refusal::invalid(error.to_string()))?;
    let wanted = LaneClear { entry, dry_run: false, state_token, reason };
    let report = console::group::clear_lane(&context.console, &context.actor(), &stream, &group, &wanted).await?;
    let detail = report.items.first().map(|item| item.detail.clone()).unwrap_or_default();
    after_next_look(&context.console).await;
    leave(&stream, &group, &format!("{entry}: {detail}."));
    Ok(())
}

fn leave(stream: &str, group: &str, words: &str) {
    redirect(&address::with_query(&address::group(stream, group), [("done", Some(words.to_owned()))]));
}
