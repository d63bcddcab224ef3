//! What was delivered and not acknowledged, oldest first, with a selection to repair.

use std::time::Duration;

use domain::{
    Permission, Status,
    connection::needs,
    figure::grouped,
    operation::PendingAct,
    stream::{EntryId, PENDING_WARN, PendingEntry, PendingPage},
    time::{humane, min_sec},
};
use leptos::prelude::*;

use super::{
    act::PENDING_ACTS,
    load::{GroupView, selected},
};
use crate::{
    address::{self, Parameters},
    context::context,
    part::{Empty, Off, StatusWord, redis_answers, sentence, turning},
};

/// Counters above this were set by a program that gave up on the entry (F16), not counted.
const COUNTED_AT_MOST: u64 = 1_000_000;
/// Ages that the list can be narrowed to.
const AGES: [(&str, &str); 2] = [("60000", "idle over 1 min"), ("300000", "idle over 5 min")];

pub(super) fn pending(view: &GroupView, query: &Parameters) -> AnyView {
    let (note, body) = match &view.pending {
        Err(refusal) => {
            let words = format!("The pending entries cannot be read: {}.", refusal.message);
            (String::new(), view! { <p class="muted">{words}</p> }.into_any())
        }
        Ok(page) if page.entries.is_empty() => (String::new(), nothing(query)),
        Ok(page) => {
            let note = format!("oldest first, {} of {}", grouped(page.entries.len() as u64), grouped(page.total));
            (note, list(view, page, query))
        }
    };
    view! {
        <section id="pending" aria-labelledby="pending-title">
            <div class="section-head">
                <h2 id="pending-title">"Pending"</h2>
                <span class="note">{note}</span>
                <a class="end" href=address::runbook("entry-stuck")>
                    "What to do with a stuck entry"
                </a>
            </div>
            {filters(view, query)}
            {body}
        </section>
    }
    .into_any()
}

fn filters(view: &GroupView, query: &Parameters) -> Option<AnyView> {
    let (consumer, idle) = (query.get("consumer"), query.get("idle"));
    let names = view.sample().map(|group| group.consumers.as_slice()).unwrap_or_default();
    let is_chosen = |name: &str| consumer.as_deref() == Some(name);
    let holding = names.iter().filter(|c| c.pending > 0 || is_chosen(&c.name)).take(8);
    let chip = |name: &str, value: &str, words: String, is_on: bool| {
        let change = (!is_on).then_some(value);
        let href =
            format!("{}#pending", address::here_with(&[(name, change), ("after", None), ("ids", None), ("act", None)]));
        view! {
            <a class="chip" href=href aria-current=is_on.then_some("true")>
                <span class="clipped">{words}</span>
            </a>
        }
    };
    let ages = AGES.map(|(ms, words)| chip("idle", ms, words.to_owned(), idle.as_deref() == Some(ms)));
    let consumers: Vec<_> =
        holding.map(|c| chip("consumer", &c.name, c.name.to_string(), is_chosen(&c.name))).collect();
    let has_something = view.sample().is_some_and(|group| group.pending > 0) || consumer.is_some() || idle.is_some();
    has_something
        .then(|| view! { <div class="filters" id="filters">{ages.collect_view()} {consumers}</div> }.into_any())
}

fn nothing(query: &Parameters) -> AnyView {
    if query.get("consumer").is_some() || query.get("idle").is_some() || query.get("after").is_some() {
        let href = format!("{}#pending", address::here_with(&[("consumer", None), ("idle", None), ("after", None)]));
        return view! {
            <Empty title="No pending entry fits">
                <p>
                    <a href=href>"Show all that pend"</a>
                </p>
            </Empty>
        }
        .into_any();
    }
    view! {
        <p class="muted">"Nothing is pending: everything that was delivered was acknowledged, or moved to the dead letters."</p>
    }
    .into_any()
}

fn list(view: &GroupView, page: &PendingPage, query: &Parameters) -> AnyView {
    let all = query.get("select").is_some_and(|select| select == "all");
    let chosen = selected(query);
    let is_selected = |id: EntryId| all || chosen.contains(&id);
    let count = page.entries.iter().filter(|entry| is_selected(entry.id)).count();
    let rows = page.entries.iter().map(|entry| row(&view.stream, entry, is_selected(entry.id))).collect_view();
    let kept = ["consumer", "idle", "after", "range"].into_iter().filter_map(|name| Some((name, query.get(name)?)));
    let kept = kept.map(|(name, value)| view! { <input type="hidden" name=name value=value /> }).collect_view();
    let link = |after: Option<String>| {
        let changes = [("after", after.as_deref()), ("ids", None), ("act", None), ("select", None)];
        format!("{}#pending", address::here_with(&changes))
    };
    let first = query.get("after").map(|_| link(None));
    let on = page.next.map(|id| link(Some(id.to_string())));
    let words = format!("{} of {} pending entries", grouped(page.entries.len() as u64), grouped(page.total));
    let foot = (first.is_some() || on.is_some()).then(|| turning(words, first, on, ["From the oldest", "Newer"]));
    view! {
        <form method="get" action=address::group(&view.stream, &view.name)>
            {kept}
            {selection(view, all, count)}
            <div class="table-wrap">
                <table class="table">
                    <caption class="hidden-text">"Pending entries, oldest first"</caption>
                    <thead>
                        <tr>
                            <th scope="col" class="tick">
                                <label>
                                    <input type="checkbox" data-select-all="ids" aria-label="Select all shown" />
                                </label>
                            </th>
                            <th scope="col">"Entry"</th>
                            <th scope="col">"State"</th>
                            <th scope="col" class="second">
                                "Key"
                            </th>
                            <th scope="col" class="third">
                                "Type"
                            </th>
                            <th scope="col">"Consumer"</th>
                            <th scope="col" class="num">
                                "Age"
                            </th>
                            <th scope="col" class="num">
                                "Idle"
                            </th>
                            <th scope="col" class="num">
                                "Deliveries"
                            </th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </form>
        {foot}
    }
    .into_any()
}

