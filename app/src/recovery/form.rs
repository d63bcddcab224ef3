//! What a new job is to be about, in which order and how fast.

use domain::{Permission, connection::needs, dead_letter::Cursor, recovery::CANARY_AT_MOST, recovery::RATE_AT_MOST};
use leptos::prelude::*;

use crate::{
    address::{self, Parameters},
    part::{Kept, NumberField, Panel, Submit, TextField, counted},
};

/// Entries per second where nothing else is asked for: quick enough to be seen, slow enough to be stopped.
pub(super) const RATE: u64 = 100;
/// Entries of the canary that is proposed.
const CANARY: u64 = 5;

/// What the address asks to make a job of.
pub(super) struct Choice {
    is_history: bool,
    stream: String,
    group: String,
    cause: String,
    text: String,
    items: Vec<Cursor>,
}

/// The choice of the page that is being answered, if there is one.
pub(super) fn asked() -> Option<Choice> {
    let parameters = Parameters::here();
    let what = parameters.get("new")?;
    let text = |name: &str| parameters.get(name).unwrap_or_default();
    Some(Choice {
        is_history: what == "history",
        stream: text("stream"),
        group: text("group"),
        cause: text("cause"),
        text: text("text"),
        items: parameters.get_all("item").filter_map(|item| item.parse().ok()).collect(),
    })
}

pub(super) fn panel(choice: &Choice) -> AnyView {
    let kept = Kept::here();
    let of = |name: &str, otherwise: &str| kept.or(&format!("job[{name}]"), otherwise);
    let what = if choice.is_history { "history" } else { "dead_letters" };
    let title = if choice.is_history { "Handle once more" } else { "Recover dead letters" };
    let selection = if choice.is_history { history(choice, &of) } else { dead_letters(choice, &of) };
    let order = of("order", "in_order");
    let (rate, canary, reason) = (of("rate", &RATE.to_string()), of("canary", &CANARY.to_string()), of("reason", ""));
    let radio = |word: &'static str, name: &'static str, meaning: &'static str| {
        view! {
            <label class="check">
                <input type="radio" name="job[order]" value=word checked=order == word />
                <span>
                    <b>{name}</b>
                    ": "
                    {meaning}
                </span>
            </label>
        }
    };
    let order = [
        radio(
            "in_order",
            "In order",
            "each waits for the one before it of its key; keys that went on without it are left alone",
        ),
        radio("as_is", "As they are", "all are sent, whatever came after them; needs a reason"),
    ];
    view! {
        <Panel kicker="Nothing is sent before its dry run was looked at" title=title.into_any() close=address::recovery()>
            <form method="post" action=address::at("/api/fn/recovery/create") data-needs-redis="">
                <input type="hidden" name="job[what]" value=what />
                <div class="panel-body">
                    <section class="panel-section" aria-label="What">
                        {selection}
                    </section>
                    <section class="panel-section">
                        <fieldset class="fields">
                            <legend>"Order"</legend>
                            {order.collect_view()}
                        </fieldset>
                    </section>
                    <section class="panel-section fields" aria-label="How">
                        <NumberField
                            label="Entries per second, at most"
                            name="job[rate]"
                            value=rate
                            min=1
                            max=i64::try_from(RATE_AT_MOST).unwrap_or(i64::MAX)
                        />
                        <NumberField
                            label="Canary"
                            name="job[canary]"
                            value=canary
                            min=0
                            max=i64::try_from(CANARY_AT_MOST).unwrap_or(i64::MAX)
                            hint="So many go first; then the job waits for you. 0: none."
                        />
                        <TextField
                            label="Reason"
                            name="job[reason]"
                            value=reason
                            hint="The audit log keeps it. Needed to send entries as they are."
                        />
                    </section>
                </div>
                <footer class="panel-foot">
                    <Submit label="Freeze and show dry run" class="primary" needs=Permission::Recover sends=needs::RECOVER id="off-make-job" />
                    <a class="button" href=address::recovery()>
                        "Cancel"
                    </a>
                </footer>
            </form>
        </Panel>
    }
    .into_any()
}

fn dead_letters(choice: &Choice, of: &impl Fn(&str, &str) -> String) -> AnyView {
    let items = serde_json::to_string(&choice.items).expect("cursors are texts");
    let items = of("items", if choice.items.is_empty() { "" } else { &items });
    let ticked = serde_json::from_str::<Vec<Cursor>>(&items).map_or(0, |items| items.len() as u64);
    if ticked > 0 {
        return view! {
            <input type="hidden" name="job[items]" value=items />
            <p>
                <b>{counted(ticked, "dead letter")}</b>
                ", as ticked."
            </p>
        }
        .into_any();
    }
    let stream = of("stream", &choice.stream);
    let (group, cause, text) = (of("group", &choice.group), of("cause", &choice.cause), of("text", &choice.text));
    view! {
        <p>"All dead letters that fit at this moment. What dies later is not part of the job. Empty fields fit everything."</p>
        <div class="fields top-gap">
            <TextField label="Stream" name="job[stream]" value=stream />
            <TextField label="Group" name="job[group]" value=group />
            <TextField label="Cause" name="job[cause]" value=cause hint="The fingerprint of a cause." />
            <TextField label="Text" name="job[text]" value=text hint="Part of error, key, event id or source id." />
        </div>
    }
    .into_any()
}

fn history(choice: &Choice, of: &impl Fn(&str, &str) -> String) -> AnyView {
    let edge = "A time like 2026-03-10 14:32 (UTC), or an entry id. It is included.";
    let (stream, group) = (of("stream", &choice.stream), of("group", &choice.group));
    let (from, to) = (of("from", ""), of("to", ""));
    view! {
        <p>
            "Entries that the group was given before are given to it once more, and to nobody else. A handler that does not "
            "know an event twice has its effect twice."
        </p>
        <div class="fields top-gap">
            <TextField label="Stream" name="job[stream]" value=stream required=true />
            <TextField label="Group" name="job[group]" value=group required=true />
            <TextField label="From" name="job[from]" value=from hint=edge required=true />
            <TextField label="To" name="job[to]" value=to hint=edge required=true />
        </div>
    }
    .into_any()
}
