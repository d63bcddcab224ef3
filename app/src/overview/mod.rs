//! Is anything wrong, and since when?

mod aside;
mod groups;
mod load;
mod order;
mod page;
mod strip;
mod summary;
mod worst;

pub(crate) use groups::{behind, drained_in, trend};
pub(crate) use order::{error_percent, percent};
pub(crate) use page::OverviewPage;
pub(crate) use worst::sentences;
