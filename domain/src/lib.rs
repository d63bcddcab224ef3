//! The words that browser and server share, and the pure rules behind them: no I/O, no clock, no randomness of its own.
//!
//! | module | what |
//! | --- | --- |
//! | [`time`] | [`Timestamp`] and [`Date`], spelled as the DSM wire contract spells them |
//! | [`figure`] | a number that is exact, a lower bound, or unknown with the reason |
//! | [`status`] | the six states everything on a screen can have |
//! | [`stream`] | streams, groups, consumers, entries, pending entries as an operator sees them; how a group is judged |
//! | [`latency`] | how long entries take and what becomes of them, by event type; which processes measured it
//! | [`filter`] | what is looked for in entries: a small grammar, and whether an entry fits |
//! | [`connection`] | several Redis told apart: name, colour, what its user may do, how it is |
//! | [`dead_letter`] | one dead letter, its cause, the fingerprint that groups causes |
//! | [`finding`] | how Redis Streams fail: what is recognised from looks, explained, with what can safely be done |
//! | [`operation`] | repairs: what was asked, what it would do, what became of each entry |
//! | [`recovery`] | recovery as a job: what is chosen, the states it goes through, the pace at which it sends |
//! | [`event`] | the events of the scrum, read from and written to the wire |
//! | [`project`] [`backlog`] [`sprint`] [`chronicle`] | the nouns of the scrum with their rules |
//! | [`health`] [`demo`] | readiness and outbox of a service; the sample project |
//! | [`trace`] | what happened together: the context that events carry, what is looked for, one event's way |
//! | [`alert`] | rules, the states they go through, what people are told |
//! | [`audit`] | who did what, and what became of it |
//! | [`permission`] | the eight permissions, one of which every route and server function names |
//! | [`refusal`] | what a caller is told when something is not done |

pub mod alert;
pub mod audit;
pub mod backlog;
pub mod chronicle;
pub mod connection;
pub mod dead_letter;
pub mod demo;
pub mod event;
pub mod figure;
pub mod filter;
pub mod finding;
pub mod health;
pub mod latency;
pub mod operation;
pub mod permission;
pub mod project;
pub mod recovery;
pub mod refusal;
pub mod sprint;
pub mod status;
pub mod stream;
pub mod time;
pub mod trace;

pub use figure::Figure;
pub use permission::Permission;
pub use refusal::Refusal;
pub use status::Status;
pub use time::{Date, Timestamp};
