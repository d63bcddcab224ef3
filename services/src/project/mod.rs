//! Projects, employees, teams (contract §2.1).

use domain::project::{
    AssignTeamMembers, CreateEmployee, CreateProject, Done, EmployeeCreated, Project, ProjectCreated, ProjectStatusSet,
    SetProjectStatus, Team,
};

use crate::{Error, Services};

/// x
pub async fn create(_services: &Services, _create: CreateProject) -> Result<ProjectCreated, Error> {
    Err(Error::Unavailable("this service starts soon".into()))
}

/// x
pub async fn list(_services: &Services) -> Result<Vec<Project>, Error> {
    Err(Error::Unavailable("this service starts soon".into()))
}

/// x
pub async fn get(_services: &Services, _project_id: &str) -> Result<Project, Error> {
    Err(Error::Unavailable("this service starts soon".into()))
}

/// x
pub async fn set_status(
    _services: &Services,
    _project_id: &str,
    _set: SetProjectStatus,
) -> Result<ProjectStatusSet, Error> {
    Err(Error::Unavailable("this service starts soon".into()))
}

/// x
pub async fn team(_services: &Services, _project_id: &str) -> Result<Team, Error> {
    Err(Error::Unavailable("this service starts soon".into()))
}

/// x
pub async fn assign_team(_services: &Services, _project_id: &str, _assign: AssignTeamMembers) -> Result<Done, Error> {
    Err(Error::Unavailable("this service starts soon".into()))
}

/// x
pub async fn create_employee(_services: &Services, _create: CreateEmployee) -> Result<EmployeeCreated, Error> {
    Err(Error::Unavailable("this service starts soon".into()))
}
