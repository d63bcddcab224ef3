//! What the server functions do: ask the service, then show the sprint.

use domain::{
    Refusal,
    sprint::{SetProgress, StartSprint},
};
use services::sprint;

use super::seen;
use crate::{
    address,
    backlog::{Shown, read_progress},
    context::context,
    part::counted,
    refused::Refused,
};

pub(super) async fn start(project_id: &str, name: &str, weeks: &str, seen: Option<&str>) -> Result<(), Refused> {
    let services = context().services;
    let duration_weeks = read_weeks(weeks)?;
    let plan = sprint::plan(&services, project_id, duration_weeks).await?;
    seen::still_true(seen, &seen::of_plan(&plan))?;
    let start = StartSprint { sprint_name: name.to_owned(), duration_weeks };
    let started = sprint::start(&services, project_id, start).await?;
    let tasks = counted(started.assigned_tasks_count as u64, "task");
    let mut message = format!("{} has started with {tasks}.", started.sprint_id);
    for warning in &started.warnings {
        message = format!("{message} Note: {warning}.");
    }
    leptos_axum::redirect(&address::done(&address::sprint(&started.sprint_id), &message));
    Ok(())
}

/// Weeks as typed.
pub(super) fn read_weeks(text: &str) -> Result<i64, Refusal> {
    let text = text.trim();
    text.parse().map_err(|_| Refusal::invalid(format!("weeks {text:?} is no whole number")))
}

pub(super) async fn run_daily_scrum(sprint_id: &str) -> Result<(), Refused> {
    let services = context().services;
    let run = sprint::run_daily_scrum(&services, sprint_id).await?;
    let mut message = match run.tasks_updated_count {
        0 => "Every task is finished already: nobody had anything to report.".to_owned(),
        count => format!("{} moved forward.", counted(count as u64, "task")),
    };
    if run.report_id.is_none() {
        message.push_str(" The report was not written: the chronicle could not be reached.");
    }
    leptos_axum::redirect(&address::done(&address::sprint(sprint_id), &message));
    Ok(())
}

pub(super) async fn close(sprint_id: &str, typed: &str, seen: Option<&str>) -> Result<(), Refused> {
    if typed.trim() != sprint_id {
        return Err(Refusal::invalid(format!("type {sprint_id} to confirm")).into());
    }
    let services = context().services;
    let closing = sprint::closing(&services, sprint_id).await?;
    seen::still_true(seen, &seen::of_closing(&closing))?;
    let closed = sprint::close(&services, sprint_id).await?;
    let mut message = format!(
        "{sprint_id} is {}: {} completed, {} back to the backlog.",
        closed.status_updated_to.as_str(),
        closed.completed_tasks_count,
        closed.uncompleted_tasks_moved_to_backlog_count
    );
    if closed.retrospective_report_id.is_none() {
        message.push_str(" The retrospective was not written: the chronicle could not be reached.");
    }
    leptos_axum::redirect(&address::done(&address::sprint_tab(sprint_id, "retrospective"), &message));
    Ok(())
}

pub(super) async fn set_progress(
    task_id: &str,
    status: &str,
    progress: &str,
    shown: Option<&str>,
    sprint_id: Option<&str>,
) -> Result<(), Refused> {
    let (status, progress_percentage) = match shown {
        Some(shown) => Shown::read(shown)?.changes(status, progress)?,
        None => (Some(status.to_owned()), read_progress(progress)?),
    };
    let set = SetProgress { status: status.filter(|word| !word.is_empty()), progress_percentage };
    // a form that was sent as it was shown asks for nothing
    if shown.is_none() || set != SetProgress::default() {
        sprint::set_progress(&context().services, task_id, set).await?;
    }
    if let Some(sprint_id) = sprint_id {
        let task = address::sprint_task(sprint_id, task_id);
        leptos_axum::redirect(&address::done(&task, &format!("{task_id} was set.")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_are_a_whole_number() {
        assert_eq!(read_weeks(" 2 "), Ok(2));
        assert!(read_weeks("two").is_err());
        assert!(read_weeks("").is_err());
    }
}
