//! Dead letters: why entries died, the records of a cause, one record, and the two repairs, replay and discard.

pub mod api;

#[cfg(feature = "ssr")]
mod act;
#[cfg(feature = "ssr")]
mod causes;
#[cfg(feature = "ssr")]
mod page;
#[cfg(feature = "ssr")]
mod panel;
#[cfg(feature = "ssr")]
mod query;
#[cfg(feature = "ssr")]
mod records;
#[cfg(feature = "ssr")]
mod rights;
#[cfg(feature = "ssr")]
mod state;

#[cfg(feature = "ssr")]
pub(crate) use page::DeadLettersPage;
