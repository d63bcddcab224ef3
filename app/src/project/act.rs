//! What the server functions do: ask the service, then show the project.

use domain::{
    Refusal,
    project::{AssignTeamMembers, CreateEmployee, CreateProject, INACTIVE, SetProjectStatus},
};
use services::{Services, project};

use crate::{address, context::context, refused::Refused};

pub(super) async fn create(id: &str, name: &str, description: String, status: &str) -> Result<(), Refused> {
    let (id, name, status) = (id.trim(), name.trim(), status.trim());
    let create = CreateProject {
        id: id.to_owned(),
        name: name.to_owned(),
        description,
        status: if status.is_empty() { INACTIVE } else { status }.to_owned(),
    };
    let services = context().services;
    project::create(&services, create).await?;
    show(id, &format!("{name} was created. It needs people and tasks next."));
    Ok(())
}

pub(super) async fn set_status(project_id: &str, status: &str) -> Result<(), Refused> {
    let services = context().services;
    let set = SetProjectStatus { status: status.trim().to_owned() };
    let set = project::set_status(&services, project_id, set).await?;
    show(project_id, &format!("The status is {} now.", set.status));
    Ok(())
}

pub(super) async fn add_member(project_id: &str, employee_id: &str, name: &str) -> Result<(), Refused> {
    let services = context().services;
    let (employee_id, name) = (employee_id.trim(), name.trim());
    // an employee of a project that does not exist would be left over
    project::get(&services, project_id).await?;
    let create = CreateEmployee {
        employee_id: employee_id.to_owned(),
        name: name.to_owned(),
        gender: None,
        state: None,
        age: None,
    };
    let created = project::create_employee(&services, create).await?;
    put_on_team(&services, project_id, vec![employee_id.to_owned()]).await?;
    let message = if created.employee_name == name {
        format!("{name} is on the team.")
    } else {
        format!("{employee_id} was known as {} already, and is on the team.", created.employee_name)
    };
    show(project_id, &message);
    Ok(())
}

pub(super) async fn assign(project_id: &str, employee_ids: &str) -> Result<(), Refused> {
    let services = context().services;
    let asked = split_ids(employee_ids);
    if asked.is_empty() {
        return Err(Refusal::invalid("no employee id was given").into());
    }
    put_on_team(&services, project_id, asked.clone()).await?;
    let team = project::team(&services, project_id).await?;
    let is_known = |id: &String| team.team_members.iter().any(|member| member.id == *id);
    let (added, unknown): (Vec<String>, Vec<String>) = asked.into_iter().partition(is_known);
    if added.is_empty() {
        return Err(
            Refusal::not_found(format!("nobody is known as {}; add them with their name", unknown.join(", "))).into()
        );
    }
    let mut message = format!("On the team: {}.", added.join(", "));
    if !unknown.is_empty() {
        message = format!("{message} Nobody is known as {}.", unknown.join(", "));
    }
    show(project_id, &message);
    Ok(())
}

async fn put_on_team(services: &Services, project_id: &str, employee_ids: Vec<String>) -> Result<(), Refused> {
    project::assign_team(services, project_id, AssignTeamMembers { employee_ids }).await?;
    Ok(())
}

fn show(project_id: &str, message: &str) {
    leptos_axum::redirect(&address::done(&address::project(project_id), message));
}

/// Ids as people type them: spaces, commas or lines between them, each counted once.
fn split_ids(text: &str) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for id in text.split([',', ';', ' ', '\t', '\n', '\r']).filter(|id| !id.is_empty()) {
        if !ids.iter().any(|known| known == id) {
            ids.push(id.to_owned());
        }
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_split_as_people_type_them() {
        assert_eq!(split_ids("E001, E002;E003\r\n E001 "), ["E001", "E002", "E003"]);
        assert!(split_ids(" , ").is_empty());
    }
}
