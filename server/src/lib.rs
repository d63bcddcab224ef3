//! What answers HTTP: the API of the four services and of the console, and the guard before everything.
//!
//! | module | what |
//! | --- | --- |
//! | [`api`] | the routes, a file for each feature, and their OpenAPI document |
//! | [`connection`] | which Redis a request is about: `/at/NAME/…` |
//! | [`guard`] | who may come in: host, origin, content type, permission; what every answer carries; limits |
//! | [`form`] | forms that work without a script: a server function's answer becomes a redirect |
//! | [`metrics`] | what Prometheus is told: a line for each figure |
//! | [`delta`] | what of a page a browser has already |
//! | [`live`] | the one connection that tells browsers when to look again |

pub mod api;
pub mod connection;
pub mod delta;
pub mod form;
pub mod guard;
pub mod live;
pub mod metrics;
