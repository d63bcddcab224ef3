//! Who reads the group, and in what health.

use std::time::Duration;

use domain::{
    Permission, Status,
    figure::grouped,
    stream::{BEHIND_BAD, ConsumerSample, GroupSample},
    time::humane,
};
use leptos::prelude::*;

use super::load::{DELETE_CONSUMERS, GroupView};
use crate::{
    address,
    context::context,
    part::{Icon, StatusWord, act_link, age_min_sec, redis_answers},
};

/// Consumers shown; groups that leak them have thousands.
const SHOWN: usize = 50;
/// A consumer that holds nothing and was idle for this long is most likely the name of a process that ended.
const LEFT_BEHIND_MS: u64 = 60 * 60 * 1_000;

pub(super) fn consumers(view: &GroupView, group: &GroupSample) -> AnyView {
    let mut all: Vec<&ConsumerSample> = group.consumers.iter().collect();
    all.sort_by(|a, b| (health(a).0, b.pending, &a.name).cmp(&(health(b).0, a.pending, &b.name)));
    let silent = all.iter().filter(|consumer| is_silent(consumer)).count();
    let note = match (all.len(), silent) {
        (_, 0) => grouped(all.len() as u64),
        (n, silent) => format!("{}, {} silent", grouped(n as u64), grouped(silent as u64)),
    };
    let body = if all.is_empty() {
        view! {
            <p class="muted">
                "Nobody reads this group. A consumer appears when a program reads with its name; none has, or all were removed."
            </p>
        }
        .into_any()
    } else {
        table(&all, may(view).is_ok())
    };
    let left_out = all.len().saturating_sub(SHOWN);
    let more =
        (left_out > 0).then(|| view! { <p class="muted">{format!("… and {} more", grouped(left_out as u64))}</p> });
    view! {
        <section aria-labelledby="consumers">
            <div class="section-head">
                <h2 id="consumers">"Consumers"</h2>
                <span class="note">{note}</span>
            </div>
            {body}
            {more}
            {remark(&all)}
            {left_behind(view, &all)}
        </section>
    }
    .into_any()
}

fn is_silent(consumer: &ConsumerSample) -> bool {
    Duration::from_millis(consumer.idle_ms) >= BEHIND_BAD
}

/// Redis up to 7.0 tells only the last success, so a consumer that waits for entries looks silent there (F17).
fn health(consumer: &ConsumerSample) -> (Status, &'static str, String) {
    let idle = humane(Duration::from_millis(consumer.idle_ms));
    match (is_silent(consumer), consumer.inactive_ms) {
        (true, _) if consumer.pending > 0 => {
            (Status::Bad, "Silent", format!("it holds pending entries and has not been heard of for {idle}"))
        }
        (true, Some(_)) => (Status::Idle, "Gone", format!("it has not tried to read for {idle}, and holds nothing")),
        (true, None) => (
            Status::Idle,
            "Quiet",
            format!("it was given nothing for {idle}; whether it tries, Redis tells from 7.2 on"),
        ),
        (false, Some(inactive)) if Duration::from_millis(inactive) >= BEHIND_BAD => {
            let since = humane(Duration::from_millis(inactive));
            (Status::Ok, "Waiting", format!("it asks for entries and has been given none for {since}"))
        }
        (false, _) => (Status::Ok, "Active", format!("it read {idle} ago")),
    }
}

fn may(view: &GroupView) -> Result<(), String> {
    context().may(Permission::Operate).and_then(|()| redis_answers(&view.snapshot))
}

/// To the panel that deletes all that are most likely gone.
fn left_behind(view: &GroupView, consumers: &[&ConsumerSample]) -> Option<AnyView> {
    let is_left_behind = |consumer: &&&ConsumerSample| consumer.pending == 0 && consumer.idle_ms >= LEFT_BEHIND_MS;
    let count = consumers.iter().filter(is_left_behind).count();
    let idle = LEFT_BEHIND_MS.to_string();
    let href = address::here_with(&[
        ("act", Some(DELETE_CONSUMERS)),
        ("empty_for", Some(&idle)),
        ("who", None),
        ("heir", None),
        ("ids", None),
    ]);
    let label = match count {
        0 => return None,
        1 => "Delete 1 empty consumer, idle for an hour…".to_owned(),
        n => format!("Delete {} empty consumers, idle for an hour…", grouped(n as u64)),
    };
    Some(view! { <p class="top-gap">{act_link("off-empty", &label, href, may(view))}</p> }.into_any())
}

