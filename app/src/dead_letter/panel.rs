//! The panel: one record, or the report of an act.

use domain::{
    Refusal,
    audit::AuditEntry,
    dead_letter::{Cursor, DeadLetter, DeadLetterPage, Provenance},
};
use leptos::prelude::*;

use super::{
    query::{Query, Repair},
    records::{group_link, source_means},
    rights::Rights,
};
use crate::{
    address::{self, with_query},
    part::{Ago, Clock, Icon, Id, Off, payload, report, sentence, visible},
};

/// Title and buttons of a panel. `neighbours`: the records before and after, where there are some.
pub(super) fn head(
    kind: impl Into<String>,
    title: String,
    query: &Query,
    neighbours: Option<[Option<Cursor>; 2]>,
) -> AnyView {
    let go = |at: Option<Cursor>, icon, label| {
        at.map(|at| {
            view! {
                <a class="button quiet square" href=query.address([("open", at.to_string())]) aria-label=label title=label>
                    <Icon name=icon />
                </a>
            }
        })
    };
    let [newer, older] = neighbours.unwrap_or_default();
    view! {
        <header class="panel-head">
            <div>
                <p class="muted">
                    <small>{kind.into()}</small>
                </p>
                <h2 id="panel-h">{title}</h2>
            </div>
            {go(newer, "up", "Newer record")}
            {go(older, "down", "Older record")}
            <a class="button quiet square" href=query.address([]) aria-label="Close panel" title="Close" data-close="">
                <Icon name="close" />
            </a>
        </header>
    }
    .into_any()
}

pub(super) fn record(record: &DeadLetter, page: Option<&DeadLetterPage>, query: &Query, rights: &Rights) -> AnyView {
    let at = Cursor { stream: record.provenance.stream.clone(), id: record.id };
    let neighbours = page.map(|page| neighbours(page, &at));
    let raw = if query.raw {
        view! { <a href=query.address([("open", at.to_string())])>"Tree"</a> }.into_any()
    } else {
        view! { <a href=query.address([("open", at.to_string()), ("raw", "1".to_owned())])>"Raw"</a> }.into_any()
    };
    view! {
        <aside class="panel" id="record-panel" aria-labelledby="panel-h">
            {head("Dead letter", record.id.to_string(), query, neighbours)}
            <div class="panel-body">
                <section class="panel-section" aria-label="Error">
                    <pre class="error-text">{visible(&record.provenance.error)}</pre>
                    {facts(record)}
                </section>
                <section class="panel-section">
                    <h3>"Payload" <span class="end">{raw}</span></h3>
                    {payload(&record.fields, query.raw)}
                </section>
            </div>
            <footer class="panel-foot">
                {act(Repair::Replay, &at, query, rights)} {act(Repair::Discard, &at, query, rights)}
            </footer>
        </aside>
    }
    .into_any()
}

/// The records before and after `at` on the page; both absent where it is not on it.
fn neighbours(page: &DeadLetterPage, at: &Cursor) -> [Option<Cursor>; 2] {
    let cursor = |record: &DeadLetter| Cursor { stream: record.provenance.stream.clone(), id: record.id };
    let Some(place) = page.records.iter().position(|record| cursor(record) == *at) else { return [None, None] };
    let newer = place.checked_sub(1).and_then(|place| page.records.get(place)).map(cursor);
    [newer, page.records.get(place + 1).map(cursor)]
}

fn act(repair: Repair, at: &Cursor, query: &Query, rights: &Rights) -> AnyView {
    let label = format!("{}…", repair.label());
    if let Err(why) = rights.may(repair) {
        return view! { <Off label=label why=why id=format!("off-one-{}", repair.word()) /> }.into_any();
    }
    let class = if repair == Repair::Replay { "button primary" } else { "button danger" };
    let preview = query.address([("act", repair.word().to_owned()), ("item", at.to_string())]);
    view! {
        <a class=class href=preview>
            {label}
        </a>
    }
    .into_any()
}

