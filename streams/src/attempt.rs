//! One attempt at one entry, from writing down that it begins to knowing what becomes of the entry.

use std::{
    future::poll_fn,
    panic::AssertUnwindSafe,
    pin::pin,
    sync::Arc,
    task::Poll,
    time::{Duration, Instant},
};

use futures::{FutureExt, future::Either};
use telemetry::{Current, Span, messaging};
use tokio::{sync::oneshot, task::coop::unconstrained, time::sleep};

use crate::{
    Backoff, ConsumerSettings, Error, Failure, Handler, Message, clock, consumer::Group, delivery::Delivery, lane::Key,
    lease, metrics::How, order::GivenUp,
};

/// An entry whose lane is held for it.
pub(crate) type Started = (Key, Box<Delivery>);
/// The same with its fate.
pub(crate) type Ended = (Key, Box<Delivery>, Outcome);

/// What became of an entry.
pub(crate) enum Outcome {
    /// Handled: to be acknowledged.
    Handled,
    /// To be tried again after this wait.
    Again(Duration),
    /// To be tried by itself, at once.
    Alone,
    /// What the handler needs is away.
    Outage(Arc<anyhow::Error>),
    /// Nothing more to do here: it was moved to the dead letters.
    Gone,
    /// Not attempted: it is somebody else's.
    NotOurs,
    /// Not attempted: its lease is out, and whether it is still ours cannot be asked now. To be tried after this wait.
    OutOfReach(Duration),
}

impl Outcome {
    /// Whether the handler got as far as to need what it needs.
    pub(crate) fn got_through(&self) -> bool {
        !matches!(self, Self::Outage(_) | Self::NotOurs | Self::OutOfReach(_))
    }
}

/// Runs one attempt. Never panics, and gives the entry back with its fate.
pub(crate) async fn run<H: Handler>(group: Arc<Group<H>>, (key, mut delivery): Started) -> Ended {
    let outcome = attempt(&group, &mut delivery).await;
    (key, delivery, outcome)
}

async fn attempt<H: Handler>(group: &Group<H>, delivery: &mut Delivery) -> Outcome {
    let settings = &group.settings;
    let attempt = delivery.attempts.saturating_add(1);
    if let Err(malformed) = &delivery.message {
        let error = malformed.why().to_owned();
        delivery.attempts = attempt;
        return give_up(group, delivery, &error).await;
    }
    if attempt > settings.max_attempts {
        // every failure that this process sees ends below: only a handler that took its process along gets here
        let error = format!("attempted {} times without an end: the handler stops its process", delivery.attempts);
        return give_up(group, delivery, &error).await;
    }
    if (!delivery.counted || group.lease_is_out(delivery))
        && let Some(outcome) = begin(group, delivery, attempt).await
    {
        return outcome;
    }
    delivery.counted = false;
    delivery.attempts = attempt;
    let started = Instant::now();
    match handle(group, delivery, attempt).await.err() {
        None => {
            group.meter.attempted(How::Handled, started, [delivery.attempted()]);
            Outcome::Handled
        }
        Some(Failure::Outage(cause)) => {
            // costs no attempt: the count in Redis is put right when the next one begins
            delivery.attempts = attempt - 1;
            Outcome::Outage(Arc::new(cause))
        }
        Some(Failure::Reject(cause)) => {
            group.meter.attempted(How::Failed, started, [delivery.attempted()]);
            give_up(group, delivery, &format!("{cause:#}")).await
        }
        Some(Failure::Retry(cause)) => {
            group.meter.attempted(How::Failed, started, [delivery.attempted()]);
            delivery.first_failed_at.get_or_insert_with(clock::now);
            if attempt >= settings.max_attempts {
                give_up(group, delivery, &format!("{cause:#}")).await
            } else {
                tracing::debug!(
                    stream.name = settings.stream, group.name = settings.group, entry.id = %delivery.id, attempt,
                    correlation_id = delivery.correlation_id(), trace_id = delivery.trace_id(),
                    error = format!("{cause:#}"), "an entry could not be handled and is tried again"
                );
                delivery.error = Some(format!("{cause:#}"));
                Outcome::Again(settings.backoff.wait(attempt))
            }
        }
    }
}

