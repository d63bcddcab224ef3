//! Dead letters: everything on one page, chosen by its address.

use std::sync::Arc;

use console::dead_letter;
use domain::{
    Refusal, Status, Timestamp,
    audit::AuditEntry,
    dead_letter::{Cause, DeadLetter, DeadLetterPage},
    figure::grouped,
    refusal::RefusalKind,
    stream::Snapshot,
};
use leptos::prelude::*;
use streams::dead_letter::SCAN_AT_MOST;

use super::{
    act::{self, Preview},
    causes::causes,
    panel,
    query::{PATH, Query, Repair},
    records::records,
    rights::Rights,
    state::State,
};
use crate::{
    address::{self, Parameters},
    context::{Context, context},
    part::{Ago, Empty, Notice, Off, Page, Split, counted, loaded, number, sentence},
};

/// Records on a page.
const PAGE: usize = 50;

/// What stands beside the list.
enum Panel {
    Record(DeadLetter),
    Preview(Preview),
    Report(AuditEntry),
    Missing(Refusal),
}

struct Shown {
    query: Query,
    causes: Vec<Cause>,
    records: Option<DeadLetterPage>,
    panel: Option<Panel>,
    rights: Rights,
    /// Streams with more dead letters than are looked through, and how many they have.
    beyond: Vec<(String, u64)>,
}

struct Away {
    why: String,
    snapshot: Arc<Snapshot>,
    report: Option<AuditEntry>,
    query: Query,
}

/// The page, or what the sampler saw last while Redis is away.
enum Loaded {
    Here(Box<Shown>),
    Away(Box<Away>),
}

#[component]
pub(crate) fn DeadLettersPage() -> impl IntoView {
    let query = Query::read(&Parameters::here());
    let context = context();
    loaded(async move { load(&context, query?).await }, |found| match found {
        Loaded::Here(shown) => show(&shown),
        Loaded::Away(seen) => {
            let panel = seen.report.as_ref().map(|entry| panel::outcome(entry, &seen.query));
            view! { <Split panel=panel>{away(&seen.why, &seen.snapshot)}</Split> }.into_any()
        }
    })
}

async fn load(context: &Context, query: Query) -> Result<Loaded, Refusal> {
    let why = match context.snapshot().error.clone() {
        Some(why) => why,
        None => match here(context, query.clone()).await {
            Err(refusal) if refusal.kind == RefusalKind::Unavailable => refusal.message,
            found => return Ok(Loaded::Here(Box::new(found?))),
        },
    };
    // what became of an act is in the audit log, which does not need Redis
    let report = match query.report {
        Some(id) => console::audit::get(&context.console, id).await.ok(),
        None => None,
    };
    Ok(Loaded::Away(Box::new(Away { why, snapshot: context.snapshot(), report, query })))
}

async fn here(context: &Context, query: Query) -> Result<Shown, Refusal> {
    let console = &context.console;
    let causes = dead_letter::causes(console, &query.cause_filter()).await?;
    let records = if query.lists_records() {
        Some(dead_letter::list(console, &query.filter(), query.before.as_ref(), PAGE).await?)
    } else {
        None
    };
    let panel = panel_of(context, &query).await?;
    let beyond = beyond(&context.snapshot(), &query);
    Ok(Shown { query, causes, records, panel, rights: Rights::of(context), beyond })
}

async fn panel_of(context: &Context, query: &Query) -> Result<Option<Panel>, Refusal> {
    let console = &context.console;
    let panel = if let Some(repair) = query.act {
        Ok(Panel::Preview(act::preview(console, &context.actor(), repair, query).await?))
    } else if let Some(id) = query.report {
        console::audit::get(console, id).await.map(Panel::Report)
    } else if let Some(at) = &query.open {
        dead_letter::get(console, at).await.map(Panel::Record)
    } else {
        return Ok(None);
    };
    Ok(Some(panel.unwrap_or_else(|error| Panel::Missing(error.into()))))
}

fn show(shown: &Shown) -> AnyView {
    let query = &shown.query;
    let nothing = shown.causes.is_empty() && query.text.is_none();
    let body = if nothing && !query.lists_records() {
        empty()
    } else {
        let cause = shown.causes.iter().find(|cause| {
            query.cause.as_ref() == Some(&cause.fingerprint)
                && query.group.as_ref().is_none_or(|group| *group == cause.group)
        });
        let table = (!shown.causes.is_empty()).then(|| causes(&shown.causes, query));
        let list = shown.records.as_ref().map(|page| records(page, cause, query, &shown.rights));
        view! {
            {nothing.then(empty)}
            {not_all(&shown.beyond)}
            {filters(query)}
            {table}
            {list}
        }
        .into_any()
    };
    let beside = shown.panel.as_ref().map(|panel| match panel {
        Panel::Record(record) => panel::record(record, shown.records.as_ref(), query, &shown.rights),
        Panel::Preview(preview) => act::panel(preview, query, &shown.rights),
        Panel::Report(entry) => panel::outcome(entry, query),
        Panel::Missing(refusal) => panel::missing(refusal, query),
    });
    let lede = lede(&shown.causes, shown.beyond.is_empty()).into_any();
    view! {
        <Split panel=beside>
            <Page title="Dead letters" lede=lede>
                {body}
            </Page>
        </Split>
    }
    .into_any()
}

