//! The islands: what the browser adds to pages that work without it.

mod comforts;
mod live;

pub use comforts::Comforts;
pub use live::Live;
