//! Filling a backlog, changing a task.

use leptos::{prelude::*, server_fn::codec::PostUrl};

use crate::refused::Refused;

/// Gives a project the ten generic tasks; those it has already stay as they are.
#[server(prefix = "/api/fn", endpoint = "backlog/generate", input = PostUrl)]
pub async fn generate(project_id: String) -> Result<(), Refused> {
    super::act::generate(&project_id).await
}

/// Changes a task. Only what differs from what the form showed (`shown`, see `task::Shown`) is changed: what an event
/// changed meanwhile stays. A blank assignee is nobody.
#[server(prefix = "/api/fn", endpoint = "backlog/change", input = PostUrl)]
pub async fn change(
    task_id: String,
    title: String,
    #[server(default)] description: String,
    status: String,
    #[server(default)] assigned_to: String,
    progress: String,
    shown: String,
) -> Result<(), Refused> {
    let form = super::act::TaskForm { title, description, status, assigned_to, progress };
    super::act::change(&task_id, form, &shown).await
}
