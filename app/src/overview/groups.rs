//! All groups as a table, worst first or as the address says.

use std::time::Duration;

use domain::{
    Figure, Status,
    figure::grouped,
    stream::{GroupSample, Snapshot},
    time::humane,
};
use leptos::prelude::*;

use super::{
    order::{error_percent, is_problem, sorted},
    worst::LAG_FLOOR,
};
use crate::{
    address::{self, Parameters},
    chart::Spark,
    part::{FigureText, Icon, Order, PageNumber, StatusWord, age_min_sec, milliseconds, sort_head},
};

/// Groups on one page of the table.
const PER_PAGE: usize = 100;

pub(super) fn groups(snapshot: &Snapshot, query: &Parameters) -> AnyView {
    let sort = query.get("sort").unwrap_or_default();
    let only_problems = query.get("problems").is_some_and(|word| word == "only");
    let all = sorted(snapshot, &sort);
    let (total, problems) = (all.len(), all.iter().filter(|group| is_problem(group)).count());
    let shown: Vec<_> = all.into_iter().filter(|group| !only_problems || is_problem(group)).collect();
    let slice = PageNumber::read(query).of_long(shown.len(), PER_PAGE);
    let filter = match (only_problems, problems) {
        (true, _) => Some((None, format!("All {total} groups"))),
        (false, 0) => None,
        (false, 1) => Some((Some("only"), "Only the one with a problem".to_owned())),
        (false, n) => Some((Some("only"), format!("Only the {n} with a problem"))),
    };
    let filter = filter.map(|(value, words)| {
        let href = address::here_with(&[("problems", value), ("page", None)]);
        view! {
            <a class="end" href=href>
                {words}
            </a>
        }
    });
    let rows = slice.of(shown).into_iter().map(row).collect_view();
    let sorted_by = if sort.is_empty() { "status".to_owned() } else { sort };
    view! {
        <section aria-labelledby="groups">
            <div class="section-head">
                <h2 id="groups">{if sorted_by == "status" { "Groups, worst first" } else { "Groups" }}</h2>
                <span class="note">"lag in entries, times in min:s"</span>
                {filter}
            </div>
            <div class="table-wrap">
                <table class="table">
                    <caption class="hidden-text">"Consumer groups"</caption>
                    {head(&sorted_by)}
                    <tbody>{rows}</tbody>
                </table>
            </div>
            {slice.foot("Groups")}
        </section>
    }
    .into_any()
}

fn head(sorted_by: &str) -> AnyView {
    let figure = |column, label, class| sort_head(column, label, Order::Descending, class, sorted_by);
    view! {
        <thead>
            <tr>
                {figure("status", "Status", "")} {sort_head("group", "Group", Order::Ascending, "", sorted_by)}
                {sort_head("stream", "Stream", Order::Ascending, "", sorted_by)} {figure("lag", "Lag", "num")}
                {figure("behind", "Behind", "num")} <th scope="col" class="fourth">
                    "Last hour"
                </th> {figure("drained", "Drained in", "num third")} {figure("oldest", "Oldest pending", "num")}
                {figure("pending", "Pending", "num second")} {figure("dead", "Dead", "num")}
                {figure("errors", "Errors", "num second")} {figure("handled", "Handled", "num third")}
                {figure("p95", "p95", "num third")}
            </tr>
        </thead>
    }
    .into_any()
}

