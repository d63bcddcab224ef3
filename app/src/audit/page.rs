//! The log, newest first.

use console::audit;
use domain::{
    Refusal, Status, Timestamp, audit as log,
    audit::{AuditEntry, AuditState, Verification},
};
use leptos::prelude::*;

use super::{chain, panel};
use crate::{
    address::{self, Parameters, with_query},
    context::{Context, context},
    part::{Clock, Empty, Icon, Page, Split, StatusWord, counted, loaded},
};

const PATH: &str = "/audit";
/// Entries on a page.
const PAGE: usize = 50;

/// What the address asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Query {
    text: Option<String>,
    before: Option<i64>,
    open: Option<i64>,
    /// The chain is to be shown as a walk found it that began at this second or later.
    pub(super) verify: Option<i64>,
    /// A hash that must be in it.
    pub(super) head: Option<String>,
}

impl Query {
    fn read(parameters: &Parameters) -> Result<Self, Refusal> {
        let text = |name: &str| parameters.get(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        let id = |name: &str| {
            let wrong = |text: &str| Refusal::invalid(format!("{name} is the number of an audit entry, not {text}"));
            text(name).map(|text| text.parse().map_err(|_| wrong(&text))).transpose()
        };
        let second = |name: &str| text(name).map(|text| text.parse().unwrap_or(0));
        let (before, open) = (id("before")?, id("open")?);
        Ok(Self { text: text("text"), before, open, verify: second("verify"), head: text("head") })
    }

    /// Where the chain is walked once more, now.
    pub(super) fn verifying(now: Timestamp) -> String {
        let second = now.micros() / 1_000_000;
        Self { verify: Some(second), ..Self::default() }.address(&[])
    }

    pub(super) fn address(&self, more: &[(&str, i64)]) -> String {
        let before = self.before.map(|id| id.to_string());
        let verify = self.verify.map(|second| second.to_string());
        let kept = [("text", self.text.clone()), ("before", before), ("verify", verify), ("head", self.head.clone())];
        with_query(
            &address::at(PATH),
            kept.into_iter().chain(more.iter().map(|(name, id)| (*name, Some(id.to_string())))),
        )
    }
}

struct Shown {
    query: Query,
    page: log::AuditPage,
    open: Option<AuditEntry>,
    chain: Option<Verification>,
    now: Timestamp,
}

#[component]
pub(crate) fn AuditPage() -> impl IntoView {
    let query = Query::read(&Parameters::here());
    let context = context();
    loaded(async move { load(&context, query?).await }, |shown| show(&shown))
}

async fn load(context: &Context, query: Query) -> Result<Shown, Refusal> {
    let page = audit::list(&context.console, query.before, query.text.as_deref(), PAGE).await?;
    let open = match query.open {
        Some(id) => Some(audit::get(&context.console, id).await?),
        None => None,
    };
    let chain = match query.verify {
        Some(second) => {
            let since = Timestamp::from_micros(second.saturating_mul(1_000_000));
            Some(audit::verified(&context.console, since, query.head.as_deref()).await?)
        }
        None => None,
    };
    Ok(Shown { query, page, open, chain, now: crate::clock::now() })
}

fn show(shown: &Shown) -> AnyView {
    let query = &shown.query;
    let untouched = shown.page.entries.is_empty() && query.text.is_none() && query.before.is_none();
    let body = if untouched { empty() } else { log(shown) };
    let open = shown.open.as_ref().map(|entry| panel::panel(entry, query));
    let chain = shown.chain.as_ref().map(|found| chain::told(found, query));
    let actions = chain::actions(query.text.as_deref(), shown.now);
    let lede = "Who did what to which stream or group, why, and what became of it. Payloads are never in here.";
    view! {
        <Split panel=open>
            <Page title="Audit" lede=lede.into_any() actions=actions>
                {chain}
                {body}
            </Page>
        </Split>
    }
    .into_any()
}

fn empty() -> AnyView {
    view! {
        <Empty title="Nothing has been done yet">
            <p>
                "Every repair leaves its intent here before Redis is touched, and its result after: replays, discards, "
                "claims, moved and paused groups. Where the log cannot be written, nothing is done."
            </p>
            <p>"The first one is likely to start at " <a href=address::at("/dead-letters")>"Dead letters"</a> "."</p>
        </Empty>
    }
    .into_any()
}

fn log(shown: &Shown) -> AnyView {
    let query = &shown.query;
    let rows = shown.page.entries.iter().map(|entry| row(entry, query));
    let table = if shown.page.entries.is_empty() {
        view! { <p class="muted">"No entry matches." " " <a href=address::at(PATH)>"The whole log"</a></p> }.into_any()
    } else {
        view! {
            <div class="table-wrap">
                <table class="table tall small">
                    <caption class="hidden-text">"Acts, newest first"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"When"</th>
                            <th scope="col">"What, and why"</th>
                            <th scope="col" class="second">
                                "Subject"
                            </th>
                            <th scope="col">"Who"</th>
                            <th scope="col">"Result"</th>
                        </tr>
                    </thead>
                    <tbody>{rows.collect_view()}</tbody>
                </table>
            </div>
        }
        .into_any()
    };
    let all = query.text.is_some().then(|| view! { <a href=address::at(PATH)>"The whole log"</a> });
    view! {
        <section aria-label="The log">
            <form class="filters" method="get" action=address::at(PATH) role="search">
                <input
                    class="input"
                    type="search"
                    name="text"
                    maxlength="200"
                    aria-label="Search the log"
                    placeholder="Act, stream, group, who, why"
                    value=query.text.clone().unwrap_or_default()
                />
                <button class="button" type="submit">
                    "Search"
                </button>
                {all}
            </form>
            {table}
            {foot(shown)}
        </section>
    }
    .into_any()
}

fn row(entry: &AuditEntry, query: &Query) -> AnyView {
    let (status, word, means) = told(entry.state);
    let why = entry.reason.clone().map_or_else(
        || view! { <small>"no reason given"</small> }.into_any(),
        |reason| view! { <small class="why-said">{reason}</small> }.into_any(),
    );
    view! {
        <tr data-key=entry.id aria-current=(query.open == Some(entry.id)).then_some("true")>
            <td data-label="When">
                <Clock at=entry.at />
            </td>
            <th scope="row" class="grow lead">
                <span class="two-lines">
                    <a class="name" href=query.address(&[("open", entry.id)])>
                        {entry.request.clone()}
                    </a>
                    {why}
                </span>
            </th>
            <td class="second subject wide" data-label="Subject" title=entry.subject.clone()>
                <span class="mono">{entry.subject.clone()}</span>
            </td>
            <td data-label="Who">{entry.who.clone()}</td>
            <td data-label="Result">
                <StatusWord status=status word=word reason=means />
            </td>
        </tr>
    }
    .into_any()
}

/// Status, word and what it means.
pub(super) const fn told(state: AuditState) -> (Status, &'static str, &'static str) {
    match state {
        AuditState::Intended => (
            Status::Unknown,
            "No end known",
            "It was begun. While it stays so, nobody knows how far it came: it still runs, or the program ended in between.",
        ),
        AuditState::Done => (Status::Ok, "Done", "Everything was done, or left alone for the reason in the report."),
        AuditState::Failed => (Status::Bad, "Failed", "Not done, or not done for every entry."),
    }
}

fn foot(shown: &Shown) -> AnyView {
    let first = Query { before: None, ..shown.query.clone() };
    let newest = shown.query.before.is_some().then(|| {
        view! {
            <a class="button quiet" href=first.address(&[])>
                <Icon name="prev" />
                "Newest"
            </a>
        }
    });
    let older = shown.page.older.map(|older| {
        view! {
            <a class="button quiet" href=first.address(&[("before", older)])>
                "Older"
                <Icon name="next" />
            </a>
        }
    });
    view! {
        <div class="table-foot">
            <span>{counted(shown.page.entries.len() as u64, "act")}</span>
            <nav aria-label="Pages of the log">{newest} {older}</nav>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(parameters: &[(&str, &str)]) -> Result<Query, Refusal> {
        Query::read(&parameters.iter().copied().collect())
    }

    #[test]
    fn an_opened_entry_keeps_search_and_page() {
        let query = read(&[("text", " a b "), ("before", "7")]).expect("a query");
        assert_eq!(query.address(&[("open", 3)]), "/audit?text=a%20b&before=7&open=3");
    }

    #[test]
    fn an_entry_is_named_by_its_number() {
        assert!(read(&[("open", "last")]).expect_err("no number").message.contains("last"));
    }
}
