//! Sprints (contract §2.3).

use domain::{
    project::Done,
    sprint::{
        ActiveSprint, BurndownPoint, Closing, DailyScrumRun, Plan, ProjectSprints, SetProgress, Sprint, SprintClosed,
        SprintDetail, SprintStarted, SprintTask, StartSprint, TaskSummary,
    },
};

use crate::{Error, Services};

/// x
pub async fn plan(_services: &Services, _project_id: &str, _duration_weeks: i64) -> Result<Plan, Error> {
    Err(Error::Unavailable("this service starts soon".into()))
}

/// x
pub async fn start(_services: &Services, _project_id: &str, _start: StartSprint) -> Result<SprintStarted, Error> {
    Err(Error::Unavailable("this service starts soon".into()))
}

/// x
pub async fn get(_services: &Services, _sprint_id: &str) -> Result<SprintDetail, Error> {
    Err(Error::Unavailable("this service starts soon".into()))
}

/// x
pub async fn tasks(_services: &Services, _sprint_id: &str) -> Result<Vec<SprintTask>, Error> {
    Err(Error::Unavailable("this service starts soon".into()))
}

/// x
pub async fn task_summary(_services: &Services, _sprint_id: &str) -> Result<TaskSummary, Error> {
    Err(Error::Unavailable("this service starts soon".into()))
}

/// x
pub async fn by_project(_services: &Services, _project_id: &str, _status: Option<&str>) -> Result<Vec<Sprint>, Error> {
    Err(Error::Unavailable("this service starts soon".into()))
}

/// x
pub async fn list_projects(_services: &Services) -> Result<Vec<ProjectSprints>, Error> {
    Err(Error::Unavailable("this service starts soon".into()))
}

/// x
pub async fn active(_services: &Services, _project_id: Option<&str>) -> Result<ActiveSprint, Error> {
    Err(Error::Unavailable("this service starts soon".into()))
}

/// x
pub async fn set_progress(_services: &Services, _task_id: &str, _set: SetProgress) -> Result<Done, Error> {
    Err(Error::Unavailable("this service starts soon".into()))
}

/// x
pub async fn run_daily_scrum(_services: &Services, _sprint_id: &str) -> Result<DailyScrumRun, Error> {
    Err(Error::Unavailable("this service starts soon".into()))
}

/// x
pub async fn closing(_services: &Services, _sprint_id: &str) -> Result<Closing, Error> {
    Err(Error::Unavailable("this service starts soon".into()))
}

/// x
pub async fn close(_services: &Services, _sprint_id: &str) -> Result<SprintClosed, Error> {
    Err(Error::Unavailable("this service starts soon".into()))
}

/// x
pub async fn burndown(_services: &Services, _sprint_id: &str) -> Result<Vec<BurndownPoint>, Error> {
    Err(Error::Unavailable("this service starts soon".into()))
}
