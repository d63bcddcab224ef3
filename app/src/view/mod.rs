//! What a person prefers, kept in cookies so that the first paint already has it.

mod api;
#[cfg(feature = "ssr")]
pub(crate) mod cookie;

pub use api::{Prefer, prefer};