fn row(group: &GroupSample) -> AnyView {
    let verdict = &group.verdict;
    let handling = group.handling.as_ref();
    let handled = handling.map_or("–".to_owned(), |h| format!("{:.1}\u{202f}/s", h.handled as f64 / 60.0));
    let p95 = handling.filter(|h| h.handled > 0).map_or("–".to_owned(), |h| milliseconds(h.p95_ms));
    let errors = error_percent(group).map_or("–".to_owned(), |percent| format!("{percent:.1}\u{202f}%"));
    view! {
        <tr data-key=format!("{}/{}", group.stream, group.name) data-status=verdict.status.as_str()>
            <td class="lead">
                <StatusWord status=verdict.status word=verdict.word.clone() reason=verdict.reason.clone() />
            </td>
            <th scope="row" class="lead">
                <a class="name clipped" href=address::group(&group.stream, &group.name) title=group.name.clone()>
                    {group.name.clone()}
                </a>
            </th>
            <td class="sub" data-label="Stream">
                <a class="muted mono clipped" href=address::stream(&group.stream) title=group.stream.clone()>
                    {group.stream.clone()}
                </a>
            </td>
            <td class="num" data-label="Lag">
                <FigureText figure=group.lag.clone() />
            </td>
            <td class="num" data-label="Behind">
                {behind(group)}
            </td>
            <td class="fourth" data-label="Last hour">
                {trend(group)}
            </td>
            <td class="num third" data-label="Drained in">
                {drained_in(group)}
            </td>
            <td class="num" data-label="Oldest pending">
                {age_min_sec(group.oldest_pending_ms)}
            </td>
            <td class="num second" data-label="Pending">
                {grouped(group.pending)}
            </td>
            <td class="num" data-label="Dead">
                {dead(group)}
            </td>
            <td class="num second" data-label="Errors">
                {errors}
            </td>
            <td class="num third" data-label="Handled">
                {handled}
            </td>
            <td class="num third" data-label="p95">
                {p95}
            </td>
        </tr>
    }
    .into_any()
}

/// The age of the oldest unread entry; a dash with its reason where it is unknown.
pub(crate) fn behind(group: &GroupSample) -> AnyView {
    if group.behind_ms.is_some() {
        return age_min_sec(group.behind_ms).into_any();
    }
    let reason = match &group.lag {
        Figure::Unknown(reason) => reason.clone(),
        _ => "the id of the oldest unread entry does not say when it was added".to_owned(),
    };
    view! { <FigureText figure=Figure::Unknown(reason) /> }.into_any()
}

pub(crate) fn drained_in(group: &GroupSample) -> AnyView {
    match (&group.lag, group.drained_in_ms) {
        (Figure::Unknown(reason), _) => view! { <FigureText figure=Figure::Unknown(reason.clone()) /> }.into_any(),
        (_, Some(ms)) => format!("≈ {}", humane(Duration::from_millis(ms))).into_any(),
        (lag, None) if lag.exceeds(0) => "not draining".into_any(),
        _ => view! { <span class="muted">"–"</span> }.into_any(),
    }
}

fn dead(group: &GroupSample) -> AnyView {
    match group.dead_letters {
        Figure::Exact(0) => "0".into_any(),
        _ => view! {
            <a href=address::dead_letters_of(&group.stream, Some(&group.name))>
                <FigureText figure=group.dead_letters.clone() />
            </a>
        }
        .into_any(),
    }
}

/// The course of the lag with its direction, as an arrow and in words.
pub(crate) fn trend(group: &GroupSample) -> AnyView {
    let (icon, word) = match group.lag_per_minute {
        Some(rate) if rate >= 1.0 => (Some("up"), "growing"),
        Some(rate) if rate <= -1.0 => (Some("down"), "shrinking"),
        Some(_) => (Some("arrow"), "steady"),
        None => (None, "no rate yet"),
    };
    let is_bad = matches!(group.verdict.status, Status::Bad | Status::Warn);
    let status = is_bad.then_some(group.verdict.status);
    let values = group.lag_history.iter().map(|lag| lag.map(|lag| lag as f64)).collect();
    let label = format!("Lag over the last hour, {word}");
    view! {
        <span class="trend" data-status=status.unwrap_or(Status::Idle).as_str()>
            <Spark values=values floor=LAG_FLOOR label=label status=status />
            {icon.map(|name| view! { <Icon name=name /> })}
        </span>
    }
    .into_any()
}
