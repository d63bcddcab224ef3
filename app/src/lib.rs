//! The face of the program: pages, islands and server functions. Compiled twice.

#[cfg(feature = "ssr")]
mod context;

#[cfg(feature = "ssr")]
pub use context::{Context, EnvironmentKind, Settings};
