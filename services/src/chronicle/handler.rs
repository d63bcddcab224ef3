//! What the chronicle does with events: it records the sprint's life, one note per event.

use domain::event::{DomainEvent, SPRINT_COMPLETED, SPRINT_STARTED, SprintCompletedPayload, SprintStartedPayload};
use streams::{Failure, Message};

use super::{
    note::new_note,
    store::{self, NoteRow},
};
use crate::{Services, inbox};

/// Types of events that become notes.
pub(super) const RECORDED: [&str; 2] = [SPRINT_STARTED, SPRINT_COMPLETED];

pub(crate) async fn handle(services: &Services, message: &Message) -> Result<(), Failure> {
    match message.envelope.event_type.as_deref() {
        Some(SPRINT_STARTED) => {
            let event: DomainEvent<SprintStartedPayload> = inbox::read(message.data())?;
            let p = &event.payload;
            let text = format!(
                "Sprint {} ({}) started with {} tasks; it ends on {}.",
                p.sprint_id,
                p.sprint_name,
                p.tasks.len(),
                p.end_date
            );
            record(services, &event, &p.project_id, &p.sprint_id, text).await
        }
        Some(SPRINT_COMPLETED) => {
            let event: DomainEvent<SprintCompletedPayload> = inbox::read(message.data())?;
            let p = &event.payload;
            let text = format!(
                "Sprint {} ({}) was closed as {}: {} of {} tasks finished, {} back to the backlog.",
                p.sprint_id,
                p.sprint_name,
                p.status.as_str(),
                p.completed_tasks,
                p.total_tasks,
                p.pending_task_ids.len()
            );
            record(services, &event, &p.project_id, &p.sprint_id, text).await
        }
        _ => Ok(()),
    }
}

async fn record<P>(
    services: &Services,
    event: &DomainEvent<P>,
    project_id: &str,
    sprint_id: &str,
    text: String,
) -> Result<(), Failure> {
    let first = inbox::first_time(&services.databases().chronicle, &event.event_id, project_id).await?;
    let Some(mut transaction) = first else { return Ok(()) };
    let note = NoteRow {
        project_id: Some(project_id.to_owned()),
        sprint_id: Some(sprint_id.to_owned()),
        note_content: Some(text),
        correlation_id: event.correlation_id.clone(),
        event_id: Some(event.event_id.clone()),
        // when it happened, not when we heard of it
        created_at_us: event.timestamp.micros(),
        ..new_note(&event.event_type)
    };
    store::insert_note(&mut transaction, &note).await?;
    transaction.commit().await.map_err(crate::Error::from)?;
    Ok(())
}
