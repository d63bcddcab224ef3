//! The panel of one task.

use domain::{
    Permission, Refusal,
    backlog::{Task, TaskStatus},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    address,
    part::{Choice, Kept, NumberField, Panel, People, Submit, TextArea, TextField, suggestions},
};

/// What a form showed of a task's standing. Events change it while a person types, so a form changes only what differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Shown {
    pub(crate) status: String,
    pub(crate) progress: i64,
    #[serde(default)]
    pub(crate) assigned_to: Option<String>,
}

impl Shown {
    /// As the hidden field of the form carries it.
    pub(crate) fn text(&self) -> String {
        serde_json::to_string(self).expect("words and a number are JSON")
    }

    pub(crate) fn read(text: &str) -> Result<Self, Refusal> {
        serde_json::from_str(text).map_err(|_| Refusal::invalid("the form does not say what it showed; open it again"))
    }

    /// Status and progress, each only if it was changed.
    pub(crate) fn changes(&self, status: &str, progress: &str) -> Result<(Option<String>, Option<i64>), Refusal> {
        let progress = read_progress(progress)?;
        Ok((Some(status.to_owned()).filter(|word| *word != self.status), progress.filter(|now| *now != self.progress)))
    }
}

/// Progress as typed; a blank field says nothing.
pub(crate) fn read_progress(text: &str) -> Result<Option<i64>, Refusal> {
    match text.trim() {
        "" => Ok(None),
        digits => digits
            .parse()
            .map(Some)
            .map_err(|_| Refusal::invalid(format!("progress {digits:?} is no whole number from 0 to 100"))),
    }
}

/// `missing` is the id of a task that is not there.
pub(super) fn missing(task_id: &str) -> AnyView {
    view! {
        <Panel kicker="Not found" title=task_id.to_owned().into_any() close=address::here_with(&[("open", None)])>
            <div class="panel-body">
                <p class="panel-section muted">"This project has no such task. It may have been removed with its project."</p>
            </div>
        </Panel>
    }
    .into_any()
}

pub(super) fn panel(task: &Task, people: &People) -> AnyView {
    let kept = Kept::here();
    let close = address::here_with(&[("open", None)]);
    let shown = Shown {
        status: task.status.as_str().to_owned(),
        progress: task.progress_percentage,
        assigned_to: task.assigned_to.clone(),
    };
    let statuses = TaskStatus::ALL.map(|status| (status.as_str().to_owned(), status.as_str().to_owned())).to_vec();
    let form = view! {
            <form method="post" action="/api/fn/backlog/change">
                <input type="hidden" name="task_id" value=task.task_id.clone() />
                <input type="hidden" name="shown" value=kept.or("shown", shown.text()) />
                <div class="panel-body">
                    {sprint_note(task)}
                    <div class="panel-section fields">
                        <TextField label="Title" name="title" value=kept.or("title", task.title.clone()) required=true />
                        <TextArea
                            label="Description"
                            name="description"
                            value=kept.or("description", task.description.clone().unwrap_or_default())
                        />
                        <TextField
                            label="Assignee"
                            name="assigned_to"
                            value=kept.or("assigned_to", task.assigned_to.clone().unwrap_or_default())
                            list="assignees"
                            hint="An employee id; blank is nobody"
                        />
                        {suggestions("assignees", people.iter().map(|(id, _)| id.clone()).collect())}
                    </div>
                    <div class="panel-section fields two">
                        <Choice
                            label="Status"
                            name="status"
                            chosen=kept.or("status", task.status.as_str())
                            options=statuses
                        />
                        <NumberField
                            label="Progress, %"
                            name="progress"
                            value=kept.or("progress", task.progress_percentage.to_string())
                            min=0
                            max=100
                        />
                        <p class="hint">
                            "Status follows progress: 1 to 99 is in_progress, 100 is completed. Only unassigned tasks are planned; setting that takes a task out of its sprint."
                        </p>
                    </div>
                </div>
                <footer class="panel-foot">
                    <Submit label="Save task" class="primary" needs=Permission::ManageSprints id="why-save" />
                    <a class="button" href=close.clone()>"Cancel"</a>
                </footer>
            </form>
    };
    view! { <Panel kicker=task.task_id.clone() title=task.title.clone().into_any() close=close>{form}</Panel> }.into_any()
}

/// A task of a sprint is worked on there: what is set here is replaced by the sprint's next word.
fn sprint_note(task: &Task) -> impl IntoView + use<> {
    task.sprint_id.clone().map(|sprint_id| {
        let href = address::sprint_task(&sprint_id, &task.task_id);
        view! {
            <p class="panel-section">
                "In sprint " <a href=href>{sprint_id}</a>
                ", where its progress is set. Status and progress that are set here hold until the sprint says otherwise."
            </p>
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_shown_survives_its_way_through_a_form() {
        let shown = Shown { status: "completed".into(), progress: 100, assigned_to: Some("\"><script>".into()) };
        assert_eq!(Shown::read(&shown.text()), Ok(shown));
        assert!(Shown::read("{}").is_err());
    }

    #[test]
    fn only_what_was_changed_is_sent() {
        let shown = Shown { status: "in_progress".into(), progress: 42, assigned_to: None };
        assert_eq!(shown.changes("in_progress", "42"), Ok((None, None)));
        assert_eq!(shown.changes("completed", "42"), Ok((Some("completed".into()), None)));
        assert_eq!(shown.changes("in_progress", " 50 "), Ok((None, Some(50))));
        assert_eq!(shown.changes("in_progress", ""), Ok((None, None)));
        assert!(shown.changes("in_progress", "4.5").is_err());
    }
}
