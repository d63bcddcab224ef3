//! What the page of one stream shows.

use std::sync::Arc;

use domain::{
    Refusal,
    stream::{Entry, EntryId, EntryPage, PendingEntry, Snapshot, StreamSample},
};
use leptos::prelude::*;
use streams::inspect::{Browse, PendingBrowse};

use crate::{address::Parameters, context::Context, part::Ago};

/// Groups of which an open entry's place is looked up.
const PLACES: usize = 20;
/// Ids below this (September 2001) are no times: somebody chose them freely.
const FIRST_PLAUSIBLE_MS: u64 = 1_000_000_000_000;

/// Which part of the page is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tab {
    Entries,
    Groups,
    Memory,
}

impl Tab {
    pub(super) fn of(query: &Parameters) -> Self {
        match query.get("tab").as_deref() {
            Some("groups") => Self::Groups,
            Some("memory") => Self::Memory,
            _ => Self::Entries,
        }
    }
}

pub(super) struct StreamView {
    pub(super) name: String,
    pub(super) snapshot: Arc<Snapshot>,
    /// Only on its tab.
    pub(super) entries: Option<Result<EntryPage, Refusal>>,
    pub(super) open: Option<Result<OpenEntry, Refusal>>,
}

impl StreamView {
    pub(super) fn sample(&self) -> Option<&StreamSample> {
        self.snapshot.stream(&self.name)
    }
}

/// An entry and where it stands in each group of its stream.
pub(super) struct OpenEntry {
    pub(super) entry: Entry,
    pub(super) places: Vec<(String, Place)>,
}

/// Where an entry stands in a group.
pub(super) enum Place {
    NotRead,
    Pending(PendingEntry),
    /// Read and no longer pending.
    Through,
    Unknown(String),
}

/// What the address asks for.
pub(super) fn browse(query: &Parameters) -> Browse {
    let text = |name: &str| query.get(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let id = |name: &str| text(name).and_then(|id| id.parse().ok());
    Browse { before: id("before"), after: id("after"), count: 0, event_type: text("type"), text: text("text") }
}

pub(super) async fn load(context: Context, name: String, query: Parameters) -> Result<StreamView, Refusal> {
    let snapshot = context.snapshot();
    let entries = match Tab::of(&query) {
        Tab::Entries => Some(entries(&context, &snapshot, &name, &browse(&query)).await),
        _ => None,
    };
    let open = match query.get("open").map(|id| id.parse::<EntryId>()) {
        Some(Ok(id)) => Some(open(&context, &snapshot, &name, id).await),
        Some(Err(error)) => Some(Err(Refusal::invalid(error.to_string()))),
        None => None,
    };
    let view = StreamView { name, snapshot, entries, open };
    match (view.sample().is_some(), &view.entries) {
        (false, Some(Err(refusal))) => Err(refusal.clone()),
        (false, None) if view.snapshot.error.is_none() => {
            Err(Refusal::not_found(format!("there is no stream {}", view.name)))
        }
        _ => Ok(view),
    }
}

async fn entries(context: &Context, snapshot: &Snapshot, name: &str, browse: &Browse) -> Result<EntryPage, Refusal> {
    answers(snapshot)?;
    Ok(console::stream::entries(&context.console, name, browse).await?)
}

/// While Redis is away it is not asked: a page that waits for it would be slow every time.
fn answers(snapshot: &Snapshot) -> Result<(), Refusal> {
    match &snapshot.error {
        None => Ok(()),
        Some(_) => Err(Refusal::unavailable("Redis does not answer")),
    }
}

async fn open(context: &Context, snapshot: &Snapshot, name: &str, id: EntryId) -> Result<OpenEntry, Refusal> {
    answers(snapshot)?;
    let entry = console::stream::entry(&context.console, name, id).await?;
    let groups = snapshot.stream(name).map(|stream| stream.groups.as_slice()).unwrap_or_default();
    let mut places = Vec::with_capacity(groups.len());
    for group in groups.iter().take(PLACES) {
        let place =
            if group.last_delivered_id < id { Place::NotRead } else { place(context, name, &group.name, id).await };
        places.push((group.name.clone(), place));
    }
    Ok(OpenEntry { entry, places })
}

async fn place(context: &Context, stream: &str, group: &str, id: EntryId) -> Place {
    let browse = PendingBrowse { after: Some(before(id)), count: 1, ..PendingBrowse::default() };
    match console::group::pending(&context.console, stream, group, &browse).await {
        Ok(page) => match page.entries.into_iter().next().filter(|pending| pending.id == id) {
            Some(pending) => Place::Pending(pending),
            None => Place::Through,
        },
        Err(error) => Place::Unknown(Refusal::from(error).message),
    }
}

/// The largest id below this one.
fn before(id: EntryId) -> EntryId {
    match (id.seq.checked_sub(1), id.ms.checked_sub(1)) {
        (Some(seq), _) => EntryId { ms: id.ms, seq },
        (None, Some(ms)) => EntryId { ms, seq: u64::MAX },
        (None, None) => EntryId::ZERO,
    }
}

/// Whether the id is a time, so that an age can be told from it.
pub(super) fn is_time(id: EntryId) -> bool {
    id.ms >= FIRST_PLAUSIBLE_MS
}

/// How long ago the last entry was added; its id where that says no time.
pub(super) fn last_entry(stream: &StreamSample) -> AnyView {
    match stream.last_id {
        EntryId::ZERO => view! { <span class="muted">"none yet"</span> }.into_any(),
        id if is_time(id) => view! { <Ago at=id.added_at() /> }.into_any(),
        id => view! { <span class="mono">{id.to_string()}</span> }.into_any(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_before_is_the_largest_below() {
        let id = |text: &str| text.parse::<EntryId>().expect("id");
        assert_eq!(before(id("5-3")), id("5-2"));
        assert_eq!(before(id("5-0")), EntryId { ms: 4, seq: u64::MAX });
        assert_eq!(before(id("5-0")).next(), id("5-0"));
    }
}
