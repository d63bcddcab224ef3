//! The four services of the Digital Scrum Master (`docs`: wire contract), each with its own database, and the three
//! parts that carry an event from one to the next.
//!
//! | module | what |
//! | --- | --- |
//! | [`project`] [`backlog`] [`sprint`] [`chronicle`] | one service each: what can be asked and done, its SQL, its events' handler |
//! | [`outbox`] | events committed in one transaction with the rows they speak of |
//! | [`relay`] | publishes the outbox, in order; the only place from which an event leaves |
//! | `loss` | what Redis lost of what was published: sent again, and written down |
//! | [`inbox`] | one effect for an event that is delivered twice |
//! | [`consumer`] | which handler reads which stream in which group |
//! | [`peer`] | how one service calls another |
//! | [`health`] | whether a service can do its work |
//! | [`trace`] | what is written down about events: when they were written, sent, handled |
//! | [`demo`] | the sample project, its traffic, its removal |
//! | [`keys`] | the names of streams and groups |

pub mod backlog;
pub mod chronicle;
mod clock;
pub mod consumer;
pub mod databases;
pub mod demo;
pub mod error;
pub mod health;
pub mod inbox;
pub mod keys;
mod loss;
pub mod outbox;
mod peer;
pub mod project;
pub mod relay;
pub mod sprint;
pub mod trace;

use std::sync::Arc;

pub use consumer::consumers;
pub use databases::Databases;
pub use error::Error;
use tokio::sync::Notify;

/// The four services in this process. Cheap to clone.
#[derive(Clone)]
pub struct Services(Arc<Inner>);

struct Inner {
    databases: Databases,
    /// Wakes the relay when an event was committed here; other processes' events it finds by polling.
    committed: Arc<Notify>,
    demo: demo::Switches,
}

impl Services {
    pub fn new(databases: Databases) -> Self {
        Self(Arc::new(Inner { databases, committed: Arc::default(), demo: demo::Switches::default() }))
    }

    pub fn databases(&self) -> &Databases {
        &self.0.databases
    }

    pub(crate) fn committed(&self) -> &Arc<Notify> {
        &self.0.committed
    }

    pub(crate) fn demo(&self) -> &demo::Switches {
        &self.0.demo
    }
}
