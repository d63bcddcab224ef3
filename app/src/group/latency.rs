//! How long entries take and what becomes of them, by event type, over all processes that tell.

use std::{cmp::Reverse, time::Duration};

use domain::{
    figure::grouped,
    latency::{EventType, Percentiles, TypeHandling},
    stream::{GroupSample, Handling},
    time::humane,
};
use leptos::prelude::*;

use super::{
    load::GroupView,
    measured::{derived, processes, troubles, what_is_measured},
};
use crate::{
    address::Parameters,
    overview::percent,
    part::{Order, StatusWord, milliseconds, sort_head},
};

pub(super) fn latency(view: &GroupView, group: &GroupSample, query: &Parameters) -> AnyView {
    let (note, body) = match &group.handling {
        Some(handling) => ("last minute · times are p50, p95 in bold, p99", by_type(view, group, handling, query)),
        None => ("derived", derived(group)),
    };
    view! {
        <section aria-labelledby="latency">
            <div class="section-head">
                <h2 id="latency">"Latency and errors"</h2>
                <span class="note">{note}</span>
            </div>
            {body}
            {troubles(&view.heartbeats)}
        </section>
    }
    .into_any()
}

fn by_type(view: &GroupView, group: &GroupSample, handling: &Handling, query: &Parameters) -> AnyView {
    let table = if handling.types.is_empty() {
        view! {
            <p class="muted">
                "Nothing was handled in the last minute. As soon as entries come, each event type has a line here: how many, how \
                 many failed, and how long they took."
            </p>
        }
        .into_any()
    } else {
        table(handling, &query.get("sort").unwrap_or_default())
    };
    view! {
        {table}
        <div class="columns top-gap">{processes(view.snapshot.at, handling)} {what_is_measured(group)}</div>
    }
    .into_any()
}

fn table(handling: &Handling, sort: &str) -> AnyView {
    let sorted_by = if COLUMNS.contains(&sort) { sort } else { "handled" };
    let rows = sorted(&handling.types, sorted_by).into_iter().map(row).collect_view();
    let figure = |column, label, class| sort_head(column, label, Order::Descending, class, sorted_by);
    view! {
        <div class="table-wrap">
            <table class="table latencies">
                <caption class="hidden-text">"Event types of this group in the last minute"</caption>
                <thead>
                    <tr>
                        {sort_head("type", "Event type", Order::Ascending, "", sorted_by)}
                        {figure("handled", "Handled / min", "num")} {figure("errors", "Errors", "num")}
                        {figure("retries", "Retries", "num second")} {figure("dead", "Dead", "num")}
                        {figure("delivered", "Published → delivered", "num")}
                        {figure("settled", "Delivered → handled", "num")} {figure("handler", "Handler", "num")}
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

const COLUMNS: [&str; 8] = ["type", "handled", "errors", "retries", "dead", "delivered", "settled", "handler"];

/// Figures begin with the largest, names with A; what is unknown comes last. Times are sorted by their p95.
fn sorted<'a>(types: &'a [TypeHandling], by: &str) -> Vec<&'a TypeHandling> {
    let mut types: Vec<_> = types.iter().collect();
    let p95 = |times: Percentiles| (times.count > 0).then_some(times.p95_ms);
    let key: fn(&TypeHandling) -> Option<f64> = match by {
        "type" => {
            types.sort_by(|a, b| a.event_type.cmp(&b.event_type));
            return types;
        }
        "errors" => errors,
        "retries" => retries,
        "dead" => |one| Some(one.dead_lettered as f64),
        "delivered" | "settled" | "handler" => {
            let of = |one: &TypeHandling| match by {
                "delivered" => p95(one.delivered),
                "settled" => p95(one.settled),
                _ => p95(one.handler),
            };
            types.sort_by(|a, b| of(b).unwrap_or(-1.0).total_cmp(&of(a).unwrap_or(-1.0)));
            return types;
        }
        _ => {
            types.sort_by_key(|one| Reverse((one.handled, one.failed)));
            return types;
        }
    };
    types.sort_by(|a, b| key(b).unwrap_or(-1.0).total_cmp(&key(a).unwrap_or(-1.0)));
    types
}

