//! Starting a sprint, working on it, closing it.

use leptos::{prelude::*, server_fn::codec::PostUrl};

use crate::refused::Refused;

/// Starts the project's next sprint. `seen` is the token of the plan that was shown: another plan is refused.
#[server(prefix = "/api/fn", endpoint = "sprint/start", input = PostUrl)]
pub async fn start(
    project: String,
    name: String,
    weeks: String,
    #[server(default)] seen: Option<String>,
) -> Result<(), Refused> {
    super::act::start(&project, &name, &weeks, seen.as_deref()).await
}

/// Works one simulated day.
#[server(prefix = "/api/fn", endpoint = "sprint/run_daily_scrum", input = PostUrl)]
pub async fn run_daily_scrum(sprint_id: String) -> Result<(), Refused> {
    super::act::run_daily_scrum(&sprint_id).await
}

/// Closes a sprint. `typed` is its id once more; `seen` is the token of the outcome that was shown: another outcome is
/// refused.
#[server(prefix = "/api/fn", endpoint = "sprint/close", input = PostUrl)]
pub async fn close(sprint_id: String, typed: String, #[server(default)] seen: Option<String>) -> Result<(), Refused> {
    super::act::close(&sprint_id, &typed, seen.as_deref()).await
}

/// Sets status, progress or both of a task in its sprint; what is blank, or as `shown` says it was, stays. With
/// `sprint_id` the answer leads to that task on its board.
#[server(prefix = "/api/fn", endpoint = "sprint/set_progress", input = PostUrl)]
pub async fn set_progress(
    task_id: String,
    #[server(default)] status: Option<String>,
    #[server(default)] progress: Option<String>,
    #[server(default)] shown: Option<String>,
    #[server(default)] sprint_id: Option<String>,
) -> Result<(), Refused> {
    let (status, progress) = (status.unwrap_or_default(), progress.unwrap_or_default());
    super::act::set_progress(&task_id, &status, &progress, shown.as_deref(), sprint_id.as_deref()).await
}
