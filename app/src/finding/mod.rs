//! What is wrong with Redis in ways that its figures do not say: on a page of its own, on the overview, and where it is.

mod list;
mod page;
mod section;

pub(crate) use page::FindingsPage;
pub(crate) use section::{on_overview, section};