fn facts(record: &DeadLetter) -> AnyView {
    let p = &record.provenance;
    let search = |text: &String| with_query(&address::at("/dead-letters"), [("text", Some(text.clone()))]);
    let source = if record.source_present {
        let href = address::entry(&p.stream, p.source_id);
        view! {
            <a class="mono" href=href>
                {p.source_id.to_string()}
            </a>
        }
        .into_any()
    } else {
        view! { <Id text=p.source_id.to_string() /> }.into_any()
    };
    let searched = |label: &'static str, text: &Option<String>| {
        text.as_ref().map(|text| {
            view! {
                <dt>{label}</dt>
                <dd>
                    <a class="mono" href=search(text) title="Dead letters with this">
                        {text.clone()}
                    </a>
                </dd>
            }
        })
    };
    view! {
        <dl class="facts top-gap">
            <dt>"Stream"</dt>
            <dd>
                <a class="mono" href=address::stream(&p.stream)>
                    {p.stream.clone()}
                </a>
            </dd>
            <dt>"Source entry"</dt>
            <dd>
                {source} " " <small class="muted">{if record.source_present { "present" } else { "gone" }}</small>
            </dd>
            <dt>"Group"</dt>
            <dd>{group_link(&p.stream, &p.group)}</dd>
            <dt>"Consumer"</dt>
            <dd class="mono">{p.consumer.clone()}</dd>
            <dt>"Type"</dt>
            <dd>{p.event_type.clone().unwrap_or_else(|| "none".to_owned())}</dd>
            {searched("Key", &p.key)}
            {searched("Event id", &p.event_id)}
            {searched("Correlation", &p.correlation_id)}
            {trace(p)}
            <dt>"Attempts"</dt>
            <dd>{p.attempts}</dd>
            <dt>"First failed"</dt>
            <dd>
                <Clock at=p.first_failed_at />
            </dd>
            <dt>"Dead since"</dt>
            <dd>
                <Ago at=p.last_failed_at />
            </dd>
            <dt>"Body hash"</dt>
            <dd class="mono" title=p.body_hash.clone()>
                {p.body_hash.chars().take(16).collect::<String>()}
            </dd>
        </dl>
        <p class="reason top-gap">
            <Icon name="arrow" />
            <span>{source_means(record.source_present)}</span>
        </p>
    }
    .into_any()
}

/// The way to everything of the same correlation; of an event without one, to itself.
fn trace(p: &Provenance) -> Option<impl IntoView + use<>> {
    let id = p.correlation_id.as_ref().or(p.event_id.as_ref())?;
    let href = address::trace_of_entry(id, &p.stream, p.source_id);
    Some(view! {
        <dt>"Trace"</dt>
        <dd>
            <a href=href>"Its way through the services"</a>
        </dd>
    })
}

/// What became of an act, as the audit log has it.
pub(super) fn outcome(entry: &AuditEntry, query: &Query) -> AnyView {
    let result = entry.result.clone().map(|result| view! { <p>{sentence(&result)}</p> });
    view! {
        <aside class="panel" id="report-panel" aria-labelledby="panel-h">
            {head(format!("Audit entry {}", entry.id), sentence(&entry.request), query, None)}
            <div class="panel-body">
                <section class="panel-section" aria-label="What became of each">
                    {result} {entry.report.as_ref().map(report)}
                </section>
            </div>
            <footer class="panel-foot">
                <a class="button" href=with_query(&address::at("/audit"), [("open", Some(entry.id.to_string()))])>
                    "In the audit log"
                </a>
            </footer>
        </aside>
    }
    .into_any()
}

/// In place of what cannot be shown: the page beside it stays.
pub(super) fn missing(refusal: &Refusal, query: &Query) -> AnyView {
    view! {
        <aside class="panel" id="missing-panel" aria-labelledby="panel-h">
            {head("Not here", "Nothing to show".to_owned(), query, None)}
            <div class="panel-body">
                <section class="panel-section" aria-label="Why">
                    <p>{sentence(&refusal.message)}</p>
                    <p class="muted top-gap">
                        "It may have been sent back or thrown away; the "
                        <a href=address::at("/audit")>"audit log"</a>
                        " has every act."
                    </p>
                </section>
            </div>
        </aside>
    }
    .into_any()
}