/// Moves an entry that fails to the dead letters because an operator says so, without another attempt. Gives the entry back
/// with its fate, and tells the operator.
pub(crate) async fn give_up_by_order<H>(
    group: Arc<Group<H>>,
    (key, delivery): Started,
    answer: oneshot::Sender<Result<GivenUp, Error>>,
) -> Ended {
    let failed = delivery.error.as_deref().unwrap_or("the handler did not end");
    let error = format!("{failed} (given up by an operator)");
    group.held().settle(&[delivery.id]);
    let buried = delivery.obituary(&group.settings, &error).bury(&group.redis, &group.settings.consumer).await;
    let outcome = if let Ok(Some(_)) = buried {
        group.meter.dead_lettered(delivery.event_type());
        // not an attempt: whether what the handler needs is there, it does not tell
        Outcome::NotOurs
    } else {
        // whose it is now, the next attempt asks
        group.held().unsettle(delivery.id);
        Outcome::Again(Backoff::RECONNECT.wait(1))
    };
    // fails only where nobody waits any more
    let _ = answer.send(buried.map(|record| record.map_or(GivenUp::NotPending, GivenUp::Moved)));
    (key, delivery, outcome)
}

/// Runs the first attempt of many at once; to be called with such as [`Delivery::joins_others`] only. Never panics.
pub(crate) async fn run_together<H: Handler>(group: Arc<Group<H>>, entries: Vec<Started>) -> Vec<Ended> {
    let started = Instant::now();
    let failure = {
        let messages: Vec<&Message> =
            entries.iter().filter_map(|(_, delivery)| delivery.message.as_ref().ok()).collect();
        let spans = spans(&group.settings, &messages);
        let current = telemetry::shared(messages.iter().map(|message| message.trace())).map(Current::from);
        let failure = guarded(&group.settings, traced(current, group.handler.handle_together(&messages))).await.err();
        told(spans, failure.as_ref());
        failure
    };
    let cause = match failure {
        None => {
            group.meter.attempted(How::Handled, started, entries.iter().map(|(_, delivery)| delivery.attempted()));
            return entries.into_iter().map(|(key, delivery)| (key, delivery, Outcome::Handled)).collect();
        }
        Some(Failure::Outage(cause)) => {
            let cause = Arc::new(cause);
            let held = |(key, delivery)| (key, delivery, Outcome::Outage(Arc::clone(&cause)));
            return entries.into_iter().map(held).collect();
        }
        Some(Failure::Retry(cause) | Failure::Reject(cause)) => cause,
    };
    tracing::debug!(
        stream.name = group.settings.stream,
        group.name = group.settings.group,
        entries = entries.len(),
        error = format!("{cause:#}"),
        "entries could not be handled together and are tried one by one"
    );
    let alone = |(key, mut delivery): Started| {
        delivery.alone = true;
        (key, delivery, Outcome::Alone)
    };
    entries.into_iter().map(alone).collect()
}

/// Writes down that an attempt begins, so that a crash in it counts. Gives an outcome where it may not begin.
async fn begin<H>(group: &Group<H>, delivery: &Delivery, attempt: u64) -> Option<Outcome> {
    match lease::hold(group, delivery.id, attempt).await {
        Ok(false) => Some(Outcome::NotOurs),
        // Redis cannot be reached by us, but perhaps by others, who may have taken the entry over
        Err(_) if group.lease_is_out(delivery) => Some(Outcome::OutOfReach(Backoff::RECONNECT.wait(1))),
        // where it cannot be reached: the entry is in memory, and handling it needs no Redis
        Ok(true) | Err(_) => None,
    }
}

/// Runs the handler for one message.
async fn handle<H: Handler>(group: &Group<H>, delivery: &mut Delivery, attempt: u64) -> Result<(), Failure> {
    let message = delivery.message.as_mut().expect("malformed entries were sorted out before");
    message.attempt = attempt;
    let context = message.trace();
    if context.is_none() && !telemetry::is_exporting() {
        return guarded(&group.settings, group.handler.handle(message)).await;
    }
    let span = messaging::process(context, told_of(&group.settings, message));
    let correlation_id = message.envelope.correlation_id.as_deref().map(Into::into);
    let current = span.context().map(|context| Current { context, correlation_id });
    let handled = guarded(&group.settings, traced(current, group.handler.handle(message))).await;
    told([span], handled.as_ref().err());
    handled
}

/// Runs the handler for a trace, if there is one.
fn traced<F: Future>(current: Option<Current>, handling: F) -> impl Future<Output = F::Output> {
    match current {
        Some(current) => Either::Left(telemetry::within(current, handling)),
        None => Either::Right(handling),
    }
}

