//! Puts delivered entries into lanes, runs attempts, and decides what happens next to each.

use std::{future::Future, iter, sync::Arc, time::Instant};

use domain::{Timestamp, operation::ParkedLane, stream::EntryId};
use futures::FutureExt;
use tokio::{
    sync::{
        mpsc::{Receiver, UnboundedReceiver, UnboundedSender},
        watch,
    },
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use crate::{
    Handler,
    attempt::{self, Ended, Outcome, Started},
    clock,
    consumer::{Event, Group},
    delivery::Delivery,
    lane::Lanes,
    operate,
    order::{GivenUp, Order},
};

/// Entries handed over in one call of the script.
const HAND_OVER: usize = 500;
/// Entries in memory, with those that wait behind a failure: so many may stand in one failing lane before reading
/// stops for all.
const HELD_AT_MOST: usize = 10_000;

pub(crate) struct Dispatcher<H> {
    group: Arc<Group<H>>,
    lanes: Lanes<Box<Delivery>>,
    running: JoinSet<Finished>,
    outage: Option<Outage>,
    paused: watch::Receiver<bool>,
    orders: UnboundedReceiver<Order>,
    acks: UnboundedSender<EntryId>,
    /// How many entries may be read now.
    room: watch::Sender<usize>,
}

/// An attempt that has ended: of one entry, or of several that were handled together.
struct Finished {
    started: Instant,
    ended: Vec<Ended>,
}

/// What the handler needs is away: one probe at a time until one gets through.
struct Outage {
    since: Instant,
    failures: u64,
    probe_at: Instant,
}

impl<H: Handler> Dispatcher<H> {
    pub(crate) fn new(group: Arc<Group<H>>, acks: UnboundedSender<EntryId>, room: watch::Sender<usize>) -> Self {
        let (paused, orders) = (group.meter.paused(), group.meter.orders());
        Self { group, lanes: Lanes::default(), running: JoinSet::new(), outage: None, paused, orders, acks, room }
    }

    /// Runs until `stop`, then lets running attempts finish and hands the rest over.
    pub(crate) async fn run(mut self, mut events: Receiver<Event>, stop: CancellationToken) {
        loop {
            self.start_what_may_run();
            self.tell_room();
            let wake = self.next_wake();
            tokio::select! {
                // in this order: after a stop nothing more begins, and what has ended makes room before more is taken
                biased;
                () = stop.cancelled() => break,
                // an error only where the runtime itself is going down: attempts catch the panics of handlers
                Some(Ok(finished)) = self.running.join_next() => self.settle(finished.started, finished.ended),
                event = events.recv() => match event {
                    Some(event) => self.take(event),
                    None => break,
                },
                Ok(()) = self.paused.changed() => {}
                Some(order) = self.orders.recv() => self.obey(order),
                () = sleep_until(wake), if wake.is_some() => {}
            }
        }
        self.drain(events).await;
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Delivered(deliveries) => {
                for delivery in deliveries {
                    if delivery.is_for_another_group(&self.group.settings.group) {
                        self.acknowledge(delivery.id);
                    } else if self.group.held().take(delivery.id, delivery.asked) {
                        self.lanes.push(delivery.lane(), Box::new(delivery));
                    }
                }
            }
            Event::Lost(ids) => {
                for id in ids {
                    self.let_go_of_waiting(id);
                }
            }
        }
    }

    fn let_go_of_waiting(&mut self, id: EntryId) {
        // a running attempt goes on: its effect is guarded by the inbox, its end finds the entry gone
        if self.lanes.remove(id).is_some() {
            self.group.held().let_go(&[id]);
        }
    }

    /// As for what was lost; but nobody else handles it, so its lane need not wait for anybody.
    fn forget(&mut self, id: EntryId) {
        match self.lanes.start_parked(id) {
            Some((key, _)) => {
                self.lanes.finish(key);
                self.group.held().let_go(&[id]);
            }
            None => self.let_go_of_waiting(id),
        }
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Tell(answer) => {
                // fails only where nobody waits any more
                let _ = answer.send(self.parked());
            }
            Order::Forget(ids) => {
                for id in ids {
                    self.forget(id);
                }
            }
            Order::GiveUp { id, answer } => {
                // what waits for the end of an outage has not failed by itself
                let fails = self.lanes.parked().any(|(_, delivery, _)| delivery.id == id && delivery.error.is_some());
                match fails.then(|| self.lanes.start_parked(id)).flatten() {
                    None => drop(answer.send(Ok(GivenUp::NotParked))),
                    Some(started) => {
                        let group = Arc::clone(&self.group);
                        let ending = async { [attempt::give_up_by_order(group, started, answer).await] };
                        self.start(Instant::now(), ending);
                    }
                }
            }
        }
    }

    /// The lanes that wait behind an entry that failed here.
    fn parked(&self) -> Vec<ParkedLane> {
        let (now, at) = (Instant::now(), clock::now());
        let parked = self.lanes.parked().filter_map(|(until, delivery, waiting)| {
            let wait = i64::try_from(until.saturating_duration_since(now).as_micros()).unwrap_or(i64::MAX);
            // to the second: two clocks drift apart by less, and what is told twice is to be the same
            let next_try = at.micros().saturating_add(wait).saturating_add(500_000) / 1_000_000 * 1_000_000;
            Some(ParkedLane {
                key: delivery.message.as_ref().ok().and_then(|message| message.envelope.aggregate_id.clone()),
                entry: delivery.id,
                attempts: delivery.attempts,
                error: delivery.error.clone()?,
                next_try_at: Timestamp::from_micros(next_try),
                waiting: waiting as u64,
            })
        });
        parked.collect()
    }

    fn start_what_may_run(&mut self) {
        if *self.paused.borrow_and_update() {
            return;
        }
        let now = Instant::now();
        // asked anew each time: what starts may end at once, and with it an outage begin or end
        while self.running.len() < self.at_once(now) {
            let Some(first) = self.lanes.start(now) else { return };
            let group = Arc::clone(&self.group);
            let company = self.company(&first, now);
            if company.is_empty() {
                self.start(now, async { [attempt::run(group, first).await] });
            } else {
                self.start(now, attempt::run_together(group, iter::once(first).chain(company).collect()));
            }
        }
    }

    /// How many attempts may run now.
    fn at_once(&self, now: Instant) -> usize {
        match &self.outage {
            None => self.group.settings.at_once,
            Some(outage) => usize::from(now >= outage.probe_at),
        }
    }

    /// Entries of other keys that may be handled in one go with this one.
    fn company(&mut self, (_, first): &Started, now: Instant) -> Vec<Started> {
        let together = if self.outage.is_none() { self.group.handler.together() } else { 1 };
        let mut company = Vec::new();
        let group = &self.group;
        let joins = |delivery: &Delivery| delivery.joins_others() && !group.lease_is_out(delivery);
        if !joins(first) {
            return company;
        }
        while company.len() + 1 < together && self.lanes.next(now).is_some_and(|next| joins(next)) {
            company.extend(self.lanes.start(now));
        }
        company
    }

    /// Runs an attempt: at once as far as it gets, the rest as a task. A handler that has nothing to wait for costs no
    /// task.
    fn start<E>(&mut self, started: Instant, attempt: impl Future<Output = E> + Send + 'static)
    where
        E: IntoIterator<Item = Ended> + Send + 'static,
    {
        let mut attempt = Box::pin(attempt);
        match (&mut attempt).now_or_never() {
            Some(ended) => self.settle(started, ended),
            None => drop(self.running.spawn(attempt.map(move |ended| {
                let ended = ended.into_iter().collect();
                Finished { started, ended }
            }))),
        }
    }

    fn settle(&mut self, started: Instant, ended: impl IntoIterator<Item = Ended>) {
        for (key, delivery, outcome) in ended {
            if outcome.got_through() && self.outage.take_if(|outage| started >= outage.since).is_some() {
                tracing::info!(
                    stream.name = self.group.settings.stream,
                    group.name = self.group.settings.group,
                    "the outage is over; handling goes on"
                );
            }
            let id = delivery.id;
            match outcome {
                Outcome::Handled => {
                    self.lanes.finish(key);
                    self.acknowledge(id);
                }
                Outcome::Gone | Outcome::NotOurs => {
                    self.lanes.finish(key);
                    self.group.held().let_go(&[id]);
                }
                Outcome::Again(wait) | Outcome::OutOfReach(wait) => {
                    self.lanes.park(&key, delivery, Instant::now() + wait);
                }
                Outcome::Alone => self.lanes.park(&key, delivery, Instant::now()),
                Outcome::Outage(cause) => {
                    let probe_at = self.note_outage(&cause, started);
                    self.lanes.park(&key, delivery, probe_at);
                }
            }
        }
    }

    /// Begins or prolongs the outage; gives the time of the next probe.
    fn note_outage(&mut self, cause: &anyhow::Error, started: Instant) -> Instant {
        let now = Instant::now();
        let settings = &self.group.settings;
        let outage = self.outage.get_or_insert_with(|| {
            tracing::warn!(
                stream.name = settings.stream,
                group.name = settings.group,
                error = format!("{cause:#}"),
                "what the handler needs is away; everything is held, one entry at a time is tried"
            );
            Outage { since: now, failures: 0, probe_at: now }
        });
        // attempts that began before the outage was known say nothing new
        if outage.failures == 0 || started >= outage.since {
            outage.failures += 1;
            outage.probe_at = now + settings.probe.wait(outage.failures);
        }
        outage.probe_at
    }

    fn acknowledge(&self, id: EntryId) {
        // fails only when the acknowledger is gone, and it outlives this loop
        let _ = self.acks.send(id);
    }

    fn tell_room(&self) {
        let held = self.lanes.waiting() + self.running.len();
        let active = held - self.lanes.waiting_parked();
        let room = if *self.paused.borrow() {
            0
        } else if self.outage.is_some() {
            // nothing but what to probe with, should that have been lost
            1usize.saturating_sub(held)
        } else {
            self.group.settings.hold_at_most.saturating_sub(active).min(HELD_AT_MOST.saturating_sub(held))
        };
        self.room.send_if_modified(|told| std::mem::replace(told, room) != room);
    }

    fn next_wake(&self) -> Option<Instant> {
        let probe = self.outage.as_ref().map(|outage| outage.probe_at);
        // while everything that may run does run, only an ending can change anything
        let at_once = if self.outage.is_some() { 1 } else { self.group.settings.at_once };
        if self.running.len() >= at_once || *self.paused.borrow() {
            return None;
        }
        match (probe, self.lanes.next_wake()) {
            (Some(probe), Some(lane)) if !self.lanes.has_ready(probe) => Some(probe.max(lane)),
            (Some(probe), _) => (self.lanes.waiting() > 0).then_some(probe),
            (None, lane) => lane,
        }
    }

    /// Finishes what runs within the drain time; everything else is handed to the group's other consumers (or to this
    /// one's next life), with the attempts it really had.
    async fn drain(mut self, mut events: Receiver<Event>) {
        let deadline = Instant::now() + self.group.settings.drain;
        // the readers stop by themselves; what they still delivered is handed over too
        while let Some(event) = events.recv().await {
            self.take(event);
        }
        while let Ok(Some(Ok(finished))) = tokio::time::timeout_at(deadline.into(), self.running.join_next()).await {
            self.settle(finished.started, finished.ended);
        }
        self.running.abort_all();
        let rest: Vec<_> = self.lanes.drain().iter().map(|d| (d.id, Some(d.attempts))).collect();
        let settings = &self.group.settings;
        for chunk in rest.chunks(HAND_OVER) {
            let handed_over =
                operate::hand_over(&self.group.redis, &settings.stream, &settings.group, &settings.consumer, chunk);
            if let Err(error) = handed_over.await {
                tracing::warn!(
                    stream.name = settings.stream, group.name = settings.group, %error,
                    "entries could not be handed over; they are taken over when their lease is out"
                );
                return;
            }
        }
    }
}

async fn sleep_until(wake: Option<Instant>) {
    if let Some(wake) = wake {
        tokio::time::sleep_until(wake.into()).await;
    }
}
