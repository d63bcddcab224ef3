//! Lanes of consumers in this process that wait behind an entry that fails, and the panel that lets one go on.

use domain::{
    Permission, Refusal, Status,
    figure::grouped,
    operation::{ParkedLane, Report},
};
use leptos::prelude::*;

use super::load::{CLEAR_LANE, GroupView};
use crate::{
    address::{self, Parameters},
    context::context,
    part::{Clock, Panel, Shape, act_link, redis_answers},
    repair::{Confirm, confirm, message},
};

/// Lanes shown; a group whose every entry fails has thousands.
const SHOWN: usize = 20;

/// Nothing while no lane waits.
pub(super) fn lanes(view: &GroupView) -> Option<AnyView> {
    let lanes = view.lanes.as_ref().filter(|lanes| !lanes.is_empty())?;
    let waiting: u64 = lanes.iter().map(|lane| lane.waiting).sum();
    let note = match waiting {
        0 => grouped(lanes.len() as u64),
        n => format!("{}, {} entries wait behind them", grouped(lanes.len() as u64), grouped(n)),
    };
    let rows = lanes.iter().take(SHOWN).map(|lane| row(view, lane)).collect_view();
    let left_out = lanes.len().saturating_sub(SHOWN);
    let more =
        (left_out > 0).then(|| view! { <p class="muted">{format!("… and {} more", grouped(left_out as u64))}</p> });
    let section = view! {
        <section aria-labelledby="lanes">
            <div class="section-head">
                <h2 id="lanes">"Entries that hold up their key"</h2>
                <span class="note">{note}</span>
            </div>
            <ol class="timeline on-page lanes">{rows}</ol>
            {more}
        </section>
    };
    Some(section.into_any())
}

fn row(view: &GroupView, lane: &ParkedLane) -> AnyView {
    let context = context();
    let id = lane.entry.to_string();
    let href = address::here_with(&[("act", Some(CLEAR_LANE)), ("entry", Some(&id)), ("ids", None)]);
    let may = context.may(Permission::Recover).and_then(|()| redis_answers(&view.snapshot));
    let key = lane.key.clone().unwrap_or_else(|| "no key".to_owned());
    let tried = if lane.attempts == 1 { "tried once".to_owned() } else { format!("tried {} times", lane.attempts) };
    let behind = match lane.waiting {
        0 => "nothing waits behind it".to_owned(),
        1 => "1 entry waits behind it".to_owned(),
        n => format!("{} entries wait behind it", grouped(n)),
    };
    // the text of an error may have parts of a payload in it
    let error = context.may(Permission::SeeBody).is_ok().then(|| format!(" · {}", lane.error));
    view! {
        <li data-key=id.clone() data-status=Status::Warn.as_str()>
            <Shape status=Status::Warn />
            <span>
                <a class="mono" href=address::entry(&view.stream, lane.entry)>
                    {id.clone()}
                </a>
                " "
                {key}
            </span>
            <small>{format!("{tried}, {behind}")} {error} " · next try " <Clock at=lane.next_try_at /></small>
            {act_link(&format!("off-lane-{id}"), "Give up…", href, may)}
        </li>
    }
    .into_any()
}

pub(super) fn panel(
    view: &GroupView,
    entry: &str,
    made: &Result<Report, Refusal>,
    query: &Parameters,
    close: String,
) -> AnyView {
    let body = match made {
        Err(refusal) => message(&refusal.message),
        Ok(report) => {
            let form = Confirm {
                action: "/api/fn/group/clear_lane",
                fields: vec![
                    ("stream", view.stream.clone()),
                    ("group", view.name.clone()),
                    ("entry", entry.to_owned()),
                ],
                title: "Would be given up",
                needs_reason: false,
                typed: None,
                button: "Move it to the dead letters".to_owned(),
                is_danger: false,
            };
            confirm(&form, report, query)
        }
    };
    view! {
        <Panel kicker="Preview, nothing has happened yet" title="Let the key go on".into_any() close=close>
            {body}
        </Panel>
    }
    .into_any()
}
