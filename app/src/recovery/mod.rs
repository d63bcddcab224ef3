//! Recovery jobs: chosen, frozen, tried with a few, sent at a bounded rate, with a result for each entry.

pub mod api;

#[cfg(feature = "ssr")]
mod act;
#[cfg(feature = "ssr")]
mod form;
#[cfg(feature = "ssr")]
mod items;
#[cfg(feature = "ssr")]
mod job;
#[cfg(feature = "ssr")]
mod list;
#[cfg(feature = "ssr")]
mod words;

#[cfg(feature = "ssr")]
pub(crate) use job::JobPage;
#[cfg(feature = "ssr")]
pub(crate) use list::JobsPage;
