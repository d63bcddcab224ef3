//! Is anything wrong, and since when?

mod aside;
mod groups;
mod load;
mod order;
mod page;
mod strip;
mod summary;
mod worst;

pub(crate) use page::OverviewPage;
