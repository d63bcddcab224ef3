//! The master task list (contract §2.2).

use domain::{
    backlog::{BacklogGenerated, BacklogSummary, ChangeTask, Task},
    project::Done,
};

use crate::{Error, Services};

/// x
pub async fn generate(_services: &Services, _project_id: &str) -> Result<BacklogGenerated, Error> {
    Err(Error::Unavailable("this service starts soon".into()))
}

/// x
pub async fn list(_services: &Services, _project_id: &str, _status: Option<&str>) -> Result<Vec<Task>, Error> {
    Err(Error::Unavailable("this service starts soon".into()))
}

/// x
pub async fn get(_services: &Services, _task_id: &str) -> Result<Task, Error> {
    Err(Error::Unavailable("this service starts soon".into()))
}

/// x
pub async fn summary(_services: &Services, _project_id: &str) -> Result<BacklogSummary, Error> {
    Err(Error::Unavailable("this service starts soon".into()))
}

/// x
pub async fn summaries(_services: &Services) -> Result<Vec<BacklogSummary>, Error> {
    Err(Error::Unavailable("this service starts soon".into()))
}

/// x
pub async fn change(_services: &Services, _task_id: &str, _change: ChangeTask) -> Result<Done, Error> {
    Err(Error::Unavailable("this service starts soon".into()))
}
