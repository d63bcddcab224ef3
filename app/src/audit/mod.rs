//! Who did what, and what became of it.

mod page;

pub(crate) use page::AuditPage;
