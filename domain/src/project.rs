//! Projects and the people on them (contract §2.1).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A project. Its status is free text; starting a sprint sets [`IN_PROGRESS`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Project {
    /// Chosen by the caller, may contain `-`. Never parsed.
    pub id: String,
    pub name: String,
    pub description: String,
    pub status: String,
}

/// Status of a project that runs a sprint.
pub const IN_PROGRESS: &str = "in_progress";
/// Status of a project whose sprint was closed.
pub const ACTIVE: &str = "active";
/// Status of a new project where none is given.
pub const INACTIVE: &str = "inactive";

/// `POST /projects`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreateProject {
    pub id: String,
    pub name: String,
    pub description: String,
    pub status: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProjectCreated {
    pub message: String,
    pub project_id: String,
}

/// `PUT /projects/{id}/status`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SetProjectStatus {
    pub status: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProjectStatusSet {
    pub message: String,
    pub project_id: String,
    pub status: String,
}

/// An employee on a project's team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TeamMember {
    pub id: String,
    pub name: String,
    pub gender: Option<String>,
    pub state: Option<String>,
    pub age: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Team {
    pub project_id: String,
    /// Ordered by employee id: planning assigns tasks in this order.
    pub team_members: Vec<TeamMember>,
}

/// `POST /projects/{id}/team-members-assign`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AssignTeamMembers {
    pub employee_ids: Vec<String>,
}

/// `POST /employees`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreateEmployee {
    pub employee_id: String,
    pub name: String,
    #[serde(default)]
    pub gender: Option<String>,
    #[serde(default)]
    pub state: Option<String>,
    #[serde(default)]
    pub age: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EmployeeCreated {
    pub employee_id: String,
    pub employee_name: String,
}

/// An answer that is only a sentence. Clients must not parse it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Done {
    pub message: String,
}

impl Done {
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}
