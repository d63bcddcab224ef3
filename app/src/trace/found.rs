//! What a search found, as a table.

use domain::trace::Found;
use leptos::prelude::*;
use streams::search::Search;

use crate::{
    address,
    part::{Clock, Empty, visible},
};

/// `left_out`: streams that were not looked through at all.
pub(super) fn results(search: &Search, left_out: usize) -> AnyView {
    if search.found.is_empty() {
        let (title, words) = if search.go_on.is_empty() && left_out > 0 {
            (
                "No event matches so far",
                "Every entry of the streams that were looked through was looked at; others were left out.",
            )
        } else if search.go_on.is_empty() {
            ("No event matches", "Every entry in question was looked at. Check the spelling, or leave a field out.")
        } else {
            ("Nothing so far", "None of the entries that were looked at matches; older ones may.")
        };
        return view! {
            <Empty title=title>
                <p>{words}</p>
            </Empty>
        }
        .into_any();
    }
    let rows = search.found.iter().map(row).collect_view();
    view! {
        <div class="table-wrap">
            <table class="table small" id="found">
                <caption class="hidden-text">"Events, newest first"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Added"</th>
                        <th scope="col">"Type"</th>
                        <th scope="col">"Aggregate"</th>
                        <th scope="col" class="second">
                            "Entry"
                        </th>
                        <th scope="col">"Trace"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn row(found: &Found) -> AnyView {
    let Found { stream, entry, envelope, .. } = found;
    let added = if entry.tells_time() {
        view! { <Clock at=entry.added_at() /> }.into_any()
    } else {
        view! { <span class="muted">"not known"</span> }.into_any()
    };
    let id = envelope.correlation_id.as_ref().or(envelope.event_id.as_ref());
    let trace = id.map_or_else(
        || view! { <span class="muted">"no id"</span> }.into_any(),
        |id| {
            let words = visible(&id.chars().take(36).collect::<String>());
            view! { <a class="mono" href=address::trace_of_entry(id, stream, *entry)>{words}</a> }.into_any()
        },
    );
    let text = |text: &Option<String>| visible(text.as_deref().unwrap_or("none"));
    view! {
        <tr data-key=format!("{stream}@{entry}")>
            <td data-label="Added">{added}</td>
            <th scope="row">{text(&envelope.event_type)}</th>
            <td class="mono" data-label="Aggregate">{text(&envelope.aggregate_id)}</td>
            <td class="second mono" data-label="Entry">
                <a href=address::entry(stream, *entry)>{format!("{stream} {entry}")}</a>
            </td>
            <td data-label="Trace">{trace}</td>
        </tr>
    }
    .into_any()
}
