//! What the backlog does with events: it follows the sprint's tasks. An event that is older than the last change
//! applied to a task leaves that task alone; an event about a task nobody knows is tried again, then dead-lettered.

use domain::{
    Timestamp,
    backlog::{Standing, TaskStatus, change_standing},
    event::{
        DomainEvent, SPRINT_COMPLETED, SPRINT_STARTED, SprintCompletedPayload, SprintStartedPayload, TASK_UPDATED,
        TaskUpdated,
    },
};
use streams::{Failure, Message};

use super::store::{self, Effect};
use crate::{Error, Services, demo, inbox};

pub(crate) async fn handle(services: &Services, message: &Message) -> Result<(), Failure> {
    match message.envelope.event_type.as_deref() {
        Some(TASK_UPDATED) => {
            let event: TaskUpdated = inbox::read(&message.data)?;
            demo::disturb(services, &event, message.attempt).await?;
            task_updated(services, event).await
        }
        Some(SPRINT_STARTED) => {
            let event: DomainEvent<SprintStartedPayload> = inbox::read(&message.data)?;
            let p = &event.payload;
            let effects = [(Effect::Plan(&p.sprint_id), p.tasks.as_slice())];
            apply_to_all(services, &event.event_id, &p.project_id, event.timestamp, &effects).await
        }
        Some(SPRINT_COMPLETED) => {
            let event: DomainEvent<SprintCompletedPayload> = inbox::read(&message.data)?;
            let p = &event.payload;
            let effects = [
                (Effect::Finalise(&p.sprint_id), p.completed_task_ids.as_slice()),
                (Effect::Return, p.pending_task_ids.as_slice()),
            ];
            apply_to_all(services, &event.event_id, &p.project_id, event.timestamp, &effects).await
        }
        _ => Ok(()),
    }
}

async fn task_updated(services: &Services, event: TaskUpdated) -> Result<(), Failure> {
    let data = event.event_data;
    // both values are given, so what the task was before plays no part
    let before = Standing { status: TaskStatus::Unassigned, progress: 0 };
    let standing = change_standing(before, Some(data.status.as_str()), Some(data.progress_percentage))
        .map_err(|refusal| Failure::Reject(anyhow::Error::new(refusal).context("malformed event")))?;
    let first = inbox::first_time(&services.databases().backlog, &event.event_id, &data.project_id).await?;
    let Some(mut transaction) = first else { return Ok(()) };
    let (assigned_to, sprint_id) = (data.assigned_to.as_deref(), data.sprint_id.as_deref());
    if !store::apply_update(&mut transaction, &data.task_id, standing, assigned_to, sprint_id, data.updated_at).await? {
        return Err(Failure::Retry(anyhow::anyhow!("unknown task {}: the backlog has no row of it", data.task_id)));
    }
    transaction.commit().await.map_err(Error::from)?;
    Ok(())
}

async fn apply_to_all(
    services: &Services,
    event_id: &str,
    project_id: &str,
    at: Timestamp,
    effects: &[(Effect<'_>, &[String])],
) -> Result<(), Failure> {
    let first = inbox::first_time(&services.databases().backlog, event_id, project_id).await?;
    let Some(mut transaction) = first else { return Ok(()) };
    for (effect, task_ids) in effects {
        let missing = store::apply_to_all(&mut transaction, *effect, task_ids, at).await?;
        if !missing.is_empty() {
            return Err(Failure::Retry(anyhow::anyhow!(
                "unknown tasks {}: the backlog has no rows of them",
                missing.join(", ")
            )));
        }
    }
    transaction.commit().await.map_err(Error::from)?;
    Ok(())
}
