//! Which entries are deleted, what each group loses by that, and the form that does it.

use domain::{
    Refusal,
    figure::grouped,
    operation::{Outcome, Report},
};
use leptos::prelude::*;

use super::preview::DELETE_ENTRIES;
use crate::{
    address::{self, Parameters},
    part::Panel,
    repair::{Confirm, confirm, message},
};

pub(super) fn panel(
    stream: &str,
    ids: &str,
    made: Option<&Result<Report, Refusal>>,
    query: &Parameters,
    close: &str,
) -> AnyView {
    let choice = choice(stream, ids);
    let preview = made.map(|made| match made {
        Err(refusal) => message(&refusal.message),
        Ok(report) => {
            let all = report.items.iter().map(|item| item.item.as_str()).collect::<Vec<_>>().join(" ");
            let form = Confirm {
                action: "/api/fn/stream/delete_entries",
                fields: vec![("stream", stream.to_owned()), ("ids", all)],
                title: "Would be deleted",
                needs_reason: true,
                typed: None,
                button: format!("Delete {}", entries(report.count(Outcome::Would))),
                is_danger: true,
            };
            confirm(&form, report, query)
        }
    });
    view! {
        <Panel kicker="Preview, nothing has happened yet" title="Delete entries".into_any() close=close.to_owned()>
            {choice}
            {preview}
        </Panel>
    }
    .into_any()
}

fn choice(stream: &str, ids: &str) -> AnyView {
    view! {
        <form class="move-choice" method="get" action=address::stream(stream)>
            <input type="hidden" name="act" value=DELETE_ENTRIES />
            <div class="panel-body">
                <section class="panel-section">
                    <label class="field">
                        "Entry ids, separated by spaces"
                        <textarea class="input mono" name="ids" rows="3" required spellcheck="false">
                            {ids.to_owned()}
                        </textarea>
                    </label>
                    <button class="button top-gap">"Preview the deletion"</button>
                </section>
            </div>
        </form>
    }
    .into_any()
}

fn entries(count: usize) -> String {
    format!("{} {}", grouped(count as u64), if count == 1 { "entry" } else { "entries" })
}
