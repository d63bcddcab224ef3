//! One consumer group: how far behind, who reads it, what is stuck, and what can be done?

pub mod api;

#[cfg(feature = "ssr")]
mod act;
#[cfg(feature = "ssr")]
mod changes;
#[cfg(feature = "ssr")]
mod charts;
#[cfg(feature = "ssr")]
mod consumer_panel;
#[cfg(feature = "ssr")]
mod consumers;
#[cfg(feature = "ssr")]
mod delete_panel;
#[cfg(feature = "ssr")]
mod lanes;
#[cfg(feature = "ssr")]
mod latency;
#[cfg(feature = "ssr")]
mod load;
#[cfg(feature = "ssr")]
mod measured;
#[cfg(feature = "ssr")]
mod move_panel;
#[cfg(feature = "ssr")]
mod page;
#[cfg(feature = "ssr")]
mod pending;
#[cfg(feature = "ssr")]
mod repair_panel;
#[cfg(feature = "ssr")]
mod strip;

#[cfg(feature = "ssr")]
pub(crate) use page::GroupPage;
