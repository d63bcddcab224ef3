//! Who measured, what was measured, and what is derived where nobody measures.

use std::time::Duration;

use domain::{
    Figure, Status, Timestamp,
    figure::grouped,
    latency::{Heartbeats, ProcessReport},
    stream::{GroupSample, Handling},
    time::humane,
};
use leptos::prelude::*;

use crate::part::{Ago, FigureText, Notice, rate};

/// Processes shown.
const SHOWN: usize = 20;

pub(super) fn processes(at: Timestamp, handling: &Handling) -> AnyView {
    let all = &handling.reports;
    let rows = all.iter().take(SHOWN).enumerate().map(|(place, report)| process(at, place, report)).collect_view();
    let left_out = all.len().saturating_sub(SHOWN);
    let more =
        (left_out > 0).then(|| view! { <p class="muted">{format!("… and {} more", grouped(left_out as u64))}</p> });
    let note = match all.len() {
        1 => "one process".to_owned(),
        n => format!("{} processes, in sum", grouped(n as u64)),
    };
    view! {
        <section aria-labelledby="measured-by">
            <div class="section-head">
                <h3 id="measured-by">"Measured by"</h3>
                <span class="note">{note}</span>
            </div>
            <div class="table-wrap">
                <table class="table small">
                    <caption class="hidden-text">"Processes whose figures these are"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"Process"</th>
                            <th scope="col">"Version"</th>
                            <th scope="col">"Started"</th>
                            <th scope="col" class="num">
                                "Figures"
                            </th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            {more}
        </section>
    }
    .into_any()
}

fn process(at: Timestamp, place: usize, report: &ProcessReport) -> AnyView {
    let dash = || "–".into_any();
    let text = |text: &String| if text.is_empty() { dash() } else { text.clone().into_any() };
    let name = if report.instance.is_empty() { "this process".to_owned() } else { report.instance.clone() };
    let here = (report.here && !report.instance.is_empty()).then_some(" · this process");
    let held = report.paused.then_some(" · held by an operator");
    let started = report.started_at;
    let started = if started == Timestamp::default() { dash() } else { view! { <Ago at=started /> }.into_any() };
    let age = if report.here { "now".to_owned() } else { format!("{} old", humane(at.since(report.at))) };
    view! {
        // two processes may have one name
        <tr data-key=format!("{place}/{name}")>
            <th scope="row" class="lead">
                <span class="name clipped" title=name.clone()>
                    {name.clone()}
                </span>
                <span class="muted">{here} {held}</span>
            </th>
            <td data-label="Version">{text(&report.version)}</td>
            <td data-label="Started">{started}</td>
            <td class="num" data-label="Figures">
                {age}
            </td>
        </tr>
    }
    .into_any()
}

pub(super) fn what_is_measured(group: &GroupSample) -> AnyView {
    view! {
        <section aria-labelledby="measures">
            <div class="section-head">
                <h3 id="measures">"What is measured"</h3>
            </div>
            <dl class="facts prose">
                <dt>"Published → delivered"</dt>
                <dd>
                    "From the millisecond in the entry's id to the answer in which a consumer got it, at its first delivery. Where the \
                     clocks of publisher and reader disagree, a negative time counts as 0."
                </dd>
                <dt>"Delivered → handled"</dt>
                <dd>
                    "From that answer to the end of the attempt that succeeded, its effect committed; with the waits behind its key and \
                     between attempts. The acknowledgement follows at once."
                </dd>
                <dt>"Handler"</dt>
                <dd>"One attempt, handled or failed. Entries that are handled together each take the time of all."</dd>
                <dt>"Errors, retries"</dt>
                <dd>
                    "Of all attempts: those that failed, and those that were not the first of their entry. While a database is away \
                     nothing is counted."
                </dd>
                <dt>"From outside"</dt>
                <dd>
                    {format!(
                        "Redis itself counts {} read and {} acknowledged.",
                        rate(group.read_per_second),
                        rate(group.derived.acknowledged_per_second),
                    )}
                </dd>
            </dl>
        </section>
    }
    .into_any()
}

/// A group of which nobody tells: what follows from what Redis says, each with how it follows.
pub(super) fn derived(group: &GroupSample) -> AnyView {
    let at_least = |ms: Option<u64>| ms.map(|ms| format!("at least {}", humane(Duration::from_millis(ms))));
    let delivered = match (group.behind_ms, at_least(group.behind_ms)) {
        (Some(0), _) => "nothing waits now".to_owned(),
        (_, Some(bound)) => bound,
        (_, None) => "unknown: the id of the oldest unread entry is no time".to_owned(),
    };
    let handled = match (group.pending, at_least(group.derived.oldest_delivery_ms)) {
        (0, _) => "nothing is pending now".to_owned(),
        (_, Some(bound)) => bound,
        (_, None) => "unknown".to_owned(),
    };
    let unknown = |why: &str| view! { <FigureText figure=Figure::unknown(why) /> }.into_any();
    let line = |name: &'static str, value: AnyView, how: &'static str| {
        view! {
            <dt>{name}</dt>
            <dd>
                {value}
                <small class="muted how">{how}</small>
            </dd>
        }
    };
    let per_second = |value: Option<f64>| match value {
        Some(_) => rate(value).into_any(),
        None => unknown("Redis lost the count of entries read, or there was only one look so far"),
    };
    view! {
        <p class="prose">
            "No process tells what its consumers of this group measure: they belong to another program, or no consumer lives. \
             Consumers of this program share their figures through Redis by themselves, by event type. Until then this is what \
             can be told from outside."
        </p>
        <dl class="facts derived top-gap">
            {line("Read", per_second(group.read_per_second), "by the group's entries-read, over the last minute")}
            {line(
                "Acknowledged",
                per_second(group.derived.acknowledged_per_second),
                "entries read less those pending, over the last minute",
            )}
            {line("Published → delivered", delivered.into_any(), "a lower bound: so long the oldest unread entry waits already")}
            {line(
                "Delivered → handled",
                handled.into_any(),
                "a lower bound: so long ago the oldest pending entry was last delivered",
            )}
            {line(
                "Handler",
                unknown("only the consumer sees when a handler begins and ends"),
                "only its consumers can measure it",
            )}
            {line(
                "Errors",
                unknown("a failed attempt leaves no trace in Redis until the entry is given up"),
                "only its consumers can count them",
            )}
        </dl>
    }
    .into_any()
}

/// Why figures may be missing.
pub(super) fn troubles(heartbeats: &Heartbeats) -> Option<AnyView> {
    let Heartbeats { skipped, why, unread, unshared, .. } = heartbeats;
    let mut lines = Vec::new();
    if let Some(why) = unshared {
        lines.push(format!("What the consumers here measure is not seen by other processes: {why}."));
    }
    if let Some(why) = unread {
        lines.push(format!("What consumers in other processes measure cannot be read: {why}."));
    }
    if *skipped > 0 {
        let records = if *skipped == 1 { "One record".to_owned() } else { format!("{} records", grouped(*skipped)) };
        lines.push(format!("{records} of other processes could not be taken: {}.", why.join("; ")));
    }
    if lines.is_empty() {
        return None;
    }
    let lines = lines.into_iter().map(|line| {
        view! {
            <Notice status=Status::Warn>
                <p>{line}</p>
            </Notice>
        }
    });
    let lines = lines.collect_view();
    Some(view! { <div class="troubles">{lines}</div> }.into_any())
}
