//! Who may what: the permission of every page, act and route.

mod page;

pub(crate) use page::AccessPage;
