//! One attempt at one entry, from writing down that it begins to knowing what becomes of the entry.

use std::{
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::FutureExt;

use crate::{
    Backoff, Error, Failure, Handler, clock, consumer::Group, delivery::Delivery, metrics::Ended, reply, script,
};

/// What became of an entry.
pub(crate) enum Outcome {
    /// Handled: to be acknowledged.
    Handled,
    /// To be tried again after this wait.
    Again(Duration),
    /// What the handler needs is away.
    Outage(anyhow::Error),
    /// Nothing more to do here: it is a dead letter, or somebody else's.
    Gone,
}

/// Runs one attempt. Never panics, and gives the entry back with its fate.
pub(crate) async fn run<H: Handler>(group: Arc<Group<H>>, mut delivery: Delivery) -> (Delivery, Outcome) {
    let settings = &group.settings;
    let attempt = delivery.attempts.saturating_add(1);
    if let Err(malformed) = &delivery.message {
        let error = malformed.clone();
        delivery.attempts = attempt;
        let outcome = give_up(&group, &delivery, &error).await;
        return (delivery, outcome);
    }
    if attempt > settings.max_attempts {
        // every failure that this process sees ends below: only a handler that took its process along gets here
        let error = format!("attempted {} times without an end: the handler stops its process", delivery.attempts);
        let outcome = give_up(&group, &delivery, &error).await;
        return (delivery, outcome);
    }
    if !delivery.counted && !begin(&group, &delivery, attempt).await {
        return (delivery, Outcome::Gone);
    }
    delivery.counted = false;
    delivery.attempts = attempt;
    let started = Instant::now();
    let failure = handle(&group, &mut delivery, attempt).await.err();
    let took = Some(started.elapsed());
    let outcome = match failure {
        None => {
            group.meter.record(Ended::Handled, took);
            Outcome::Handled
        }
        Some(Failure::Outage(cause)) => {
            // costs no attempt: the count in Redis is put right when the next one begins
            delivery.attempts = attempt - 1;
            Outcome::Outage(cause)
        }
        Some(Failure::Reject(cause)) => {
            group.meter.record(Ended::Failed, took);
            give_up(&group, &delivery, &format!("{cause:#}")).await
        }
        Some(Failure::Retry(cause)) => {
            group.meter.record(Ended::Failed, took);
            delivery.first_failed_at.get_or_insert_with(clock::now);
            if attempt >= settings.max_attempts {
                give_up(&group, &delivery, &format!("{cause:#}")).await
            } else {
                tracing::debug!(
                    stream.name = settings.stream, group.name = settings.group, entry.id = %delivery.id, attempt,
                    error = format!("{cause:#}"), "an entry could not be handled and is tried again"
                );
                Outcome::Again(settings.backoff.wait(attempt))
            }
        }
    };
    (delivery, outcome)
}

/// Writes down that an attempt begins, so that a crash in it counts. `false`: the entry is no longer ours.
async fn begin<H>(group: &Group<H>, delivery: &Delivery, attempt: u64) -> bool {
    match hold(group, &[(delivery.id, Some(attempt))]).await {
        Ok(lost) => lost.is_empty(),
        // Redis is away or has lost the group: the entry is in memory, and handling it needs no Redis
        Err(_) => true,
    }
}

/// Tells Redis that these entries are being worked on, with their attempts where they change. Gives those that are no
/// longer this consumer's.
pub(crate) async fn hold<H>(
    group: &Group<H>,
    entries: &[(domain::stream::EntryId, Option<u64>)],
) -> Result<Vec<domain::stream::EntryId>, Error> {
    let mut call = script::HOLD.prepare_invoke();
    call.key(&group.settings.stream).arg(&group.settings.group).arg(&group.settings.consumer);
    for (id, attempts) in entries {
        call.arg(id.to_string()).arg(attempts.map_or_else(String::new, |attempts| attempts.to_string()));
    }
    let lost: Vec<String> = group.redis.script(&call).await?;
    lost.iter().map(|id| reply::entry_id(id)).collect()
}

/// Runs the handler; a panic and a time-out are failures like any other.
async fn handle<H: Handler>(group: &Group<H>, delivery: &mut Delivery, attempt: u64) -> Result<(), Failure> {
    let message = delivery.message.as_mut().expect("malformed entries were sorted out before");
    message.attempt = attempt;
    let limit = group.settings.handler_timeout;
    let handling = AssertUnwindSafe(group.handler.handle(message)).catch_unwind();
    match tokio::time::timeout(limit, handling).await {
        Ok(Ok(result)) => result,
        Ok(Err(panic)) => Err(Failure::Retry(anyhow::anyhow!("the handler panicked: {}", panic_text(&*panic)))),
        Err(_) => Err(Failure::Retry(anyhow::anyhow!("the handler took longer than {limit:?}"))),
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
    let mut failures = 0;
    loop {
        match obituary.bury(&group.redis, &settings.consumer).await {
            Ok(Some(record)) => {
                group.meter.record(Ended::DeadLettered, None);
                tracing::warn!(
                    stream.name = settings.stream, group.name = settings.group, entry.id = %delivery.id,
                    dead_letter.id = %record, error, "an entry became a dead letter"
                );
                return Outcome::Gone;
            }
            // acknowledged or taken over meanwhile: whoever has it decides
            Ok(None) => return Outcome::Gone,
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
