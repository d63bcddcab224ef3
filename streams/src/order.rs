//! What an operator asks of the consumers of a group in this process: which lanes wait behind an entry that fails, to give
//! up on that entry, to forget what was taken from the group.
//!
//! The dispatcher answers between two attempts, so an entry that is being tried is never given up at the same time.

use domain::{operation::ParkedLane, stream::EntryId};
use tokio::sync::{mpsc, oneshot};

use crate::Error;

pub(crate) enum Order {
    Tell(oneshot::Sender<Vec<ParkedLane>>),
    GiveUp {
        id: EntryId,
        answer: oneshot::Sender<Result<GivenUp, Error>>,
    },
    /// These were acknowledged or moved by somebody else's hand.
    Forget(Vec<EntryId>),
}

/// What became of an order to give up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GivenUp {
    /// It is this dead letter now.
    Moved(EntryId),
    /// It is acknowledged, or somebody else's.
    NotPending,
    /// It does not park a lane here: it is being tried, or was handled, or never came.
    NotParked,
}

/// The ways to the consumers of one group, one for each.
#[derive(Default)]
pub(crate) struct Orders(Vec<mpsc::UnboundedSender<Order>>);

impl Orders {
    /// A way to one more consumer.
    pub(crate) fn subscribe(&mut self) -> mpsc::UnboundedReceiver<Order> {
        let (way, orders) = mpsc::unbounded_channel();
        self.0.push(way);
        orders
    }

    /// The ways to those that still run.
    pub(crate) fn ways(&mut self) -> Vec<mpsc::UnboundedSender<Order>> {
        self.0.retain(|way| !way.is_closed());
        self.0.clone()
    }
}
