//! What the page of one stream shows.

use std::sync::Arc;

use console::{history::Course, search::Found};
use domain::{
    Refusal,
    stream::{Entry, EntryId, PendingEntry, Snapshot, StreamSample},
};
use leptos::prelude::*;
use streams::inspect::PendingBrowse;

use super::{
    asked::Asked,
    preview::{Preview, preview},
};
use crate::{address::Parameters, context::Context, history, part::Ago};

/// Groups of which an open entry's place is looked up.
const PLACES: usize = 20;

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
    pub(super) asked: Asked,
    /// Only on its tab, and only where what was typed is understood.
    pub(super) entries: Option<Result<Found, Refusal>>,
    pub(super) open: Option<Result<OpenEntry, Refusal>>,
    /// What its figures were; only on the tab of its memory.
    pub(super) course: Option<Course>,
    /// The open panel of an act.
    pub(super) preview: Option<Preview>,
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
    /// The group is past it, and it does not pend.
    Through,
    Unknown(String),
}

pub(super) async fn load(context: Context, name: String, query: Parameters) -> Result<StreamView, Refusal> {
    let snapshot = context.snapshot();
    let asked = Asked::read(&query);
    let entries = match Tab::of(&query) {
        Tab::Entries if asked.problem.is_none() => Some(entries(&context, &snapshot, &name, &asked).await),
        _ => None,
    };
    let open = match query.get("open").map(|id| id.parse::<EntryId>()) {
        Some(Ok(id)) => Some(open(&context, &snapshot, &name, id).await),
        Some(Err(error)) => Some(Err(Refusal::invalid(error.to_string()))),
        None => None,
    };
    let course = match Tab::of(&query) {
        Tab::Memory => Some(console::history::course(&context.console, &name, None, history::asked(&query)).await),
        _ => None,
    };
    let preview = preview(&context, &name, &query).await;
    let view = StreamView { name, snapshot, asked, entries, open, course, preview };
    match (view.sample().is_some(), &view.entries) {
        (false, Some(Err(refusal))) => Err(refusal.clone()),
        (false, None) if view.snapshot.error.is_none() => {
            Err(Refusal::not_found(format!("there is no stream {}", view.name)))
        }
        _ => Ok(view),
    }
}

async fn entries(context: &Context, snapshot: &Snapshot, name: &str, asked: &Asked) -> Result<Found, Refusal> {
    answers(snapshot)?;
    let (console, browse) = (&context.console, &asked.browse);
    Ok(if asked.is_stopped {
        console::search::stopped(console, name, browse).await?
    } else {
        console::search::entries(console, name, browse).await?
    })
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
    let browse = PendingBrowse { after: id.previous(), count: 1, ..PendingBrowse::default() };
    match console::group::pending(&context.console, stream, group, &browse).await {
        Ok(page) => match page.entries.into_iter().next().filter(|pending| pending.id == id) {
            Some(pending) => Place::Pending(pending),
            None => Place::Through,
        },
        Err(error) => Place::Unknown(Refusal::from(error).message),
    }
}

/// How long ago the last entry was added; its id where that says no time.
pub(super) fn last_entry(stream: &StreamSample) -> AnyView {
    match stream.last_id {
        EntryId::ZERO => view! { <span class="muted">"none yet"</span> }.into_any(),
        id if id.tells_time() => view! { <Ago at=id.added_at() /> }.into_any(),
        id => view! { <span class="mono">{id.to_string()}</span> }.into_any(),
    }
}
