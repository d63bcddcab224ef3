//! Who gets what the consumers have pending before they are deleted, and the form that does it.

use domain::{
    Refusal,
    figure::grouped,
    operation::{ConsumerDelete, Outcome, Report},
    stream::ConsumerSample,
};
use leptos::prelude::*;

use super::load::{DELETE_CONSUMERS, GroupView};
use crate::{
    address::{self, Parameters},
    history,
    part::Panel,
    repair::{Confirm, confirm, message},
};

/// Consumers offered to take the entries over.
const HEIRS: usize = 50;

pub(super) fn panel(
    view: &GroupView,
    wanted: &ConsumerDelete,
    made: &Result<Report, Refusal>,
    query: &Parameters,
    close: String,
) -> AnyView {
    let title = if wanted.consumers.len() == 1 { "Delete a consumer" } else { "Delete consumers" };
    let body = match made {
        Err(refusal) => message(&refusal.message),
        Ok(report) if report.items.is_empty() => message("there is no such consumer any more: nothing is to be done"),
        Ok(report) => form(view, wanted, report, query),
    };
    let holds = |name: &String| consumers(view).iter().any(|known| known.name.as_str() == *name && known.pending > 0);
    let choice = wanted.consumers.iter().any(holds).then(|| heirs(view, wanted, query));
    view! {
        <Panel kicker="Preview, nothing has happened yet" title=title.into_any() close=close>
            {choice}
            {body}
        </Panel>
    }
    .into_any()
}

fn consumers(view: &GroupView) -> &[ConsumerSample] {
    view.sample().map(|group| group.consumers.as_slice()).unwrap_or_default()
}

/// Who gets the entries: everybody, or one of the others.
fn heirs(view: &GroupView, wanted: &ConsumerDelete, query: &Parameters) -> AnyView {
    let heir = wanted.hand_over_to.clone().unwrap_or_default();
    let mut others: Vec<&ConsumerSample> =
        consumers(view).iter().filter(|known| !wanted.consumers.iter().any(|name| *name == *known.name)).collect();
    // who reads now is most likely to handle them
    others.sort_by(|a, b| (a.idle_ms / 60_000, &a.name).cmp(&(b.idle_ms / 60_000, &b.name)));
    let options = others.into_iter().take(HEIRS).map(|known| {
        let is_heir = known.name.as_str() == heir;
        view! {
            <option value=known.name.to_string() selected=is_heir>
                {known.name.to_string()}
            </option>
        }
    });
    let named = wanted.consumers.iter().map(|name| view! { <input type="hidden" name="who" value=name.clone() /> });
    view! {
        <form class="move-choice" method="get" action=address::group(&view.stream, &view.name)>
            <input type="hidden" name="act" value=DELETE_CONSUMERS />
            {named.collect_view()}
            {history::kept(query)}
            <div class="panel-body">
                <section class="panel-section">
                    <label class="field">
                        "What it has pending goes to"
                        <select class="input" name="heir">
                            <option value="" selected=heir.is_empty()>
                                "whoever takes over idle entries"
                            </option>
                            {options.collect_view()}
                        </select>
                    </label>
                    <button class="button top-gap">"Preview the hand-over"</button>
                </section>
            </div>
        </form>
    }
    .into_any()
}

fn form(view: &GroupView, wanted: &ConsumerDelete, report: &Report, query: &Parameters) -> AnyView {
    let mut fields = vec![("stream", view.stream.clone()), ("group", view.name.clone())];
    fields.extend(wanted.consumers.iter().map(|name| ("consumers[]", name.clone())));
    fields.extend(wanted.empty_for_ms.map(|ms| ("empty_for_ms", ms.to_string())));
    fields.extend(wanted.hand_over_to.clone().map(|name| ("hand_over_to", name)));
    let count = report.count(Outcome::Would);
    let consumers = if count == 1 { "consumer" } else { "consumers" };
    let form = Confirm {
        action: "/api/fn/group/delete_consumers",
        fields,
        title: "Would be done",
        needs_reason: false,
        typed: None,
        button: format!("Delete {} {consumers}", grouped(count as u64)),
        is_danger: false,
    };
    confirm(&form, report, query)
}
