//! Sprints (contract §2.3): reading them here; starting, working and closing in a file each.

mod close;
mod daily_scrum;
mod event;
mod progress;
mod start;
pub(crate) mod store;

pub use close::{close, closing};
pub use daily_scrum::run_daily_scrum;
use domain::sprint::{
    ActiveSprint, BurndownPoint, ProjectSprints, Sprint, SprintDetail, SprintTask, TaskSummary, summarise,
};
pub use progress::set_progress;
pub use start::{plan, start};

use crate::{Error, Services};

fn unknown(sprint_id: &str) -> Error {
    Error::not_found(format!("sprint {sprint_id} does not exist"))
}

pub async fn get(services: &Services, sprint_id: &str) -> Result<SprintDetail, Error> {
    let mut connection = services.databases().sprint.connection().await?;
    let sprint = store::find(&mut connection, sprint_id).await?.ok_or_else(|| unknown(sprint_id))?;
    let tasks = store::tasks(&mut connection, sprint_id).await?;
    Ok(SprintDetail { sprint, tasks })
}

pub async fn tasks(services: &Services, sprint_id: &str) -> Result<Vec<SprintTask>, Error> {
    get(services, sprint_id).await.map(|detail| detail.tasks)
}

pub async fn task_summary(services: &Services, sprint_id: &str) -> Result<TaskSummary, Error> {
    get(services, sprint_id).await.map(|detail| summarise(&detail.tasks))
}

/// Sprints of a project, newest first. A status no sprint can have matches none.
pub async fn by_project(services: &Services, project_id: &str, status: Option<&str>) -> Result<Vec<Sprint>, Error> {
    let mut connection = services.databases().sprint.connection().await?;
    store::list(&mut connection, Some(project_id), status).await
}

/// The sprints of all projects that have one, by project id; of each the newest first.
pub async fn list_projects(services: &Services) -> Result<Vec<ProjectSprints>, Error> {
    let mut connection = services.databases().sprint.connection().await?;
    let mut projects = std::collections::BTreeMap::<String, Vec<Sprint>>::new();
    for sprint in store::list(&mut connection, None, None).await? {
        projects.entry(sprint.project_id.clone()).or_default().push(sprint);
    }
    Ok(projects.into_iter().map(|(project_id, sprints)| ProjectSprints { project_id, sprints }).collect())
}

/// The sprint in progress: of one project, or, of several, the one that was started last.
pub async fn active(services: &Services, project_id: Option<&str>) -> Result<ActiveSprint, Error> {
    let mut connection = services.databases().sprint.connection().await?;
    let in_progress = domain::sprint::SprintStatus::InProgress.as_str();
    let sprint = store::list(&mut connection, project_id, Some(in_progress)).await?.into_iter().next();
    let sprint_id = sprint.map(|sprint| sprint.sprint_id);
    sprint_id.map(|sprint_id| ActiveSprint { sprint_id }).ok_or_else(|| match project_id {
        Some(project_id) => Error::not_found(format!("project {project_id} has no sprint in progress")),
        None => Error::not_found("no sprint is in progress"),
    })
}

/// Unfinished tasks after each simulated day, from the start on.
pub async fn burndown(services: &Services, sprint_id: &str) -> Result<Vec<BurndownPoint>, Error> {
    let mut connection = services.databases().sprint.connection().await?;
    if store::find(&mut connection, sprint_id).await?.is_none() {
        return Err(unknown(sprint_id));
    }
    store::burndown(&mut connection, sprint_id).await
}
