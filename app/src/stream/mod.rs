//! Streams and one stream: what is on this Redis, and what is in it?

mod page;

pub(crate) use page::{StreamPage, StreamsPage};