fn told_of<'a>(settings: &'a ConsumerSettings, message: &'a Message) -> messaging::Attempt<'a> {
    messaging::Attempt {
        stream: &settings.stream,
        group: &settings.group,
        consumer: &settings.consumer,
        entry: message.id,
        envelope: &message.envelope,
        number: message.attempt,
        together: None,
    }
}

/// A span for each message, as each belongs to a trace of its own; none while nobody asks for them.
fn spans(settings: &ConsumerSettings, messages: &[&Message]) -> Vec<Span> {
    if !telemetry::is_exporting() {
        return Vec::new();
    }
    let of = |message: &&Message| {
        let attempt = messaging::Attempt { together: Some(messages.len()), ..told_of(settings, message) };
        messaging::process(message.trace(), attempt)
    };
    messages.iter().map(of).collect()
}

/// Ends spans with what became of the attempt.
fn told(spans: impl IntoIterator<Item = Span>, failure: Option<&Failure>) {
    let Some(failure) = failure else { return drop(spans) };
    let (kind, cause) = match failure {
        Failure::Retry(cause) => ("retry", cause),
        Failure::Reject(cause) => ("reject", cause),
        Failure::Outage(cause) => ("outage", cause),
    };
    for mut span in spans {
        span.fail(kind, || format!("{cause:#}"));
    }
}

/// A panic and a time-out are failures like any other.
async fn guarded(
    settings: &ConsumerSettings,
    handling: impl Future<Output = Result<(), Failure>>,
) -> Result<(), Failure> {
    let limit = settings.handler_timeout;
    let mut handling = pin!(AssertUnwindSafe(handling).catch_unwind());
    // what ends at once needs no timer
    let mut timer = None;
    let ended = poll_fn(|context| match handling.as_mut().poll(context) {
        Poll::Ready(ended) => Poll::Ready(Ok(ended)),
        // a handler that uses up the turn of its task does not keep the timer from running out
        Poll::Pending => {
            timer.get_or_insert_with(|| Box::pin(unconstrained(sleep(limit)))).as_mut().poll(context).map(Err)
        }
    });
    match ended.await {
        Ok(Ok(result)) => result,
        Ok(Err(panic)) => Err(Failure::Retry(anyhow::anyhow!("the handler panicked: {}", panic_text(&*panic)))),
        Err(()) => Err(Failure::Retry(anyhow::anyhow!("the handler took longer than {limit:?}"))),
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a text")
}

/// Moves the entry to the dead letters. While Redis is away it stays pending there and is moved when Redis is back.
async fn give_up<H>(group: &Group<H>, delivery: &Delivery, error: &str) -> Outcome {
    let settings = &group.settings;
    let obituary = delivery.obituary(settings, error);
    let (mut failures, mut put_back) = (0, false);
    group.held().settle(&[delivery.id]);
    loop {
        match obituary.bury(&group.redis, &settings.consumer).await {
            Ok(Some(record)) => {
                group.meter.dead_lettered(delivery.event_type());
                tracing::warn!(
                    stream.name = settings.stream, group.name = settings.group, entry.id = %delivery.id,
                    dead_letter.id = %record, correlation_id = delivery.correlation_id(), trace_id = delivery.trace_id(), error,
                    "an entry became a dead letter"
                );
                return Outcome::Gone;
            }
            // After a failure: the answer to the move was lost, or the group, which was created again where it gets this entry
            // anew. Otherwise, and where nobody can have taken it over, it was destroyed with this consumer, and is put back
            // to be moved.
            Ok(None) if failures > 0 || std::mem::replace(&mut put_back, true) => return Outcome::Gone,
            Ok(None) => match lease::reclaim(group, delivery.id, delivery.attempts).await {
                Ok(true) => {}
                Ok(false) => return Outcome::Gone,
                Err(_) => {
                    put_back = false;
                    tokio::time::sleep(Backoff::RECONNECT.wait(1)).await;
                }
            },
            Err(cause) => {
                failures += 1;
                if failures == 1 {
                    tracing::warn!(
                        stream.name = settings.stream, entry.id = %delivery.id, error = %cause,
                        "an entry could not be moved to the dead letters; it stays pending and is tried again"
                    );
                }
                tokio::time::sleep(Backoff::RECONNECT.wait(failures)).await;
            }
        }
    }
}
