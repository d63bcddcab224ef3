//! What happened, to read.

mod document;
mod page;
mod scrum_day;
mod source;
mod timeline;
mod velocity;

pub(crate) use document::{Titles, planning, retrospective, scrum_day};
pub(crate) use page::ChroniclePage;
pub(crate) use scrum_day::{ScrumDay, scrum_days};
pub(crate) use source::{days, plannings, retrospective as retrospective_of};
pub(crate) use velocity::velocity_chart;
