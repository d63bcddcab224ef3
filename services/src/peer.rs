//! How one service calls another. All four run in this process, so a call is a call; it still has a time-out and only
//! two ways to fail, because callers must not know where the peer runs.

use std::{future::Future, time::Duration};

use domain::{
    backlog::{Task, TaskStatus},
    chronicle::{CreateDailyScrumReport, CreateRetrospective, CreateSprintPlanning, NoteCreated, RetrospectiveCreated},
    project::{Project, Team},
};

use crate::{Error, Services, backlog, chronicle, project};

/// How long a peer may take (contract §7).
const TIMEOUT: Duration = Duration::from_secs(5);

/// Why a peer gave no answer. Anything that is not a definite no counts as away: the caller waits or degrades.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PeerError {
    #[error("{0}")]
    NotFound(String),
    #[error("the {peer} service cannot be reached: {reason}")]
    Unreachable { peer: &'static str, reason: String },
}

impl From<PeerError> for Error {
    fn from(error: PeerError) -> Self {
        match error {
            PeerError::NotFound(message) => Self::not_found(message),
            PeerError::Unreachable { .. } => Self::Unavailable(error.to_string()),
        }
    }
}

async fn call<T>(peer: &'static str, answer: impl Future<Output = Result<T, Error>>) -> Result<T, PeerError> {
    let unreachable = |reason: String| PeerError::Unreachable { peer, reason };
    match tokio::time::timeout(TIMEOUT, answer).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) if error.is_not_found() => Err(PeerError::NotFound(error.to_string())),
        Ok(Err(error)) => Err(unreachable(domain::Refusal::from(error).message)),
        Err(_) => Err(unreachable(format!("no answer within {TIMEOUT:?}"))),
    }
}

pub(crate) async fn project(services: &Services, project_id: &str) -> Result<Project, PeerError> {
    call("project", project::get(services, project_id)).await
}

pub(crate) async fn projects(services: &Services) -> Result<Vec<Project>, PeerError> {
    call("project", project::list(services)).await
}

pub(crate) async fn team(services: &Services, project_id: &str) -> Result<Team, PeerError> {
    call("project", project::team(services, project_id)).await
}

/// Tasks that the next sprint would take.
pub(crate) async fn plannable_tasks(services: &Services, project_id: &str) -> Result<Vec<Task>, PeerError> {
    call("backlog", backlog::list(services, project_id, Some(TaskStatus::Unassigned.as_str()))).await
}

pub(crate) async fn note_planning(services: &Services, create: CreateSprintPlanning) -> Result<NoteCreated, PeerError> {
    call("chronicle", chronicle::create_sprint_planning(services, create)).await
}

pub(crate) async fn report_daily_scrum(
    services: &Services,
    create: CreateDailyScrumReport,
) -> Result<NoteCreated, PeerError> {
    call("chronicle", chronicle::create_daily_scrum_report(services, create)).await
}

pub(crate) async fn note_retrospective(
    services: &Services,
    create: CreateRetrospective,
) -> Result<RetrospectiveCreated, PeerError> {
    call("chronicle", chronicle::create_retrospective(services, create)).await
}
