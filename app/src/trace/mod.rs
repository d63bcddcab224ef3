//! What happened together: every event of one correlation on its way, and where it stopped. Finding one is a page of its own.

mod bar;
mod find;
mod found;
pub mod gather;
mod page;
mod query;
mod step;

pub(crate) use find::FindPage;
pub(crate) use page::TracePage;
