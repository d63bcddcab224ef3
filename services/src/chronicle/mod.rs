//! What happened, as it was told (contract §2.4): notes and reports here, retrospectives in a file of their own.

pub(crate) mod handler;
mod note;
mod retrospective;
pub(crate) mod store;

use crate::{Services, consumer::EventHandler};

pub use note::{create_daily_scrum_report, create_sprint_planning, daily_scrum_report, events, sprint_plannings};
pub use retrospective::{create_retrospective, retrospectives, velocity};

/// Handles the events this service consumes: the sprint's life is recorded.
pub fn handler(services: Services) -> EventHandler {
    EventHandler::chronicle(services)
}
