//! The chronicle: notes, reports, retrospectives and what can be read from them (contract §2.4).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Date, Timestamp};

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct SummaryMetrics {
    pub total_team_members: i64,
    pub total_tasks: i64,
    pub completed_tasks: i64,
    pub pending_tasks: i64,
}

/// One task in a daily scrum, as its assignee reported it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ScrumTask {
    pub id: String,
    #[serde(default)]
    pub yesterday_work: Option<String>,
    #[serde(default)]
    pub today_work: Option<String>,
    #[serde(default)]
    pub impediments: Option<String>,
    pub created_at: Timestamp,
}

/// What one person reported. The reference sends `assigned_to`, its readers expect `employee_id`: either is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ScrumEntry {
    #[serde(alias = "assigned_to")]
    pub employee_id: String,
    #[serde(default)]
    pub tasks: Vec<ScrumTask>,
}

/// `POST /v1/notes/daily_scrum_report`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CreateDailyScrumReport {
    pub project_id: String,
    #[serde(default)]
    pub sprint_id: Option<String>,
    #[serde(default)]
    pub report_date: Option<Date>,
    #[serde(default)]
    pub summary: Option<String>,
    #[serde(default)]
    pub summary_metrics: Option<SummaryMetrics>,
    /// By day.
    pub reports: BTreeMap<String, Vec<ScrumEntry>>,
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub orchestration_decision_details: Option<serde_json::Value>,
}

/// `GET /v1/notes/daily_scrum_report`: everything that matches, merged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DailyScrumReport {
    pub project_id: String,
    pub sprint_id: Option<String>,
    /// Of the newest report merged here.
    pub created_at: Timestamp,
    pub summary: Option<String>,
    pub summary_metrics: Option<SummaryMetrics>,
    /// By day, newest first.
    #[schema(value_type = BTreeMap<String, Vec<ScrumEntry>>)]
    pub reports: NewestFirst<Vec<ScrumEntry>>,
}

/// A JSON object whose keys (days) are written newest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewestFirst<T>(pub BTreeMap<String, T>);

impl<T: Serialize> Serialize for NewestFirst<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().rev())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for NewestFirst<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        BTreeMap::deserialize(deserializer).map(Self)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NoteCreated {
    pub message: String,
    pub note_id: String,
}

/// `POST /v1/notes/sprint_planning`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreateSprintPlanning {
    pub project_id: String,
    pub sprint_id: String,
    pub sprint_goal: String,
    pub planned_tasks: Vec<String>,
    #[serde(default)]
    pub sprint_name: Option<String>,
    #[serde(default)]
    pub start_date: Option<Date>,
    #[serde(default)]
    pub end_date: Option<Date>,
    #[serde(default)]
    pub duration_weeks: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SprintPlanning {
    pub note_id: String,
    pub sprint_id: String,
    pub project_id: String,
    pub sprint_name: Option<String>,
    pub sprint_goal: String,
    pub start_date: Option<Date>,
    pub end_date: Option<Date>,
    pub duration_weeks: Option<i64>,
    pub planned_tasks: Vec<String>,
    pub created_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ActionItem {
    pub description: String,
    #[serde(default = "open")]
    pub status: String,
}

fn open() -> String {
    "open".into()
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RetrospectiveTask {
    pub description: String,
    pub status: String,
    pub task_id: String,
    pub employee_id: String,
    pub progress_percentage: i64,
}

/// `POST /v1/notes/sprint_retrospective`; one per sprint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreateRetrospective {
    pub sprint_id: String,
    pub project_id: String,
    #[serde(default)]
    pub sprint_name: Option<String>,
    #[serde(default)]
    pub start_date: Option<Date>,
    #[serde(default)]
    pub end_date: Option<Date>,
    #[serde(default)]
    pub duration_weeks: Option<i64>,
    #[serde(default)]
    pub what_went_well: Option<String>,
    #[serde(default)]
    pub what_could_be_improved: Option<String>,
    #[serde(default)]
    pub action_items: Vec<ActionItem>,
    #[serde(default)]
    pub facilitator_id: Option<String>,
    #[serde(default)]
    pub attendees: Vec<String>,
    #[serde(default)]
    pub tasks_summary: Vec<RetrospectiveTask>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RetrospectiveCreated {
    pub message: String,
    pub retrospective_id: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Retrospective {
    pub retrospective_id: String,
    pub created_at: Timestamp,
    #[serde(flatten)]
    pub body: CreateRetrospective,
}

/// A domain event the chronicle recorded (`GET /v1/notes/events`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventNote {
    pub note_id: String,
    pub event_id: String,
    pub event_type: String,
    pub project_id: Option<String>,
    pub sprint_id: Option<String>,
    pub note_content: String,
    pub correlation_id: Option<String>,
    pub created_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VelocityPoint {
    pub sprint_id: String,
    pub start_date: Option<Date>,
    pub end_date: Option<Date>,
    /// Tasks of the retrospective at progress 100 (or with the reference's old status word `close`).
    pub completed_tasks: u64,
}

/// `GET /v1/analytics/project/{p}/velocity`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Velocity {
    pub project_id: String,
    pub velocity_trend_data: Vec<VelocityPoint>,
    /// Finished tasks per sprint, two decimals; 0 if there is no retrospective.
    pub average_velocity: f64,
    pub velocity_analysis: String,
}

/// Finished tasks of one retrospective.
pub fn finished(tasks: &[RetrospectiveTask]) -> u64 {
    tasks.iter().filter(|t| t.progress_percentage == 100 || t.status == "close").count() as u64
}

/// Velocity of a project from the velocities of its sprints, in order of start.
pub fn velocity(project_id: &str, points: Vec<VelocityPoint>) -> Velocity {
    let sum: u64 = points.iter().map(|p| p.completed_tasks).sum();
    let average = if points.is_empty() { 0.0 } else { (sum as f64 / points.len() as f64 * 100.0).round() / 100.0 };
    let analysis = match points.as_slice() {
        [] => "No retrospective yet, so no velocity.".to_owned(),
        [one] => format!("One sprint so far, with {} finished tasks.", one.completed_tasks),
        [.., before, last] => {
            let word = match last.completed_tasks.cmp(&before.completed_tasks) {
                std::cmp::Ordering::Less => "below",
                std::cmp::Ordering::Equal => "the same as",
                std::cmp::Ordering::Greater => "above",
            };
            format!(
                "{average} finished tasks per sprint over {} sprints; the last one was {word} the one before.",
                points.len()
            )
        }
    };
    Velocity {
        project_id: project_id.to_owned(),
        velocity_trend_data: points,
        average_velocity: average,
        velocity_analysis: analysis,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn velocity_is_the_mean_with_two_decimals() {
        let point = |n| VelocityPoint { sprint_id: "s".into(), start_date: None, end_date: None, completed_tasks: n };
        assert!((velocity("p", vec![point(1), point(0), point(1)]).average_velocity - 0.67).abs() < 1e-9);
        assert!(velocity("p", vec![]).average_velocity.abs() < 1e-9);
    }

    #[test]
    fn a_scrum_entry_is_read_under_either_name() {
        for name in ["assigned_to", "employee_id"] {
            let entry: ScrumEntry = serde_json::from_str(&format!(r#"{{"{name}":"E001"}}"#)).expect("json");
            assert_eq!(entry.employee_id, "E001");
        }
    }
}