fn table(consumers: &[&ConsumerSample], may_delete: bool) -> AnyView {
    let has_inactive = consumers.iter().any(|consumer| consumer.inactive_ms.is_some());
    let rows = consumers.iter().take(SHOWN).map(|consumer| {
        let (status, word, reason) = health(consumer);
        let pending = match consumer.pending {
            0 => "0".into_any(),
            pending => {
                let href =
                    format!("{}#pending", address::here_with(&[("consumer", Some(&consumer.name)), ("after", None)]));
                view! { <a href=href>{grouped(pending)}</a> }.into_any()
            }
        };
        let delete = may_delete.then(|| {
            let href = address::here_with(&[
                ("act", Some(DELETE_CONSUMERS)),
                ("who", Some(&consumer.name)),
                ("heir", None),
                ("empty_for", None),
                ("ids", None),
            ]);
            view! {
                <td class="num">
                    <a href=href aria-label=format!("Delete {}…", consumer.name)>
                        "Delete…"
                    </a>
                </td>
            }
        });
        view! {
            <tr data-key=consumer.name.to_string()>
                <td class="lead">
                    <StatusWord status=status word=word reason=reason />
                </td>
                <th scope="row" class="lead">
                    <span class="name clipped long" title=consumer.name.to_string()>
                        {consumer.name.to_string()}
                    </span>
                </th>
                <td class="num" data-label="Pending">
                    {pending}
                </td>
                <td class="num" data-label="Idle">
                    {age_min_sec(Some(consumer.idle_ms))}
                </td>
                {has_inactive
                    .then(|| {
                        view! {
                            <td class="num" data-label="Last success">
                                {age_min_sec(consumer.inactive_ms)}
                            </td>
                        }
                    })}
                {delete}
            </tr>
        }
    });
    view! {
        <div class="table-wrap">
            <table class="table small">
                <caption class="hidden-text">"Consumers of this group, worst first"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Status"</th>
                        <th scope="col">"Consumer"</th>
                        <th scope="col" class="num">
                            "Pending"
                        </th>
                        <th scope="col" class="num">
                            "Idle"
                        </th>
                        {has_inactive.then(|| view! { <th scope="col" class="num">"Last success"</th> })}
                        {may_delete
                            .then(|| {
                                view! {
                                    <th scope="col">
                                        <span class="hidden-text">"Act"</span>
                                    </th>
                                }
                            })}
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// What to keep in mind about consumers that are gone (F11, F12).
fn remark(consumers: &[&ConsumerSample]) -> Option<AnyView> {
    let silent: Vec<_> = consumers.iter().filter(|consumer| is_silent(consumer)).collect();
    let holding = silent.iter().filter(|consumer| consumer.pending > 0).count();
    let words = match (holding, silent.len()) {
        (0, 0..10) => return None,
        (0, n) => format!(
            "{n} consumers are silent and hold nothing: names of processes that ended. They cost memory only; programs should \
             keep stable names."
        ),
        (1, _) => {
            "A consumer that holds pending entries is silent. Claim its entries, or delete it: here it hands them over first; \
             XGROUP DELCONSUMER would lose them."
                .to_owned()
        }
        (n, _) => format!(
            "{n} consumers that hold pending entries are silent. Claim their entries, or delete them: here they hand them over \
             first; XGROUP DELCONSUMER would lose them."
        ),
    };
    let reason = view! {
        <p class="reason">
            <Icon name="clock" />
            <span>{words}</span>
        </p>
    };
    Some(reason.into_any())
}
