//! What the page of one group shows.

use std::{sync::Arc, time::Duration};

use console::history::Course;
use domain::{
    Refusal, Timestamp,
    audit::AuditEntry,
    latency::Heartbeats,
    operation::{ConsumerDelete, GroupDelete, GroupMove, LaneClear, ParkedLane, PendingAct, PendingSelection, Report},
    stream::{EntryId, GroupSample, PendingPage, Snapshot, StreamSample},
};
use streams::inspect::PendingBrowse;

use super::act::pending_act;
use crate::{
    address::Parameters,
    clock,
    context::Context,
    history,
    repair::{entry_ids, position},
};

/// Acts on this group that are shown.
const CHANGES: usize = 6;
/// What a panel is about, as the address says it (`act`).
pub(super) const MOVE: &str = "move";
pub(super) const DELETE: &str = "delete-group";
pub(super) const DELETE_CONSUMERS: &str = "delete-consumers";
pub(super) const CLEAR_LANE: &str = "clear-lane";
/// The parameters of these panels.
pub(super) const PANEL: [&str; 8] = ["act", "ids", "to", "at", "who", "heir", "empty_for", "entry"];

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
    /// Lanes that wait behind an entry that fails; `None` where no consumer of the group runs here.
    pub(super) lanes: Option<Vec<ParkedLane>>,
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
    Delete(Result<Report, Refusal>),
    DeleteConsumers {
        wanted: ConsumerDelete,
        report: Result<Report, Refusal>,
    },
    ClearLane {
        entry: String,
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
    let lanes = console::group::parked_lanes(&context.console, &stream, &name).await;
    let view =
        GroupView { stream, name, snapshot, pending, changes, preview, course, of_stream, marks, heartbeats, lanes };
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
    if let Some(preview) = preview_of_group(context, stream, group, &word, query).await {
        return Some(preview);
    }
    if word == MOVE {
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

async fn preview_of_group(
    context: &Context,
    stream: &str,
    group: &str,
    word: &str,
    query: &Parameters,
) -> Option<Preview> {
    let (console, who) = (&context.console, &context.actor());
    Some(match word {
        DELETE => {
            let wanted = GroupDelete { dry_run: true, ..GroupDelete::default() };
            let report = console::group::delete(console, who, stream, group, &wanted).await;
            Preview::Delete(report.map_err(Refusal::from))
        }
        DELETE_CONSUMERS => {
            let wanted = ConsumerDelete {
                consumers: query.get_all("who").filter(|name| !name.is_empty()).map(str::to_owned).collect(),
                empty_for_ms: query.get("empty_for").and_then(|ms| ms.parse().ok()),
                hand_over_to: query.get("heir").filter(|name| !name.is_empty()),
                dry_run: true,
                ..ConsumerDelete::default()
            };
            let report = console::group::delete_consumers(console, who, stream, group, &wanted).await;
            Preview::DeleteConsumers { wanted, report: report.map_err(Refusal::from) }
        }
        CLEAR_LANE => {
            let entry = query.get("entry").unwrap_or_default();
            let report = match entry.parse() {
                Err(error) => Err(Refusal::invalid(domain::stream::NotAnEntryId::to_string(&error))),
                Ok(entry) => {
                    let wanted = LaneClear { entry, dry_run: true, state_token: None, reason: None };
                    let report = console::group::clear_lane(console, who, stream, group, &wanted).await;
                    report.map_err(Refusal::from)
                }
            };
            Preview::ClearLane { entry, report }
        }
        _ => return None,
    })
}
