//! Is anything wrong, and since when?

mod page;

pub(crate) use page::OverviewPage;
