//! What the page of one group shows.

use std::{sync::Arc, time::Duration};

use console::history::Course;
use domain::{
    Refusal, Timestamp,
    audit::AuditEntry,
    latency::Heartbeats,
    operation::{GroupMove, PendingAct, PendingSelection, Report},
    stream::{EntryId, GroupSample, PendingPage, Snapshot, StreamSample},
};
use streams::inspect::PendingBrowse;

use super::act::{entry_ids, pending_act, position};
use crate::{address::Parameters, clock, context::Context, history};

/// Acts on this group that are shown.
const CHANGES: usize = 6;

pub(super) struct GroupView {
    pub(super) stream: String,
    pub(super) name: String,
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) pending: Result<PendingPage, Refusal>,
    /// Acts on this group, newest first; empty too where the audit log is away.
    pub(super) changes: Vec<AuditEntry>,
    pub(super) preview: Option<Preview>,
    /// What the group's figures were, and those of its stream.
    pub(super) course: Course,
    pub(super) of_stream: Course,
    /// Acts of that time, oldest first; empty too where the audit log is away.
    pub(super) marks: Vec<AuditEntry>,
    /// How it went with what other processes tell.
    pub(super) heartbeats: Heartbeats,
}

impl GroupView {
    pub(super) fn stream_sample(&self) -> Option<&StreamSample> {
        self.snapshot.stream(&self.stream)
    }

    pub(super) fn sample(&self) -> Option<&GroupSample> {
        self.stream_sample()?.groups.iter().find(|group| group.name == self.name)
    }
}

/// The open panel: what would happen.
pub(super) enum Preview {
    Repair {
        act: PendingAct,
        ids: Vec<EntryId>,
        report: Result<Report, Refusal>,
    },
    /// Nothing is chosen yet.
    Choose,
    Move {
        to: String,
        after: String,
        report: Result<Report, Refusal>,
    },
}

/// The filter of the pending entries that the address asks for.
pub(super) fn browse(query: &Parameters) -> PendingBrowse {
    let text = |name: &str| query.get(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    PendingBrowse {
        after: text("after").and_then(|id| id.parse().ok()),
        consumer: text("consumer"),
        min_idle_ms: text("idle").and_then(|idle| idle.parse().ok()),
        count: 0,
    }
}

/// The pending entries that the address selects.
pub(super) fn selected(query: &Parameters) -> Vec<EntryId> {
    let ids = query.get_all("ids").collect::<Vec<_>>().join(" ");
    entry_ids(&ids).unwrap_or_default()
}

pub(super) async fn load(
    context: Context,
    stream: String,
    name: String,
    query: Parameters,
) -> Result<GroupView, Refusal> {
    let snapshot = context.snapshot();
    let pending = match &snapshot.error {
        // while Redis is away it is not asked: a page that waits for it would be slow every time
        Some(_) => Err(Refusal::unavailable("Redis does not answer")),
        None => console::group::pending(&context.console, &stream, &name, &browse(&query)).await.map_err(Refusal::from),
    };
    let subject = format!("{stream}/{name}");
    let changes = console::audit::list(&context.console, None, Some(&subject), CHANGES * 4).await;
    let changes = changes.map(|page| page.entries).unwrap_or_default();
    let changes = changes.into_iter().filter(|entry| entry.subject == subject).take(CHANGES).collect();
    let preview = preview(&context, &stream, &name, &query).await;
    let range = history::asked(&query);
    let (course, of_stream) = tokio::join!(
        console::history::course(&context.console, &stream, Some(&name), range),
        console::history::course(&context.console, &stream, None, range),
    );
    let start = Timestamp::from_micros(course.end.micros().saturating_sub(micros(range.span())));
    let marks = console::audit::on_group(&context.console, &stream, &name, (start, clock::now())).await;
    let marks = marks.unwrap_or_default();
    let heartbeats = context.console.heartbeats();
    let view = GroupView { stream, name, snapshot, pending, changes, preview, course, of_stream, marks, heartbeats };
    match (view.sample().is_some(), &view.pending) {
        (false, Err(refusal)) if view.snapshot.error.is_none() => Err(refusal.clone()),
        (false, Err(_)) => Err(Refusal::unavailable("Redis does not answer, and nothing is known of this group")),
        _ => Ok(view),
    }
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}

/// Computed by the code that will act, and it leaves no trace.
async fn preview(context: &Context, stream: &str, group: &str, query: &Parameters) -> Option<Preview> {
    let word = query.get("act")?;
    if word == "move" {
        let Some(to) = query.get("to") else { return Some(Preview::Choose) };
        let after = query.get("at").unwrap_or_default();
        let report = match position(&to, Some(&after)) {
            Err(refusal) => Err(refusal),
            Ok(position) => {
                let wanted = GroupMove { to: position, dry_run: true, state_token: None, reason: None };
                let report = console::group::move_to(&context.console, &context.actor(), stream, group, &wanted).await;
                report.map_err(Refusal::from)
            }
        };
        return Some(Preview::Move { to, after, report });
    }
    let act = pending_act(&word)?;
    let ids = selected(query);
    let selection = PendingSelection { act, ids: ids.clone(), dry_run: true, state_token: None, reason: None };
    let report = console::group::repair(&context.console, &context.actor(), stream, group, &selection).await;
    Some(Preview::Repair { act, ids, report: report.map_err(Refusal::from) })
}
