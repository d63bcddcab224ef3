//! The reference of the HTTP API, read from its OpenAPI document.

mod curl;
mod document;
mod operation;
mod page;
mod prose;
mod schema;

pub(crate) use page::ReferencePage;
