//! What is known of a project, gathered from four services. One of them may be away: then that part is unknown, and the
//! rest is shown.

use domain::{
    backlog::BacklogSummary,
    project::Project,
    sprint::{Sprint, SprintStatus, TaskSummary, summarise},
};
use services::{Services, backlog, project, sprint};

use crate::part::mean_progress;

/// The sprint in progress of a project, as far as is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Running {
    /// The sprint service gives no answer, for this reason.
    Unknown(String),
    Nothing,
    Sprint {
        sprint: Box<Sprint>,
        progress: i64,
        summary: TaskSummary,
    },
}

impl Running {
    /// The sprint, if there certainly is one.
    pub(crate) fn sprint(&self) -> Option<&Sprint> {
        match self {
            Self::Sprint { sprint, .. } => Some(sprint),
            Self::Unknown(_) | Self::Nothing => None,
        }
    }
}

/// Asks for the sprint in progress and how far it is.
pub(crate) async fn running(services: &Services, project_id: &str) -> Running {
    let asked = async {
        let active = sprint::by_project(services, project_id, Some(SprintStatus::InProgress.as_str())).await?;
        let Some(sprint) = active.into_iter().next() else { return Ok(Running::Nothing) };
        let tasks = sprint::tasks(services, &sprint.sprint_id).await?;
        let progress = mean_progress(tasks.iter().map(|task| task.progress_percentage));
        Ok(Running::Sprint { sprint: Box::new(sprint), progress, summary: summarise(&tasks) })
    };
    asked.await.unwrap_or_else(|error| Running::Unknown(why(error)))
}

/// A row of the list of projects.
pub(super) struct Row {
    pub(super) project: Project,
    pub(super) running: Running,
    pub(super) tasks: Result<BacklogSummary, String>,
    pub(super) team: Result<u64, String>,
}

pub(super) async fn row(services: &Services, of: Project) -> Row {
    Row {
        running: running(services, &of.id).await,
        tasks: backlog::summary(services, &of.id).await.map_err(why),
        team: project::team(services, &of.id).await.map(|team| team.team_members.len() as u64).map_err(why),
        project: of,
    }
}

/// The sentence for an unknown figure.
pub(super) fn why(error: services::Error) -> String {
    domain::Refusal::from(error).message
}
