//! The figures of the group.

use std::time::Duration;

use domain::{
    Figure, Status,
    figure::grouped,
    stream::{BEHIND_BAD, BEHIND_WARN, GroupSample, Handling, PENDING_WARN},
};
use leptos::prelude::*;

use crate::{
    address,
    overview::{behind, drained_in, error_percent},
    part::{FigureText, Metric, age_min_sec, metric, metrics, milliseconds},
};

pub(super) fn strip(group: &GroupSample) -> AnyView {
    metrics(
        "Group now",
        vec![lag(group), behind_cell(group), oldest_pending(group), drained(group), errors(group), dead(group)],
    )
}

fn is_long(ms: Option<u64>, limit: Duration) -> bool {
    ms.is_some_and(|ms| Duration::from_millis(ms) >= limit)
}

fn lag(group: &GroupSample) -> AnyView {
    let note = match (&group.lag, group.lag_reported) {
        (Figure::Unknown(reason), _) => reason.clone(),
        (_, Some(reported)) => format!("corrected: Redis says {}", grouped(reported)),
        (Figure::AtLeast(_), None) => "counted up to a cap".to_owned(),
        (Figure::Exact(_), None) => "exact, checked".to_owned(),
    };
    let status = matches!(group.lag, Figure::Unknown(_)).then_some(Status::Unknown);
    let value = view! { <FigureText figure=group.lag.clone() /> }.into_any();
    metric(Metric { id: "lag", label: "Lag", value, unit: "entries", note, status, spark: None })
}

fn behind_cell(group: &GroupSample) -> AnyView {
    let status = if is_long(group.behind_ms, BEHIND_BAD) {
        Some(Status::Bad)
    } else {
        is_long(group.behind_ms, BEHIND_WARN).then_some(Status::Warn)
    };
    let note = match group.behind_ms {
        Some(0) => "nothing is unread".to_owned(),
        _ => "age of the oldest unread entry".to_owned(),
    };
    metric(Metric { id: "behind", label: "Behind", value: behind(group), unit: "min:s", note, status, spark: None })
}

fn oldest_pending(group: &GroupSample) -> AnyView {
    let (unit, note) = match group.pending {
        0 => ("", "nothing is pending".to_owned()),
        pending => ("min:s", format!("{} pending", grouped(pending))),
    };
    let status = is_long(group.oldest_pending_ms, PENDING_WARN).then_some(Status::Warn);
    let value = age_min_sec(group.oldest_pending_ms).into_any();
    metric(Metric { id: "oldest-pending", label: "Oldest pending", value, unit, note, status, spark: None })
}

fn drained(group: &GroupSample) -> AnyView {
    let note = match group.lag_per_minute {
        Some(rate) if rate.abs() < 1.0 => "lag is steady".to_owned(),
        Some(rate) => format!("{rate:+.0} / min net"),
        None => "no rate yet".to_owned(),
    };
    metric(Metric {
        id: "drained",
        label: "Drained in",
        value: drained_in(group),
        unit: "",
        note,
        status: None,
        spark: None,
    })
}

fn errors(group: &GroupSample) -> AnyView {
    let (value, unit, note) = match (error_percent(group), &group.handling) {
        (Some(percent), Some(handling)) => {
            let note =
                format!("p95 {} · {:.1}\u{202f}/s", milliseconds(handling.p95_ms), handling.handled as f64 / 60.0);
            (format!("{percent:.1}"), "%", note)
        }
        (_, None) => ("–".to_owned(), "", "nobody measures it".to_owned()),
        (None, Some(_)) => ("–".to_owned(), "", "no attempt in a minute".to_owned()),
    };
    let status = group.handling.as_ref().and_then(Handling::rate_failing);
    metric(Metric { id: "errors", label: "Error rate", value: value.into_any(), unit, note, status, spark: None })
}

fn dead(group: &GroupSample) -> AnyView {
    let figure = view! { <FigureText figure=group.dead_letters.clone() /> };
    let value = match group.dead_letters {
        // there is nothing to look at
        Figure::Exact(0) => figure.into_any(),
        _ => view! { <a href=address::dead_letters_of(&group.stream, Some(&group.name))>{figure}</a> }.into_any(),
    };
    let last = group.handling.as_ref().map(|handling| handling.dead_lettered);
    let note = match last {
        Some(0) => "none in the last minute".to_owned(),
        Some(n) => format!("{} in the last minute", grouped(n)),
        None => "given up by this group".to_owned(),
    };
    metric(Metric {
        id: "dead",
        label: "Dead letters",
        value,
        unit: "",
        note,
        // a malformed entry becomes one without an attempt, so that no error rate shows it
        status: last.is_some_and(|last| last > 0).then_some(Status::Warn),
        spark: None,
    })
}
