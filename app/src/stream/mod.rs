//! Streams and one stream: what is on this Redis, and what is in it?

mod entries;
mod entry;
mod groups;
mod list;
mod load;
mod memory;
mod page;
mod risk;

pub(crate) use list::StreamsPage;
pub(crate) use page::StreamPage;
pub(crate) use risk::risks;
