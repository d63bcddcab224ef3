//! The worst group as a sentence with its cost, its start and the next step; or one quiet line.

use std::time::Duration;

use domain::{
    Figure, Status, Timestamp,
    figure::grouped,
    stream::{BEHIND_BAD, ConsumerSample, GroupSample, Snapshot},
    time::humane,
};
use leptos::prelude::*;

use super::order::is_problem;
use crate::{
    address,
    chart::{HISTORY_STEP, Spark},
    part::{Clock, Shape, whole},
    runbook,
};

/// Lags below this are noise.
pub(crate) const LAG_FLOOR: f64 = 200.0;

pub(super) fn worst(snapshot: &Snapshot) -> AnyView {
    let groups = snapshot.groups_worst_first();
    match groups.first() {
        Some(group) if matches!(group.verdict.status, Status::Bad | Status::Warn) => loud(snapshot.at, group),
        Some(_) => quiet(&groups),
        None => ().into_any(),
    }
}

fn quiet(groups: &[&GroupSample]) -> AnyView {
    let unknown = groups.iter().filter(|group| is_problem(group)).count();
    let (status, words) = match unknown {
        0 => (Status::Ok, "Every group keeps up. Nothing waits longer than it should.".to_owned()),
        n => {
            let lag = if n == 1 { "the lag of one group" } else { "the lag of some groups" };
            (Status::Unknown, format!("Nothing is known to be wrong, but {lag} cannot be measured ({n})."))
        }
    };
    view! {
        <section class="worst is-quiet" data-status=status.as_str() aria-labelledby="worst">
            <h2 id="worst">
                <Shape status=status />
                <span>{words}</span>
            </h2>
            <p>{longest_wait(groups)}</p>
        </section>
    }
    .into_any()
}

/// What waits longest, though not too long.
fn longest_wait(groups: &[&GroupSample]) -> AnyView {
    let waits = |group: &&GroupSample| group.behind_ms.max(group.oldest_pending_ms).unwrap_or(0);
    match groups.iter().copied().max_by_key(waits).filter(|group| waits(group) > 0) {
        None => "No entry waits anywhere: everything that was added is handled.".into_any(),
        Some(group) => view! {
            "The longest wait now is "
            {humane(Duration::from_millis(waits(&group)))}
            ", in "
            <a href=address::group(&group.stream, &group.name)>{group.name.clone()}</a>
            "."
        }
        .into_any(),
    }
}

fn loud(at: Timestamp, group: &GroupSample) -> AnyView {
    let status = group.verdict.status;
    let href = address::group(&group.stream, &group.name);
    let dead = group.dead_letters.lower_bound().filter(|dead| *dead > 0).map(|dead| {
        let words = if dead == 1 { "1 dead letter".to_owned() } else { format!("{} dead letters", grouped(dead)) };
        let href = address::dead_letters_of(&group.stream, Some(&group.name));
        view! {
            <a class="button" href=href>
                {words}
            </a>
        }
    });
    let what_to_do = runbook::for_verdict(&group.verdict.word).map(|name| {
        view! {
            <a class="button" href=address::runbook(name)>
                "What to do"
            </a>
        }
    });
    view! {
        <section class="worst" data-status=status.as_str() aria-labelledby="worst">
            <div>
                <h2 id="worst">
                    <Shape status=status />
                    <span>
                        <a href=href.clone()>{group.name.clone()}</a>
                        {headline(&group.verdict.word)}
                        {group.stream.clone()}
                    </span>
                </h2>
                <p>{sentences(at, group)}</p>
                <div class="button-row">
                    <a class="button primary" href=href>
                        "Open group"
                    </a>
                    {what_to_do}
                    {dead}
                </div>
            </div>
            {plot(at, group)}
        </section>
    }
    .into_any()
}

/// What stands between the group's name and its stream's.
fn headline(word: &str) -> &'static str {
    match word {
        "Falling behind" => " is falling behind on ",
        "Behind" => " is behind on ",
        "No consumer" => " has entries and no consumer on ",
        "Failing" => " is failing on ",
        "Entry stuck" => " has an entry that is stuck on ",
        "Paused" => " is paused on ",
        _ => " needs a look on ",
    }
}

