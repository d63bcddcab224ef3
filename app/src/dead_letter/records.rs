//! The records of what is chosen, and the two repairs of what is ticked.

use domain::{
    dead_letter::{Cause, Cursor, DeadLetter, DeadLetterPage},
    figure::grouped,
};
use leptos::prelude::*;

use super::{
    query::{AT_MOST, PATH, Query, Repair},
    rights::Rights,
};
use crate::{
    address,
    part::{Clock, Icon, Off},
};

pub(super) fn records(page: &DeadLetterPage, cause: Option<&Cause>, query: &Query, rights: &Rights) -> AnyView {
    let title = cause.map_or_else(|| "Records".to_owned(), |cause| cause.error.clone());
    view! {
        <section class="records" aria-labelledby="records-h">
            <div class="section-head">
                <h2 id="records-h">{title}</h2>
            </div>
            {cause.map(facts)}
            {if page.records.is_empty() { nothing(query) } else { form(page, query, rights) }}
        </section>
    }
    .into_any()
}

fn facts(cause: &Cause) -> AnyView {
    view! {
        <dl class="fact-line">
            <div>
                <dt>"Stream"</dt>
                <dd>
                    <a class="mono" href=address::stream(&cause.stream)>
                        {cause.stream.clone()}
                    </a>
                </dd>
            </div>
            <div>
                <dt>"Group"</dt>
                <dd>{group_link(&cause.stream, &cause.group)}</dd>
            </div>
            <div>
                <dt>"Type"</dt>
                <dd>{cause.event_type.clone().unwrap_or_else(|| "none".to_owned())}</dd>
            </div>
            <div>
                <dt>"Fingerprint"</dt>
                <dd class="mono" title=cause.fingerprint.clone()>
                    {cause.fingerprint.chars().take(8).collect::<String>()}
                </dd>
            </div>
        </dl>
    }
    .into_any()
}

/// A record that another program wrote may name no group.
pub(super) fn group_link(stream: &str, group: &str) -> AnyView {
    if group.is_empty() {
        return view! { <span class="muted">"none"</span> }.into_any();
    }
    view! { <a class="mono" href=address::group(stream, group)>{group.to_owned()}</a> }.into_any()
}

fn nothing(query: &Query) -> AnyView {
    let text = if query.text.is_some() {
        "No record matches the search. It looks for a part of the error, the key, the event id or the source id."
    } else {
        "Nothing is left of this: its records were sent back or thrown away. If entries fail again, they come back here."
    };
    view! {
        <p class="top-gap muted">{text} " " <a href=address::at(PATH)>"All causes"</a></p>
    }
    .into_any()
}

fn form(page: &DeadLetterPage, query: &Query, rights: &Rights) -> AnyView {
    let hidden = query.choice().into_iter().filter_map(|(name, value)| {
        value.map(|value| view! { <input type="hidden" name=name value=value.to_owned() /> })
    });
    // a list of one cause need not repeat its error
    let with_error = query.cause.is_none();
    let rows = page.records.iter().map(|record| row(record, query, with_error));
    let newest = page.records.iter().map(|record| record.id).max().filter(|_| query.before.is_none());
    view! {
        <form method="get" action=address::at(PATH) class="records-form">
            {hidden.collect_view()}
            {newest.map(|id| view! { <input type="hidden" name="upto" value=id.to_string() /> })}
            <div class="selection top-gap">
                <span class="count">
                    <span class="when-none">
                        "Nothing ticked: an act takes " <b>{taken(page.total)}</b> " after a preview"
                    </span>
                    <span class="when-ticked">"An act takes what is ticked, after a preview"</span>
                </span>
                {button(Repair::Replay, page.total, rights)}
                {button(Repair::Discard, page.total, rights)}
                {job(page.total, rights)}
            </div>
            <div class="table-wrap">
                <table class="table small">
                    <caption class="hidden-text">"Records, newest first"</caption>
                    <thead>
                        <tr>
                            <th scope="col" class="tick">
                                <label>
                                    <input type="checkbox" data-select-all="item" aria-label="Select all shown" />
                                </label>
                            </th>
                            <th scope="col">"Record"</th>
                            <th scope="col">"Key"</th>
                            {with_error.then(|| view! { <th scope="col">"Error"</th> })}
                            <th scope="col" class="num">
                                "Dead since"
                            </th>
                            <th scope="col" class="num second">
                                "Attempts"
                            </th>
                            <th scope="col">"Source entry"</th>
                        </tr>
                    </thead>
                    <tbody>{rows.collect_view()}</tbody>
                </table>
            </div>
            {foot(page, query)}
        </form>
    }
    .into_any()
}

