//! The HTTP API, to be read.

mod page;

pub(crate) use page::ReferencePage;
