//! Documents made to be read: a planning, a daily scrum, a retrospective, an event.

use std::collections::BTreeMap;

use domain::{
    Date,
    backlog::TaskStatus,
    chronicle::{CreateRetrospective, EventNote, Retrospective, RetrospectiveTask, ScrumTask, SprintPlanning},
};
use leptos::{either::Either, prelude::*};

use super::ScrumDay;
use crate::{
    address,
    part::{Clock, Id, People, Person, Progress, StatusWord, TaskStatusWord, counted},
};

/// Titles of tasks by id, as far as they are known.
pub(crate) type Titles = BTreeMap<String, String>;

fn dates(start: Option<Date>, end: Option<Date>, weeks: Option<i64>) -> String {
    let weeks = weeks.map(|weeks| counted(weeks.unsigned_abs(), "week"));
    let days = start.zip(end).map(|(start, end)| format!("{start} to {end}"));
    let known: Vec<String> = [days, weeks].into_iter().flatten().collect();
    if known.is_empty() { "–".to_owned() } else { known.join(", ") }
}

/// What was planned, and to what end.
pub(crate) fn planning(note: &SprintPlanning, titles: &Titles) -> AnyView {
    let tasks = note.planned_tasks.iter().map(|id| {
        let title = titles.get(id).cloned();
        view! {
            <li data-key=id.clone()>
                <span class="mono">{id.clone()}</span>
                {title.map(|title| view! { <span>{title}</span> })}
            </li>
        }
    });
    view! {
        <article class="document" id=format!("planning-{}", note.note_id)>
            <p class="goal">{note.sprint_goal.clone()}</p>
            <dl class="facts">
                <dt>"Sprint"</dt>
                <dd>
                    <a href=address::sprint(&note.sprint_id)>{note.sprint_id.clone()}</a>
                    {note.sprint_name.clone().map(|name| format!(" {name}"))}
                </dd>
                <dt>"Dates"</dt>
                <dd>{dates(note.start_date, note.end_date, note.duration_weeks)}</dd>
                <dt>"Planned"</dt>
                <dd>
                    <Clock at=note.created_at />
                </dd>
            </dl>
            <h3>{counted(note.planned_tasks.len() as u64, "task")}</h3>
            <ol class="task-lines">{tasks.collect_view()}</ol>
        </article>
    }
    .into_any()
}

/// What everybody reported on one day.
pub(crate) fn scrum_day(day: &ScrumDay, people: &People, titles: &Titles) -> AnyView {
    let sections = day.people.iter().map(|(employee_id, tasks)| {
        let lines = tasks.iter().map(|task| scrum_line(task, titles)).collect_view();
        view! {
            <section class="reporter" data-key=employee_id.clone()>
                <h3>
                    <Person id=employee_id.clone() people=people.clone() />
                    <span class="end muted">{counted(tasks.len() as u64, "task")}</span>
                </h3>
                <ul>{lines}</ul>
            </section>
        }
    });
    view! { <div class="document">{sections.collect_view()}</div> }.into_any()
}

fn scrum_line(task: &ScrumTask, titles: &Titles) -> impl IntoView + use<> {
    let title = titles.get(&task.id).cloned();
    let yesterday = task.yesterday_work.clone().map(|work| match &title {
        // the title stands above already
        Some(title) => work.strip_prefix(&format!("{title}: ")).map_or(work.clone(), str::to_owned),
        None => work,
    });
    // of an unfinished task the program itself says no more than its title again
    let is_told = |work: &String| title.as_ref().is_none_or(|title| *work != format!("Continue: {title}"));
    let today = task.today_work.clone().filter(is_told);
    let fact = |name: &'static str, text: Option<String>| {
        text.map(|text| {
            view! {
                <span>
                    <span class="muted">{name}</span>
                    " "
                    {text}
                </span>
            }
        })
    };
    let impediment = task.impediments.clone().map(|text| {
        view! {
            <span>
                <StatusWord status=domain::Status::Warn word="Impediment" />
                " "
                {text}
            </span>
        }
    });
    view! {
        <li class="scrum-line" data-key=task.id.clone()>
            <span class="heading">
                <span>{title.clone().unwrap_or_else(|| task.id.clone())}</span>
                {title.is_some().then(|| view! { <span class="mono muted">{task.id.clone()}</span> })}
            </span>
            {fact("Yesterday", yesterday)}
            {fact("Today", today)}
            {impediment}
        </li>
    }
}