/// `all 3`, `the newest 1 000`.
fn taken(total: u64) -> String {
    if total > AT_MOST as u64 {
        format!("the newest {}", grouped(AT_MOST as u64))
    } else {
        format!("all {}", grouped(total))
    }
}

fn button(repair: Repair, total: u64, rights: &Rights) -> AnyView {
    let label = repair.label();
    if let Err(why) = rights.may(repair) {
        return view! { <Off label=format!("{label}…") why=why id=format!("off-{}", repair.word()) /> }.into_any();
    }
    let class = if repair == Repair::Replay { "button primary" } else { "button danger" };
    view! {
        <button class=class type="submit" name="act" value=repair.word()>
            <span class="when-none">{format!("{label} {}…", taken(total))}</span>
            <span class="when-ticked">{format!("{label} ticked…")}</span>
        </button>
    }
    .into_any()
}

/// The way to a job: for more than one act takes, or more slowly.
fn job(total: u64, rights: &Rights) -> AnyView {
    if let Err(why) = rights.may(Repair::Replay) {
        return view! { <Off label="Recover as a job…" why=why id="off-job" /> }.into_any();
    }
    view! {
        <button class="button" type="submit" formaction=address::recovery() name="new" value="dead_letters">
            <span class="when-none">{format!("Recover all {} as a job…", grouped(total))}</span>
            <span class="when-ticked">"Recover ticked as a job…"</span>
        </button>
    }
    .into_any()
}

fn row(record: &DeadLetter, query: &Query, with_error: bool) -> AnyView {
    let provenance = &record.provenance;
    let at = Cursor { stream: provenance.stream.clone(), id: record.id };
    let current = query.open.as_ref() == Some(&at);
    let source = if record.source_present { "present" } else { "gone" };
    view! {
        <tr data-key=at.to_string() aria-current=current.then_some("true")>
            <td class="tick">
                <label>
                    <input
                        type="checkbox"
                        name="item"
                        value=at.to_string()
                        checked=query.items.contains(&at)
                        aria-label=format!("Select {}", record.id)
                    />
                </label>
            </td>
            <th scope="row" class="lead">
                <a class="mono" href=query.address([("open", at.to_string())])>
                    {record.id.to_string()}
                </a>
            </th>
            <td data-label="Key">
                <span class="mono">{provenance.key.clone().unwrap_or_else(|| "–".to_owned())}</span>
            </td>
            {with_error
                .then(|| {
                    view! {
                        <td class="grow wide" data-label="Error" title=provenance.error.clone()>
                            {provenance.error.clone()}
                        </td>
                    }
                })}
            <td class="num" data-label="Dead since">
                <Clock at=provenance.last_failed_at />
            </td>
            <td class="num second" data-label="Attempts">
                {provenance.attempts}
            </td>
            <td data-label="Source entry" title=source_means(record.source_present)>
                {source}
            </td>
        </tr>
    }
    .into_any()
}

/// What it means for a replay.
pub(super) const fn source_means(present: bool) -> &'static str {
    if present {
        "The entry is still in its stream: a replay gives it back to its group, and no other group sees it."
    } else {
        "The entry is gone from its stream: a replay adds it again, marked so that only its group handles it."
    }
}

fn foot(page: &DeadLetterPage, query: &Query) -> AnyView {
    let first_page = Query { before: None, ..query.clone() };
    let newest = query.before.is_some().then(|| {
        view! {
            <a class="button quiet" href=first_page.address([])>
                <Icon name="prev" />
                "Newest"
            </a>
        }
    });
    let older = page.older.as_ref().map(|older| {
        view! {
            <a class="button quiet" href=first_page.address([("before", older.to_string())])>
                "Older"
                <Icon name="next" />
            </a>
        }
    });
    let shown = format!("{} of {}", grouped(page.records.len() as u64), grouped(page.total));
    view! {
        <div class="table-foot">
            <span>{shown}</span>
            <nav aria-label="Pages of records">{newest} {older}</nav>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repair_takes_no_more_than_its_limit() {
        assert_eq!(taken(3), "all 3");
        assert_eq!(taken(1_000), "all 1\u{202f}000");
        assert_eq!(taken(1_001), "the newest 1\u{202f}000");
    }
}
