//! How the words of the scrum look: the wire's word, beside the shape of what it means for a person.

use domain::{Status, backlog::TaskStatus, demo, project, sprint::SprintStatus};
use leptos::prelude::*;

use super::StatusWord;

#[component]
pub(crate) fn TaskStatusWord(status: TaskStatus) -> impl IntoView {
    let shape = match status {
        TaskStatus::Unassigned | TaskStatus::AssignedToSprint => Status::Idle,
        TaskStatus::InProgress => Status::Run,
        TaskStatus::Completed => Status::Ok,
    };
    view! { <StatusWord status=shape word=status.as_str() /> }
}

#[component]
pub(crate) fn SprintStatusWord(status: SprintStatus) -> impl IntoView {
    let shape = match status {
        SprintStatus::InProgress => Status::Run,
        SprintStatus::Completed => Status::Ok,
        SprintStatus::ClosedWithPendingTasks => Status::Warn,
    };
    view! { <StatusWord status=shape word=status.as_str() /> }
}

/// A project's status is any text; three words have a meaning.
#[component]
pub(crate) fn ProjectStatusWord(#[prop(into)] status: String) -> impl IntoView {
    let shape = match status.as_str() {
        project::IN_PROGRESS => Status::Run,
        project::ACTIVE => Status::Ok,
        _ => Status::Idle,
    };
    view! {
        <span class="free-text">
            <StatusWord status=shape word=status />
        </span>
    }
}

/// Marks what belongs to the sample project.
#[component]
pub(crate) fn DemoMark(#[prop(into)] project_id: String) -> impl IntoView {
    (project_id == demo::PROJECT).then(|| {
        view! {
            <span class="badge demo-mark" title="The sample project: it can be removed without a trace">
                "demo"
            </span>
        }
    })
}
