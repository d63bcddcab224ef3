//! The fault history: service processes and a real Redis, under faults of a seeded plan, and a checker that judges what
//! became of every event (`cargo xtask chaos --seed 7 --seconds 60`).
//!
//! | module | what |
//! | --- | --- |
//! | [`event`] | the events of the workload: the nth of a key |
//! | [`fate`] | what handlers do with an event, by seed |
//! | [`faults`] | the plan of faults, by seed |
//! | [`worker`] | one service process: commands, a relay, a consumer for each group |
//! | [`workload`] | commands, each a row and its events in one transaction |
//! | [`tables`] | the databases: the services' own outbox and inbox, and what became of events |
//! | [`stage`] | Redis, the workers, their links: what faults are done to |
//! | [`keeper`] | Redis as its operator has it: damaged on purpose, read at the end |
//! | [`conduct`] | one history from the first command to the verdict |
//! | [`journal`] | what processes note while they live |
//! | [`history`] | what happened, put together |
//! | [`checker`] | judges a history; pure |

pub mod checker;
pub mod conduct;
pub mod event;
pub mod fate;
pub mod faults;
pub mod history;
pub mod journal;
pub mod keeper;
pub mod stage;
pub mod tables;
pub mod worker;
pub mod workload;

pub use event::{Event, STREAM};
