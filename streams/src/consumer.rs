//! The consumer runtime: reads a group, keeps order per key, retries, gives up in an orderly way, acknowledges in
//! batches.
//!
//! Four loops share one `Group`: the `reader` asks Redis for entries, the `dispatcher` puts them into lanes and runs
//! attempts, the `acknowledger` sends XACKs, the `reclaimer` keeps what is held here and takes over
//! what dead consumers left.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::stream::EntryId;
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use crate::{
    Backoff, Handler, Metrics, Redis, acknowledger::Acknowledger, delivery::Delivery, dispatcher::Dispatcher, keys,
    lease::Holdings, metrics::Meter, reader, reclaimer,
};

/// How a consumer reads its group.
#[derive(Debug, Clone)]
pub struct ConsumerSettings {
    pub stream: String,
    pub group: String,
    /// Stable over restarts and different for each process: what this consumer left pending it takes up again.
    pub consumer: String,
    /// After this many the entry becomes a dead letter.
    pub max_attempts: u64,
    /// Waits between attempts.
    pub backoff: Backoff,
    /// The lease: what nobody has touched for this long is taken over. Entries held here are touched three times per
    /// lease, so a slow handler keeps its entry.
    pub claim_after: Duration,
    /// Pause between two looks for entries to take over; also how soon a replayed dead letter is noticed.
    pub reclaim_every: Duration,
    /// A handler that takes longer is stopped; that counts as an attempt.
    pub handler_timeout: Duration,
    /// Waits between probes while a dependency is away.
    pub probe: Backoff,
    /// Entries read at once.
    pub batch: usize,
    /// Handlers that run at the same time, each for another key.
    pub at_once: usize,
    /// Entries held here at most, but for those that wait behind a failing one of their key. What is beyond waits in
    /// Redis, as lag.
    pub hold_at_most: usize,
    /// How long handlers may go on after a stop; then they are dropped and their entries left for others.
    pub drain: Duration,
}

impl ConsumerSettings {
    /// The defaults of the contract (§3): five attempts within about 20 s.
    pub fn new(stream: impl Into<String>, group: impl Into<String>, consumer: impl Into<String>) -> Self {
        Self {
            stream: stream.into(),
            group: group.into(),
            consumer: consumer.into(),
            max_attempts: 5,
            backoff: Backoff::HANDLER,
            claim_after: Duration::from_secs(30),
            reclaim_every: Duration::from_secs(1),
            handler_timeout: Duration::from_secs(10),
            probe: Backoff::RECONNECT,
            batch: 100,
            at_once: 16,
            hold_at_most: 500,
            drain: Duration::from_secs(10),
        }
    }
}

/// One consumer of one group.
pub struct Consumer<H> {
    redis: Redis,
    settings: ConsumerSettings,
    handler: H,
    metrics: Metrics,
}

impl<H: Handler> Consumer<H> {
    pub fn new(redis: Redis, settings: ConsumerSettings, handler: H, metrics: Metrics) -> Self {
        Self { redis, settings, handler, metrics }
    }

    /// Handles entries until `stop`, through every loss of Redis. Then finishes what runs (within the drain time) and
    /// hands the rest to the other consumers of the group.
    pub async fn run(self, stop: CancellationToken) {
        let meter = self.metrics.meter(&self.settings.stream, &self.settings.group);
        let group = Arc::new(Group {
            redis: self.redis,
            dead_letters: keys::dead_letter_stream(&self.settings.stream),
            settings: Arc::new(self.settings),
            handler: self.handler,
            meter,
            held: Mutex::default(),
            seen: Mutex::default(),
            adopting: tokio::sync::Mutex::default(),
        });
        // small: a full channel makes the readers wait, which is the point
        let (events, inbox) = mpsc::channel(4);
        let (acks, to_acknowledge) = mpsc::unbounded_channel();
        let (room, room_left) = watch::channel(0);
        // a task of its own: answers are taken apart while handlers run; it ends with the set, as the others with this one
        let mut reading = JoinSet::new();
        reading.spawn({
            let (group, events, room_left) = (Arc::clone(&group), events.clone(), room_left.clone());
            let stop = stop.clone();
            async move { reader::run(&group, events, room_left, stop).await }
        });
        tokio::join!(
            ended(&mut reading),
            reclaimer::run(&group, events, room_left, stop.clone()),
            Dispatcher::new(Arc::clone(&group), acks, room).run(inbox, stop.clone()),
            Acknowledger::new(&group).run(to_acknowledge, stop),
        );
    }
}

/// Waits for the end of the task. Its panic is this one's, too: a consumer that does not read must not seem to live.
async fn ended(tasks: &mut JoinSet<()>) {
    if let Some(Err(error)) = tasks.join_next().await
        && let Ok(panic) = error.try_into_panic()
    {
        std::panic::resume_unwind(panic);
    }
}

/// What the loops of one consumer share.
pub(crate) struct Group<H> {
    pub(crate) redis: Redis,
    pub(crate) settings: Arc<ConsumerSettings>,
    /// Name of the dead-letter stream.
    pub(crate) dead_letters: String,
    pub(crate) handler: H,
    pub(crate) meter: Arc<Meter>,
    held: Mutex<Holdings>,
    seen: Mutex<Seen>,
    /// Held while pending entries are taken up and put into their lanes: two who do so at once would mix up the order of a
    /// key. Says whether what waited at the start of this process is taken up.
    pub(crate) adopting: tokio::sync::Mutex<bool>,
}

/// What is remembered about the group's place, to find it again when Redis has lost the group.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Seen {
    /// The last entry read as new.
    pub(crate) delivered: EntryId,
    /// Entries that the stream must have had added at least.
    pub(crate) added: u64,
    /// The lowest id that pended in the group, whoever had it, at the last look.
    pub(crate) lowest_pending: Option<EntryId>,
}

/// What reader and reclaimer tell the dispatcher.
pub(crate) enum Event {
    Delivered(Vec<Delivery>),
    /// These are no longer this consumer's.
    Lost(Vec<EntryId>),
}

impl<H> Group<H> {
    pub(crate) fn held(&self) -> MutexGuard<'_, Holdings> {
        // a set of ids is whole after every statement, so a panic elsewhere does not spoil it
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether others had the time to take this entry over.
    pub(crate) fn lease_is_out(&self, delivery: &Delivery) -> bool {
        let lasts = self.settings.claim_after;
        // what was asked for just now needs no look
        delivery.asked.elapsed() >= lasts && self.held().lease_is_out(delivery.id, lasts)
    }

    pub(crate) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
