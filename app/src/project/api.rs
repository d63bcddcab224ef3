//! Creating a project, its status, its team.

use leptos::{prelude::*, server_fn::codec::PostUrl};

use crate::refused::Refused;

/// Creates a project; a blank status is `inactive`.
#[server(prefix = "/api/fn", endpoint = "project/create", input = PostUrl)]
pub async fn create(
    id: String,
    name: String,
    #[server(default)] description: String,
    #[server(default)] status: String,
) -> Result<(), Refused> {
    super::act::create(&id, &name, description, &status).await
}

/// Sets the free-text status.
#[server(prefix = "/api/fn", endpoint = "project/set_status", input = PostUrl)]
pub async fn set_status(project_id: String, status: String) -> Result<(), Refused> {
    super::act::set_status(&project_id, &status).await
}

/// Adds an employee, and puts them on the project's team.
#[server(prefix = "/api/fn", endpoint = "project/add_member", input = PostUrl)]
pub async fn add_member(project_id: String, employee_id: String, name: String) -> Result<(), Refused> {
    super::act::add_member(&project_id, &employee_id, &name).await
}

/// Puts employees on the project's team, by ids with spaces or commas between them.
#[server(prefix = "/api/fn", endpoint = "project/assign", input = PostUrl)]
pub async fn assign(project_id: String, employee_ids: String) -> Result<(), Refused> {
    super::act::assign(&project_id, &employee_ids).await
}
