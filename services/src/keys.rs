//! The Redis names of the wire contract (§3). No other file of this crate spells one.

/// Carries `TASK_UPDATED`.
pub const TASK_UPDATE_EVENTS: &str = "task_update_events";
/// Carries `SprintStarted` and `SprintCompleted`.
pub const DSM_EVENTS: &str = "dsm:events";

pub const BACKLOG_GROUP: &str = "backlog_service_group";
pub const PROJECT_GROUP: &str = "project-service-group";
pub const CHRONICLE_GROUP: &str = "chronicle-service-group";
/// Of the demo: there while the sample project is, and removed with it.
pub const DEMO_REPORT_GROUP: &str = "demo-report-group";
