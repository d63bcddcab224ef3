//! How far the stream is trimmed, what each group loses by that, and the form that does it.

use domain::{Refusal, operation::Report};
use leptos::prelude::*;

use super::preview::{TRIM, TrimChoice, kept_from};
use crate::{
    address::{self, Parameters},
    history,
    part::Panel,
    repair::{Confirm, confirm, message},
};

pub(super) fn panel(
    stream: &str,
    chosen: &TrimChoice,
    made: Option<&Result<Report, Refusal>>,
    query: &Parameters,
    close: &str,
) -> AnyView {
    let choice = choice(stream, chosen, query);
    let preview = made.map(|made| match made {
        Err(refusal) => message(&refusal.message),
        Ok(report) => {
            let form = Confirm {
                action: "/api/fn/stream/trim",
                fields: vec![
                    ("stream", stream.to_owned()),
                    // not the number that was typed: with each entry that is added it would mean another place
                    ("before", kept_from(report).map(|id| id.to_string()).unwrap_or_default()),
                    ("past_groups", chosen.past_groups.to_string()),
                ],
                title: "Would be removed",
                needs_reason: true,
                typed: chosen.past_groups.then(|| stream.to_owned()),
                button: "Trim the stream".to_owned(),
                is_danger: true,
            };
            confirm(&form, report, query)
        }
    });
    view! {
        <Panel kicker="Preview, nothing has happened yet" title="Trim the stream".into_any() close=close.to_owned()>
            {choice}
            {preview}
        </Panel>
    }
    .into_any()
}

fn choice(stream: &str, chosen: &TrimChoice, query: &Parameters) -> AnyView {
    let is_place = chosen.by == "place";
    view! {
        <form class="move-choice" method="get" action=address::stream(stream)>
            <input type="hidden" name="tab" value="memory" />
            <input type="hidden" name="act" value=TRIM />
            {history::kept(query)}
            <div class="panel-body">
                <section class="panel-section">
                    <fieldset>
                        <legend class="hidden-text">"How far"</legend>
                        <label class="check">
                            <input type="radio" name="by" value="keep" checked=!is_place required />
                            <span>
                                <b>"To a number"</b>
                                ": the newest entries are kept"
                            </span>
                        </label>
                        <label class="check">
                            <input type="radio" name="by" value="place" checked=is_place required />
                            <span>
                                <b>"To a place"</b>
                                ": an entry, and what is newer, is kept"
                            </span>
                        </label>
                    </fieldset>
                    <label class="field">
                        "Entries to keep"
                        <input
                            class="input"
                            name="keep"
                            value=chosen.keep.clone()
                            placeholder="10000"
                            inputmode="numeric"
                            autocomplete="off"
                        />
                    </label>
                    <label class="field">
                        "Entry id or time (UTC), the first to keep"
                        <input
                            class="input mono"
                            name="place"
                            value=chosen.place.clone()
                            placeholder="2026-03-10 14:32"
                            autocomplete="off"
                            spellcheck="false"
                        />
                    </label>
                    <label class="check top-gap">
                        <input type="checkbox" name="past" value="on" checked=chosen.past_groups />
                        <span>
                            <b>"Also what groups still need"</b>
                            ": without this the trim stops before the first entry that a group has not read or not acknowledged"
                        </span>
                    </label>
                    <button class="button top-gap">"Preview the trim"</button>
                </section>
            </div>
        </form>
    }
    .into_any()
}
