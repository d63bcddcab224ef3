//! The trace that work belongs to, from a request over the outbox to every handler, and its spans.
//!
//! Who works knows the trace as a task-local value, so that no function has to pass it on. Spans are made only where
//! somebody has asked for their export ([`export_by`]); without that a trace is two ids that travel along, and an event
//! without a context costs nothing (docs/adr/0018).
//!
//! | module | what |
//! | --- | --- |
//! | `current` | which trace this task works for |
//! | [`span`] | one span, made only while spans are exported |
//! | [`messaging`] | spans of events that are sent and handled, in the words of OpenTelemetry |

mod current;
pub mod messaging;
pub mod span;

pub use current::{Current, current, new_trace, shared, within};
pub use span::{Span, export_by, is_exporting};
