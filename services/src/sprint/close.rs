//! Closing a sprint. Its tasks stay as they are; the unfinished ones go back to the backlog by an event, which is
//! delivered until it is done.

use domain::{
    chronicle::CreateRetrospective,
    sprint::{Closing, Sprint, SprintClosed, SprintStatus, SprintTask, close as close_tasks, retrospect},
};

use super::{event::Act, store, unknown};
use crate::{Error, Services, clock, outbox, peer};

/// What [`close`] would do now. Refuses for the reasons for which `close` would.
pub async fn closing(services: &Services, sprint_id: &str) -> Result<Closing, Error> {
    let mut connection = services.databases().sprint.connection().await?;
    let sprint = store::find(&mut connection, sprint_id).await?.ok_or_else(|| unknown(sprint_id))?;
    if sprint.status != SprintStatus::InProgress {
        return Err(not_in_progress(&sprint));
    }
    Ok(close_tasks(&store::tasks(&mut connection, sprint_id).await?))
}

/// Closes the sprint and writes its retrospective.
pub async fn close(services: &Services, sprint_id: &str) -> Result<SprintClosed, Error> {
    let (sprint, tasks, closing) = write(services, sprint_id).await?;
    services.committed().notify_one();
    let retrospective_report_id = match peer::note_retrospective(services, retrospective(&sprint, &tasks)).await {
        Ok(created) => Some(created.retrospective_id),
        Err(error) => {
            tracing::warn!(sprint.id = sprint_id, %error, "retrospective was not written");
            None
        }
    };
    Ok(SprintClosed {
        message: "Sprint closed".to_owned(),
        sprint_id: sprint_id.to_owned(),
        status_updated_to: closing.status,
        completed_tasks_count: closing.completed.len(),
        uncompleted_tasks_moved_to_backlog_count: closing.returned.len(),
        retrospective_report_id,
    })
}

fn not_in_progress(sprint: &Sprint) -> Error {
    Error::conflict(format!("sprint {} is closed already ({})", sprint.sprint_id, sprint.status.as_str()))
}

async fn write(services: &Services, sprint_id: &str) -> Result<(Sprint, Vec<SprintTask>, Closing), Error> {
    let mut transaction = services.databases().sprint.begin().await?;
    // of two closes at the same time the second finds the sprint closed
    let Some((sprint, at)) = store::lock_active(&mut transaction, sprint_id, clock::now()).await? else {
        return Err(match store::find(&mut transaction, sprint_id).await? {
            Some(sprint) => not_in_progress(&sprint),
            None => unknown(sprint_id),
        });
    };
    let tasks = store::tasks(&mut transaction, sprint_id).await?;
    let closing = close_tasks(&tasks);
    store::set_status(&mut transaction, sprint_id, closing.status).await?;
    let event = Act::new(&sprint.project_id, at).sprint_completed(&sprint, &closing)?;
    outbox::append(&mut transaction, &[event], at).await?;
    transaction.commit().await?;
    Ok((sprint, tasks, closing))
}

fn retrospective(sprint: &Sprint, tasks: &[SprintTask]) -> CreateRetrospective {
    let text = retrospect(tasks);
    let mut attendees: Vec<String> = tasks.iter().filter_map(|task| task.assigned_to.clone()).collect();
    attendees.sort();
    attendees.dedup();
    CreateRetrospective {
        sprint_id: sprint.sprint_id.clone(),
        project_id: sprint.project_id.clone(),
        sprint_name: Some(sprint.sprint_name.clone()),
        start_date: Some(sprint.start_date),
        end_date: Some(sprint.end_date),
        duration_weeks: Some(sprint.duration_weeks),
        what_went_well: Some(text.what_went_well),
        what_could_be_improved: Some(text.what_could_be_improved),
        action_items: text.action_items,
        // nobody is made up: who leads a retrospective is not known here
        facilitator_id: None,
        attendees,
        tasks_summary: text.tasks,
    }
}
