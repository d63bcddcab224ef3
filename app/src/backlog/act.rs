//! What the server functions do: ask the service, then show the task or the list.

use domain::{
    Refusal,
    backlog::{ChangeTask, Task},
};
use services::backlog;

use super::Shown;
use crate::{address, context::context, refused::Refused};

pub(super) async fn generate(project_id: &str) -> Result<(), Refused> {
    let services = context().services;
    let before = backlog::summary(&services, project_id).await?.total_tasks;
    backlog::generate(&services, project_id).await?;
    let after = backlog::summary(&services, project_id).await?.total_tasks;
    let message = match after.saturating_sub(before) {
        0 => "Nothing was added: the ten tasks are there already.".to_owned(),
        added => format!("{added} tasks were added."),
    };
    leptos_axum::redirect(&address::done(&address::backlog(project_id), &message));
    Ok(())
}

/// What was typed into the form of a task.
pub(super) struct TaskForm {
    pub(super) title: String,
    pub(super) description: String,
    pub(super) status: String,
    pub(super) assigned_to: String,
    pub(super) progress: String,
}

pub(super) async fn change(task_id: &str, form: TaskForm, shown: &str) -> Result<(), Refused> {
    let services = context().services;
    let before = backlog::get(&services, task_id).await?;
    let change = difference(&form, &Shown::read(shown)?, &before)?;
    let message = if change.is_empty() {
        "Nothing was changed.".to_owned()
    } else {
        backlog::change(&services, task_id, change).await?;
        format!("{task_id} was changed.")
    };
    leptos_axum::redirect(&address::done(&address::task(&before.project_id, task_id), &message));
    Ok(())
}

/// What the form changes: words against what is stored, standing against what was shown.
fn difference(form: &TaskForm, shown: &Shown, before: &Task) -> Result<ChangeTask, Refusal> {
    let assigned_to = Some(form.assigned_to.trim()).filter(|id| !id.is_empty()).map(str::to_owned);
    let (status, progress) = shown.changes(&form.status, &form.progress)?;
    // a browser sends lines with CR LF
    let description = form.description.replace("\r\n", "\n");
    let stored = before.description.as_deref().unwrap_or_default().replace("\r\n", "\n");
    Ok(ChangeTask {
        title: (form.title != before.title).then(|| Some(form.title.trim().to_owned())),
        description: (description.trim_end() != stored.trim_end()).then_some(Some(description)),
        status: status.map(Some),
        assigned_to: (assigned_to != shown.assigned_to).then_some(assigned_to),
        sprint_id: None,
        progress_percentage: progress.map(Some),
    })
}

#[cfg(test)]
mod tests {
    use domain::backlog::TaskStatus;

    use super::*;

    fn task() -> Task {
        Task {
            task_id: "P-TASK001".into(),
            project_id: "P".into(),
            title: "Cart".into(),
            description: Some("One\nTwo".into()),
            status: TaskStatus::InProgress,
            assigned_to: Some("E001".into()),
            sprint_id: None,
            progress_percentage: 42,
        }
    }

    fn form() -> TaskForm {
        TaskForm {
            title: "Cart".into(),
            description: "One\r\nTwo".into(),
            status: "in_progress".into(),
            assigned_to: "E001".into(),
            progress: "42".into(),
        }
    }

    fn shown() -> Shown {
        Shown { status: "in_progress".into(), progress: 42, assigned_to: Some("E001".into()) }
    }

    #[test]
    fn a_form_sent_as_it_was_shown_changes_nothing() {
        assert!(difference(&form(), &shown(), &task()).expect("valid").is_empty());
    }

    #[test]
    fn what_an_event_changed_meanwhile_is_not_taken_back() {
        let moved = Task { progress_percentage: 70, assigned_to: Some("E009".into()), ..task() };
        let change = difference(&TaskForm { title: "Basket".into(), ..form() }, &shown(), &moved).expect("valid");
        assert_eq!(change, ChangeTask { title: Some(Some("Basket".into())), ..ChangeTask::default() });
    }

    #[test]
    fn a_blank_assignee_is_nobody() {
        let change = difference(&TaskForm { assigned_to: " ".into(), ..form() }, &shown(), &task()).expect("valid");
        assert_eq!(change.assigned_to, Some(None));
    }

    #[test]
    fn progress_that_is_no_number_is_refused() {
        assert!(difference(&TaskForm { progress: "half".into(), ..form() }, &shown(), &task()).is_err());
    }
}
