//! The figures over all groups.

use std::time::Duration;

use domain::{
    Figure, Status,
    figure::grouped,
    stream::{GroupSample, Handling, PENDING_WARN, Snapshot},
    time::min_sec,
};
use leptos::prelude::*;

use super::{load::Overview, order::percent};
use crate::{
    address,
    chart::Spark,
    part::{FigureText, Metric, metric, metrics},
};

pub(super) fn strip(overview: &Overview) -> AnyView {
    if !overview.is_known() {
        return ().into_any();
    }
    let snapshot = &overview.snapshot;
    let groups: Vec<&GroupSample> = snapshot.streams.iter().flat_map(|stream| &stream.groups).collect();
    let handlings: Vec<&Handling> = groups.iter().filter_map(|group| group.handling.as_ref()).collect();
    metrics(
        "All groups, last minute",
        vec![
            oldest_pending(&groups),
            error_rate(&handlings),
            dead_letters(overview),
            pending(&groups),
            handled(snapshot, &handlings, groups.len()),
            processing(&groups),
        ],
    )
}

fn oldest_pending(groups: &[&GroupSample]) -> AnyView {
    let oldest = groups.iter().filter_map(|group| Some((group.oldest_pending_ms?, *group))).max_by_key(|(ms, _)| *ms);
    let (value, unit, note) = match oldest {
        Some((ms, group)) => (min_sec(Duration::from_millis(ms)), "min:s", format!("in {}", group.name)),
        None => ("–".to_owned(), "", "nothing is pending".to_owned()),
    };
    let is_stuck = oldest.is_some_and(|(ms, _)| Duration::from_millis(ms) >= PENDING_WARN);
    let status = is_stuck.then_some(Status::Warn);
    metric(Metric {
        id: "oldest-pending",
        label: "Oldest pending",
        value: value.into_any(),
        unit,
        note,
        status,
        spark: None,
    })
}

fn error_rate(handlings: &[&Handling]) -> AnyView {
    let failed: u64 = handlings.iter().map(|handling| handling.failed).sum();
    let tried = failed + handlings.iter().map(|handling| handling.handled).sum::<u64>();
    let rate = percent(failed, tried);
    let (value, unit, note) = match rate {
        Some(rate) => (format!("{rate:.1}"), "%", format!("{} of {} attempts failed", grouped(failed), grouped(tried))),
        None if handlings.is_empty() => ("–".to_owned(), "", "no process measures".to_owned()),
        None => ("–".to_owned(), "", "no attempt in a minute".to_owned()),
    };
    // as the verdicts have it: one group that fails is not lost in the sum of many that do not
    let status = handlings.iter().filter_map(|handling| handling.rate_failing()).min();
    metric(Metric { id: "error-rate", label: "Error rate", value: value.into_any(), unit, note, status, spark: None })
}

fn dead_letters(overview: &Overview) -> AnyView {
    let count = overview.snapshot.dead_letters();
    let note = match (&overview.causes, count) {
        (_, 0) => "none".to_owned(),
        (Ok(causes), _) if causes.len() == 1 => "1 cause".to_owned(),
        (Ok(causes), _) => format!("{} causes", causes.len()),
        (Err(_), _) => "causes cannot be read now".to_owned(),
    };
    let history = dead_letter_history(&overview.snapshot);
    let spark = (history.iter().flatten().count() > 1)
        .then(|| view! { <Spark values=history floor=10.0 label="Dead letters over the last hour" /> }.into_any());
    let value = match count {
        0 => "0".into_any(),
        count => view! { <a href=address::at("/dead-letters")>{grouped(count)}</a> }.into_any(),
    };
    metric(Metric { id: "dead-letters", label: "Dead letters", value, unit: "", note, status: None, spark })
}

/// The lengths of all dead-letter streams together. All histories end now; one that is shorter did not exist before.
fn dead_letter_history(snapshot: &Snapshot) -> Vec<Option<f64>> {
    let histories = snapshot.streams.iter().filter(|stream| stream.source.is_some()).map(|s| &s.length_history);
    // newest first; of a step that one of them does not know, nothing is known
    let mut sums: Vec<Option<f64>> = Vec::new();
    for history in histories {
        sums.resize(sums.len().max(history.len()), Some(0.0));
        for (sum, value) in sums.iter_mut().zip(history.iter().rev()) {
            *sum = sum.zip(value).map(|(sum, value)| sum + value as f64);
        }
    }
    sums.reverse();
    sums
}

fn pending(groups: &[&GroupSample]) -> AnyView {
    let pending: u64 = groups.iter().map(|group| group.pending).sum();
    let lag: Figure = groups.iter().map(|group| group.lag.clone()).sum();
    let note = match lag {
        Figure::Exact(0) => "nothing is unread".to_owned(),
        Figure::Exact(n) => format!("{} unread", grouped(n)),
        Figure::AtLeast(n) => format!("at least {} unread", grouped(n)),
        Figure::Unknown(_) => "unread: unknown".to_owned(),
    };
    let value = view! { <FigureText figure=Figure::Exact(pending) /> }.into_any();
    metric(Metric { id: "pending-entries", label: "Pending", value, unit: "", note, status: None, spark: None })
}

fn handled(snapshot: &Snapshot, handlings: &[&Handling], groups: usize) -> AnyView {
    let added: Vec<f64> = snapshot.streams.iter().filter_map(|stream| stream.added_per_second).collect();
    let come_in = if added.is_empty() {
        "no rate yet".to_owned()
    } else {
        format!("{:.1}\u{202f}/s in", added.iter().sum::<f64>().abs())
    };
    let (value, unit, note) = if handlings.is_empty() {
        ("–".to_owned(), "", format!("nobody measures · {come_in}"))
    } else {
        let per_second = handlings.iter().map(|handling| handling.handled).sum::<u64>() as f64 / 60.0;
        let here = if handlings.len() < groups {
            format!(" · {} of {groups} groups", handlings.len())
        } else {
            String::new()
        };
        (format!("{per_second:.1}"), "/s", format!("{come_in}{here}"))
    };
    metric(Metric { id: "handled", label: "Handled", value: value.into_any(), unit, note, status: None, spark: None })
}

/// The slowest group's times: percentiles of several groups cannot be added up.
fn processing(groups: &[&GroupSample]) -> AnyView {
    let measured = groups.iter().filter_map(|group| Some((group, group.handling.as_ref()?)));
    let slowest = measured.filter(|(_, h)| h.handled > 0).max_by(|a, b| a.1.p95_ms.total_cmp(&b.1.p95_ms));
    let (value, unit, note) = match slowest {
        Some((_, handling)) => {
            let (value, unit) = time_and_unit(handling.p95_ms);
            let [p50, p99] = [handling.p50_ms, handling.p99_ms].map(crate::part::milliseconds);
            (value, unit, format!("p50 {p50} · p99 {p99}"))
        }
        None => ("–".to_owned(), "", "none handled in a minute".to_owned()),
    };
    metric(Metric {
        id: "processing",
        label: "Processing p95",
        value: value.into_any(),
        unit,
        note,
        status: None,
        spark: None,
    })
}

fn time_and_unit(ms: f64) -> (String, &'static str) {
    match ms {
        ms if ms < 10.0 => (format!("{ms:.1}"), "ms"),
        ms if ms < 10_000.0 => (format!("{ms:.0}"), "ms"),
        ms => (format!("{:.1}", ms / 1_000.0), "s"),
    }
}
