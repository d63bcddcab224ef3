//! What answers HTTP: the API of the four services and of the console, and the guard before everything.
//!
//! | module | what |
//! | --- | --- |
//! | [`api`] | the routes, a file for each feature, and their OpenAPI document |
//! | [`guard`] | who may come in: host, origin, content type, permission; what every answer carries; limits |
//! | [`form`] | forms that work without a script: a server function's answer becomes a redirect |
//! | [`live`] | the one connection that tells browsers when to look again |

pub mod api;
pub mod form;
pub mod guard;
pub mod live;
