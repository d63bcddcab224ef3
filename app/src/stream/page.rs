//! One stream.

use domain::{figure::grouped, stream::StreamSample};
use leptos::prelude::*;

use super::{
    asked::PARAMETERS,
    create_panel, delete_panel,
    entries::entries,
    entry,
    groups::groups,
    load::{StreamView, Tab, last_entry, load},
    memory::memory,
    preview::{self, CREATE_GROUP, Preview, TRIM, permission},
    trim_panel,
};
use crate::{
    address::{self, Parameters, segment_after},
    context::context,
    finding,
    part::{Metric, Page, RedisAway, Split, act_link, bytes, loaded, metric, metrics, rate, redis_answers},
};

#[component]
pub(crate) fn StreamPage() -> impl IntoView {
    let query = Parameters::here();
    let name = segment_after("streams");
    loaded(load(context(), name, query.clone()), move |view| show(&view, &query))
}

fn show(view: &StreamView, query: &Parameters) -> AnyView {
    let tab = Tab::of(query);
    let sample = view.sample();
    let body = match tab {
        Tab::Entries => entries(view, query),
        Tab::Groups => groups(&view.name, sample),
        Tab::Memory => memory(view),
    };
    let body = view! {
        <RedisAway />
        {sample.map(figures)}
        {finding::section(&view.snapshot.found, &view.name, None)}
        {tabs(sample, tab)}
        {body}
    }
    .into_any();
    let page = view! {
        <Page
            title=view.name.clone()
            lede=lede(view.sample())
            crumbs=vec![(address::at("/streams"), "Streams".to_owned())]
            actions=actions(view)
        >
            {body}
        </Page>
    };
    let panel = match &view.preview {
        Some(preview) => Some(act_panel(view, preview, query)),
        None => view.open.as_ref().map(|open| entry::panel(&view.name, open, query)),
    };
    view! { <Split panel=panel>{page}</Split> }.into_any()
}

fn act_panel(view: &StreamView, preview: &Preview, query: &Parameters) -> AnyView {
    let without: Vec<_> = preview::PARAMETERS.iter().chain(&["ids"]).map(|name| (*name, None)).collect();
    let close = address::here_with(&without);
    match preview {
        Preview::CreateGroup { chosen, made } => create_panel::panel(&view.name, chosen, made.as_ref(), query, &close),
        Preview::Trim { chosen, made } => trim_panel::panel(&view.name, chosen, made.as_ref(), query, &close),
        Preview::DeleteEntries { ids, made } => delete_panel::panel(&view.name, ids, made.as_ref(), query, &close),
    }
}

/// What can be done with the stream; each opens its panel.
fn actions(view: &StreamView) -> AnyView {
    let link = |act: &'static str, label: &str, href: String| {
        let may = context().may(permission(act)).and_then(|()| redis_answers(&view.snapshot));
        act_link(&format!("off-{act}"), label, href, may)
    };
    let with = |path: String, act: &str| address::with_query(&path, [("act", Some(act.to_owned()))]);
    view! {
        {link(CREATE_GROUP, "Create group…", with(address::groups(&view.name), CREATE_GROUP))}
        {link(TRIM, "Trim…", with(address::memory(&view.name), TRIM))}
    }
    .into_any()
}

fn lede(sample: Option<&StreamSample>) -> AnyView {
    let Some(sample) = sample else {
        return "It appeared just now; its figures follow with the next look at Redis.".into_any();
    };
    if let Some(source) = &sample.source {
        return view! {
            "Holds what groups gave up on in "
            <a href=address::stream(source)>{source.clone()}</a>
            ". "
            <a href=address::dead_letters_of(source, None)>"Look at them as dead letters"</a>
            ", with their errors and the way back."
        }
        .into_any();
    }
    match sample.groups.len() {
        0 => "No group reads it.".into_any(),
        1 => format!("Read by {}.", sample.groups[0].name).into_any(),
        n => format!("Read by {n} groups.").into_any(),
    }
}

fn figures(sample: &StreamSample) -> AnyView {
    let cell = |id, label, value: AnyView, note: String| {
        metric(Metric { id, label, value, unit: "", note, status: None, spark: None })
    };
    let removed = sample.entries_added.saturating_sub(sample.length);
    let memory = sample.memory_bytes.map_or_else(|| "–".to_owned(), bytes);
    let per_entry = match (sample.memory_bytes, sample.length) {
        (Some(memory), entries) if entries > 0 => format!("{} each", bytes(memory / entries)),
        (Some(_), _) => "no entries".to_owned(),
        (None, _) => "not measured yet".to_owned(),
    };
    let dead = match sample.dead_letters {
        0 => "0".into_any(),
        dead => view! { <a href=address::dead_letters_of(&sample.name, None)>{grouped(dead)}</a> }.into_any(),
    };
    metrics(
        "Stream now",
        vec![
            cell("entries", "Entries", grouped(sample.length).into_any(), format!("{} were removed", grouped(removed))),
            cell("added", "Added", rate(sample.added_per_second).into_any(), "over the last minute".to_owned()),
            cell("memory", "Memory", memory.into_any(), per_entry),
            cell("groups-now", "Groups", grouped(sample.groups.len() as u64).into_any(), worst(sample)),
            cell("dead", "Dead letters", dead, "of all its groups".to_owned()),
            cell("last", "Last entry", last_entry(sample), sample.last_id.to_string()),
        ],
    )
}

/// The state of the group that is worst off.
fn worst(sample: &StreamSample) -> String {
    let worst = sample.groups.iter().map(|group| &group.verdict).min_by_key(|verdict| verdict.status);
    worst.map_or_else(|| "nobody reads it".to_owned(), |verdict| format!("worst: {}", verdict.word.to_lowercase()))
}

fn tabs(sample: Option<&StreamSample>, tab: Tab) -> AnyView {
    let groups = sample.map(|sample| sample.groups.len());
    let tab = |which: Tab, value: Option<&str>, words: &'static str, count: Option<usize>| {
        let changes: Vec<(&str, Option<&str>)> =
            PARAMETERS.iter().chain(&preview::PARAMETERS).map(|name| (*name, None)).collect();
        let changes: Vec<_> = changes.into_iter().chain([("ids", None), ("tab", value), ("open", None)]).collect();
        view! {
            <a href=address::here_with(&changes) aria-current=(which == tab).then_some("page")>
                {words}
                {count.map(|count| view! { <span>{count}</span> })}
            </a>
        }
    };
    view! {
        <nav class="tabs" id="tabs" aria-label="Stream">
            {tab(Tab::Entries, None, "Entries", None)}
            {tab(Tab::Groups, Some("groups"), "Groups", groups)}
            {tab(Tab::Memory, Some("memory"), "Memory and trimming", None)}
        </nav>
    }
    .into_any()
}
