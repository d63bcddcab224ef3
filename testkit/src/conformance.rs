//! What every transport of events must do, after the shape of Watermill's suite: one list of behaviours, and features that
//! a transport declares. A behaviour that asks for what is not declared is skipped, and says so.
//!
//! Knows no transport. Redis Streams is held to it in `streams/tests/conformance.rs`; that the suite can fail is shown in
//! `testkit/tests/conformance.rs`, by transports with one fault each.
//!
//! [`diary`] what handlers saw, and what may be said of it · [`delivering`] messages arrive · [`failing`] handlers fail ·
//! [`ending`] consumers stop and crash · [`breaking`] the broker goes, the load is high

mod breaking;
mod delivering;
mod diary;
mod ending;
mod failing;

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

/// A message, as it is published and as it arrives.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Letter {
    pub key: String,
    pub body: Vec<u8>,
}

/// What becomes of a message that was handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Done,
    /// To be handed out again.
    Again,
    /// Never to be handed out again: a dead letter.
    Never,
}

/// Handles one message. Dropped in its middle where its consumer crashes.
pub type Handling = Arc<dyn Fn(Letter) -> Pin<Box<dyn Future<Output = Answer> + Send>> + Send + Sync>;

/// What a transport promises beyond delivering at least once. What no behaviour asks for is not here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is declared by itself")]
pub struct Features {
    /// Several groups read a topic, each everything.
    pub consumer_groups: bool,
    /// A group that is new begins at the oldest message.
    pub begins_at_the_oldest: bool,
    pub order: Order,
    /// What was accepted outlives the broker's crash.
    pub persistent: bool,
    /// As long as nothing fails or crashes, nothing is handed out twice.
    pub once_while_calm: bool,
    /// What a crashed consumer held is handed to another.
    pub redelivery_after_crash: bool,
    /// What cannot be handled is set aside after some attempts (four at least).
    pub dead_letters: bool,
    /// A body may be any bytes; otherwise it must be text, and publishing anything else is refused.
    pub binary_bodies: bool,
}

/// In which order messages of one key are handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Order {
    /// In any.
    None,
    /// As they were published, while the group has one consumer at a time.
    OfOneConsumer,
    /// As they were published, however many consumers the group has.
    OfTheGroup,
}

/// Something that carries messages from publishers to groups of consumers. Each behaviour gets one of its own.
pub trait Transport: Send + Sync + 'static {
    type Subscription: Send + 'static;

    /// For how long nothing may happen before what is waited for counts as lost. Longer than a crashed consumer keeps
    /// what it held.
    const PATIENCE: Duration = Duration::from_secs(30);

    fn features(&self) -> Features;

    /// A topic that nobody has used.
    fn topic(&self) -> impl Future<Output = String> + Send;

    /// Accepts all of the batch, in order; after an error, any part of it may have been accepted.
    fn publish(&self, topic: &str, batch: &[Letter]) -> impl Future<Output = anyhow::Result<()>> + Send;

    /// Starts a consumer of a group.
    fn subscribe(
        &self,
        topic: &str,
        group: &str,
        consumer: &str,
        handling: Handling,
    ) -> impl Future<Output = Self::Subscription> + Send;

    /// Ends a consumer in an orderly way.
    fn stop(&self, subscription: Self::Subscription) -> impl Future<Output = ()> + Send;

    /// Ends a consumer as the end of its process would.
    fn crash(&self, subscription: Self::Subscription) -> impl Future<Output = ()> + Send;

    /// The broker dies at once, and is back when this returns.
    fn restart_broker(&self) -> impl Future<Output = ()> + Send;

    /// The bodies that were set aside. Asked only where dead letters are declared.
    fn dead_letters(&self, topic: &str) -> impl Future<Output = Vec<Vec<u8>>> + Send;
}

/// One thing that a transport does.
pub struct Behaviour<T> {
    /// A sentence that is true when it holds.
    pub name: &'static str,
    /// The first feature it asks for that is not declared.
    lacks: fn(Features) -> Option<&'static str>,
    run: fn(Arc<T>) -> Running,
}

type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

/// How a behaviour ended that did not panic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Held,
    /// For want of this feature.
    Skipped(&'static str),
}

impl<T: Transport> Behaviour<T> {
    /// Holds the transport to it; panics where it does not hold.
    pub async fn hold(&self, transport: Arc<T>) -> Outcome {
        if let Some(feature) = (self.lacks)(transport.features()) {
            return Outcome::Skipped(feature);
        }
        (self.run)(transport).await;
        Outcome::Held
    }
}

/// Every behaviour there is.
pub fn behaviours<T: Transport>() -> Vec<Behaviour<T>> {
    [delivering::behaviours(), failing::behaviours(), ending::behaviours(), breaking::behaviours()]
        .into_iter()
        .flatten()
        .collect()
}

/// `declared`, or the name of what is not.
fn unless(declared: bool, feature: &'static str) -> Option<&'static str> {
    (!declared).then_some(feature)
}

fn nothing(_: Features) -> Option<&'static str> {
    None
}

/// `count` messages, dealt to `keys` keys in turn. The body is the number within the whole.
fn letters(keys: usize, count: usize) -> Vec<Letter> {
    (0..count).map(|n| Letter { key: format!("key{}", n % keys), body: n.to_string().into_bytes() }).collect()
}

/// Publishes what must be accepted at once.
async fn publish<T: Transport>(transport: &T, topic: &str, letters: &[Letter]) {
    for batch in letters.chunks(50) {
        transport.publish(topic, batch).await.expect("the broker is there");
    }
}
