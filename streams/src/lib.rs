//! Everything Redis: publish, consume, reclaim, dead-letter, inspect, operate, sample. Knows no project and no sprint.
//!
//! | module | what |
//! | --- | --- |
//! | [`client`] | the connection that reconnects by itself; blocking reads get their own |
//! | [`keys`] | the only place that spells a Redis name |
//! | [`embedded`] | a private `redis-server` child for people who have none |
//! | [`publish()`] | many entries in one round trip |
//! | [`message`] | what a handler is given and how it may fail |
//! | [`consumer`] | reads a group: lanes per key, retries, dead letters, batched acknowledgement |
//! | `reclaimer` | takes over what dead consumers left, keeps what is held here |
//! | `lane` [`backoff`] | the pure rules of the consumer: order per key, waiting times |
//! | [`dead_letter`] | moves entries aside with everything known about them; lists, replays, discards |
//! | [`inspect`] | looking, which cannot break anything |
//! | [`operate`] | changing, with preview and proof of what was seen |
//! | [`sampler`] | one look at the whole server per second, with truthful lag, and what figures were |
//! | [`trimmer`] | keeps streams short, never past what a group still needs |
//! | [`metrics`] | what our own consumers measure; the pause switch |

mod acknowledger;
mod attempt;
pub mod backoff;
pub mod client;
mod clock;
pub mod consumer;
pub mod dead_letter;
mod delivery;
mod dispatcher;
pub mod embedded;
pub mod error;
pub mod inspect;
pub mod keys;
mod lane;
pub mod message;
pub mod metrics;
pub mod operate;
pub mod publish;
mod reader;
mod reclaimer;
mod reply;
pub mod sampler;
mod script;
pub mod trimmer;

pub use backoff::Backoff;
pub use client::Redis;
pub use consumer::{Consumer, ConsumerSettings};
pub use error::Error;
pub use message::{Failure, Handler, Message};
pub use metrics::Metrics;
pub use publish::{Outgoing, publish};
pub use trimmer::Trimmer;