fn errors(one: &TypeHandling) -> Option<f64> {
    percent(one.failed, one.attempts())
}

fn retries(one: &TypeHandling) -> Option<f64> {
    percent(one.retried, one.attempts())
}

fn row(one: &TypeHandling) -> AnyView {
    let name = one.event_type.to_string();
    // a type may be called like one of the sums
    let key = serde_json::to_string(&one.event_type).unwrap_or_default();
    let (class, title) = match one.event_type {
        EventType::Named(_) => ("name clipped", name.clone()),
        EventType::Others => {
            ("muted", "Each group has places for 32 types at a time; the others are added up here.".to_owned())
        }
        EventType::Malformed => {
            ("muted", "No JSON object with an event_type in the field data: a dead letter at once.".to_owned())
        }
    };
    let rate = |percent: Option<f64>| percent.map_or("–".to_owned(), |percent| format!("{percent:.1}\u{202f}%"));
    let failed = match (one.rate_failing(), errors(one)) {
        (Some(status), Some(percent)) => view! { <StatusWord status=status word=rate(Some(percent)) /> }.into_any(),
        (_, percent) => rate(percent).into_any(),
    };
    view! {
        <tr data-key=key>
            <th scope="row" class="lead">
                <span class=class title=title>
                    {name}
                </span>
            </th>
            <td class="num" data-label="Handled / min">
                {grouped(one.handled)}
            </td>
            <td class="num" data-label="Errors" title=format!("{} of {} attempts", grouped(one.failed), grouped(one.attempts()))>
                {failed}
            </td>
            <td class="num second" data-label="Retries">
                {rate(retries(one))}
            </td>
            <td class="num" data-label="Dead">
                {grouped(one.dead_lettered)}
            </td>
            {times("Published → delivered", one.delivered)} {times("Delivered → handled", one.settled)}
            {times("Handler", one.handler)}
        </tr>
    }
    .into_any()
}

/// Three percentiles in one cell, the one that decides in the middle.
fn times(label: &'static str, times: Percentiles) -> AnyView {
    if times.count == 0 {
        return view! {
            <td class="num wide" data-label=label>
                "–"
            </td>
        }
        .into_any();
    }
    let [p50, p95, p99] = [times.p50_ms, times.p95_ms, times.p99_ms].map(short);
    view! {
        <td class="num wide" data-label=label title=format!("p50, p95, p99 of {}", grouped(times.count))>
            <span class="triple">
                <span>{p50}</span>
                <b>{p95}</b>
                <span>{p99}</span>
            </span>
        </td>
    }
    .into_any()
}

/// From here on seconds are too many to be read.
const LONG: Duration = Duration::from_secs(100);

/// `0.4 ms`, `13.2 s`, `24 h 00 min`.
fn short(ms: f64) -> String {
    let time = Duration::from_secs_f64(ms / 1_000.0);
    if time < LONG { milliseconds(ms) } else { humane(time) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(name: &str, handled: u64, failed: u64, p95_ms: Option<f64>) -> TypeHandling {
        let times = p95_ms.map(|p95_ms| Percentiles { count: 1, p50_ms: 0.0, p95_ms, p99_ms: p95_ms });
        let times = times.unwrap_or_default();
        TypeHandling {
            event_type: EventType::Named(name.to_owned()),
            handled,
            failed,
            retried: 0,
            dead_lettered: 0,
            delivered: times,
            settled: times,
            handler: times,
        }
    }

    #[test]
    fn columns_begin_with_the_largest_and_what_is_unknown_comes_last() {
        let types = [one("a", 5, 5, Some(3.0)), one("b", 0, 0, None), one("c", 9, 1, Some(0.0))];
        let names = |by| sorted(&types, by).into_iter().map(|one| one.event_type.to_string()).collect::<String>();
        assert_eq!(names("handled"), "cab");
        assert_eq!(names("errors"), "acb");
        assert_eq!(names("handler"), "acb");
        assert_eq!(names("type"), "abc");
        assert_eq!(names("no such column"), "cab");
    }
}
