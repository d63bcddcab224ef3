//! The islands: what the browser adds to pages that work without it (docs/adr/0001). Pages are morphed, so nothing here
//! holds on to an element of a page: listeners sit on the document and find out at the event what it concerns.
//!
//! | module | half | what |
//! | --- | --- | --- |
//! | [`live`] | both | island: how old what is shown is, pause, dial |
//! | [`comforts`] | both | island: palette and key sheet, and everything below |
//! | `age` `backoff` `shortcut` | both | the pure rules |
//! | `connection` | browser | the one event stream, and when to look again |
//! | `refresh` `morph` | browser | the same address again, put into the page without disturbing anybody |
//! | `form` | browser | forms that stay on their page |
//! | `keys` `palette` `copy` `board` `select` | browser | the comforts |
//! | `page` | browser | few words for the document |

pub mod comforts;
pub mod live;

mod age;
mod backoff;
mod shortcut;

#[cfg(feature = "hydrate")]
mod board;
#[cfg(feature = "hydrate")]
mod connection;
#[cfg(feature = "hydrate")]
mod copy;
#[cfg(feature = "hydrate")]
mod form;
#[cfg(feature = "hydrate")]
mod keys;
#[cfg(feature = "hydrate")]
mod morph;
#[cfg(feature = "hydrate")]
mod page;
#[cfg(feature = "hydrate")]
mod palette;
#[cfg(feature = "hydrate")]
mod refresh;
#[cfg(feature = "hydrate")]
mod select;

pub use comforts::Comforts;
pub use live::Live;
