//! Below the groups: the sprint, why entries died, what somebody did.

use domain::{
    Status,
    audit::{AuditEntry, AuditState},
    backlog::TaskStatus,
    dead_letter::Cause,
    figure::grouped,
};
use leptos::{either::Either, prelude::*};

use super::load::{ActiveSprint, Overview};
use crate::{
    address,
    chart::HourBars,
    part::{Badge, Clock, Shape, counted},
};

/// Causes shown; the others are behind the link.
const CAUSES: usize = 6;

pub(super) fn sprint_strip(sprint: &ActiveSprint) -> AnyView {
    let (detail, tasks) = (&sprint.detail.sprint, &sprint.detail.tasks);
    let count = |status: TaskStatus| tasks.iter().filter(|task| task.status == status).count();
    let (done, going) = (count(TaskStatus::Completed), count(TaskStatus::InProgress));
    let waiting = tasks.len() - done - going;
    let total: i64 = tasks.iter().map(|task| task.progress_percentage).sum();
    let percent = total / i64::try_from(tasks.len().max(1)).unwrap_or(1);
    let day = sprint.burndown.iter().map(|point| point.day).max().unwrap_or(0);
    let left = (tasks.len() - done) as f64;
    let ideal = detail.ideally_left(tasks.len() as u64, day);
    let (status, word) = if left <= ideal + 0.5 { (Status::Ok, "On plan") } else { (Status::Warn, "Behind plan") };
    let href = address::sprint(&detail.sprint_id);
    view! {
        <section class="sprint-strip" id="sprint" aria-label="Sprint in progress">
            <div>
                <a href=href.clone()>
                    <b>{format!("{} {}", detail.sprint_id, detail.sprint_name)}</b>
                </a>
                <small>{format!("{day} of {} days worked, ends {}", detail.working_days(), detail.end_date)}</small>
            </div>
            <div>
                <progress max="100" value=percent.to_string() aria-label="Progress of the sprint"></progress>
                <small>
                    {format!("{percent}\u{202f}% done · {done} completed, {going} in progress, {waiting} not started")}
                </small>
            </div>
            <div>
                <span class="status" data-status=status.as_str()>
                    <Shape status=status />
                    {word}
                </span>
                <small>{format!("{left} of {} tasks left, ideally {ideal:.1}", tasks.len())}</small>
            </div>
            <a class="button" href=href>
                "Open board"
            </a>
        </section>
    }
    .into_any()
}

pub(super) fn causes(overview: &Overview) -> AnyView {
    // before the first look there is no number, and 0 would be one
    let records = overview.is_known().then(|| counted(overview.snapshot.dead_letters(), "record"));
    let body = match &overview.causes {
        Err(why) => view! { <p class="muted">{format!("The causes cannot be read: {why}.")}</p> }.into_any(),
        Ok(causes) if causes.is_empty() => {
            view! { <p class="muted">"No entry is dead. One that a group gives up on is kept here with its error, and can be replayed."</p> }
                .into_any()
        }
        Ok(causes) => cause_table(causes),
    };
    view! {
        <section aria-labelledby="causes">
            <div class="section-head">
                <h2 id="causes">"Dead letters by cause"</h2>
                <span class="note">{records}</span>
                <a class="end" href=address::at("/dead-letters")>
                    "All causes"
                </a>
            </div>
            {body}
        </section>
    }
    .into_any()
}

fn cause_table(causes: &[Cause]) -> AnyView {
    let rows = causes.iter().take(CAUSES).map(|cause| {
        let (status, word) = state(cause);
        let label = format!("{} records over 24 hours", cause.per_hour.iter().sum::<u64>());
        let href = address::cause(&cause.stream, &cause.group, &cause.fingerprint);
        view! {
            <tr data-key=cause.fingerprint.clone()>
                <td class="num" data-label="Records">
                    <b>{grouped(cause.count)}</b>
                </td>
                <th scope="row" class="grow lead">
                    <a href=href title=format!("{} ({})", cause.error, cause.group)>
                        {cause.error.clone()}
                    </a>
                </th>
                <td class="second" data-label="24 h">
                    <HourBars per_hour=cause.per_hour.clone() label=label status=Some(status) />
                </td>
                <td class="num" data-label="Last">
                    <Clock at=cause.last />
                </td>
                <td data-label="State">
                    <Badge status=status word=word />
                </td>
            </tr>
        }
    });
    view! {
        <div class="table-wrap">
            <table class="table small">
                <caption class="hidden-text">"Dead letters by cause"</caption>
                <thead>
                    <tr>
                        <th scope="col" class="num">
                            "Records"
                        </th>
                        <th scope="col">"Cause"</th>
                        <th scope="col" class="second">
                            "24 h"
                        </th>
                        <th scope="col" class="num">
                            "Last"
                        </th>
                        <th scope="col">"State"</th>
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// Whether more of it died lately.
fn state(cause: &Cause) -> (Status, String) {
    let quiet_hours = cause.per_hour.iter().rev().take_while(|count| **count == 0).count();
    match quiet_hours {
        0 => (Status::Bad, "Growing".to_owned()),
        1..3 => (Status::Warn, "Recent".to_owned()),
        hours if hours < cause.per_hour.len() => (Status::Idle, format!("Quiet {hours} h")),
        _ => (Status::Idle, "Quiet".to_owned()),
    }
}

pub(super) fn changes(overview: &Overview) -> AnyView {
    let body = match &overview.changes {
        Err(why) => view! { <p class="muted">{format!("The audit log cannot be read: {why}.")}</p> }.into_any(),
        Ok(entries) if entries.is_empty() => view! {
            <p class="muted">
                "Nobody has changed anything here yet. Every act is written down with who, why and what became of it."
            </p>
        }
        .into_any(),
        Ok(entries) => {
            view! { <ol class="timeline on-page">{entries.iter().map(change).collect_view()}</ol> }.into_any()
        }
    };
    view! {
        <section aria-labelledby="changes">
            <div class="section-head">
                <h2 id="changes">"What changed"</h2>
                <span class="note">"by this console"</span>
                <a class="end" href=address::at("/audit")>
                    "Audit"
                </a>
            </div>
            {body}
        </section>
    }
    .into_any()
}

fn change(entry: &AuditEntry) -> impl IntoView + use<> {
    let status = match entry.state {
        AuditState::Done => Status::Ok,
        AuditState::Failed => Status::Bad,
        AuditState::Intended => Status::Unknown,
    };
    let why = match &entry.reason {
        Some(reason) => Either::Left(format!("{} · {} · {reason}", entry.who, entry.act)),
        None => Either::Right(format!("{} · {}", entry.who, entry.act)),
    };
    view! {
        <li data-key=entry.id.to_string() data-status=status.as_str()>
            <Shape status=status />
            <span>{entry.request.clone()}</span>
            <Clock at=entry.at />
            <small>{why}</small>
        </li>
    }
}
