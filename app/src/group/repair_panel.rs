//! What would become of the selected pending entries, and the form that does it.

use domain::{
    Refusal, Status,
    figure::grouped,
    operation::{Outcome, PendingAct, Report},
    stream::EntryId,
};
use leptos::prelude::*;

use super::load::GroupView;
use crate::{
    address::{self, Parameters},
    part::{Icon, Panel, Shape},
};

/// Entries named in a preview.
const SHOWN: usize = 20;

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

pub(super) fn message(words: &str) -> AnyView {
    let words = words.to_owned();
    view! {
        <div class="panel-body">
            <section class="panel-section">
                <p>{words} "."</p>
            </section>
        </div>
    }
    .into_any()
}

fn form(view: &GroupView, act: PendingAct, report: &Report, query: &Parameters, close: &str) -> AnyView {
    let (_, verb, meaning) = words(act);
    let count = report.count(Outcome::Would);
    let ids = report.items.iter().map(|item| item.item.as_str()).collect::<Vec<_>>().join(" ");
    let label = format!("{verb} {} {}", grouped(count as u64), if count == 1 { "entry" } else { "entries" });
    let class = if act == PendingAct::Acknowledge { "button danger armed" } else { "button primary" };
    let button = (count > 0).then(|| view! { <button class=class>{label}</button> });
    view! {
        <form class="confirm" method="post" action="/api/fn/group/repair" data-needs-redis="">
            <input type="hidden" name="stream" value=view.stream.clone() />
            <input type="hidden" name="group" value=view.name.clone() />
            <input type="hidden" name="act" value=act.as_str() />
            <input type="hidden" name="ids" value=ids />
            <input type="hidden" name="state_token" value=report.state_token.clone() />
            <div class="panel-body">
                <section class="panel-section">
                    <p>{meaning}</p>
                </section>
                {warnings(report)}
                {items(report)}
            </div>
            <footer class="panel-foot">
                {reason_field(act == PendingAct::Acknowledge, query)}
                {button}
                <a class="button quiet" href=close.to_owned()>
                    "Leave them"
                </a>
            </footer>
        </form>
    }
    .into_any()
}

/// Who else is touched and what is lost.
pub(super) fn warnings(report: &Report) -> Option<AnyView> {
    let lines = report.warnings.iter().map(|words| {
        view! {
            <p class="reason" data-status="warn">
                <Shape status=Status::Warn />
                <span>{words.clone()} "."</span>
            </p>
        }
    });
    let lines = lines.collect_view();
    (!report.warnings.is_empty())
        .then(|| view! { <section class="panel-section warnings">{lines}</section> }.into_any())
}

fn items(report: &Report) -> AnyView {
    let rows = report.items.iter().take(SHOWN).map(|item| {
        let status = match item.outcome {
            Outcome::Would | Outcome::Done => Status::Run,
            Outcome::Skipped => Status::Idle,
            Outcome::Failed => Status::Bad,
        };
        view! {
            <li data-key=item.item.clone() data-status=status.as_str()>
                <Shape status=status />
                <span class="mono">{item.item.clone()}</span>
                <small>{item.detail.clone()}</small>
            </li>
        }
    });
    let left_out = report.items.len().saturating_sub(SHOWN);
    let more =
        (left_out > 0).then(|| view! { <p class="muted">{format!("… and {} more", grouped(left_out as u64))}</p> });
    let skipped = report.count(Outcome::Skipped);
    let skipped =
        (skipped > 0).then(|| view! { <span class="end muted">{format!("{skipped} would be skipped")}</span> });
    view! {
        <section class="panel-section">
            <h3>{format!("{} selected", grouped(report.items.len() as u64))} {skipped}</h3>
            <ol class="timeline">{rows.collect_view()}</ol>
            {more}
        </section>
    }
    .into_any()
}

/// Why, for the audit log; what was typed before a refusal is there again.
pub(super) fn reason_field(required: bool, query: &Parameters) -> AnyView {
    let kept = query.get("kept.reason").unwrap_or_default();
    let label = if required { "Reason, for the audit log" } else { "Reason, for the audit log (optional)" };
    view! {
        <p class="reason">
            <Icon name="clock" />
            <span>"If the state changes after this preview, nothing is done and the preview is shown anew."</span>
        </p>
        <label class="field full">
            {label}
            <input class="input" name="reason" value=kept required=required maxlength="2000" autocomplete="off" />
        </label>
    }
    .into_any()
}
