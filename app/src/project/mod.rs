//! Projects and the people on them.

mod api;

#[cfg(feature = "ssr")]
mod act;
#[cfg(feature = "ssr")]
mod data;
#[cfg(feature = "ssr")]
mod detail;
#[cfg(feature = "ssr")]
mod page;
#[cfg(feature = "ssr")]
mod panel;

pub use api::{AddMember, Assign, Create, SetStatus, add_member, assign, create, set_status};

#[cfg(feature = "ssr")]
pub(crate) use detail::ProjectPage;
#[cfg(feature = "ssr")]
pub(crate) use page::ProjectsPage;