/// The bar with what can be done with the selected entries; each opens its preview.
fn selection(view: &GroupView, all: bool, count: usize) -> AnyView {
    let buttons = PENDING_ACTS.map(|act| {
        let (label, permission, commands) = match act {
            PendingAct::Claim => ("Claim…", Permission::Recover, needs::CLAIM),
            PendingAct::Acknowledge => ("Acknowledge…", Permission::Destroy, needs::ACKNOWLEDGE),
            PendingAct::DeadLetter => ("Dead-letter…", Permission::Recover, needs::BURY),
        };
        let may = context().may_send(permission, commands).map_err(|why| sentence(&why));
        match may.and_then(|()| redis_answers(&view.snapshot)) {
            Ok(()) => view! {
                <button class="button" name="act" value=act.as_str()>
                    {label}
                </button>
            }
            .into_any(),
            Err(why) => view! { <Off label=label why=why id=format!("off-{}", act.as_str()) /> }.into_any(),
        }
    });
    let (value, words) = if all { (None, "Select none") } else { (Some("all"), "Select all shown") };
    let href = format!("{}#pending", address::here_with(&[("select", value), ("ids", None), ("act", None)]));
    view! {
        <div class="selection top-gap">
            <span class="count">
                <b data-selected-count="">{count.to_string()}</b>
                " selected · "
                <a href=href>{words}</a>
            </span>
            {buttons.collect_view()}
        </div>
    }
    .into_any()
}

fn row(stream: &str, entry: &PendingEntry, is_selected: bool) -> AnyView {
    let id = entry.id.to_string();
    let (status, word, reason) = state(entry);
    let dash = || view! { <span class="muted">"–"</span> }.into_any();
    let clipped = |text: &Option<String>, class: &'static str| match text {
        Some(text) => view! {
            <span class=class title=text.clone()>
                {text.clone()}
            </span>
        }
        .into_any(),
        None => dash(),
    };
    let now = crate::clock::now();
    let age = entry.id.tells_time().then(|| min_sec(now.since(entry.id.added_at())));
    let deliveries = if entry.deliveries > COUNTED_AT_MOST { "poison".to_owned() } else { grouped(entry.deliveries) };
    let holder = Some(entry.consumer.clone()).filter(|name| !name.is_empty());
    view! {
        <tr data-key=id.clone()>
            <td class="tick">
                <label>
                    <input type="checkbox" name="ids" value=id.clone() checked=is_selected aria-label=format!("Select {id}") />
                </label>
            </td>
            <th scope="row" class="lead">
                <a class="mono" href=address::entry(stream, entry.id)>
                    {id.clone()}
                </a>
            </th>
            <td data-label="State">
                <StatusWord status=status word=word reason=reason />
            </td>
            <td class="second" data-label="Key">
                {clipped(&entry.key, "mono clipped")}
            </td>
            <td class="third" data-label="Type">
                {clipped(&entry.event_type, "clipped")}
            </td>
            <td data-label="Consumer">{holder.map_or_else(|| "released".into_any(), |name| clipped(&Some(name), "clipped"))}</td>
            <td class="num" data-label="Age">
                {age.unwrap_or_else(|| "–".to_owned())}
            </td>
            <td class="num" data-label="Idle">
                {min_sec(Duration::from_millis(entry.idle_ms))}
            </td>
            <td class="num" data-label="Deliveries">
                {deliveries}
            </td>
        </tr>
    }
    .into_any()
}

fn state(entry: &PendingEntry) -> (Status, &'static str, String) {
    let idle = Duration::from_millis(entry.idle_ms);
    if entry.body_lost {
        let reason = "the entry was trimmed or deleted: there is nothing left to handle".to_owned();
        return (Status::Bad, "Body lost", reason);
    }
    match (idle >= PENDING_WARN, entry.deliveries > 1) {
        (true, _) => (Status::Warn, "Stuck", format!("nobody has touched it for {}", humane(idle))),
        (false, true) => (Status::Warn, "Retrying", "it was delivered before and not acknowledged".to_owned()),
        (false, false) => (Status::Run, "In work", "delivered a moment ago".to_owned()),
    }
}
