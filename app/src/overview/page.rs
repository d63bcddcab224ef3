//! The first page.

use leptos::prelude::*;

use super::{
    aside::{causes, changes, sprint_strip},
    groups::groups,
    load::{Overview, load},
    strip::strip,
    summary::{alerts, lede},
    worst::worst,
};
use crate::{
    address::{self, Parameters},
    context::context,
    demo::{FirstRun, RemovalPanel, Running},
    finding::on_overview,
    part::{Page, RedisAway, Split, loaded},
};

#[component]
pub(crate) fn OverviewPage() -> impl IntoView {
    let query = Parameters::here();
    let removing = query.get("act").is_some_and(|act| act == "remove-demo");
    loaded(load(context(), removing), move |overview| show(&overview, &query))
}

fn show(overview: &Overview, query: &Parameters) -> AnyView {
    if overview.is_first_run() {
        return view! {
            <Page title="Overview">
                <FirstRun />
            </Page>
        }
        .into_any();
    }
    let demo = overview.scrum.demo.filter(|demo| demo.loaded);
    let removal = demo.and(overview.scrum.removal);
    let removal =
        removal.map(|removal| view! { <RemovalPanel tasks=removal.tasks sprints=removal.sprints /> }.into_any());
    let body = view! {
        <RedisAway />
        {demo.map(|demo| view! { <Running demo=demo /> })}
        {figures(overview, query)}
        {overview.scrum.sprint.as_ref().map(sprint_strip)}
        <div class="columns">
            {causes(overview)}
            {changes(overview)}
        </div>
    }
    .into_any();
    let page = view! {
        <Page title="Overview" lede=lede_of(overview)>
            {body}
        </Page>
    };
    view! { <Split panel=removal>{page}</Split> }.into_any()
}

fn lede_of(overview: &Overview) -> AnyView {
    if overview.is_known() { lede(&overview.snapshot).into_any() } else { "Redis has not been read yet.".into_any() }
}

/// What the sampler saw; nothing before it has seen anything.
fn figures(overview: &Overview, query: &Parameters) -> AnyView {
    if !overview.is_known() {
        return ().into_any();
    }
    let snapshot = &overview.snapshot;
    let has_groups = snapshot.streams.iter().any(|stream| !stream.groups.is_empty());
    view! {
        {worst(snapshot)}
        {on_overview(&snapshot.found)}
        {alerts(overview)}
        {strip(overview)}
        {has_groups.then(|| groups(snapshot, query))}
        {(!has_groups).then(no_groups)}
    }
    .into_any()
}

fn no_groups() -> AnyView {
    view! {
        <p class="muted">
            "No stream has a consumer group. One appears here as soon as a program makes it, with "
            <code>"XGROUP CREATE <stream> <group> $"</code>
            ". The streams are in "
            <a href=address::at("/streams")>"Streams"</a>
            "."
        </p>
    }
    .into_any()
}
