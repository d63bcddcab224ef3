//! Whether the log is as it was written, and the log as a file.

use domain::{
    Status, Timestamp,
    audit::{AuditFault, Verification},
};
use leptos::prelude::*;

use super::page::Query;
use crate::{
    address,
    part::{Clock, Icon, Id, Notice, counted, sentence},
};

/// The log as a file, and a walk through its chain.
pub(super) fn actions(text: Option<&str>, now: Timestamp) -> AnyView {
    let file = |format: &'static str, words: &'static str| {
        view! {
            <a class="button quiet" href=address::audit_export(text, format) download="">
                <Icon name="download" />
                {words}
            </a>
        }
    };
    view! {
        {file("jsonl", "JSON lines")}
        {file("csv", "CSV")}
        <a class="button" href=Query::verifying(now)>
            "Verify chain"
        </a>
    }
    .into_any()
}

/// What the walk found.
pub(super) fn told(found: &Verification, query: &Query) -> AnyView {
    let status = if found.is_whole() { Status::Ok } else { Status::Bad };
    let verdict = if found.is_whole() {
        "The log is as it was written."
    } else {
        "The log was changed by something other than this program."
    };
    let acts = counted(found.acts, "act");
    let links = counted(found.links, "link");
    let unchained = (found.unchained > 0).then(|| {
        format!(" Of the acts up to {} nobody can tell: they were begun before there was a chain.", found.unchained)
    });
    let more = (found.more_faults > 0).then(|| view! { <li>{format!("and {} more", found.more_faults)}</li> });
    let faults = (!found.is_whole()).then(|| {
        let rows = found.faults.iter().map(|fault| row(fault, query)).collect_view();
        view! { <ul class="faults">{rows} {more}</ul> }
    });
    let (at, head, compare) = (found.at, found.head.clone(), compare(query));
    view! {
        <section aria-label="The chain" class="chain">
            <Notice status=status>
                <p>
                    <strong>{verdict}</strong>
                    {format!(" {acts} and {links} of the chain, verified at ")}
                    <Clock at=at />
                    "."
                    {unchained}
                </p>
                {faults}
                <p>
                    "Head "
                    <Id text=head />
                </p>
                {compare}
            </Notice>
        </section>
    }
    .into_any()
}

fn row(fault: &AuditFault, query: &Query) -> AnyView {
    let what = sentence(&fault.what);
    match fault.entry {
        Some(entry) => view! {
            <li>
                <a href=query.address(&[("open", entry)])>{format!("Act {entry}")}</a>
                {format!(": {}", fault.what)}
            </li>
        }
        .into_any(),
        None => view! { <li>{what}</li> }.into_any(),
    }
}

/// Who can write the database can write the log anew; not so that a head from before is in it.
fn compare(query: &Query) -> AnyView {
    view! {
        <form class="filters" method="get" action=address::at("/audit")>
            <input type="hidden" name="verify" value=query.verify.unwrap_or_default() />
            <label for="audit-head">"A head you wrote down earlier"</label>
            <input
                class="input mono"
                type="text"
                name="head"
                id="audit-head"
                maxlength="64"
                autocomplete="off"
                spellcheck="false"
                placeholder="64 hexadecimal digits, from here, a file or a log line"
                value=query.head.clone().unwrap_or_default()
            />
            <button class="button" type="submit">
                "Compare"
            </button>
        </form>
    }
    .into_any()
}
