//! How long a stream is, what it weighs, and what trimming it would lose.

use domain::{
    figure::grouped,
    stream::{EntryId, StreamSample},
};
use leptos::prelude::*;

use super::{load::StreamView, risk::risks};
use crate::{
    address,
    chart::{Caption, HISTORY_STEP, LineChart, Series, chart_figure},
    part::{Id, Shape, bytes},
};

pub(super) fn memory(view: &StreamView) -> AnyView {
    let Some(sample) = view.sample() else {
        return view! { <p class="muted">"Its figures follow with the next look at Redis."</p> }.into_any();
    };
    view! {
        <div class="columns">
            <section aria-labelledby="facts">
                <div class="section-head">
                    <h2 id="facts">"Facts"</h2>
                </div>
                {facts(sample)}
            </section>
            {length_chart(view, sample)}
        </div>
        <section aria-labelledby="trimming">
            <div class="section-head">
                <h2 id="trimming">"Trimming and its risk"</h2>
                <a class="end" href=address::runbook("lag-unknown")>
                    "What to do"
                </a>
            </div>
            {trimming(sample)}
        </section>
    }
    .into_any()
}

fn facts(sample: &StreamSample) -> AnyView {
    let id_fact = |name: &'static str, id: Option<String>| {
        view! {
            <dt>{name}</dt>
            <dd>
                {match id {
                    Some(id) => view! { <Id text=id /> }.into_any(),
                    None => view! { <span class="muted">"none"</span> }.into_any(),
                }}
            </dd>
        }
    };
    let deleted = Some(sample.max_deleted_id).filter(|id| *id != EntryId::ZERO);
    let memory = sample.memory_bytes.map_or_else(|| "not measured yet".to_owned(), bytes);
    view! {
        <dl class="facts">
            {id_fact("First entry", sample.first_id.map(|id| id.to_string()))}
            {id_fact("Last id ever", Some(sample.last_id.to_string()))}
            {id_fact("Largest id deleted", deleted.map(|id| id.to_string()))} <dt>"Entries"</dt>
            <dd>{grouped(sample.length)}</dd> <dt>"Ever added"</dt> <dd>{grouped(sample.entries_added)}</dd>
            <dt>"Memory"</dt> <dd>{memory}</dd>
        </dl>
    }
    .into_any()
}

fn length_chart(view: &StreamView, sample: &StreamSample) -> AnyView {
    let values = sample.length_history.iter().map(|length| length.map(|length| length as f64)).collect();
    let chart = LineChart {
        title: format!("Entries in {}", sample.name),
        unit: "entries".to_owned(),
        end: view.snapshot.at,
        step: HISTORY_STEP,
        series: vec![Series { name: "entries".to_owned(), values }],
        floor: 10.0,
        threshold: None,
        markers: Vec::new(),
    };
    let caption = Caption {
        heading: "Length".to_owned(),
        now: grouped(sample.length),
        note: "entries".to_owned(),
        ..Caption::default()
    };
    chart_figure("length", caption, &chart)
}

/// What was removed, what every group has read, and what each group would lose.
fn trimming(sample: &StreamSample) -> AnyView {
    let removed = sample.entries_added.saturating_sub(sample.length);
    let removed = match removed {
        0 => "No entry was ever removed, so none can have been lost.".to_owned(),
        n => format!(
            "{} of {} entries were removed, by trimming or by deleting.",
            grouped(n),
            grouped(sample.entries_added)
        ),
    };
    let read_by_all = sample.groups.iter().map(|group| {
        let unread = group.last_delivered_id.next();
        group.oldest_pending_id.map_or(unread, |pending| pending.min(unread))
    });
    let safe = match read_by_all.min() {
        None => "No group reads it, so trimming it loses nothing that is waited for.".to_owned(),
        Some(id) if id == EntryId::ZERO.next() => {
            "A group has read nothing yet, so trimming anything loses it.".to_owned()
        }
        Some(id) => format!("Every group is through with what lies before {id}; trimming that loses nothing."),
    };
    let rows = sample.groups.iter().flat_map(|group| {
        risks(sample, group).into_iter().map(|risk| {
            let href = address::group(&group.stream, &group.name);
            view! {
                <li data-key=group.name.clone() data-status=risk.status.as_str()>
                    <Shape status=risk.status />
                    <span>
                        <a class="name" href=href>
                            {group.name.clone()}
                        </a>
                        ": "
                        {risk.words}
                        "."
                    </span>
                </li>
            }
        })
    });
    view! {
        <p>{removed} " " {safe}</p>
        <ul class="timeline on-page">{rows.collect_view()}</ul>
    }
    .into_any()
}
