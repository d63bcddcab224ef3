//! Projects, employees and who works on what (contract §2.1).

pub(crate) mod handler;
pub(crate) mod store;

use domain::project::{
    AssignTeamMembers, CreateEmployee, CreateProject, Done, EmployeeCreated, Project, ProjectCreated, ProjectStatusSet,
    SetProjectStatus, Team,
};

use crate::{Error, Services, clock, consumer::EventHandler, error::required};

fn unknown(project_id: &str) -> Error {
    Error::not_found(format!("project {project_id} does not exist"))
}

/// Creates a project; 409 if its id is taken.
pub async fn create(services: &Services, create: CreateProject) -> Result<ProjectCreated, Error> {
    required("id", &create.id)?;
    required("name", &create.name)?;
    let mut transaction = services.databases().project.begin().await?;
    if !store::insert(&mut transaction, &create, clock::now()).await? {
        return Err(Error::conflict(format!("project {} exists already", create.id)));
    }
    transaction.commit().await?;
    Ok(ProjectCreated { message: "Project created".to_owned(), project_id: create.id })
}

/// All projects, by id.
pub async fn list(services: &Services) -> Result<Vec<Project>, Error> {
    let mut connection = services.databases().project.connection().await?;
    store::list(&mut connection).await
}

pub async fn get(services: &Services, project_id: &str) -> Result<Project, Error> {
    let mut connection = services.databases().project.connection().await?;
    store::find(&mut connection, project_id).await?.ok_or_else(|| unknown(project_id))
}

/// Sets the free-text status.
pub async fn set_status(
    services: &Services,
    project_id: &str,
    set: SetProjectStatus,
) -> Result<ProjectStatusSet, Error> {
    required("status", &set.status)?;
    let mut transaction = services.databases().project.begin().await?;
    if !store::set_status(&mut transaction, project_id, &set.status, clock::now()).await? {
        return Err(unknown(project_id));
    }
    transaction.commit().await?;
    Ok(ProjectStatusSet {
        message: "Project status updated".to_owned(),
        project_id: project_id.to_owned(),
        status: set.status,
    })
}

/// The team of a project, by employee id.
pub async fn team(services: &Services, project_id: &str) -> Result<Team, Error> {
    let mut connection = services.databases().project.connection().await?;
    if store::find(&mut connection, project_id).await?.is_none() {
        return Err(unknown(project_id));
    }
    let team_members = store::team(&mut connection, project_id).await?;
    Ok(Team { project_id: project_id.to_owned(), team_members })
}

/// Puts employees on a project. Unknown ones are skipped, those already there stay.
pub async fn assign_team(services: &Services, project_id: &str, assign: AssignTeamMembers) -> Result<Done, Error> {
    let mut transaction = services.databases().project.begin().await?;
    if store::find(&mut transaction, project_id).await?.is_none() {
        return Err(unknown(project_id));
    }
    for employee_ids in assign.employee_ids.chunks(::store::rows::ROWS_PER_STATEMENT) {
        store::assign(&mut transaction, project_id, employee_ids).await?;
    }
    transaction.commit().await?;
    Ok(Done::new("Team members assigned"))
}

/// Adds an employee; one with that id already stays as it is.
pub async fn create_employee(services: &Services, create: CreateEmployee) -> Result<EmployeeCreated, Error> {
    required("employee_id", &create.employee_id)?;
    required("name", &create.name)?;
    let mut transaction = services.databases().project.begin().await?;
    let employee_name = store::insert_employee(&mut transaction, &create).await?;
    transaction.commit().await?;
    Ok(EmployeeCreated { employee_id: create.employee_id, employee_name })
}

/// Handles the events this service consumes: the status of a project follows its sprints.
pub fn handler(services: Services) -> EventHandler {
    EventHandler::project(services)
}
