//! The backlog of a project.

mod page;

pub(crate) use page::BacklogPage;