/// What it costs, since when, and what seems to be the cause.
pub(crate) fn sentences(at: Timestamp, group: &GroupSample) -> AnyView {
    let ago = |ms: u64| Timestamp::from_millis(at.millis().saturating_sub(i64::try_from(ms).unwrap_or(i64::MAX)));
    let lag = group.lag.exceeds(0).then(|| {
        let unread = match &group.lag {
            Figure::AtLeast(n) => format!("at least {} entries", grouped(*n)),
            figure => match figure.lower_bound().unwrap_or(0) {
                1 => "1 entry".to_owned(),
                n => format!("{} entries", grouped(n)),
            },
        };
        let behind = group.behind_ms.filter(|ms| *ms > 0).map(|ms| {
            view! {
                ", the oldest since "
                <Clock at=ago(ms) />
                {format!(" ({})", humane(Duration::from_millis(ms)))}
            }
        });
        view! {
            <strong>{unread}</strong>
            " unread"
            {behind}
            {trend(group)}
            ". "
        }
    });
    let pending = group.oldest_pending_ms.filter(|_| group.verdict.word == "Entry stuck").map(|ms| {
        view! {
            "The oldest of "
            <strong>{grouped(group.pending)}" pending"</strong>
            " was added at "
            <Clock at=ago(ms) />
            {format!(" ({} ago). ", humane(Duration::from_millis(ms)))}
        }
    });
    let failing = (group.verdict.word == "Failing").then(|| {
        view! {
            <strong>{group.verdict.reason.clone()}</strong>
            ". "
        }
    });
    view! {
        {failing}
        {lag}
        {pending}
        {cause(at, group)}
    }
    .into_any()
}

fn trend(group: &GroupSample) -> String {
    match group.lag_per_minute {
        Some(rate) if rate >= 1.0 => format!(", growing by {} a minute", whole(rate)),
        Some(rate) if rate <= -1.0 => format!(", shrinking by {} a minute", whole(rate)),
        Some(_) => ", steady".to_owned(),
        None => String::new(),
    }
}

/// What can be seen of the cause in the group's own figures.
fn cause(at: Timestamp, group: &GroupSample) -> Option<AnyView> {
    if group.handling.as_ref().is_some_and(|handling| handling.paused) {
        return Some("Its consumers are held by an operator; resume them on its page.".into_any());
    }
    if group.consumers.is_empty() {
        return Some("Nobody reads it: no consumer has ever read, or all were removed.".into_any());
    }
    let silent = silent(group)?;
    let since = Timestamp::from_millis(at.millis().saturating_sub(i64::try_from(silent.idle_ms).unwrap_or(i64::MAX)));
    Some(
        view! {
            "Consumer "
            <strong class="name-text">{silent.name.to_string()}</strong>
            " fell silent at "
            <Clock at=since />
            {match silent.pending {
                0 => ".".to_owned(),
                pending => {
                    format!(" and holds {} of {} pending entries.", grouped(pending), grouped(group.pending))
                }
            }}
        }
        .into_any(),
    )
}

/// The consumer that has been silent for a minute and holds the most.
fn silent(group: &GroupSample) -> Option<&ConsumerSample> {
    let silent = |consumer: &&ConsumerSample| Duration::from_millis(consumer.idle_ms) >= BEHIND_BAD;
    group.consumers.iter().filter(silent).max_by_key(|consumer| (consumer.pending, consumer.idle_ms))
}

fn plot(at: Timestamp, group: &GroupSample) -> AnyView {
    let values: Vec<Option<f64>> = group.lag_history.iter().map(|lag| lag.map(|lag| lag as f64)).collect();
    if values.iter().flatten().count() < 2 {
        return ().into_any();
    }
    let span = HISTORY_STEP * u32::try_from(values.len().saturating_sub(1)).unwrap_or(u32::MAX);
    let start = Timestamp::from_micros(at.micros() - i64::try_from(span.as_micros()).unwrap_or(0));
    let label = format!("Lag of {} since {}, now {}", group.name, start.clock(), trend(group).trim_start_matches(", "));
    view! {
        <div class="worst-plot">
            <Spark values=values floor=LAG_FLOOR label=label status=Some(group.verdict.status) />
            <small>
                <span>{start.clock()[..5].to_owned()}</span>
                <span>"lag"</span>
                <span>{at.clock()[..5].to_owned()}</span>
            </small>
        </div>
    }
    .into_any()
}
