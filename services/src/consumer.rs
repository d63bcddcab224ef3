//! Which handler reads which stream in which group (contract §3).

use streams::{Consumer, ConsumerSettings, Failure, Handler, Message, Metrics, Redis};

use crate::{
    Services, backlog, chronicle, demo,
    keys::{BACKLOG_GROUP, CHRONICLE_GROUP, DSM_EVENTS, PROJECT_GROUP, TASK_UPDATE_EVENTS},
    project,
};

/// The service in whose name an event is handled.
#[derive(Clone, Copy)]
enum Role {
    /// The backlog, for the stream of its tasks' updates alone.
    Tasks,
    Backlog,
    Project,
    Chronicle,
}

/// Handles the events of one service.
#[derive(Clone)]
pub struct EventHandler {
    services: Services,
    role: Role,
}

impl EventHandler {
    pub(crate) fn tasks(services: Services) -> Self {
        Self { services, role: Role::Tasks }
    }

    pub(crate) fn backlog(services: Services) -> Self {
        Self { services, role: Role::Backlog }
    }

    pub(crate) fn project(services: Services) -> Self {
        Self { services, role: Role::Project }
    }

    pub(crate) fn chronicle(services: Services) -> Self {
        Self { services, role: Role::Chronicle }
    }
}

/// As many as one read of the stream brings.
const TOGETHER: usize = 100;

impl Handler for EventHandler {
    fn together(&self) -> usize {
        match self.role {
            Role::Tasks => TOGETHER,
            // a handful of events per sprint
            Role::Backlog | Role::Project | Role::Chronicle => 1,
        }
    }

    async fn handle_together(&self, messages: &[&Message]) -> Result<(), Failure> {
        let services = &self.services;
        let messages: Vec<_> =
            messages.iter().copied().filter(|message| !demo::is_of_removed_demo(services, message.data())).collect();
        if messages.is_empty() {
            return Ok(());
        }
        backlog::handler::handle_together(services, &messages).await
    }

    async fn handle(&self, message: &Message) -> Result<(), Failure> {
        if demo::is_of_removed_demo(&self.services, message.data()) {
            return Ok(());
        }
        match self.role {
            Role::Backlog | Role::Tasks => backlog::handler::handle(&self.services, message).await,
            Role::Project => project::handler::handle(&self.services, message).await,
            Role::Chronicle => chronicle::handler::handle(&self.services, message).await,
        }
    }
}

/// Every consumer that the services in this process run. `instance` is this process's stable name: after a restart it
/// finds its own pending entries under it.
pub fn consumers(services: &Services, redis: &Redis, metrics: &Metrics, instance: &str) -> Vec<Consumer<EventHandler>> {
    let handlers = [
        (TASK_UPDATE_EVENTS, BACKLOG_GROUP, EventHandler::tasks(services.clone())),
        (DSM_EVENTS, BACKLOG_GROUP, EventHandler::backlog(services.clone())),
        (DSM_EVENTS, PROJECT_GROUP, EventHandler::project(services.clone())),
        (DSM_EVENTS, CHRONICLE_GROUP, EventHandler::chronicle(services.clone())),
    ];
    handlers
        .into_iter()
        .map(|(stream, group, handler)| {
            let settings = ConsumerSettings::new(stream, group, instance);
            Consumer::new(redis.clone(), settings, handler, metrics.clone())
        })
        .collect()
}
