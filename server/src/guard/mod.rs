//! What stands before every route: who may come in, and what every answer carries.
//!
//! | module | what |
//! | --- | --- |
//! | [`table`] | the one permission of every route, server function and page, as data |
//! | [`permit`] | denies what has no entry in the table, and who does not hold its permission |
//! | [`origin`] | requests that another site makes a browser send |
//! | [`host`] | names that are not ours (DNS rebinding) |
//! | [`content`] | bodies that a plain form of another site could carry |
//! | [`trace`] | which trace a request belongs to |
//! | [`headers`] | what every answer tells the browser |
//! | [`limits`] | size, time, panics; an act that was begun is finished |

pub mod content;
pub mod headers;
pub mod host;
pub mod limits;
pub mod origin;
pub mod permit;
pub mod table;
pub mod trace;

use axum::{Router, middleware};
use tokio_util::task::TaskTracker;
use tower_http::catch_panic::CatchPanicLayer;

/// Where server functions are.
pub const FUNCTIONS: &str = "/api/fn/";

pub use host::Hosts;
pub use permit::permitted;
pub use table::Surface;

/// Puts everything but the permissions around `router`, in the order in which it must happen. Permissions are asked
/// where the route is known, see [`permitted`]. Acts run in `acts`, so that a shutdown can wait for their end.
pub fn around(router: Router, hosts: Hosts, acts: TaskTracker) -> Router {
    // the layer named last is the first to see a request
    router
        // within the task of an act: a task that is spawned does not know the trace of who spawned it
        .layer(middleware::from_fn(trace::begin))
        .layer(middleware::from_fn_with_state(acts, limits::finish))
        .layer(middleware::from_fn(limits::body))
        .layer(middleware::from_fn(content::check))
        .layer(middleware::from_fn(origin::check))
        .layer(middleware::from_fn_with_state(hosts, host::check))
        .layer(middleware::from_fn_with_state(limits::SLOWEST_ANSWER, limits::time))
        .layer(CatchPanicLayer::custom(limits::panicked))
        .layer(middleware::from_fn(headers::add))
}
