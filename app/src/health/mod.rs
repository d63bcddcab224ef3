//! Whether every part can do its work.

mod page;

pub(crate) use page::HealthPage;
