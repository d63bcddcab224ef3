//! Finding an event by what is in it.

use domain::{Refusal, Status, trace::Sought};
use leptos::prelude::*;
use streams::search::{From, Search};

use super::{
    found::results,
    gather::streams,
    page::looked_at,
    query::{PATH, Query},
};
use crate::{
    address::{self, Parameters},
    context::{Context, context},
    part::{Empty, Notice, Page, TextField, counted, loaded},
};

/// What a search gave; nothing was looked for where nothing was asked.
struct Shown {
    query: Query,
    search: Option<Result<Search, Refusal>>,
    /// Streams that are not looked through at all.
    left_out: usize,
}

#[component]
pub(crate) fn FindPage() -> impl IntoView {
    let query = Query::read(&Parameters::here());
    let context = context();
    loaded(async move { Ok::<_, Refusal>(load(&context, query?).await) }, |shown| show(&shown))
}

async fn load(context: &Context, query: Query) -> Shown {
    let snapshot = context.snapshot();
    let (all, left_out) = streams(&snapshot);
    let places = if query.further.is_empty() { all } else { query.further.iter().take(20).cloned().collect() };
    let search = if query.sought.is_everything() {
        None
    } else if snapshot.error.is_some() {
        Some(Err(Refusal::unavailable("Redis does not answer")))
    } else {
        Some(console::trace::search(&context.console, &places, &query.sought).await.map_err(Refusal::from))
    };
    Shown { query, search, left_out }
}

fn show(shown: &Shown) -> AnyView {
    let lede = "Where did it stop? One correlation over outbox, streams, groups and dead letters, event by event.";
    let body = match &shown.search {
        None => first_words(),
        Some(Err(refusal)) => {
            let words = format!("The streams could not be searched: {}.", refusal.message);
            view! {
                <Notice status=Status::Unknown>
                    <p>{words}</p>
                </Notice>
            }
            .into_any()
        }
        Some(Ok(search)) => view! {
            {results(search, if shown.query.further.is_empty() { shown.left_out } else { 0 })}
            {foot(shown, search)}
        }
        .into_any(),
    };
    let form = form(&shown.query.sought);
    view! {
        <Page title="Trace" lede=lede.into_any()>
            {form}
            {body}
        </Page>
    }
    .into_any()
}

fn first_words() -> AnyView {
    view! {
        <Empty title="Which event?">
            <p>
                "Any field is enough; several must all be so. An id is that of an event, of a correlation or of an OpenTelemetry "
                "trace. Entries, dead letters and the chronicle lead here too."
            </p>
        </Empty>
    }
    .into_any()
}

fn form(sought: &Sought) -> AnyView {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let (name, value) = sought.field.clone().unwrap_or_default();
    let id = sought.id.clone().map(|id| {
        view! {
            <a class="button" href=address::trace(&id)>
                "Whole trace of this id"
            </a>
        }
    });
    let clear = (!sought.is_everything()).then(|| view! { <a class="button quiet" href=address::at(PATH)>"Clear"</a> });
    view! {
        <form class="find" id="find" method="get" action=address::at(PATH) role="search">
            <TextField label="Id" name="id" value=text(&sought.id) hint="Event, correlation or trace" />
            <TextField label="Aggregate id" name="key" value=text(&sought.key) />
            <TextField label="Type" name="type" value=text(&sought.event_type) />
            <TimeField label="From (UTC)" name="from" at=sought.from />
            <TimeField label="Until (UTC)" name="until" at=sought.until />
            <TextField label="JSON field" name="field" value=name hint="sprint_id, or payload.sprint_id" />
            <TextField label="Value" name="value" value=value />
            <div class="button-row">
                <button class="button primary" type="submit">
                    "Find"
                </button>
                {id}
                {clear}
            </div>
        </form>
    }
    .into_any()
}

#[component]
fn TimeField(label: &'static str, name: &'static str, at: Option<domain::Timestamp>) -> impl IntoView {
    // the browser's own field has no offset and no microseconds
    let value = at.map(|at| at.to_string().chars().take("2026-03-02T09:15:04".len()).collect::<String>());
    let id = format!("field-{name}");
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <input class="input" type="datetime-local" step="1" id=id name=name value=value />
        </div>
    }
}

/// How much was looked at, and the way on.
fn foot(shown: &Shown, search: &Search) -> AnyView {
    let on = (!search.go_on.is_empty()).then(|| {
        let href = shown.query.address(&search.go_on);
        view! {
            " "
            <a href=href>{format!("Look further in {}", counted(search.go_on.len() as u64, "stream"))}</a>
        }
    });
    let left_out = (shown.left_out > 0 && shown.query.further.is_empty())
        .then(|| format!(" {} not looked through: there are too many.", counted(shown.left_out as u64, "stream")));
    let before = if shown.query.further.is_empty() { "the newest " } else { "the next " };
    let words = format!("Looked at {before}{}.", looked_at(search.looked_at));
    let from: &[From] = &shown.query.further;
    let newest = (!from.is_empty()).then(|| {
        view! {
            " "
            <a href=shown.query.address(&[])>"From the newest again"</a>
        }
    });
    view! {
        <p class="muted top-gap">
            {words} {left_out} {on} {newest}
        </p>
    }
    .into_any()
}
