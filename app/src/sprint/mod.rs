//! Sprints: planned, worked on, closed.

mod api;

#[cfg(feature = "ssr")]
mod act;
#[cfg(feature = "ssr")]
mod board;
#[cfg(feature = "ssr")]
mod charts;
#[cfg(feature = "ssr")]
mod data;
#[cfg(feature = "ssr")]
mod list;
#[cfg(feature = "ssr")]
mod page;
#[cfg(feature = "ssr")]
mod panel;
#[cfg(feature = "ssr")]
mod plan;
#[cfg(feature = "ssr")]
mod seen;
#[cfg(feature = "ssr")]
mod tab;
#[cfg(feature = "ssr")]
mod table;

pub use api::{Close, RunDailyScrum, SetProgress, Start, close, run_daily_scrum, set_progress, start};

#[cfg(feature = "ssr")]
pub(crate) use list::SprintsPage;
#[cfg(feature = "ssr")]
pub(crate) use page::SprintPage;
#[cfg(feature = "ssr")]
pub(crate) use table::{SprintRow, sprint_rows, sprint_table};
