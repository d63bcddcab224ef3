//! Setting the progress of one task by hand.

use domain::{
    backlog::{Standing, change_standing},
    project::Done,
    sprint::{SetProgress, SprintTask},
};

use super::{event::Act, store};
use crate::{Error, Services, clock, outbox};

/// Changes the task in the sprint that is in progress, and tells the backlog.
pub async fn set_progress(services: &Services, task_id: &str, set: SetProgress) -> Result<Done, Error> {
    if set.status.is_none() && set.progress_percentage.is_none() {
        return Err(Error::invalid("give status, progress_percentage or both"));
    }
    let not_in_sprint = || Error::not_found(format!("task {task_id} is in no sprint in progress"));
    let mut transaction = services.databases().sprint.begin().await?;
    let sprint_id = store::active_sprint_of(&mut transaction, task_id).await?.ok_or_else(not_in_sprint)?;
    // a close that came between loses us the sprint
    let (sprint, at) =
        store::lock_active(&mut transaction, &sprint_id, clock::now()).await?.ok_or_else(not_in_sprint)?;
    let tasks = store::tasks(&mut transaction, &sprint_id).await?;
    let before = tasks.into_iter().find(|task| task.task_id == task_id).ok_or_else(not_in_sprint)?;
    let standing = change_standing(
        Standing { status: before.status, progress: before.progress_percentage },
        set.status.as_deref(),
        set.progress_percentage,
    )?;
    let after = SprintTask { status: standing.status, progress_percentage: standing.progress, ..before };
    store::put_tasks(&mut transaction, std::slice::from_ref(&after)).await?;
    let event = Act::new(&sprint.project_id, at).task_updated(&after)?;
    outbox::append(&mut transaction, &[event], at).await?;
    transaction.commit().await?;
    services.committed().notify_one();
    Ok(Done::new("Task progress updated"))
}
