//! Streams and one stream: what is on this Redis, and what is in it?

mod asked;
mod entries;
mod entry;
mod groups;
mod list;
mod load;
mod memory;
mod page;
mod search;

pub(crate) use list::StreamsPage;
pub(crate) use page::StreamPage;
