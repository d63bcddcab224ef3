//! The islands: what the browser adds to pages that work without it (docs/adr/0001).
//!
//! | module | half | what |
//! | --- | --- | --- |
//! | [`live`] | both | the line that says how old the page is, with pause and dial |
//! | [`comforts`] | both | the palette, and the life of everything below |
//! | [`age`] [`pace`] [`keymap`] [`pairing`] [`place`] | both | what can be decided without a document: words, times, keys, which node becomes which |
//! | `awake` | browser | what touches the document: connection, refresh, forms, keys, copying, board |
//! | `asleep` | server | the same words, without effect |

pub mod age;
pub mod comforts;
pub mod keymap;
pub mod live;
pub mod pace;
pub mod pairing;
pub mod place;

#[cfg(not(feature = "hydrate"))]
mod asleep;
#[cfg(feature = "hydrate")]
mod awake;

#[cfg(not(feature = "hydrate"))]
use asleep as life;
#[cfg(feature = "hydrate")]
use awake as life;

pub use comforts::Comforts;
pub use live::Live;
