//! The sample project and its traffic, as the first screen shows them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Id of the sample project. Whatever belongs to it is marked as demo and can be removed without a trace.
pub const PROJECT: &str = "DEMO";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct DemoState {
    /// The sample project exists.
    pub loaded: bool,
    /// Daily scrums are run on it, one after the other.
    pub traffic: bool,
    /// The backlog handles some of its events slowly and fails on some; for this project only.
    pub failing: bool,
}
