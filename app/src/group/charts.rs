//! The last hour.

use domain::{
    Timestamp,
    audit::AuditState,
    figure::grouped,
    stream::{BEHIND_BAD, GroupSample, StreamSample},
};
use leptos::prelude::*;

use super::load::GroupView;
use crate::chart::{Caption, HISTORY_STEP, LineChart, Marker, Series, Threshold, chart_figure};

pub(super) fn charts(view: &GroupView, stream: &StreamSample, group: &GroupSample) -> AnyView {
    view! {
        <section aria-labelledby="last-hour">
            <div class="section-head">
                <h2 id="last-hour">"Last hour"</h2>
                <span class="note">"a sample each 10 s; times are UTC"</span>
            </div>
            <div class="columns of-charts">
                {lag(view, stream, group)}
                {length(view, stream)}
            </div>
        </section>
    }
    .into_any()
}

fn line(title: String, end: Timestamp, name: &str, history: &[Option<u64>], markers: Vec<Marker>) -> LineChart {
    let values = history.iter().map(|value| value.map(|value| value as f64)).collect();
    LineChart {
        title,
        unit: "entries".to_owned(),
        end,
        step: HISTORY_STEP,
        series: vec![Series { name: name.to_owned(), values }],
        floor: 10.0,
        threshold: None,
        markers,
    }
}

/// Below this many entries the threshold is no help: it would be in the noise.
const THRESHOLD_AT_LEAST: f64 = 10.0;

fn lag(view: &GroupView, stream: &StreamSample, group: &GroupSample) -> AnyView {
    let markers = view.changes.iter().filter(|act| act.state != AuditState::Failed);
    let markers = markers.map(|act| Marker { at: act.at, label: act.act.replace('.', " ") }).collect();
    let title = format!("Lag of {} in entries", group.name);
    // as much as comes in while a group falls a minute behind
    let a_minute = stream.added_per_second.map(|rate| rate * BEHIND_BAD.as_secs_f64());
    let threshold = a_minute
        .filter(|entries| *entries >= THRESHOLD_AT_LEAST)
        .map(|value| Threshold { value: value.round(), label: "about a minute behind".to_owned() });
    let chart = LineChart { threshold, ..line(title, view.snapshot.at, "lag", &group.lag_history, markers) };
    let note = match group.lag_per_minute {
        Some(rate) if rate.abs() >= 1.0 => format!("{rate:+.0} / min"),
        Some(_) => "steady".to_owned(),
        None => String::new(),
    };
    let now = match group.lag.lower_bound() {
        Some(lag) => grouped(lag),
        None => "unknown".to_owned(),
    };
    chart_figure("lag-chart", Caption { heading: "Lag, entries".to_owned(), now, note, legend: Vec::new() }, &chart)
}

fn length(view: &GroupView, stream: &StreamSample) -> AnyView {
    let title = format!("Entries in {}", stream.name);
    let chart = line(title, view.snapshot.at, "entries", &stream.length_history, Vec::new());
    let note = stream.added_per_second.map(|rate| format!("{rate:.1} /s added")).unwrap_or_default();
    let caption =
        Caption { heading: "Stream length, entries".to_owned(), now: grouped(stream.length), note, legend: Vec::new() };
    chart_figure("length-chart", caption, &chart)
}
