//! Projects and the people on them.

mod page;

pub(crate) use page::{ProjectPage, ProjectsPage};
