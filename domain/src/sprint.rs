//! Sprints (contract §2.3) and their rules (§4): planning, the daily scrum, closing, the retrospective.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Date, Refusal,
    backlog::{Task, TaskStatus},
    chronicle::{ActionItem, RetrospectiveTask},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SprintStatus {
    InProgress,
    /// Final: every task at 100, or no task at all.
    Completed,
    /// Final: the unfinished tasks went back to the backlog.
    ClosedWithPendingTasks,
}

impl SprintStatus {
    pub const ALL: [Self; 3] = [Self::InProgress, Self::Completed, Self::ClosedWithPendingTasks];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::ClosedWithPendingTasks => "closed_with_pending_tasks",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == word)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Sprint {
    pub sprint_id: String,
    pub project_id: String,
    pub sprint_name: String,
    pub start_date: Date,
    pub end_date: Date,
    pub duration_weeks: i64,
    pub status: SprintStatus,
}

/// Days of work in a week: a sprint of two weeks is to be done after ten.
const WORKING_DAYS: i64 = 5;

impl Sprint {
    /// Days of work in which it is to be done; each daily scrum is one.
    pub const fn working_days(&self) -> i64 {
        self.duration_weeks * WORKING_DAYS
    }

    /// How many of `total` tasks are left after `day` days of work if every day finishes as many as any other.
    pub fn ideally_left(&self, total: u64, day: i64) -> f64 {
        total as f64 * (1.0 - day as f64 / self.working_days().max(1) as f64).max(0.0)
    }
}

/// A task as the sprint service holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SprintTask {
    pub task_id: String,
    pub title: String,
    pub status: TaskStatus,
    pub sprint_id: String,
    pub progress_percentage: i64,
    pub assigned_to: Option<String>,
}

