//! How the group did over the range that the address asks for, and what was done to it meanwhile.

use console::history::Measure;
use domain::{
    audit::AuditEntry,
    figure::grouped,
    stream::{BEHIND_BAD, GroupSample, StreamSample},
    time::humane,
};
use leptos::prelude::*;

use super::load::GroupView;
use crate::{
    chart::{LineChart, Marker, Threshold},
    history::{charted, head, line, lines},
    part::milliseconds,
};

pub(super) fn charts(view: &GroupView, stream: &StreamSample, group: &GroupSample) -> AnyView {
    view! {
        <section aria-labelledby="history">
            {head(&view.course)}
            <div class="columns of-charts">
                {lag(view, stream, group)} {behind(view, group)} {rates(view, stream, group)} {pending(view, group)}
                {handler_time(view, group)} {failures(view, group)}
            </div>
        </section>
    }
    .into_any()
}

/// The acts of the range, on every chart: what follows one may be its doing.
fn marked(view: &GroupView, chart: LineChart) -> LineChart {
    LineChart { markers: view.marks.iter().map(marker).collect(), ..chart }
}

fn marker(act: &AuditEntry) -> Marker {
    let label = match act.act.as_str() {
        "dead_letters.replay" => "replay".to_owned(),
        // `group.move`, `pending.claim`: what is done is the second word
        act => act.rsplit('.').next().unwrap_or(act).replace('_', " "),
    };
    let words = format!("{} UTC, {}: {}", act.at.clock(), act.who, act.request);
    Marker { at: act.at, label, words }
}

/// Below this many entries the threshold is no help: it would be in the noise.
const THRESHOLD_AT_LEAST: f64 = 10.0;

fn lag(view: &GroupView, stream: &StreamSample, group: &GroupSample) -> AnyView {
    let title = format!("Lag of {} in entries", group.name);
    // as much as comes in while a group falls a minute behind
    let a_minute = stream.added_per_second.map(|rate| rate * BEHIND_BAD.as_secs_f64());
    let threshold = a_minute
        .filter(|entries| *entries >= THRESHOLD_AT_LEAST)
        .map(|value| Threshold { value: value.round(), label: "about a minute behind".to_owned() });
    let chart = line(&view.course, title, "entries", "lag", Measure::Lag, 10.0);
    let chart = marked(view, LineChart { threshold, ..chart });
    let note = match group.lag_per_minute {
        Some(rate) if rate.abs() >= 1.0 => format!("{rate:+.0} / min"),
        Some(_) => "steady".to_owned(),
        None => String::new(),
    };
    let now = group.lag.lower_bound().map_or_else(|| "unknown".to_owned(), grouped);
    charted("lag-chart", "Lag, entries", now, note, &chart)
}

fn behind(view: &GroupView, group: &GroupSample) -> AnyView {
    let title = format!("How long the oldest unread entry of {} waits", group.name);
    let chart = line(&view.course, title, "seconds", "behind", Measure::Behind, 10.0);
    let now = match group.behind_ms {
        Some(0) => "nothing waits".to_owned(),
        Some(ms) => humane(std::time::Duration::from_millis(ms)),
        None => "unknown".to_owned(),
    };
    charted("behind-chart", "Behind, seconds", now, String::new(), &marked(view, chart))
}

fn rates(view: &GroupView, stream: &StreamSample, group: &GroupSample) -> AnyView {
    let title = format!("Entries read by {} and added to {} in a second", group.name, stream.name);
    let of = [(&view.course, "read", Measure::Read), (&view.of_stream, "added", Measure::Added)];
    let chart = lines(title, "entries / s", 1.0, of);
    let now = match group.read_per_second {
        Some(rate) => format!("{rate:.1} /s read"),
        None => "unknown".to_owned(),
    };
    let note = stream.added_per_second.map(|rate| format!("{rate:.1} /s added")).unwrap_or_default();
    charted("rates-chart", "Read and added", now, note, &marked(view, chart))
}

fn pending(view: &GroupView, group: &GroupSample) -> AnyView {
    let title = format!("Entries pending in {}", group.name);
    let chart = line(&view.course, title, "entries", "pending", Measure::Pending, 10.0);
    charted("pending-chart", "Pending, entries", grouped(group.pending), String::new(), &marked(view, chart))
}

/// Only where it was measured: where a process that shares its figures consumes the group, or did.
fn handler_time(view: &GroupView, group: &GroupSample) -> Option<AnyView> {
    if group.handling.is_none() && !view.course.knows(Measure::P95) {
        return None;
    }
    let title = format!("Handler time of {}: 95 of 100 entries take less", group.name);
    let chart = line(&view.course, title, "ms", "p95", Measure::P95, 5.0);
    let timed = group.handling.as_ref().filter(|handling| handling.handled + handling.failed > 0);
    let now = timed.map_or_else(|| "nothing was handled".to_owned(), |handling| milliseconds(handling.p95_ms));
    let note = "last minute".to_owned();
    Some(charted("handler-chart", "Handler time, p95", now, note, &marked(view, chart)))
}

/// As [`handler_time`]: only where it was measured.
fn failures(view: &GroupView, group: &GroupSample) -> Option<AnyView> {
    let handling = group.handling.as_ref();
    if handling.is_none() && !view.course.knows(Measure::Failed) {
        return None;
    }
    let title = format!("Attempts of {} that failed, and entries that became dead letters, in a minute", group.name);
    let of = [(&view.course, "failed", Measure::Failed), (&view.course, "dead letters", Measure::DeadLettered)];
    let chart = lines(title, "per minute", 5.0, of);
    let now = handling.map_or_else(|| "not measured".to_owned(), |handling| grouped(handling.failed));
    let note =
        handling.map(|handling| format!("of {} in the last minute", grouped(handling.handled + handling.failed)));
    Some(charted("failures-chart", "Failed attempts", now, note.unwrap_or_default(), &marked(view, chart)))
}
