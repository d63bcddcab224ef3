//! Where a group is to be moved, what that costs, and the form that does it.

use domain::{
    Refusal,
    operation::Report,
    stream::{GroupSample, StreamSample},
};
use leptos::prelude::*;

use super::load::GroupView;
use crate::{
    address::{self, Parameters},
    history,
    part::Panel,
    repair::{Confirm, confirm, message},
};

/// Where a group can be moved to: the form's word, what it is called, what it means.
const PLACES: [(&str, &str, &str); 3] = [
    ("start", "To the start", "everything that is in the stream is delivered again"),
    ("end", "To the end", "what is unread is skipped: nobody of this group handles it"),
    ("after", "After an entry", "it reads on with the next one"),
];

/// The panel; `chosen` is the place and what moving there would do.
pub(super) fn panel(
    view: &GroupView,
    chosen: Option<(&str, &str, &Result<Report, Refusal>)>,
    query: &Parameters,
) -> AnyView {
    let close = address::here_with(&[("act", None), ("to", None), ("at", None)]);
    let (to, after) = chosen.map_or(("", ""), |(to, after, _)| (to, after));
    let choice = choice(view, to, after, query);
    let preview = chosen.map(|(to, after, report)| match report {
        Err(refusal) => message(&refusal.message),
        Ok(report) => {
            let fields = vec![
                ("stream", view.stream.clone()),
                ("group", view.name.clone()),
                ("to", to.to_owned()),
                ("after", after.to_owned()),
            ];
            let form = Confirm {
                action: "/api/fn/group/move",
                fields,
                title: "Would be moved",
                needs_reason: true,
                typed: Some(view.name.clone()),
                button: "Move the group".to_owned(),
                is_danger: true,
            };
            confirm(&form, report, query)
        }
    });
    view! {
        <Panel kicker="Preview, nothing has happened yet" title="Move the group".into_any() close=close>
            {choice}
            {preview}
        </Panel>
    }
    .into_any()
}

fn choice(view: &GroupView, to: &str, after: &str, query: &Parameters) -> AnyView {
    let places = PLACES.map(|(word, name, meaning)| {
        view! {
            <label class="check">
                <input type="radio" name="to" value=word checked=word == to required />
                <span>
                    <b>{name}</b>
                    ": "
                    {meaning}
                </span>
            </label>
        }
    });
    view! {
        <form class="move-choice" method="get" action=address::group(&view.stream, &view.name)>
            <input type="hidden" name="act" value="move" />
            {history::kept(query)}
            <div class="panel-body">
                <section class="panel-section">
                    {view.stream_sample().zip(view.sample()).map(|(stream, group)| now(stream, group))}
                </section>
                <section class="panel-section">
                    <fieldset>
                        <legend class="hidden-text">"Where to"</legend>
                        {places.collect_view()}
                    </fieldset>
                    <label class="field">
                        "Entry id, to read on after it"
                        <input
                            class="input mono"
                            name="at"
                            value=after.to_owned()
                            placeholder="1773152756004-0"
                            autocomplete="off"
                            spellcheck="false"
                        />
                    </label>
                    <button class="button top-gap">"Preview the move"</button>
                </section>
            </div>
        </form>
    }
    .into_any()
}

fn now(stream: &StreamSample, group: &GroupSample) -> AnyView {
    let is_read = group.consumers.iter().any(|consumer| consumer.idle_ms < 60_000)
        && !group.handling.as_ref().is_some_and(|handling| handling.paused);
    let hint = is_read.then(|| {
        view! {
            <p class="top-gap muted">
                "Its consumers are reading, so it moves on by itself and a preview is out of date within moments. Pause them first, or stop the program that reads."
            </p>
        }
    });
    let first = stream.first_id.map_or_else(|| "none".to_owned(), |id| id.to_string());
    view! {
        <dl class="facts">
            <dt>"Last delivered"</dt>
            <dd class="mono">{group.last_delivered_id.to_string()}</dd>
            <dt>"First entry"</dt>
            <dd class="mono">{first}</dd>
            <dt>"Last entry"</dt>
            <dd class="mono">{stream.last_id.to_string()}</dd>
        </dl>
        {hint}
    }
    .into_any()
}