/// What went well, what could be better, what to do about it, and where every task ended.
pub(crate) fn retrospective(retrospective: &Retrospective, people: &People) -> AnyView {
    let body = &retrospective.body;
    let told = |heading: &'static str, text: &Option<String>| {
        text.clone().map(|text| {
            view! {
                <section>
                    <h3>{heading}</h3>
                    <p class="prose">{text}</p>
                </section>
            }
        })
    };
    view! {
        <article class="document" id=format!("retrospective-{}", retrospective.retrospective_id)>
            {told("What went well", &body.what_went_well)}
            {told("What could be improved", &body.what_could_be_improved)}
            {action_items(body)}
            {outcome(body, people)}
            <dl class="facts">
                <dt>"Sprint"</dt>
                <dd>
                    <a href=address::sprint(&body.sprint_id)>{body.sprint_id.clone()}</a>
                    {body.sprint_name.clone().map(|name| format!(" {name}"))}
                </dd>
                <dt>"Dates"</dt>
                <dd>{dates(body.start_date, body.end_date, body.duration_weeks)}</dd>
                <dt>"Attendees"</dt>
                <dd>{attendees(body, people)}</dd>
                {body.facilitator_id.clone().map(|id| view! {
                    <dt>"Led by"</dt>
                    <dd><Person id=id people=people.clone() /></dd>
                })}
                <dt>"Written"</dt>
                <dd>
                    <Clock at=retrospective.created_at />
                </dd>
            </dl>
        </article>
    }
    .into_any()
}

fn action_items(body: &CreateRetrospective) -> impl IntoView + use<> {
    let items = body.action_items.iter().map(|item| {
        view! {
            <li>
                <span>{item.description.clone()}</span>
                <span class="to">{item.status.clone()}</span>
            </li>
        }
    });
    (!body.action_items.is_empty()).then(|| {
        view! {
            <section>
                <h3>"Action items"</h3>
                <ol class="change">{items.collect_view()}</ol>
            </section>
        }
    })
}

fn attendees(body: &CreateRetrospective, people: &People) -> String {
    let names: Vec<String> = body.attendees.iter().map(|id| people.name(id)).collect();
    if names.is_empty() { "nobody is named".to_owned() } else { names.join(", ") }
}

fn outcome(body: &CreateRetrospective, people: &People) -> impl IntoView + use<> {
    let rows = body.tasks_summary.iter().map(|task| outcome_row(task, people)).collect_view();
    (!body.tasks_summary.is_empty()).then(|| {
        view! {
            <section>
                <h3>"Every task"</h3>
                <div class="table-wrap">
                    <table class="table small tall outcome-table">
                        <thead>
                            <tr>
                                <th scope="col">"Task"</th>
                                <th scope="col">"Who"</th>
                                <th scope="col" class="second">"Status"</th>
                                <th scope="col">"Progress"</th>
                            </tr>
                        </thead>
                        <tbody>{rows}</tbody>
                    </table>
                </div>
            </section>
        }
    })
}

fn outcome_row(task: &RetrospectiveTask, people: &People) -> impl IntoView + use<> {
    let status = match TaskStatus::parse(&task.status) {
        Some(status) => Either::Left(view! { <TaskStatusWord status=status /> }),
        None => Either::Right(task.status.clone()),
    };
    view! {
        <tr data-key=task.task_id.clone()>
            <th scope="row" class="lead grow">
                <span class="two-lines">
                    <span>{task.description.clone()}</span>
                    <small class="mono">{task.task_id.clone()}</small>
                </span>
            </th>
            <td class="who-cell wide" data-label="Who">
                <Person id=task.employee_id.clone() people=people.clone() />
            </td>
            <td class="second" data-label="Status">
                {status}
            </td>
            <td class="wide" data-label="Progress">
                <Progress percent=task.progress_percentage of=task.task_id.clone() />
            </td>
        </tr>
    }
}

/// An event as the chronicle recorded it.
pub(super) fn event(note: &EventNote) -> AnyView {
    let correlation = note.correlation_id.clone().map(|id| {
        view! {
            <dt>"Correlation"</dt>
            <dd>
                <Id text=id />
            </dd>
        }
    });
    let trace = address::trace(note.correlation_id.as_ref().unwrap_or(&note.event_id));
    let sprint = note.sprint_id.clone().map(|id| {
        view! {
            <dt>"Sprint"</dt>
            <dd>
                <a href=address::sprint(&id)>{id.clone()}</a>
            </dd>
        }
    });
    view! {
        <article class="document" id=format!("event-{}", note.note_id)>
            <p class="goal">{note.note_content.clone()}</p>
            <dl class="facts">
                <dt>"Happened"</dt>
                <dd>
                    <Clock at=note.created_at />
                </dd>
                {sprint}
                <dt>"Event"</dt>
                <dd>
                    <Id text=note.event_id.clone() />
                </dd>
                {correlation}
            </dl>
            <p>
                <a href=trace>"Its way through the services"</a>
            </p>
        </article>
    }
    .into_any()
}
