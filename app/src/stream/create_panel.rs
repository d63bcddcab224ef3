//! Where a new group begins, what that means, and the form that creates it.

use domain::{Refusal, operation::Report};
use leptos::prelude::*;

use super::preview::{CREATE_GROUP, CreateChoice};
use crate::{
    address::{self, Parameters},
    part::Panel,
    repair::{Confirm, confirm, message},
};

/// Where a group can begin: the form's word, what it is called, what it means.
const PLACES: [(&str, &str, &str); 3] = [
    ("start", "At the start", "everything that is in the stream is delivered to it"),
    ("end", "At the end", "it is given what is added from now on"),
    ("after", "After an entry", "it begins with the next one"),
];

pub(super) fn panel(
    stream: &str,
    chosen: &CreateChoice,
    made: Option<&Result<Report, Refusal>>,
    query: &Parameters,
    close: &str,
) -> AnyView {
    let choice = choice(stream, chosen);
    let preview = made.map(|made| match made {
        Err(refusal) => message(&refusal.message),
        Ok(report) => {
            let form = Confirm {
                action: "/api/fn/stream/create_group",
                fields: vec![
                    ("stream", stream.to_owned()),
                    ("group", chosen.name.clone()),
                    ("begin", chosen.begin.clone()),
                    ("after", chosen.after.clone()),
                ],
                title: "Would be created",
                needs_reason: false,
                typed: None,
                button: "Create the group".to_owned(),
                is_danger: false,
            };
            confirm(&form, report, query)
        }
    });
    view! {
        <Panel kicker="Preview, nothing has happened yet" title="Create a group".into_any() close=close.to_owned()>
            {choice}
            {preview}
        </Panel>
    }
    .into_any()
}

fn choice(stream: &str, chosen: &CreateChoice) -> AnyView {
    let begin = if chosen.begin.is_empty() { "end" } else { &chosen.begin };
    let places = PLACES.map(|(word, name, meaning)| {
        view! {
            <label class="check">
                <input type="radio" name="begin" value=word checked=word == begin required />
                <span>
                    <b>{name}</b>
                    ": "
                    {meaning}
                </span>
            </label>
        }
    });
    view! {
        <form class="move-choice" method="get" action=address::stream(stream)>
            <input type="hidden" name="tab" value="groups" />
            <input type="hidden" name="act" value=CREATE_GROUP />
            <div class="panel-body">
                <section class="panel-section">
                    <label class="field">
                        "Name"
                        <input
                            class="input"
                            name="name"
                            value=chosen.name.clone()
                            required
                            maxlength="512"
                            autocomplete="off"
                            spellcheck="false"
                        />
                    </label>
                </section>
                <section class="panel-section">
                    <fieldset>
                        <legend class="hidden-text">"Where it begins"</legend>
                        {places.collect_view()}
                    </fieldset>
                    <label class="field">
                        "Entry id, to begin after it"
                        <input
                            class="input mono"
                            name="begin_after"
                            value=chosen.after.clone()
                            placeholder="1773152756004-0"
                            autocomplete="off"
                            spellcheck="false"
                        />
                    </label>
                    <button class="button top-gap">"Preview the group"</button>
                </section>
            </div>
        </form>
    }
    .into_any()
}
