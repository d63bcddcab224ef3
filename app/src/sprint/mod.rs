//! Sprints: planned, worked on, closed.

mod page;

pub(crate) use page::{SprintPage, SprintsPage};
