//! One consumer group: how far behind, who reads it, what is stuck, and what can be done?

mod page;

pub(crate) use page::GroupPage;
