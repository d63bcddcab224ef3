//! One consumer group: how far behind, who reads it, what is stuck, and what can be done?

#[cfg(feature = "ssr")]
mod page;

#[cfg(feature = "ssr")]
pub(crate) use page::GroupPage;
