//! How long a stream is, what it weighs, and what trimming it would lose.

use console::history::{Course, Measure};
use domain::{
    Status,
    figure::grouped,
    stream::{EntryId, StreamSample},
};
use leptos::prelude::*;

use super::load::StreamView;
use crate::{
    address,
    history::{charted, head, line},
    part::{Id, Shape, bytes},
};

pub(super) fn memory(view: &StreamView) -> AnyView {
    let Some(sample) = view.sample() else {
        return view! { <p class="muted">"Its figures follow with the next look at Redis."</p> }.into_any();
    };
    view! {
        {view.course.as_ref().map(|course| history(course, sample))}
        <div class="columns">
            <section aria-labelledby="facts">
                <div class="section-head">
                    <h2 id="facts">"Facts"</h2>
                </div>
                {facts(sample)}
            </section>
            <section aria-labelledby="trimming">
                <div class="section-head">
                    <h2 id="trimming">"Trimming and its risk"</h2>
                    <a class="end" href=address::runbook("entries-lost")>
                        "What to do"
                    </a>
                </div>
                {trimming(sample)}
            </section>
        </div>
    }
    .into_any()
}

/// What it was over the range that the address asks for.
fn history(course: &Course, sample: &StreamSample) -> AnyView {
    let name = &sample.name;
    let length = line(course, format!("Entries in {name}"), "entries", "entries", Measure::Length, 10.0);
    let added =
        line(course, format!("Entries added to {name} in a second"), "entries / s", "added", Measure::Added, 1.0);
    let memory = line(course, format!("Memory of {name}"), "bytes", "memory", Measure::Memory, 1_000.0);
    let memory_now = sample.memory_bytes.map_or_else(|| "not measured yet".to_owned(), bytes);
    let added_now = sample.added_per_second.map_or_else(|| "unknown".to_owned(), |rate| format!("{rate:.1} /s"));
    view! {
        <section aria-labelledby="history">
            {head(course)}
            <div class="columns of-charts">
                {charted("length", "Length, entries", grouped(sample.length), String::new(), &length)}
                {charted("added-chart", "Added", added_now, "last minute".to_owned(), &added)}
                {charted("memory-chart", "Memory, bytes", memory_now, String::new(), &memory)}
            </div>
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
    let unread = sample.groups.iter().filter(|group| group.lag.exceeds(0));
    let rows = unread.map(|group| {
        let href = address::group(&group.stream, &group.name);
        view! {
            <li data-key=group.name.clone() data-status="idle">
                <Shape status=Status::Idle />
                <span>
                    <a class="name" href=href>
                        {group.name.clone()}
                    </a>
                    {format!(": trimming past {} would remove entries that it has not read.", group.last_delivered_id)}
                </span>
            </li>
        }
    });
    view! {
        <p>{removed} " " {safe}</p>
        <ul class="timeline on-page">{rows.collect_view()}</ul>
    }
    .into_any()
}
