//! The events that sprints send, in the bytes of the contract (§3).

use domain::{
    Timestamp,
    event::{
        DomainEvent, Metadata, SPRINT_COMPLETED, SPRINT_STARTED, SprintCompletedPayload, SprintStartedPayload,
        TaskUpdated, TaskUpdatedData, TaskUpdatedType,
    },
    sprint::{Closing, Sprint, SprintTask},
};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    Error,
    keys::{DSM_EVENTS, TASK_UPDATE_EVENTS},
    outbox::Event,
};

/// What all events of one act share.
pub(super) struct Act<'a> {
    pub(super) project_id: &'a str,
    pub(super) at: Timestamp,
    /// Lets a reader find together what happened together.
    pub(super) correlation_id: String,
}

impl<'a> Act<'a> {
    pub(super) fn new(project_id: &'a str, at: Timestamp) -> Self {
        Self { project_id, at, correlation_id: Uuid::new_v4().to_string() }
    }

    pub(super) fn sprint_started(&self, sprint: &Sprint, tasks: Vec<String>) -> Result<Event, Error> {
        let payload = SprintStartedPayload {
            sprint_id: sprint.sprint_id.clone(),
            project_id: sprint.project_id.clone(),
            sprint_name: sprint.sprint_name.clone(),
            start_date: sprint.start_date,
            end_date: sprint.end_date,
            tasks,
        };
        self.domain_event(SPRINT_STARTED, &sprint.sprint_id, payload)
    }

    pub(super) fn sprint_completed(&self, sprint: &Sprint, closing: &Closing) -> Result<Event, Error> {
        let ids = |tasks: &[SprintTask]| tasks.iter().map(|t| t.task_id.clone()).collect::<Vec<_>>();
        let payload = SprintCompletedPayload {
            sprint_id: sprint.sprint_id.clone(),
            project_id: sprint.project_id.clone(),
            sprint_name: sprint.sprint_name.clone(),
            start_date: sprint.start_date,
            end_date: sprint.end_date,
            status: closing.status,
            total_tasks: (closing.completed.len() + closing.returned.len()) as u64,
            completed_tasks: closing.completed.len() as u64,
            completed_task_ids: ids(&closing.completed),
            pending_task_ids: ids(&closing.returned),
            velocity: closing.completed.len() as u64,
        };
        self.domain_event(SPRINT_COMPLETED, &sprint.sprint_id, payload)
    }

    pub(super) fn task_updated(&self, task: &SprintTask) -> Result<Event, Error> {
        let event = TaskUpdated {
            event_id: Uuid::new_v4().to_string(),
            event_type: TaskUpdatedType::TaskUpdated,
            timestamp: self.at,
            aggregate_id: task.task_id.clone(),
            aggregate_type: "Task".to_owned(),
            event_data: TaskUpdatedData {
                task_id: task.task_id.clone(),
                project_id: self.project_id.to_owned(),
                sprint_id: Some(task.sprint_id.clone()),
                status: task.status,
                progress_percentage: task.progress_percentage,
                updated_at: self.at,
                assigned_to: task.assigned_to.clone(),
            },
            metadata: Metadata {
                source_service: Some("SprintService".to_owned()),
                correlation_id: Some(self.correlation_id.clone()),
            },
        };
        self.outgoing(TASK_UPDATE_EVENTS, &task.task_id, &event)
    }

    fn domain_event(&self, event_type: &str, key: &str, payload: impl Serialize) -> Result<Event, Error> {
        let event = DomainEvent {
            event_id: Uuid::new_v4().to_string(),
            event_type: event_type.to_owned(),
            aggregate_id: key.to_owned(),
            payload,
            timestamp: self.at,
            correlation_id: Some(self.correlation_id.clone()),
        };
        self.outgoing(DSM_EVENTS, key, &event)
    }

    fn outgoing(&self, stream: &'static str, key: &str, event: &impl Serialize) -> Result<Event, Error> {
        Ok(Event {
            stream,
            key: key.to_owned(),
            project_id: self.project_id.to_owned(),
            data: serde_json::to_string(event)?,
        })
    }
}
