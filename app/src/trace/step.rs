//! One event in the waterfall: what it is, and a row for each step of its way.

use domain::{
    Status, Timestamp,
    dead_letter::Cursor,
    trace::waterfall::{Event, Place, Step},
};
use leptos::prelude::*;

use super::bar::{Axis, bar};
use crate::{
    address,
    part::{Shape, visible},
};

pub(super) fn event(event: &Event, steps: &[Step], axis: Option<Axis>, nth: usize) -> AnyView {
    let name = event.event_type.clone().unwrap_or_else(|| "event without a type".to_owned());
    let key = event.key.clone().map(|key| {
        let words = visible(&key);
        match thing(&name, event, &key) {
            Some(href) => view! { <a class="mono" href=href>{words}</a> }.into_any(),
            None => view! { <span class="mono">{words}</span> }.into_any(),
        }
    });
    let id = event.event_id.clone().map(|id| view! { <small class="mono muted">{visible(&id)}</small> });
    let rows = steps.iter().map(|step| row(event, step, axis)).collect_view();
    view! {
        <li class="event" data-key=format!("event-{nth}")>
            <h2>{visible(&name)} " " {key} " " {id}</h2>
            <ol class="way">{rows}</ol>
        </li>
    }
    .into_any()
}

/// The page of what an event of the scrum speaks of.
fn thing(event_type: &str, event: &Event, key: &str) -> Option<String> {
    use domain::event::{SPRINT_COMPLETED, SPRINT_STARTED, TASK_UPDATED};
    match event_type {
        SPRINT_STARTED | SPRINT_COMPLETED => Some(address::sprint(key)),
        TASK_UPDATED => {
            let project = key.rsplit_once("-TASK").map(|(project, _)| project)?;
            event.written.is_some().then(|| address::task(project, key))
        }
        _ => None,
    }
}

fn row(event: &Event, step: &Step, axis: Option<Axis>) -> AnyView {
    let (what, href) = named(event, &step.place);
    let what = match href {
        Some(href) => view! { <a href=href>{what}</a> }.into_any(),
        None => view! { <span>{what}</span> }.into_any(),
    };
    let drawn = axis.map(|axis| bar(axis, step.bar, step.status, step.is_gap));
    let when = step.bar.map(|(from, to)| format!("{} to {}", from.iso_millis(), to.iso_millis()));
    let gap = step.is_gap.then(|| view! { <strong>{gap_word(step.status)}</strong> " " });
    view! {
        <li class="step" data-status=step.status.as_str() data-gap=step.is_gap.then_some("")>
            <span class="what">{what}</span>
            <span class="drawn" title=when>
                {drawn}
            </span>
            <span class="words" data-status=step.status.as_str()>
                <Shape status=step.status />
                <span>{gap} {visible(&step.words)}</span>
            </span>
        </li>
    }
    .into_any()
}

const fn gap_word(status: Status) -> &'static str {
    match status {
        Status::Bad => "Gap:",
        _ => "Slow:",
    }
}

/// What a step is called, and where it can be looked at.
fn named(event: &Event, place: &Place) -> (String, Option<String>) {
    let stream = &event.stream;
    match place {
        Place::Outbox => ("outbox".to_owned(), None),
        Place::Entry(entry) => (format!("{stream} {entry}"), Some(address::entry(stream, *entry))),
        Place::Group(group) => (group.clone(), Some(address::group(stream, group))),
        Place::Pending(group) => (group.clone(), Some(address::pending(stream, group))),
        Place::DeadLetter { group, record } => {
            let at = Cursor { stream: stream.clone(), id: *record };
            (group.clone(), Some(address::dead_letter(&at)))
        }
    }
}

/// Steps of all events.
pub(super) fn all_steps(events: &[Event], now: Timestamp) -> Vec<Vec<Step>> {
    events.iter().map(|event| event.steps(now)).collect()
}
