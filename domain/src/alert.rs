//! Alerts: a rule watches one figure of streams, groups or Redis, and tells people when it crosses a line for too long.
//! What is told once is not told again: a figure that flaps fires once, and is over when it has been calm for a while.

mod arrivals;
mod board;
mod firing;
mod notice;
mod reading;
mod rule;
mod state;
mod watched;

pub use arrivals::{ARRIVALS_WITHIN, Arrivals};
pub use board::{Board, Change};
pub use firing::{Delivery, DeliveryState, Firing, FiringNow};
pub use notice::{Notice, NoticeKind};
pub use reading::readings;
pub use rule::{Comparison, Problem, Rule, Severity, Subject, Terms};
pub use state::{Event, GONE_AFTER, Held, Phase, Reason, Seen, Step, step};
pub use watched::{Scope, Watched};
