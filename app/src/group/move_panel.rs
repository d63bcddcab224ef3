//! Where a group is to be moved, what that costs, and the form that does it.

use domain::{
    Refusal,
    operation::Report,
    stream::{GroupSample, StreamSample},
};
use leptos::prelude::*;

use super::{
    load::GroupView,
    repair_panel::{message, reason_field},
};
use crate::{
    address::{self, Parameters},
    history,
    part::{Panel, report},
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
        Ok(report) => confirm(view, to, after, report, query),
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

fn confirm(view: &GroupView, to: &str, after: &str, made: &Report, query: &Parameters) -> AnyView {
    let kept = query.get("kept.confirm").unwrap_or_default();
    view! {
        <form class="confirm" method="post" action=address::at("/api/fn/group/move") data-needs-redis="">
            <input type="hidden" name="stream" value=view.stream.clone() />
            <input type="hidden" name="group" value=view.name.clone() />
            <input type="hidden" name="to" value=to.to_owned() />
            <input type="hidden" name="after" value=after.to_owned() />
            <input type="hidden" name="state_token" value=made.state_token.clone() />
            <div class="panel-body">
                <section class="panel-section">
                    <h3>"Would be moved"</h3>
                    {report(made)}
                </section>
                {reason_field(true, query)}
                <section class="panel-section">
                    <label class="field">
                        <span>"Type " <b>{view.name.clone()}</b> " to confirm"</span>
                        <input
                            class="input"
                            name="confirm"
                            value=kept
                            required
                            pattern=exactly(&view.name)
                            autocomplete="off"
                            spellcheck="false"
                        />
                    </label>
                </section>
            </div>
            <footer class="panel-foot">
                <button class="button danger armed">"Move the group"</button>
            </footer>
        </form>
    }
    .into_any()
}

/// The pattern of an input that takes this text only.
fn exactly(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for c in text.chars() {
        if "^$\\.*+?()[]{}|/".contains(c) {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_takes_signs_as_they_are() {
        assert_eq!(exactly("a.b-c (d)"), "a\\.b-c \\(d\\)");
    }
}
