//! Health: whether each part works, and what still works where one does not.

mod check;
mod page;

pub(crate) use page::HealthPage;
