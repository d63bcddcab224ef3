//! The master task list of a project.

mod api;

#[cfg(feature = "ssr")]
mod act;
#[cfg(feature = "ssr")]
mod overview;
#[cfg(feature = "ssr")]
mod page;
#[cfg(feature = "ssr")]
mod task;

pub use api::{Change, Generate, change, generate};
#[cfg(feature = "ssr")]
pub(crate) use page::BacklogPage;
#[cfg(feature = "ssr")]
pub(crate) use task::{Shown, read_progress};
