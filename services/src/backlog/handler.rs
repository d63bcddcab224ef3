//! What the backlog does with events: it follows the sprint's tasks. An event that is older than the last change
//! applied to a task leaves that task alone; an event about a task nobody knows is tried again, then dead-lettered.

use std::collections::HashSet;

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
            let event: TaskUpdated = inbox::read(message.data())?;
            demo::disturb(services, &event, message.attempt).await?;
            task_updated(services, event).await
        }
        Some(SPRINT_STARTED) => {
            let event: DomainEvent<SprintStartedPayload> = inbox::read(message.data())?;
            let p = &event.payload;
            let effects = [(Effect::Plan(&p.sprint_id), p.tasks.as_slice())];
            apply_to_all(services, &event.event_id, &p.project_id, event.timestamp, &effects).await
        }
        Some(SPRINT_COMPLETED) => {
            let event: DomainEvent<SprintCompletedPayload> = inbox::read(message.data())?;
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
    let standing = standing(&event)?;
    let data = event.event_data;
    let first = inbox::first_time(&services.databases().backlog, &event.event_id, &data.project_id).await?;
    let Some(mut transaction) = first else { return Ok(()) };
    let (assigned_to, sprint_id) = (data.assigned_to.as_deref(), data.sprint_id.as_deref());
    if !store::apply_update(&mut transaction, &data.task_id, standing, assigned_to, sprint_id, data.updated_at).await? {
        return Err(Failure::Retry(anyhow::anyhow!("unknown task {}: the backlog has no row of it", data.task_id)));
    }
    transaction.commit().await.map_err(Error::from)?;
    Ok(())
}

/// Many task updates in one transaction: two statements, whatever their number. Any of them that is not an update of
/// a task of its own, or not of a task we have, sends all of them back to be handled one by one.
pub(crate) async fn handle_together(services: &Services, messages: &[&Message]) -> Result<(), Failure> {
    let one_by_one = |why: &'static str| Failure::Retry(anyhow::anyhow!(why));
    let mut events = Vec::with_capacity(messages.len());
    for message in messages {
        if message.envelope.event_type.as_deref() != Some(TASK_UPDATED) {
            return Err(one_by_one("not a task update"));
        }
        let event: TaskUpdated = inbox::read(message.data())?;
        if demo::is_disturbed(services, &event) {
            return Err(one_by_one("the sample project fails on purpose"));
        }
        events.push(event);
    }
    let distinct = |of: fn(&TaskUpdated) -> &str| events.iter().map(of).collect::<HashSet<_>>().len() == events.len();
    if !distinct(|event| &event.event_id) || !distinct(|event| &event.event_data.task_id) {
        return Err(one_by_one("two updates of one task"));
    }
    let ids: Vec<_> =
        events.iter().map(|event| (event.event_id.as_str(), event.event_data.project_id.as_str())).collect();
    let (mut transaction, first) = inbox::first_times(&services.databases().backlog, &ids).await?;
    let mut updates = Vec::with_capacity(events.len());
    for event in events.iter().filter(|event| first.contains(event.event_id.as_str())) {
        let data = &event.event_data;
        updates.push(store::Update {
            task_id: &data.task_id,
            standing: standing(event)?,
            assigned_to: data.assigned_to.as_deref(),
            sprint_id: data.sprint_id.as_deref(),
            at: data.updated_at,
        });
    }
    if store::apply_updates(&mut transaction, &updates).await? < updates.len() {
        return Err(one_by_one("one of the tasks is unknown"));
    }
    transaction.commit().await.map_err(Error::from)?;
    Ok(())
}

fn standing(event: &TaskUpdated) -> Result<Standing, Failure> {
    // both values are given, so what the task was before plays no part
    let before = Standing { status: TaskStatus::Unassigned, progress: 0 };
    let data = &event.event_data;
    change_standing(before, Some(data.status.as_str()), Some(data.progress_percentage))
        .map_err(|refusal| Failure::Reject(anyhow::Error::new(refusal).context("malformed event")))
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
