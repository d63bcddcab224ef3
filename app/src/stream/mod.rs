//! Streams and one stream: what is on this Redis, what is in it, and what can be done with it?

pub mod api;

#[cfg(feature = "ssr")]
mod act;
#[cfg(feature = "ssr")]
mod asked;
#[cfg(feature = "ssr")]
mod create_panel;
#[cfg(feature = "ssr")]
mod delete_panel;
#[cfg(feature = "ssr")]
mod entries;
#[cfg(feature = "ssr")]
mod entry;
#[cfg(feature = "ssr")]
mod groups;
#[cfg(feature = "ssr")]
mod list;
#[cfg(feature = "ssr")]
mod load;
#[cfg(feature = "ssr")]
mod memory;
#[cfg(feature = "ssr")]
mod page;
#[cfg(feature = "ssr")]
mod preview;
#[cfg(feature = "ssr")]
mod search;
#[cfg(feature = "ssr")]
mod trim_panel;

#[cfg(feature = "ssr")]
pub(crate) use list::StreamsPage;
#[cfg(feature = "ssr")]
pub(crate) use page::StreamPage;
