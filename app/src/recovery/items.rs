//! The entries of a job: what would become of each, what became of it.

use domain::{
    dead_letter::Cursor,
    figure::grouped,
    recovery::{Item, ItemState, State},
};
use leptos::prelude::*;

use super::{job::Shown, words};
use crate::{
    address,
    part::{StatusWord, sentence, turning},
};

pub(super) fn section(shown: &Shown) -> AnyView {
    let rows = shown.page.items.iter().map(row).collect_view();
    let is_freezing = shown.job.state == State::Freezing;
    let nothing = shown.page.items.is_empty().then(|| {
        let words = if is_freezing {
            "They appear as they are written down."
        } else if shown.state.is_some() {
            "No entry is in this state."
        } else {
            "Nothing fitted: there was no such entry when the job was made."
        };
        view! { <p class="muted top-gap">{words}</p> }
    });
    view! {
        <section class="job-items" aria-labelledby="entries-h">
            <div class="section-head">
                <h2 id="entries-h">"Entries"</h2>
            </div>
            {tabs(shown)}
            {nothing}
            {(!shown.page.items.is_empty()).then(|| table(rows.into_any()))}
            {foot(shown)}
        </section>
    }
    .into_any()
}

fn table(rows: AnyView) -> AnyView {
    view! {
        <div class="table-wrap">
            <table class="table small">
                <caption class="hidden-text">"Entries of the job"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Entry"</th>
                        <th scope="col">"Key"</th>
                        <th scope="col" class="second">
                            "Group"
                        </th>
                        <th scope="col">"State"</th>
                        <th scope="col">"What would be done, or was"</th>
                        <th scope="col" class="num second" title="Newer entries of its key that the group was given">
                            "Newer"
                        </th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// One state, or all; with their counts.
fn tabs(shown: &Shown) -> AnyView {
    let counts = shown.job.counts;
    let tab = |state: Option<ItemState>, label: &'static str, count: u64| {
        let href = address::here_with(&[("state", state.map(ItemState::as_str)), ("after", None)]);
        view! {
            <a href=href aria-current=(shown.state == state).then_some("page")>
                {label} " " <span class="muted">{grouped(count)}</span>
            </a>
        }
    };
    let all = counts.total();
    let states = ItemState::ALL.map(|state| {
        let mut counts = counts;
        let count = *counts.of(state);
        (count > 0 || shown.state == Some(state)).then(|| tab(Some(state), words::item(state).1, count))
    });
    view! {
        <nav class="tabs" aria-label="States">
            {tab(None, "All", all)} {states.into_iter().flatten().collect_view()}
        </nav>
    }
    .into_any()
}

fn row(item: &Item) -> AnyView {
    let (status, word) = words::item(item.state);
    let entry = match item.record {
        // the record is gone once it was sent
        Some(id) if matches!(item.state, ItemState::Queued | ItemState::Skipped) => {
            address::dead_letter(&Cursor { stream: item.stream.clone(), id })
        }
        _ => address::entry(&item.stream, item.added_as.unwrap_or(item.source_id)),
    };
    let newer = item.newer.map_or_else(|| "–".to_owned(), grouped);
    view! {
        <tr data-key=format!("item-{}", item.place)>
            <th scope="row" class="lead">
                <span class="two-lines">
                    <a class="mono" href=entry>
                        {item.source_id.to_string()}
                    </a>
                    <small>
                        {item.stream.clone()}
                        {item.event_type.as_ref().map(|of| format!(", {of}"))}
                    </small>
                </span>
            </th>
            <td data-label="Key">
                <span class="mono">{item.key.clone().unwrap_or_else(|| "–".to_owned())}</span>
            </td>
            <td class="second" data-label="Group">
                <span class="mono">{item.group.clone()}</span>
            </td>
            <td data-label="State">
                <StatusWord status=status word=word />
            </td>
            <td class="grow wide" data-label="What">
                {sentence(&item.detail)}
            </td>
            <td class="num second" data-label="Newer">
                {newer}
            </td>
        </tr>
    }
    .into_any()
}

fn foot(shown: &Shown) -> Option<AnyView> {
    if shown.after == 0 && shown.page.after.is_none() {
        return None;
    }
    let first = shown.page.items.first().map_or(0, |item| item.place.unsigned_abs());
    let last = shown.page.items.last().map_or(0, |item| item.place.unsigned_abs());
    let words = format!("Entries {}–{}", grouped(first), grouped(last));
    let back = (shown.after > 0).then(|| address::here_with(&[("after", None)]));
    let on = shown.page.after.map(|after| address::here_with(&[("after", Some(&after.to_string()))]));
    Some(turning(words, back, on, ["First page", "Next"]))
}
