//! What would become of the selected pending entries, and the form that does it.

use domain::{
    Refusal,
    figure::grouped,
    operation::{Outcome, PendingAct, Report},
    stream::EntryId,
};
use leptos::prelude::*;

use super::load::GroupView;
use crate::{
    address::{self, Parameters},
    part::{Panel, report},
    repair::{message, reason_field},
};

/// The words of an act: its title, its button (with the count), and what it means.
const fn words(act: PendingAct) -> (&'static str, &'static str, &'static str) {
    match act {
        PendingAct::Claim => (
            "Claim pending entries",
            "Claim",
            "The entries are taken from their consumer and become deliverable at once, as if it had died. Nothing is lost: \
             they are handled again by whoever of the group takes over idle entries.",
        ),
        PendingAct::Acknowledge => (
            "Acknowledge without handling",
            "Acknowledge",
            "The group never sees these entries again. Do this only if their effect is there already, or is not wanted.",
        ),
        PendingAct::DeadLetter => (
            "Move to the dead letters",
            "Dead-letter",
            "The entries leave the group's pending list and wait among the dead letters, whole, until they are replayed or \
             discarded.",
        ),
    }
}

pub(super) fn panel(
    view: &GroupView,
    act: PendingAct,
    ids: &[EntryId],
    report: &Result<Report, Refusal>,
    query: &Parameters,
) -> AnyView {
    let close = format!("{}#pending", address::here_with(&[("act", None)]));
    let (title, ..) = words(act);
    let body = match report {
        Err(refusal) => message(&refusal.message),
        Ok(_) if ids.is_empty() => message("no entry is selected: tick some in the list, then press the button again"),
        Ok(report) => form(view, act, report, query, &close),
    };
    view! {
        <Panel kicker="Preview, nothing has happened yet" title=title.into_any() close=close>
            {body}
        </Panel>
    }
    .into_any()
}

fn form(view: &GroupView, act: PendingAct, made: &Report, query: &Parameters, close: &str) -> AnyView {
    let (_, verb, meaning) = words(act);
    let count = made.count(Outcome::Would);
    let ids = made.items.iter().map(|item| item.item.as_str()).collect::<Vec<_>>().join(" ");
    let label = format!("{verb} {} {}", grouped(count as u64), if count == 1 { "entry" } else { "entries" });
    let class = if act == PendingAct::Acknowledge { "button danger armed" } else { "button primary" };
    let button = (count > 0).then(|| view! { <button class=class>{label}</button> });
    view! {
        <form class="confirm" method="post" action=address::at("/api/fn/group/repair") data-needs-redis="">
            <input type="hidden" name="stream" value=view.stream.clone() />
            <input type="hidden" name="group" value=view.name.clone() />
            <input type="hidden" name="act" value=act.as_str() />
            <input type="hidden" name="ids" value=ids />
            <input type="hidden" name="state_token" value=made.state_token.clone() />
            <div class="panel-body">
                <section class="panel-section">
                    <p>{meaning}</p>
                </section>
                <section class="panel-section" aria-label="What would become of each">
                    {report(made)}
                </section>
                {reason_field(act == PendingAct::Acknowledge, query)}
            </div>
            <footer class="panel-foot">
                {button}
                <a class="button quiet" href=close.to_owned()>
                    "Leave them"
                </a>
            </footer>
        </form>
    }
    .into_any()
}
