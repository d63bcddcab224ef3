//! What happened together.
//!
//! | module | what |
//! | --- | --- |
//! | `context` | the trace context that requests and events carry |
//! | [`sought`] | which events are looked for, and what is found |
//! | [`waterfall`] | one event's way, step by step, with what is missing |

mod context;
pub mod sought;
pub mod waterfall;

pub use context::{TRACEPARENT, TraceContext};
pub use sought::{Found, Sought};
