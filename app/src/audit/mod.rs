//! The audit log: who did what, why, and what became of it.

mod chain;
mod page;
mod panel;

pub(crate) use page::AuditPage;
