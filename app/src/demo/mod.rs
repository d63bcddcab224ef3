//! The sample project: loaded, set in motion, mended and removed from the overview.

pub mod api;

#[cfg(feature = "ssr")]
mod act;
#[cfg(feature = "ssr")]
mod panel;
#[cfg(feature = "ssr")]
pub(crate) use panel::{FirstRun, RemovalPanel, Running};
