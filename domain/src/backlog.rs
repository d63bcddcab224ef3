//! Tasks of the backlog (contract §2.2) and the rule that keeps status and progress consistent.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::Refusal;

/// Where a task stands. The words are the wire's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskStatus {
    /// In the backlog; the only status that can be planned.
    Unassigned,
    AssignedToSprint,
    InProgress,
    Completed,
}

impl TaskStatus {
    pub const ALL: [Self; 4] = [Self::Unassigned, Self::AssignedToSprint, Self::InProgress, Self::Completed];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unassigned => "unassigned",
            Self::AssignedToSprint => "assigned_to_sprint",
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == word)
    }
}

impl std::fmt::Display for TaskStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A task of the backlog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Task {
    pub task_id: String,
    pub project_id: String,
    pub title: String,
    pub description: Option<String>,
    pub status: TaskStatus,
    pub assigned_to: Option<String>,
    pub sprint_id: Option<String>,
    /// 0 to 100.
    pub progress_percentage: i64,
}

/// `PUT /tasks/{task}`: absent = untouched. `Some(None)` = explicit null, which clears where clearing has a meaning
/// (`sprint_id`, `assigned_to`) and is ignored elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ChangeTask {
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub title: Option<Option<String>>,
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub description: Option<Option<String>>,
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub status: Option<Option<String>>,
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub assigned_to: Option<Option<String>>,
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub sprint_id: Option<Option<String>>,
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 100)]
    pub progress_percentage: Option<Option<i64>>,
}

/// Tells an explicit null (`Some(None)`) from an absent key (`None`, by `default`).
#[expect(clippy::option_option, reason = "absent, null and a value are three things in this contract")]
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

impl ChangeTask {
    /// Whether any key was given at all (contract: 422 if not).
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BacklogGenerated {
    pub message: String,
    pub tasks_count: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BacklogSummary {
    pub project_id: String,
    pub total_tasks: u64,
    pub status_counts: BTreeMap<String, u64>,
    /// Status `unassigned` and no sprint: what the next sprint would take.
    pub unassigned_for_sprint_count: u64,
}

/// Status and progress of a task, kept consistent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub status: TaskStatus,
    pub progress: i64,
}

/// Applies a change of status and/or progress (contract §4): progress wins over a status given with it; 0 keeps the
/// status, 1 to 99 is `in_progress`, 100 is `completed`; `completed` sets 100; any other status given alone for a task
/// at 100 takes it back to what that status allows (0, or 99 for `in_progress`).
pub fn change_standing(now: Standing, status: Option<&str>, progress: Option<i64>) -> Result<Standing, Refusal> {
    let status = match status {
        Some(word) => Some(TaskStatus::parse(word).ok_or_else(|| {
            Refusal::invalid(format!(
                "unknown status {word:?}; use unassigned, assigned_to_sprint, in_progress or completed"
            ))
        })?),
        None => None,
    };
    if let Some(p) = progress.filter(|p| !(0..=100).contains(p)) {
        return Err(Refusal::invalid(format!("progress_percentage {p} is outside 0 to 100")));
    }
    Ok(match (status, progress) {
        (_, Some(100)) | (Some(TaskStatus::Completed), None) => {
            Standing { status: TaskStatus::Completed, progress: 100 }
        }
        (_, Some(p @ 1..)) => Standing { status: TaskStatus::InProgress, progress: p },
        (Some(TaskStatus::Completed), Some(_)) => {
            return Err(Refusal::invalid("status completed needs progress 100 or none"));
        }
        (Some(status), Some(_)) => Standing { status, progress: 0 },
        (None, Some(_)) => match now.status {
            TaskStatus::Completed => Standing { status: TaskStatus::InProgress, progress: 0 },
            status => Standing { status, progress: 0 },
        },
        (Some(TaskStatus::InProgress), None) => {
            Standing { status: TaskStatus::InProgress, progress: now.progress.min(99) }
        }
        (Some(status), None) => Standing { status, progress: if now.progress == 100 { 0 } else { now.progress } },
        (None, None) => now,
    })
}

/// The ten generic tasks of a new backlog (contract §2.2): number, title, description.
pub const GENERIC_TASKS: [(&str, &str); 10] = [
    ("Set up the repository and the build", "A clone builds and tests with one command, on every machine of the team."),
    ("Write down what the product must do", "The goals, the users and the measures of success, agreed by all."),
    ("Design the data model", "Entities, keys and constraints, with one migration that makes them."),
    ("Build the first service end to end", "One request from the edge to the database and back, with its tests."),
    ("Sign in and permissions", "Who may do what, enforced on the server."),
    ("User interface of the main flow", "The page most people use most of the time, on wide and narrow screens."),
    ("Messages between services", "Events with an outbox, consumers that may run twice."),
    ("Tests of the whole journey", "A browser walks the main flow on every commit."),
    ("Deploy to the staging environment", "One command, one rollback, health checks."),
    ("Monitoring and runbooks", "What is watched, what is alarmed, what to do then."),
];

/// `<project>-TASK<nnn>`.
pub fn task_id(project_id: &str, number: usize) -> String {
    format!("{project_id}-TASK{number:03}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_standing() -> impl Strategy<Value = Standing> {
        (0usize..4, 0i64..=100).prop_map(|(s, progress)| match TaskStatus::ALL[s] {
            _ if progress == 100 => Standing { status: TaskStatus::Completed, progress },
            TaskStatus::Completed => Standing { status: TaskStatus::Completed, progress: 100 },
            status => Standing { status, progress },
        })
    }

    proptest! {
        #[test]
        fn a_task_is_completed_exactly_at_100(now in any_standing(), status in proptest::option::of(0usize..4), progress in proptest::option::of(0i64..=100)) {
            if let Ok(next) = change_standing(now, status.map(|s| TaskStatus::ALL[s].as_str()), progress) {
                prop_assert_eq!(next.status == TaskStatus::Completed, next.progress == 100);
                prop_assert!((0..=100).contains(&next.progress));
            }
        }

        #[test]
        fn progress_outside_0_to_100_is_refused(now in any_standing(), progress in prop_oneof![i64::MIN..0, 101..i64::MAX]) {
            prop_assert!(change_standing(now, None, Some(progress)).is_err());
        }

        #[test]
        fn progress_between_decides_the_status(now in any_standing(), progress in 1i64..100) {
            let next = change_standing(now, None, Some(progress)).expect("in range");
            prop_assert_eq!(next, Standing { status: TaskStatus::InProgress, progress });
        }
    }

    #[test]
    fn an_explicit_null_is_told_from_an_absent_key() {
        let change: ChangeTask = serde_json::from_str(r#"{"assigned_to":null}"#).expect("json");
        assert_eq!(change.assigned_to, Some(None));
        assert_eq!(change.sprint_id, None);
        assert!(!change.is_empty());
        assert!(serde_json::from_str::<ChangeTask>("{}").expect("json").is_empty());
    }
}
