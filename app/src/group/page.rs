//! One group.

use domain::{
    Permission,
    connection::needs,
    stream::{GroupSample, StreamSample},
};
use leptos::prelude::*;

use super::{
    changes::changes,
    charts::charts,
    consumer_panel,
    consumers::consumers,
    delete_panel,
    lanes::{self, lanes},
    latency::latency,
    load::{DELETE, GroupView, MOVE, PANEL, Preview, load},
    move_panel,
    pending::pending,
    repair_panel,
    strip::strip,
};
use crate::{
    address::{self, Parameters, segment_after},
    context::context,
    finding,
    overview::sentences,
    part::{Page, RedisAway, Split, StatusWord, act_button, act_link, loaded, redis_answers, sentence},
    runbook,
};

#[component]
pub(crate) fn GroupPage() -> impl IntoView {
    let query = Parameters::here();
    let [stream, group] = ["streams", "groups"].map(segment_after);
    loaded(load(context(), stream, group, query.clone()), move |view| show(&view, &query))
}

fn show(view: &GroupView, query: &Parameters) -> AnyView {
    let samples = view.stream_sample().zip(view.sample());
    let figures = samples.map(|(stream, group)| {
        view! {
            {strip(group)}
            {finding::section(&view.snapshot.found, &view.stream, Some(&view.name))}
            {charts(view, stream, group)}
            {latency(view, group, query)}
        }
    });
    let body = view! {
        <RedisAway />
        {figures}
        {lanes(view)}
        {pending(view, query)}
        <div class="columns">
            {view.sample().map(|group| consumers(view, group))}
            {changes(&view.changes)}
        </div>
    }
    .into_any();
    let crumbs =
        vec![(address::at("/streams"), "Streams".to_owned()), (address::stream(&view.stream), view.stream.clone())];
    let page = view! {
        <Page title=view.name.clone() lede=lede(view) crumbs=crumbs actions=actions(view)>
            {body}
        </Page>
    };
    let close = address::here_with(&PANEL.map(|name| (name, None)));
    let panel = view.preview.as_ref().map(|preview| match preview {
        Preview::Delete(report) => delete_panel::panel(view, report, query, close),
        Preview::DeleteConsumers { wanted, report } => consumer_panel::panel(view, wanted, report, query, close),
        Preview::ClearLane { entry, report } => lanes::panel(view, entry, report, query, close),
        Preview::Repair { act, ids, report } => repair_panel::panel(view, *act, ids, report, query),
        Preview::Choose => move_panel::panel(view, None, query),
        Preview::Move { to, after, report } => move_panel::panel(view, Some((to, after, report)), query),
    });
    view! { <Split panel=panel>{page}</Split> }.into_any()
}

/// The verdict with its runbook, what it costs and why.
fn lede(view: &GroupView) -> AnyView {
    let Some((stream, group)) = view.stream_sample().zip(view.sample()) else {
        return "It appeared just now; its figures follow with the next look at Redis.".into_any();
    };
    let verdict = &group.verdict;
    let word = view! { <StatusWord status=verdict.status word=verdict.word.clone() reason=verdict.reason.clone() /> };
    let word = match runbook::for_verdict(&verdict.word) {
        Some(name) => view! {
            <a href=address::runbook(name) title="What to do">
                {word}
            </a>
        }
        .into_any(),
        None => word.into_any(),
    };
    let told = if runbook::for_verdict(&verdict.word).is_some() {
        sentences(view.snapshot.at, group)
    } else {
        format!("{}. ", capitalised(&verdict.reason)).into_any()
    };
    view! {
        {word}
        ". "
        {told}
        {rates(stream, group)}
    }
    .into_any()
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// `In 5.0 /s, out 2.2 /s.`
fn rates(stream: &StreamSample, group: &GroupSample) -> Option<String> {
    let (added, read) = (stream.added_per_second?, group.read_per_second?);
    Some(format!(" In {added:.1}\u{202f}/s, out {read:.1}\u{202f}/s."))
}

fn actions(view: &GroupView) -> AnyView {
    let context = context();
    let handling = view.sample().and_then(|group| group.handling.as_ref());
    let here = match handling {
        Some(handling) if handling.here => Ok(()),
        _ => Err(
            "Its consumers run in another process. This one can hold only its own: stop and start it where it runs."
                .to_owned(),
        ),
    };
    let paused = handling.is_some_and(|handling| handling.paused);
    let (label, class) = if paused { ("Resume consumers", "button primary") } else { ("Pause consumers", "button") };
    let fields = vec![
        ("stream", view.stream.clone()),
        ("group", view.name.clone()),
        ("paused", if paused { "false" } else { "true" }.to_owned()),
    ];
    let operate = context.may(Permission::Operate);
    let pause = act_button("off-pause", class, label, "/api/fn/group/pause", fields, operate.and(here));
    let answers = redis_answers(&view.snapshot);
    let may_send = |permission, commands| {
        context.may_send(permission, commands).map_err(|why| sentence(&why)).and_then(|()| answers.clone())
    };
    let may_move = may_send(Permission::Operate, needs::MOVE);
    let may_delete = may_send(Permission::Destroy, needs::DELETE_GROUP);
    let open = |act: &'static str| {
        let changes = PANEL.map(|name| (name, (name == "act").then_some(act)));
        address::here_with(&changes)
    };
    let dead = address::dead_letters_of(&view.stream, Some(&view.name));
    let again = address::handle_again(&view.stream, &view.name);
    view! {
        <a class="button" href=dead>
            "Dead letters"
        </a>
        {act_link("off-again", "Handle again…", again, context.may(Permission::Recover))}
        {act_link("off-move", "Move group…", open(MOVE), may_move)}
        {act_link("off-delete", "Delete group…", open(DELETE), may_delete)}
        {pause}
    }
    .into_any()
}
