//! The face of the program: pages, islands and server functions. Compiled twice: `ssr` for the server, `hydrate` for the
//! browser, which gets the islands and nothing of the pages (docs/adr/0001).
//!
//! | module | half | what |
//! | --- | --- | --- |
//! | [`browser`] | both | the islands: live connection, palette, keys, forms that stay on their page |
//! | [`alert`] | both | alerts: the acts on rules; their page is of the server |
//! | [`dead_letter`] | both | dead letters: what a form posts; its page is of the server |
//! | [`recovery`] | both | recovery jobs: what forms post; their pages are of the server |
//! | [`refused`] | both | the error of every server function |
//! | [`view`] | both | what a person prefers: light or dark, a wide or a folded rail |
//! | [`demo`] [`group`] [`stream`] | both | the acts on the sample project, on groups and on streams; pages on the server only |
//! | [`connection`] | server | several Redis: their page, the switch between them |
//! | `context` | server | the doors to the rest of the program |
//! | `shell` `layout` `route` | server | the document, what stands around every page, which address shows which page |
//! | `part` `chart` `address` | server | what pages are made of: figures, status, times, ids; drawings; links |
//! | `repair` | server | what repairs share: the form with its cost, and what follows |
//! | `history` | server | charts of what figures were, over the range that the address asks for |
//! | `overview` … | server | a folder for each noun: `page` shows, `api` acts |

#![allow(unreachable_pub, reason = "leptos makes what its macros write `pub`")]

pub mod alert;
pub mod backlog;
pub mod browser;
pub mod dead_letter;
pub mod demo;
pub mod group;
pub mod project;
pub mod recovery;
pub mod refused;
pub mod sprint;
pub mod stream;
pub mod view;

#[cfg(feature = "ssr")]
mod access;
#[cfg(feature = "ssr")]
pub mod address;
#[cfg(feature = "ssr")]
mod audit;
#[cfg(feature = "ssr")]
mod chart;
#[cfg(feature = "ssr")]
mod chronicle;
#[cfg(feature = "ssr")]
mod clock;
#[cfg(feature = "ssr")]
pub mod connection;
#[cfg(feature = "ssr")]
mod context;
#[cfg(feature = "ssr")]
mod finding;
#[cfg(feature = "ssr")]
mod health;
#[cfg(feature = "ssr")]
mod history;
#[cfg(feature = "ssr")]
mod layout;
#[cfg(feature = "ssr")]
mod overview;
#[cfg(feature = "ssr")]
mod part;
#[cfg(feature = "ssr")]
mod reference;
#[cfg(feature = "ssr")]
mod repair;
#[cfg(feature = "ssr")]
mod route;
#[cfg(feature = "ssr")]
mod runbook;
#[cfg(feature = "ssr")]
mod shell;
#[cfg(feature = "ssr")]
pub mod trace;

#[cfg(feature = "ssr")]
pub use connection::{Connection, Connections};
#[cfg(feature = "ssr")]
pub use context::{Context, EnvironmentKind, GuardRow, Settings};
#[cfg(feature = "ssr")]
pub use route::App;
#[cfg(feature = "ssr")]
pub use shell::shell;

/// Brings the islands of the page to life.
#[cfg(feature = "hydrate")]
pub mod hydrate;