/// What is dead, and whether it is getting worse. `is_all`: nothing was too far back to be counted.
fn lede(causes: &[Cause], is_all: bool) -> String {
    if causes.is_empty() {
        return "Entries that a group gave up on, with the reason.".to_owned();
    }
    let records: u64 = causes.iter().map(|cause| cause.count).sum();
    let groups: std::collections::BTreeSet<_> = causes.iter().map(|cause| (&cause.stream, &cause.group)).collect();
    let growing: Vec<_> = causes.iter().filter(|cause| State::of(cause) == State::Growing).collect();
    let fresh: u64 = growing.iter().filter_map(|cause| cause.per_hour.last()).sum();
    let trend = match growing.len() {
        0 => "None is growing.".to_owned(),
        1 => format!("One cause is growing: {} in the last hour.", count(fresh)),
        n => format!("{n} causes are growing: {} in the last hour.", count(fresh)),
    };
    format!(
        "{}{}, {}, {}. {trend}",
        if is_all { "" } else { "At least " },
        count(records),
        counted(causes.len() as u64, "cause"),
        counted(groups.len() as u64, "group")
    )
}

fn beyond(snapshot: &Snapshot, query: &Query) -> Vec<(String, u64)> {
    let meant = |source: &String| query.stream.as_ref().is_none_or(|stream| stream == source);
    let long = snapshot.streams.iter().filter(|stream| stream.length > SCAN_AT_MOST as u64);
    long.filter_map(|stream| Some((stream.source.clone().filter(meant)?, stream.length))).collect()
}

/// What is shown is not everything, and where the rest is.
fn not_all(beyond: &[(String, u64)]) -> Option<AnyView> {
    let streams: Vec<String> =
        beyond.iter().map(|(stream, length)| format!("{stream} has {}", grouped(*length))).collect();
    (!streams.is_empty()).then(|| {
        view! {
            <Notice status=Status::Unknown>
                <p>
                    <strong>{format!("Only the newest {} of each stream are counted and searched. ", grouped(SCAN_AT_MOST as u64))}</strong>
                    {format!("{}. Older ones come into sight as newer ones are replayed or discarded.", streams.join(", "))}
                </p>
            </Notice>
        }
        .into_any()
    })
}

fn count(records: u64) -> String {
    counted(records, "record")
}

fn filters(query: &Query) -> AnyView {
    let hidden = query.choice().into_iter().filter(|(name, _)| *name != "text").filter_map(|(name, value)| {
        value.map(|value| view! { <input type="hidden" name=name value=value.to_owned() /> })
    });
    let chip = |label: &'static str, value: &Option<String>, without: Query| {
        value.clone().map(|value| {
            view! {
                <a class="chip" aria-current="true" href=without.address([]) title="Take this filter away">
                    {format!("{label}: {value}")}
                    <span aria-hidden="true">"×"</span>
                </a>
            }
        })
    };
    let base = Query { before: None, ..query.clone() };
    // the cause names its stream and group, and the heading below names the cause
    let chips = query.cause.is_none().then(|| {
        view! {
            {chip("stream", &query.stream, Query { stream: None, ..base.clone() })}
            {chip("group", &query.group, Query { group: None, ..base.clone() })}
        }
    });
    let all = query.lists_records().then(|| view! { <a href=address::at(PATH)>"All causes"</a> });
    view! {
        <form class="filters" method="get" action=address::at(PATH) role="search">
            {hidden.collect_view()}
            <input
                class="input"
                type="search"
                name="text"
                aria-label="Search dead letters"
                placeholder="Error, key, event id, source id"
                value=query.text.clone().unwrap_or_default()
            />
            <button class="button" type="submit">
                "Search"
            </button>
            {chips}
            {all}
        </form>
    }
    .into_any()
}

fn empty() -> AnyView {
    view! {
        <Empty title="No dead letters">
            <p>
                "A consumer tries an entry five times. If it still fails, the entry moves here with its error, its attempts "
                "and its payload, and its group goes on with the next one."
            </p>
            <p>
                "Nothing has failed that way. To see what it looks like, let the demo fail on the "
                <a href=address::at("/")>"Overview"</a>
                ", or add an entry that no consumer understands to a stream."
            </p>
        </Empty>
    }
    .into_any()
}

/// What was known when Redis was last there. Records are in Redis, so there is nothing to open and nothing to do.
fn away(why: &str, snapshot: &Snapshot) -> AnyView {
    let why = sentence(why);
    let rows = snapshot.streams.iter().filter(|stream| stream.source.is_some() && stream.length > 0).map(|stream| {
        let source = stream.source.clone().unwrap_or_default();
        view! {
            <tr data-key=source.clone()>
                <th scope="row" class="lead">
                    <a class="mono" href=address::stream(&source)>
                        {source.clone()}
                    </a>
                </th>
                <td class="num" data-label="Records">
                    {number(Some(stream.length))}
                </td>
            </tr>
        }
    });
    let rows: Vec<_> = rows.collect();
    let table = (!rows.is_empty()).then(|| {
        view! {
            <div class="table-wrap">
                <table class="table small">
                    <caption class="hidden-text">"Dead letters by stream, as last seen"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"Stream"</th>
                            <th scope="col" class="num">
                                "Records"
                            </th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        }
    });
    let off = |repair: Repair| {
        let label = format!("{}…", repair.label());
        view! { <Off label=label why="Redis is away. This works again as soon as it answers." id=format!("off-{}", repair.word()) /> }
    };
    let actions = view! {
        {off(Repair::Replay)}
        {off(Repair::Discard)}
    }
    .into_any();
    let known = if snapshot.at == Timestamp::default() {
        "They have not been looked at yet.".into_any()
    } else {
        let known = count(snapshot.dead_letters());
        view! { "Last seen " <Ago at=snapshot.at /> ": " {known} "." }.into_any()
    };
    view! {
        <Page title="Dead letters" actions=actions>
            <Notice status=Status::Bad>
                <p>
                    <strong>"Redis is away. "</strong>
                    {why}
                </p>
                <p>
                    "The records are in Redis and come back with it. " {known}
                </p>
            </Notice>
            {table}
        </Page>
    }
    .into_any()
}
