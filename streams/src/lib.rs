//! Everything Redis: publish, consume, reclaim, dead-letter, inspect, operate, sample. Knows no project and no sprint.
//!
//! | module | what |
//! | --- | --- |
//! | [`client`] | the connection that reconnects by itself, to a server, a sentinel's master or a cluster; blocking reads get their own, and so do looks |
//! | [`mod@rights`] | what our user may do there, asked without doing it |
//! | [`server`] | what kind of server it is, and whether it is new enough |
//! | [`keys`] | the only place that spells a Redis name |
//! | [`embedded`] | a private `redis-server` child for people who have none |
//! | [`publish()`] | many entries in one round trip |
//! | [`message`] | what a handler is given and how it may fail |
//! | [`consumer`] | reads a group: lanes per key, retries, dead letters, batched acknowledgement |
//! | `reclaimer` `lease` | takes over what dead consumers left; keeps what is held here |
//! | `lane` [`backoff`] | the pure rules of the consumer: order per key, waiting times |
//! | [`dead_letter`] | moves entries aside with everything known about them; lists, replays, discards |
//! | [`inspect`] | looking, which cannot break anything |
//! | [`search`] | events looked for in many streams at a bounded cost; how far groups are with them |
//! | [`progress`] | how far the groups of a stream are, for its publisher |
//! | [`operate`] | changing, with preview and proof of what was seen |
//! | [`sampler`] | one look at the whole server per second, with truthful lag, and what figures were |
//! | [`reporter`] [`heartbeat`] | tells other processes what ours measured: a record that expires
//! | `order` | what an operator asks of the consumers of this process |
//! | `handling` | adds up what several processes measured of a group
//! | [`trimmer`] | keeps streams short, never past what a group still needs |
//! | [`metrics`] | what our own consumers measure, in the last minute and in sum; how looks went; the pause switch |

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
mod handling;
pub mod heartbeat;
pub mod inspect;
pub mod keys;
mod lane;
mod lease;
pub mod message;
pub mod metrics;
pub mod operate;
mod order;
pub mod progress;
pub mod publish;
mod reader;
mod reclaimer;
mod reply;
pub mod reporter;
pub mod rights;
pub mod sampler;
mod script;
pub mod search;
pub mod server;
pub mod trimmer;

pub use backoff::Backoff;
pub use client::{Redis, Way};
pub use consumer::{Consumer, ConsumerSettings};
pub use error::Error;
pub use message::{Failure, Handler, Malformed, Message};
pub use metrics::Metrics;
pub use progress::{Position, Progress, progress};
pub use publish::{Body, Outgoing, publish, publish_after};
pub use reporter::Reporter;
pub use rights::rights;
pub use trimmer::Trimmer;
