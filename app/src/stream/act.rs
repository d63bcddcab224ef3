//! The acts on a stream. Each ends on a page that says what became of it.

use domain::{
    Refusal,
    operation::{EntriesDelete, GroupCreate, Report, Trim, TrimTo},
    stream::NotAnEntryId,
};
use leptos_axum::redirect;

use crate::{
    address,
    context::context,
    refused::Refused,
    repair::{after_next_look, entry_ids, position, summary},
};

pub(super) async fn create_group(
    stream: String,
    group: String,
    begin: &str,
    after: Option<String>,
    state_token: Option<String>,
    reason: Option<String>,
) -> Result<(), Refused> {
    let context = context();
    let at = position(begin, after.as_deref())?;
    let wanted = GroupCreate { group: group.clone(), at, make_stream: false, dry_run: false, state_token, reason };
    let report = console::group::create(&context.console, &context.actor(), &stream, &wanted).await?;
    after_next_look(&context.console).await;
    redirect(&address::done(&address::group(&stream, &group), &format!("Group {group} {}.", detail(&report))));
    Ok(())
}

pub(super) async fn trim(
    stream: String,
    before: &str,
    past_groups: bool,
    state_token: Option<String>,
    reason: Option<String>,
) -> Result<(), Refused> {
    let context = context();
    let before = before.parse().map_err(|error: NotAnEntryId| Refusal::invalid(error.to_string()))?;
    let wanted = Trim { to: TrimTo::Before(before), past_groups, dry_run: false, state_token, reason };
    let report = console::stream::trim(&context.console, &context.actor(), &stream, &wanted).await?;
    after_next_look(&context.console).await;
    redirect(&address::done(&address::memory(&stream), &format!("{stream} {}.", detail(&report))));
    Ok(())
}

pub(super) async fn delete_entries(
    stream: String,
    ids: &str,
    state_token: Option<String>,
    reason: Option<String>,
) -> Result<(), Refused> {
    let context = context();
    let wanted = EntriesDelete { ids: entry_ids(ids)?, dry_run: false, state_token, reason };
    let report = console::stream::delete_entries(&context.console, &context.actor(), &stream, &wanted).await?;
    after_next_look(&context.console).await;
    redirect(&address::done(&address::stream(&stream), &format!("Deleted entries: {}", summary(&report))));
    Ok(())
}

/// What became of the one thing that it was about.
fn detail(report: &Report) -> String {
    report.items.first().map(|item| item.detail.clone()).unwrap_or_default()
}
