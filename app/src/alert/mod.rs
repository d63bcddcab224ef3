//! Alerts: what fires, what has fired, the rules, and who is told.

pub mod api;

#[cfg(feature = "ssr")]
mod act;
#[cfg(feature = "ssr")]
mod form;
#[cfg(feature = "ssr")]
mod history;
#[cfg(feature = "ssr")]
mod load;
#[cfg(feature = "ssr")]
mod now;
#[cfg(feature = "ssr")]
mod page;
#[cfg(feature = "ssr")]
mod panel;
#[cfg(feature = "ssr")]
mod rules;
#[cfg(feature = "ssr")]
mod told;

#[cfg(feature = "ssr")]
pub(crate) use page::AlertsPage;
