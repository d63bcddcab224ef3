//! What the tabs of a sprint show besides the board: its tasks as a list, and the documents that were written about it.

use domain::{
    chronicle::{EventNote, Retrospective, SprintPlanning},
    sprint::SprintTask,
};
use leptos::prelude::*;

use super::data::{Data, Documents, Tab};
use crate::{
    address,
    chronicle::{ScrumDay, planning, retrospective, scrum_day},
    part::{Clock, Empty, Person, Progress, Shape, TaskStatusWord, counted},
};

pub(super) fn tabs(data: &Data, chosen: Tab) -> impl IntoView + use<> {
    let links = Tab::ALL.map(|tab| {
        let count = match tab {
            Tab::List => Some(data.tasks.len()),
            Tab::Scrums => Some(data.days_worked()),
            _ => None,
        };
        let href = match tab {
            Tab::Board => address::sprint(&data.sprint.sprint_id),
            tab => address::sprint_tab(&data.sprint.sprint_id, tab.as_str()),
        };
        view! {
            <a href=href aria-current=(tab == chosen).then_some("page")>
                {tab.words()}
                {count.map(|count| view! { <span>{count}</span> })}
            </a>
        }
    });
    view! {
        <nav class="tabs" aria-label="Sprint">
            {links.into_iter().collect_view()}
        </nav>
    }
}

/// The documents of the chosen tab.
pub(super) fn documents(data: &Data) -> AnyView {
    match &data.documents {
        Err(why) => away(why.clone()),
        Ok(Documents::Scrums(days)) => scrums(data, days),
        Ok(Documents::Planning(notes)) => plannings(data, notes),
        Ok(Documents::Retrospective(found)) => retrospection(data, found.as_deref()),
        Ok(Documents::Events(notes)) => events(notes),
        Ok(Documents::Backlog(_) | Documents::None) => ().into_any(),
    }
}

fn away(why: String) -> AnyView {
    view! {
        <Empty title="Not known now">
            <p>{why}</p>
            <p>"The rest of the sprint is here; this comes back by itself."</p>
        </Empty>
    }
    .into_any()
}

pub(super) fn list(data: &Data) -> AnyView {
    let rows = data.tasks.iter().map(|task| list_row(task, data)).collect_view();
    view! {
        <section aria-label="Tasks">
            <div class="table-wrap">
                <table class="table tasks">
                    <thead>
                        <tr>
                            <th scope="col">"Task"</th>
                            <th scope="col">"Title"</th>
                            <th scope="col">"Assignee"</th>
                            <th scope="col">"Status"</th>
                            <th scope="col">"Progress"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}

fn list_row(task: &SprintTask, data: &Data) -> impl IntoView + use<> {
    let href = address::here_with(&[("open", Some(&task.task_id)), ("act", None)]);
    view! {
        <tr data-key=task.task_id.clone()>
            <td class="mono sub" data-label="Task">
                {task.task_id.clone()}
            </td>
            <th scope="row" class="lead grow">
                <a class="name" href=href>
                    {task.title.clone()}
                </a>
            </th>
            <td class="who-cell wide" data-label="Assignee">
                <Person id=task.assigned_to.clone() people=data.people.clone() />
            </td>
            <td class="wide" data-label="Status">
                <TaskStatusWord status=task.status />
            </td>
            <td class="wide" data-label="Progress">
                <Progress percent=task.progress_percentage of=task.task_id.clone() />
            </td>
        </tr>
    }
}

fn scrums(data: &Data, days: &[ScrumDay]) -> AnyView {
    if days.is_empty() {
        let text = match (data.days_worked(), data.is_in_progress()) {
            (0, true) => {
                "Each daily scrum is a day of work, and leaves a report: who did what, and what was in the way."
            }
            (0, false) => "The sprint was closed before its first daily scrum.",
            _ => "Days were worked, but their reports did not reach the chronicle.",
        };
        return view! {
            <Empty title="No daily scrum yet">
                <p>{text}</p>
            </Empty>
        }
        .into_any();
    }
    let titles = data.titles();
    let days = days.iter().enumerate().map(|(place, day)| {
        let impediments = day.impediments() as u64;
        let summary = match impediments {
            0 => counted(day.tasks() as u64, "task"),
            n => format!("{}, {}", counted(day.tasks() as u64, "task"), counted(n, "impediment")),
        };
        view! {
            <details class="scrum-day" id=format!("scrum-day-{}", day.number) open=place == 0>
                <summary>
                    <h2>{format!("Day {}", day.number)}</h2>
                    <span class="muted">{summary}</span>
                    <span class="end muted">
                        <Clock at=day.at />
                    </span>
                </summary>
                {scrum_day(day, &data.people, &titles)}
            </details>
        }
    });
    view! { <section aria-label="Daily scrums">{days.collect_view()}</section> }.into_any()
}

fn plannings(data: &Data, notes: &[SprintPlanning]) -> AnyView {
    if notes.is_empty() {
        return view! {
            <Empty title="No planning note">
                <p>"It is written when a sprint starts. The chronicle could not be reached then."</p>
            </Empty>
        }
        .into_any();
    }
    let titles = data.titles();
    let notes = notes.iter().map(|note| planning(note, &titles)).collect_view();
    view! {
        <section aria-labelledby="planning-heading">
            <h2 id="planning-heading">"Planning"</h2>
            {notes}
        </section>
    }
    .into_any()
}

fn retrospection(data: &Data, found: Option<&Retrospective>) -> AnyView {
    if let Some(found) = found {
        return view! {
            <section aria-labelledby="retrospective-heading">
                <h2 id="retrospective-heading">"Retrospective"</h2>
                {retrospective(found, &data.people)}
            </section>
        }
        .into_any();
    }
    let text = if data.is_in_progress() {
        "It is written when the sprint is closed: what went well, what could be improved, what to do about it."
    } else {
        "It is written when a sprint is closed. The chronicle could not be reached then."
    };
    view! {
        <Empty title="No retrospective yet">
            <p>{text}</p>
        </Empty>
    }
    .into_any()
}

fn events(notes: &[EventNote]) -> AnyView {
    let stream = address::stream(services::keys::TASK_UPDATE_EVENTS);
    let lines = notes.iter().map(|note| {
        view! {
            <li data-key=note.note_id.clone()>
                <Shape status=domain::Status::Idle />
                <span>
                    <a
                        class="line-title"
                        href=address::with_query("/chronicle", [("open", Some(format!("event/{}", note.note_id)))])
                    >
                        {note.event_type.clone()}
                    </a>
                </span>
                <Clock at=note.created_at />
                <small>{note.note_content.clone()}</small>
            </li>
        }
    });
    let lines = if notes.is_empty() {
        view! { <p class="muted">"None is recorded yet; the chronicle hears of a sprint by its events."</p> }.into_any()
    } else {
        view! { <ol class="timeline on-page">{lines.collect_view()}</ol> }.into_any()
    };
    view! {
        <section aria-labelledby="events-heading">
            <div class="section-head">
                <h2 id="events-heading">"Events of the sprint"</h2>
                <span class="note">"as the chronicle recorded them"</span>
            </div>
            {lines}
            <p class="muted top-gap">
                "Changes of single tasks are TASK_UPDATED entries of the stream "
                <a href=stream>{services::keys::TASK_UPDATE_EVENTS}</a> "."
            </p>
        </section>
    }
    .into_any()
}
