//! Takes over what dead consumers left, and keeps what is held here: the two halves of one lease (promise P8).

use std::time::{Duration, Instant};

use domain::stream::EntryId;
use redis::Value;
use tokio::{
    sync::{mpsc::Sender, watch},
    time::{MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

use crate::{
    Error, Handler, clock,
    consumer::{Event, Group},
    dead_letter::record::Obituary,
    delivery::Delivery,
    lease,
    reader::room_for_more,
    reply::{self, RawEntry},
    script,
};

/// Looks for entries to take over, and touches those held here, until `stop`.
pub(crate) async fn run<H: Handler>(
    group: &Group<H>,
    events: Sender<Event>,
    room: watch::Receiver<usize>,
    stop: CancellationToken,
) {
    let touch_every = group.settings.claim_after / 3;
    let mut ticks = interval(group.settings.reclaim_every.min(touch_every).max(Duration::from_millis(10)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut touched, mut looked) = (Instant::now(), Instant::now());
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = stop.cancelled() => return,
        }
        // Errors are the reader's to report: it meets the same ones, and heals them.
        if touched.elapsed() >= touch_every {
            touched = Instant::now();
            let _ = touch(group, &events).await;
        }
        if looked.elapsed() >= group.settings.reclaim_every {
            looked = Instant::now();
            let _ = pass(group, &events, &room).await;
        }
    }
}

/// Touches everything held here, and tells what is not ours any more.
async fn touch<H: Handler>(group: &Group<H>, events: &Sender<Event>) -> Result<(), Error> {
    let lost = lease::renew(group).await?;
    if !lost.is_empty() {
        // fails only when the dispatcher is gone
        let _ = events.send(Event::Lost(lost)).await;
    }
    Ok(())
}

/// Takes over idle entries until the whole pending list was looked at or there is no room for more.
async fn pass<H>(group: &Group<H>, events: &Sender<Event>, room: &watch::Receiver<usize>) -> Result<(), Error> {
    // the reader takes up what waits at its start, in order; before that, a look for idle entries would find the newer
    // one of a key and miss the older one that was tried last. The next pass comes soon.
    let Ok(taken_up) = group.adopting.try_lock() else { return Ok(()) };
    if !*taken_up {
        return Ok(());
    }
    let mut from = "0-0".to_owned();
    loop {
        let free = *room.borrow();
        if free == 0 {
            return Ok(());
        }
        match page(group, events, &from, free).await? {
            Some(next) => from = next,
            None => return Ok(()),
        }
    }
}

/// Takes over all idle entries, waiting for room; to be called before anything new is read.
pub(crate) async fn take_over<H>(
    group: &Group<H>,
    events: &Sender<Event>,
    room: &mut watch::Receiver<usize>,
    stop: &CancellationToken,
) -> Result<(), Error> {
    let mut from = "0-0".to_owned();
    while let Some(free) = room_for_more(group, room, stop).await? {
        match page(group, events, &from, free).await? {
            Some(next) => from = next,
            None => break,
        }
    }
    Ok(())
}

/// Takes over a page of idle entries; gives where to go on, or `None` at the end.
async fn page<H>(group: &Group<H>, events: &Sender<Event>, from: &str, free: usize) -> Result<Option<String>, Error> {
    let page = adopt(group, "idle", from, free.min(group.settings.batch)).await?;
    group.seen().lowest_pending = page.lowest_pending;
    // the scan is bounded: only the cursor says when the list is through (F15)
    let goes_on = hand_on(group, events, page.deliveries).await && page.next != "0-0";
    Ok(goes_on.then_some(page.next))
}

pub(crate) async fn hand_on<H>(group: &Group<H>, events: &Sender<Event>, mut deliveries: Vec<Delivery>) -> bool {
    let new = group.held().end_adoption(deliveries.iter().map(|delivery| delivery.id));
    deliveries.retain(|delivery| new.contains(&delivery.id));
    deliveries.is_empty() || events.send(Event::Delivered(deliveries)).await.is_ok()
}

/// Pending entries that are this consumer's now.
pub(crate) struct Adopted {
    /// Where to go on.
    pub(crate) next: String,
    pub(crate) deliveries: Vec<Delivery>,
    pub(crate) lowest_pending: Option<EntryId>,
}

/// Takes a page of pending entries in the order of their ids: this consumer's `own` with anybody's that are idle for
/// longer than the lease, or only the `idle` ones.
pub(crate) async fn adopt<H>(group: &Group<H>, whose: &str, from: &str, count: usize) -> Result<Adopted, Error> {
    let settings = &group.settings;
    let now = clock::now();
    let error = "body lost: the entry was deleted or trimmed while it was pending";
    let lost_body = Obituary {
        stream: &settings.stream,
        group: &settings.group,
        consumer: &settings.consumer,
        source_id: EntryId::ZERO,
        envelope: None,
        attempts: 0,
        first_failed_at: now,
        last_failed_at: now,
        error,
        fields: &Vec::new(),
    };
    group.held().begin_adoption();
    let asked = Instant::now();
    let mut call = script::ADOPT.prepare_invoke();
    call.key(&settings.stream).key(&group.dead_letters);
    call.arg(whose).arg(&settings.group).arg(&settings.consumer).arg(from).arg(count);
    call.arg(u64::try_from(settings.claim_after.as_millis()).unwrap_or(u64::MAX)).arg(lost_body.record());
    let (next, entries, lost, lowest): (String, Vec<(String, u64, Value)>, u64, String) =
        group.redis.script(&call).await?;
    if lost > 0 {
        tracing::warn!(
            stream.name = settings.stream,
            group.name = settings.group,
            lost,
            "pending entries were deleted before they were handled; recorded as dead letters without a body"
        );
    }
    let came = (asked, Instant::now());
    let mut deliveries = Vec::with_capacity(entries.len());
    for (id, attempts, fields) in entries {
        let raw = RawEntry { id: reply::entry_id(&id)?, fields: reply::fields(fields)? };
        deliveries.push(Delivery::again(&group.settings, raw, attempts, came));
    }
    let lowest_pending = if lowest.is_empty() { None } else { Some(reply::entry_id(&lowest)?) };
    Ok(Adopted { next, deliveries, lowest_pending })
}