/// `POST /sprints/{project}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StartSprint {
    pub sprint_name: String,
    /// At least 1, at most 52.
    #[schema(minimum = 1, maximum = 52)]
    pub duration_weeks: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SprintStarted {
    pub message: String,
    pub sprint_id: String,
    pub assigned_tasks_count: usize,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SprintDetail {
    pub sprint: Sprint,
    pub tasks: Vec<SprintTask>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TaskSummary {
    pub total_tasks: u64,
    /// Progress 100.
    pub completed_tasks: u64,
    pub pending_tasks: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProjectSprints {
    pub project_id: String,
    pub sprints: Vec<Sprint>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ActiveSprint {
    pub sprint_id: String,
}

/// `POST /tasks/{task}/progress`
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct SetProgress {
    pub status: Option<String>,
    #[schema(minimum = 0, maximum = 100)]
    pub progress_percentage: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DailyScrumRun {
    pub message: String,
    pub sprint_id: String,
    pub tasks_updated_count: usize,
    /// The chronicle's `note_id`; null if the chronicle could not be reached.
    pub report_id: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SprintClosed {
    pub message: String,
    pub sprint_id: String,
    pub status_updated_to: SprintStatus,
    pub completed_tasks_count: usize,
    pub uncompleted_tasks_moved_to_backlog_count: usize,
    /// Null if the chronicle could not be reached.
    pub retrospective_report_id: Option<String>,
}

/// One point of a burndown: how many tasks were unfinished after that many days of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BurndownPoint {
    /// 0 = when the sprint started; each daily scrum is one day.
    pub day: i64,
    pub tasks_left: u64,
}

/// What starting a sprint would do, or does: preview and act share this.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Plan {
    pub tasks: Vec<PlannedTask>,
    pub start_date: Date,
    pub end_date: Date,
    pub warnings: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlannedTask {
    pub task_id: String,
    pub title: String,
    pub assigned_to: Option<String>,
}

/// What closing a sprint would do, or does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Closing {
    pub status: SprintStatus,
    pub completed: Vec<SprintTask>,
    /// Go back to the backlog: status `unassigned`, sprint cleared, assignee kept.
    pub returned: Vec<SprintTask>,
}

/// Longest sprint we accept; the contract only says at least 1.
pub const MAX_DURATION_WEEKS: i64 = 52;

/// Name and duration of a sprint to start.
pub fn validate(start: &StartSprint) -> Result<(), Refusal> {
    if start.sprint_name.trim().is_empty() {
        return Err(Refusal::invalid("sprint_name is empty"));
    }
    if !(1..=MAX_DURATION_WEEKS).contains(&start.duration_weeks) {
        return Err(Refusal::invalid(format!(
            "duration_weeks {} is outside 1 to {MAX_DURATION_WEEKS}",
            start.duration_weeks
        )));
    }
    Ok(())
}

/// `<project>-S<nn>`, at least two digits.
pub fn sprint_id(project_id: &str, number: i64) -> String {
    format!("{project_id}-S{number:02}")
}

/// Last day of a sprint: seven days per week after its first.
pub fn end_date(start: Date, duration_weeks: i64) -> Date {
    start.plus_days(duration_weeks * 7)
}

/// Plans every task given, in the order given: a task keeps its assignee, the others get team members in turn, from
/// the first of `team` on (which the caller orders by employee id).
pub fn plan(tasks: &[Task], team: &[String]) -> Vec<PlannedTask> {
    let mut next = 0;
    tasks
        .iter()
        .map(|task| {
            let assigned_to = task.assigned_to.clone().or_else(|| {
                let member = team.get(next % team.len().max(1)).cloned();
                next += 1;
                member
            });
            PlannedTask { task_id: task.task_id.clone(), title: task.title.clone(), assigned_to }
        })
        .collect()
}

/// Least and most progress that one simulated day adds.
pub const DAILY_PROGRESS: std::ops::RangeInclusive<i64> = 5..=30;
/// One task in this many meets a minor blocker on a simulated day.
pub const BLOCKER_ONE_IN: u32 = 10;
/// What a simulated day's blocker can be: always something outside.
pub const BLOCKERS: [&str; 4] = [
    "Waiting for an answer from another team",
    "The test environment was slow this morning",
    "A dependency had to be updated first",
    "Waiting for a review",
];

/// One day of work on a task: `drawn` is added, capped at 100.
pub fn work_a_day(task: &SprintTask, drawn: i64) -> SprintTask {
    let progress = (task.progress_percentage + drawn).min(100);
    let status = if progress == 100 { TaskStatus::Completed } else { TaskStatus::InProgress };
    SprintTask { progress_percentage: progress, status, ..task.clone() }
}

/// What closing does with the tasks of a sprint. Finished means progress 100.
pub fn close(tasks: &[SprintTask]) -> Closing {
    let (completed, returned): (Vec<_>, Vec<_>) = tasks.iter().cloned().partition(|t| t.progress_percentage == 100);
    let status = if returned.is_empty() { SprintStatus::Completed } else { SprintStatus::ClosedWithPendingTasks };
    Closing { status, completed, returned }
}

pub fn summarise(tasks: &[SprintTask]) -> TaskSummary {
    let completed = tasks.iter().filter(|t| t.progress_percentage == 100).count() as u64;
    TaskSummary {
        total_tasks: tasks.len() as u64,
        completed_tasks: completed,
        pending_tasks: tasks.len() as u64 - completed,
    }
}

/// What the retrospective of a sprint says (contract §4): counts, an action item for each count above zero, every task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetrospectiveText {
    pub what_went_well: String,
    pub what_could_be_improved: String,
    pub action_items: Vec<ActionItem>,
    pub tasks: Vec<RetrospectiveTask>,
}

pub fn retrospect(tasks: &[SprintTask]) -> RetrospectiveText {
    let finished = tasks.iter().filter(|t| t.progress_percentage == 100).count();
    let not_started = tasks.iter().filter(|t| t.progress_percentage == 0).count();
    let started = tasks.len() - finished - not_started;
    let what_went_well = match finished {
        0 => "No task was finished in this sprint.".to_owned(),
        n => format!("{n} of {} tasks were finished.", tasks.len()),
    };
    let what_could_be_improved = match (started, not_started) {
        (0, 0) => "Carry on as now.".to_owned(),
        (s, n) => format!("{s} tasks were started but not finished, {n} were not started."),
    };
    let item = |n: usize, text: String| (n > 0).then(|| ActionItem { description: text, status: "open".into() });
    let action_items = [
        item(finished, format!("Keep what helped to finish {finished} tasks.")),
        item(started, format!("Find out what held up {started} tasks in progress.")),
        item(not_started, format!("Plan again or drop {not_started} tasks that were not started.")),
    ];
    RetrospectiveText {
        what_went_well,
        what_could_be_improved,
        action_items: action_items.into_iter().flatten().collect(),
        tasks: tasks
            .iter()
            .map(|t| RetrospectiveTask {
                description: t.title.clone(),
                status: t.status.as_str().to_owned(),
                task_id: t.task_id.clone(),
                employee_id: t.assigned_to.clone().unwrap_or_else(|| "unassigned".into()),
                progress_percentage: t.progress_percentage,
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn task(n: usize, assigned_to: Option<&str>) -> Task {
        Task {
            task_id: format!("P-TASK{n:03}"),
            project_id: "P".into(),
            title: format!("task {n}"),
            description: None,
            status: TaskStatus::Unassigned,
            assigned_to: assigned_to.map(str::to_owned),
            sprint_id: None,
            progress_percentage: 0,
        }
    }

    fn sprint_task(n: usize, progress: i64) -> SprintTask {
        SprintTask {
            task_id: format!("P-TASK{n:03}"),
            title: format!("task {n}"),
            status: TaskStatus::InProgress,
            sprint_id: "P-S01".into(),
            progress_percentage: progress,
            assigned_to: None,
        }
    }

    #[test]
    fn planning_goes_round_the_team_and_keeps_who_was_assigned() {
        let planned = plan(
            &[task(1, None), task(2, Some("E009")), task(3, None), task(4, None)],
            &["E001".into(), "E002".into()],
        );
        let who: Vec<_> = planned.iter().map(|t| t.assigned_to.as_deref()).collect();
        assert_eq!(who, [Some("E001"), Some("E009"), Some("E002"), Some("E001")]);
    }

    #[test]
    fn planning_without_a_team_assigns_nobody() {
        assert_eq!(plan(&[task(1, None)], &[])[0].assigned_to, None);
    }

    #[test]
    fn an_empty_sprint_closes_as_completed() {
        assert_eq!(close(&[]).status, SprintStatus::Completed);
    }

    #[test]
    fn a_sprint_id_has_at_least_two_digits_and_grows() {
        assert_eq!(sprint_id("ACM-7", 2), "ACM-7-S02");
        assert_eq!(sprint_id("ACM-7", 134), "ACM-7-S134");
    }

    #[test]
    fn a_two_week_sprint_ends_fourteen_days_later() {
        let start: Date = "2026-03-02".parse().expect("date");
        assert_eq!(end_date(start, 2).to_string(), "2026-03-16");
    }

    proptest! {
        #[test]
        fn closing_loses_no_task_and_returns_only_unfinished_ones(progress in proptest::collection::vec(0i64..=100, 0..30)) {
            let tasks: Vec<_> = progress.iter().enumerate().map(|(n, p)| sprint_task(n, *p)).collect();
            let closing = close(&tasks);
            prop_assert_eq!(closing.completed.len() + closing.returned.len(), tasks.len());
            prop_assert!(closing.returned.iter().all(|t| t.progress_percentage < 100));
            prop_assert_eq!(closing.status == SprintStatus::Completed, closing.returned.is_empty());
        }

        #[test]
        fn a_day_of_work_only_adds_and_never_passes_100(progress in 0i64..100, drawn in DAILY_PROGRESS) {
            let after = work_a_day(&sprint_task(1, progress), drawn);
            prop_assert!(after.progress_percentage > progress && after.progress_percentage <= 100);
            prop_assert_eq!(after.status == TaskStatus::Completed, after.progress_percentage == 100);
        }

        #[test]
        fn a_retrospective_names_every_task_and_an_action_per_kind(progress in proptest::collection::vec(0i64..=100, 0..30)) {
            let tasks: Vec<_> = progress.iter().enumerate().map(|(n, p)| sprint_task(n, *p)).collect();
            let text = retrospect(&tasks);
            prop_assert_eq!(text.tasks.len(), tasks.len());
            let kinds = [progress.contains(&100), progress.contains(&0), progress.iter().any(|p| (1..100).contains(p))];
            prop_assert_eq!(text.action_items.len(), kinds.iter().filter(|k| **k).count());
        }
    }
}
