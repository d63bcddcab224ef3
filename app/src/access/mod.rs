//! Access: who asks, what they may, and what every way in needs.

mod meaning;
mod page;

pub(crate) use page::AccessPage;
