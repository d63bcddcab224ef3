//! What the project service does with events: a project is in progress while one of its sprints is.

use domain::{
    Timestamp,
    event::{DomainEvent, SPRINT_COMPLETED, SPRINT_STARTED, SprintCompletedPayload, SprintStartedPayload},
    project::{ACTIVE, IN_PROGRESS},
};
use streams::{Failure, Message};

use super::store;
use crate::{Error, Services, inbox};

pub(crate) async fn handle(services: &Services, message: &Message) -> Result<(), Failure> {
    match message.envelope.event_type.as_deref() {
        Some(SPRINT_STARTED) => {
            let event: DomainEvent<SprintStartedPayload> = inbox::read(message.data())?;
            let project_id = &event.payload.project_id;
            set_status(services, &event.event_id, project_id, IN_PROGRESS, None, event.timestamp).await
        }
        Some(SPRINT_COMPLETED) => {
            let event: DomainEvent<SprintCompletedPayload> = inbox::read(message.data())?;
            let project_id = &event.payload.project_id;
            // a status that somebody set by hand meanwhile stays
            set_status(services, &event.event_id, project_id, ACTIVE, Some(IN_PROGRESS), event.timestamp).await
        }
        _ => Ok(()),
    }
}

async fn set_status(
    services: &Services,
    event_id: &str,
    project_id: &str,
    status: &str,
    only_from: Option<&str>,
    at: Timestamp,
) -> Result<(), Failure> {
    let first = inbox::first_time(&services.databases().project, event_id, project_id).await?;
    let Some(mut transaction) = first else { return Ok(()) };
    if !store::apply_status(&mut transaction, project_id, status, only_from, at).await? {
        return Err(Failure::Retry(anyhow::anyhow!("project {project_id} does not exist")));
    }
    transaction.commit().await.map_err(Error::from)?;
    Ok(())
}
