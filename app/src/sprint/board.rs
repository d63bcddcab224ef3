//! The board: a column for each status word. Cards can be dragged or moved by keys where a script runs; everywhere else
//! their titles lead to the form that does the same.

use std::collections::BTreeSet;

use domain::{
    Status,
    backlog::{Task, TaskStatus},
    sprint::{Closing, SprintTask},
};
use leptos::prelude::*;

use super::data::{Data, Documents};
use crate::{
    address,
    part::{People, Person, StatusWord},
};

/// Cards of the backlog in the first column: it is a glance, the backlog has all.
const BACKLOG_CARDS: usize = 6;

pub(super) fn board(data: &Data, may_move: bool) -> AnyView {
    let closing = data.closing.as_ref().and_then(|closing| closing.as_ref().ok());
    let returned: Option<BTreeSet<&str>> =
        closing.map(|closing| closing.returned.iter().map(|task| task.task_id.as_str()).collect());
    let can_move = may_move && data.is_in_progress() && closing.is_none();
    let backlog = match &data.documents {
        Ok(Documents::Backlog(tasks)) => tasks.as_slice(),
        _ => &[],
    };
    let columns = TaskStatus::ALL.map(|status| {
        let tasks = data.tasks.iter().filter(|task| task.status == status);
        let cards: Vec<AnyView> =
            tasks.map(|task| card(task, &data.people, can_move, fate(returned.as_ref(), task))).collect();
        column(status, cards, if status == TaskStatus::Unassigned { backlog } else { &[] }, data)
    });
    view! {
        <section aria-labelledby="board-heading">
            <div class="section-head">
                <h2 id="board-heading">"Board"</h2>
                {closing.map(legend)}
                {can_move.then(key_hint)}
            </div>
            <div class="board">{columns.into_iter().collect_view()}</div>
            {can_move.then(move_form)}
        </section>
    }
    .into_any()
}

/// What closing would do with a task, as a class.
fn fate(returned: Option<&BTreeSet<&str>>, task: &SprintTask) -> &'static str {
    match returned {
        None => "task",
        Some(returned) if returned.contains(task.task_id.as_str()) => "task is-returned",
        Some(_) => "task is-stays",
    }
}

fn legend(closing: &Closing) -> impl IntoView + use<> {
    view! {
        <ul class="legend">
            <li class="muted">"If closed now:"</li>
            <li>
                <StatusWord status=Status::Ok word=format!("{} stay", closing.completed.len()) />
            </li>
            <li>
                <StatusWord status=Status::Warn word=format!("{} return to the backlog", closing.returned.len()) />
            </li>
        </ul>
    }
}

fn key_hint() -> impl IntoView {
    view! {
        <span class="end muted key-hint" id="board-keys">
            "drag, or " <kbd>"["</kbd> " " <kbd>"]"</kbd> " to move, " <kbd>"+"</kbd> " " <kbd>"-"</kbd> " for progress"
        </span>
    }
}

/// Filled in and sent by the island that moves cards.
fn move_form() -> impl IntoView {
    view! {
        <form data-board="" method="post" action="/api/fn/sprint/set_progress" hidden>
            <input type="hidden" name="task_id" value="" />
            <input type="hidden" name="status" value="" />
            <input type="hidden" name="progress" value="" />
        </form>
        <p data-board-refusal="" role="alert" class="board-refusal"></p>
    }
}

fn column(status: TaskStatus, cards: Vec<AnyView>, backlog: &[Task], data: &Data) -> impl IntoView + use<> {
    let heading = format!("column-{status}");
    let count = cards.len();
    let is_empty = cards.is_empty() && backlog.is_empty();
    let empty = is_empty.then(|| view! { <p>{nothing(status, data.is_in_progress())}</p> });
    let waiting = (!backlog.is_empty()).then(|| waiting(backlog, &data.people, &data.sprint.project_id));
    view! {
        <section class="board-column" data-status=status.as_str() aria-labelledby=heading.clone() data-key=status.as_str()>
            <header>
                <h3 id=heading.clone()>{status.as_str()}</h3>
                <span class="end">{count}</span>
            </header>
            <ul>{cards}</ul>
            {empty}
            {waiting}
        </section>
    }
}

const fn nothing(status: TaskStatus, is_in_progress: bool) -> &'static str {
    match (status, is_in_progress) {
        (TaskStatus::Unassigned, true) => "Every task of the backlog is in a sprint or done.",
        (TaskStatus::AssignedToSprint, true) => "Every task was begun.",
        (TaskStatus::InProgress, true) => "Nobody works on a task; a daily scrum begins the day.",
        (TaskStatus::Completed, true) => "No task is finished yet.",
        (_, false) => "None when the sprint was closed.",
    }
}

/// Tasks of the backlog that are in no sprint: they cannot be moved here.
fn waiting(tasks: &[Task], people: &People, project_id: &str) -> impl IntoView + use<> {
    let cards = tasks.iter().take(BACKLOG_CARDS).map(|task| {
        view! {
            <li class="task is-outside" data-key=task.task_id.clone()>
                <span class="task-id">{task.task_id.clone()}</span>
                <a class="title" href=address::task(project_id, &task.task_id)>
                    {task.title.clone()}
                </a>
                <span class="who">
                    <Person id=task.assigned_to.clone() people=people.clone() />
                </span>
            </li>
        }
    });
    let more = tasks.len().saturating_sub(BACKLOG_CARDS);
    let more = (more > 0).then(|| {
        view! { <p><a href=address::backlog(project_id)>{format!("{more} more in the backlog")}</a></p> }
    });
    view! {
        <p>"In the backlog, for the next sprint:"</p>
        <ul>{cards.collect_view()}</ul>
        {more}
    }
}

fn card(task: &SprintTask, people: &People, can_move: bool, class: &'static str) -> AnyView {
    let href = address::here_with(&[("open", Some(&task.task_id)), ("act", None)]);
    let percent = task.progress_percentage;
    let name = format!("Progress of {}", task.task_id);
    let bar = (percent < 100).then(|| view! { <progress max="100" value=percent aria-label=name></progress> });
    view! {
        <li
            class=class
            data-key=task.task_id.clone()
            data-task=task.task_id.clone()
            data-progress=percent
            draggable=can_move.then_some("true")
            tabindex=can_move.then_some("0")
            aria-describedby=can_move.then_some("board-keys")
        >
            <span class="task-id">{task.task_id.clone()}</span>
            <a class="title" href=href>
                {task.title.clone()}
            </a>
            <span class="who">
                <Person id=task.assigned_to.clone() people=people.clone() />
                <span class="percent">{format!("{percent}\u{202f}%")}</span>
            </span>
            {bar}
        </li>
    }
    .into_any()
}
