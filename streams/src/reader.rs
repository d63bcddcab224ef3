//! Reads new entries for a group, with a connection of its own because the reads block.

use std::time::{Duration, Instant};

use domain::stream::EntryId;
use redis::{Value, aio::MultiplexedConnection};
use tokio::sync::{mpsc::Sender, watch};
use tokio_util::sync::CancellationToken;

use crate::{
    Backoff, Error, Handler,
    client::Node,
    consumer::{Event, Group},
    delivery::{Came, Delivery},
    reclaimer,
    reply::{self, RawEntry, StreamFacts},
};

/// How long one read waits in Redis for entries. A stop wakes it, so this bounds only how long a lost wake-up costs.
const BLOCK: Duration = Duration::from_secs(1);

/// Reads until `stop`, through every loss of the connection, the group or the stream.
pub(crate) async fn run<H: Handler>(
    group: &Group<H>,
    events: Sender<Event>,
    mut room: watch::Receiver<usize>,
    stop: CancellationToken,
) {
    let settings = &group.settings;
    let mut failures = 0;
    while !stop.is_cancelled() {
        let Err(error) = session(group, &events, &mut room, &stop, &mut failures).await else { return };
        failures += 1;
        if failures == 1 {
            tracing::warn!(
                stream.name = settings.stream, group.name = settings.group, %error,
                "reading was interrupted; going on as soon as redis allows"
            );
        }
        // NOGROUP answers at once even when asked to block (F7): without a pause this would be a hot loop
        tokio::select! {
            () = tokio::time::sleep(Backoff::RECONNECT.wait(failures)) => {}
            () = stop.cancelled() => {}
        }
    }
}

/// Reads over one connection until it breaks (`Err`) or `stop` (`Ok`).
async fn session<H: Handler>(
    group: &Group<H>,
    events: &Sender<Event>,
    room: &mut watch::Receiver<usize>,
    stop: &CancellationToken,
    failures: &mut u64,
) -> Result<(), Error> {
    let (connection, node) = group.redis.dedicated(&group.settings.stream, BLOCK).await?;
    let mut line = Line { connection, node, client: None };
    line.client = redis::cmd("CLIENT").arg("ID").query_async(&mut line.connection).await.ok();
    ensure_group(group).await?;
    {
        // what waits for us goes before what is new, all of it, so that order per key survives a restart
        let mut taken_up = group.adopting.lock().await;
        resume(group, events, room, stop).await?;
        reclaimer::take_over(group, events, room, stop).await?;
        *taken_up = true;
    }
    loop {
        let Some(free) = room_for_more(group, room, stop).await? else { return Ok(()) };
        let full = room.wait_for(|free| *free == 0);
        let asked = Instant::now();
        let entries = read(group, &mut line, free.min(group.settings.batch), full, stop).await?;
        let came = Came { asked, delivered: Instant::now(), at: group.meter.redis_time() };
        if *failures > 0 {
            *failures = 0;
            tracing::info!(stream.name = group.settings.stream, group.name = group.settings.group, "reading goes on");
        }
        if let Some(last) = entries.last() {
            let mut seen = group.seen();
            // what is read a second time, after the group was created again, was added only once
            let before = seen.delivered;
            seen.added += entries.iter().filter(|raw| raw.id > before).count() as u64;
            seen.delivered = before.max(last.id);
        }
        let deliveries: Vec<_> = entries.into_iter().map(|raw| Delivery::fresh(&group.settings, raw, came)).collect();
        if !deliveries.is_empty() && events.send(Event::Delivered(deliveries)).await.is_err() {
            return Ok(());
        }
        if stop.is_cancelled() {
            return Ok(());
        }
    }
}

/// The connection that reads, and what is needed to wake it: the number of a client means something on its server only.
struct Line {
    connection: MultiplexedConnection,
    node: Option<Node>,
    client: Option<i64>,
}

/// One blocking read. A stop or a pause ends it through a second connection instead of dropping it: entries that Redis
/// hands out in that very moment still arrive and are handed on.
async fn read<H>(
    group: &Group<H>,
    line: &mut Line,
    count: usize,
    full: impl Future,
    stop: &CancellationToken,
) -> Result<Vec<RawEntry>, Error> {
    let settings = &group.settings;
    let mut command = redis::cmd("XREADGROUP");
    command.arg("GROUP").arg(&settings.group).arg(&settings.consumer).arg("COUNT").arg(count);
    command.arg("BLOCK").arg(u64::try_from(BLOCK.as_millis()).expect("a second fits"));
    command.arg("STREAMS").arg(&settings.stream).arg(">");
    let reading = command.query_async::<Value>(&mut line.connection);
    tokio::pin!(reading);
    let early = tokio::select! {
        answer = &mut reading => Some(answer?),
        () = stop.cancelled() => None,
        _ = full => None,
    };
    let answer = if let Some(answer) = early {
        answer
    } else {
        if let Some(client) = line.client {
            // if this fails or comes too early, the read ends by itself within BLOCK
            let mut unblock = redis::cmd("CLIENT");
            unblock.arg("UNBLOCK").arg(client);
            let _ = group.redis.query_on::<Value>(line.node.as_ref(), &unblock).await;
        }
        reading.await?
    };
    match answer {
        Value::Nil => Ok(Vec::new()),
        // RESP3
        Value::Map(streams) => streams.into_iter().next().map_or_else(|| Ok(vec![]), |(_, list)| reply::entries(list)),
        // RESP2: one pair of name and entries
        Value::Array(streams) => {
            let pair = streams.into_iter().next().map(reply::items).transpose()?.unwrap_or_default();
            pair.into_iter().nth(1).map_or_else(|| Ok(vec![]), reply::entries)
        }
        _ => Err(reply::unexpected("not an answer of XREADGROUP")),
    }
}

/// Waits until more entries may be held; `None` after a stop. Fails where Redis has lost the group meanwhile: nothing else
/// would notice before there is room, and room may come only from what needs the group, such as a move to the dead letters.
pub(crate) async fn room_for_more<H>(
    group: &Group<H>,
    room: &mut watch::Receiver<usize>,
    stop: &CancellationToken,
) -> Result<Option<usize>, Error> {
    loop {
        tokio::select! {
            free = room.wait_for(|free| *free > 0) => return Ok(free.ok().map(|free| *free)),
            () = stop.cancelled() => return Ok(None),
            () = tokio::time::sleep(BLOCK) => {}
        }
        // the summary, whose cost does not grow with what pends
        let _: Value =
            group.redis.query(redis::cmd("XPENDING").arg(&group.settings.stream).arg(&group.settings.group)).await?;
    }
}

/// Takes up what this consumer had pending: from before a crash, or answers that were lost with a connection.
async fn resume<H>(
    group: &Group<H>,
    events: &Sender<Event>,
    room: &mut watch::Receiver<usize>,
    stop: &CancellationToken,
) -> Result<(), Error> {
    let mut from = "-".to_owned();
    loop {
        let Some(free) = room_for_more(group, room, stop).await? else { return Ok(()) };
        let page = reclaimer::adopt(group, "own", &from, free.min(group.settings.batch)).await?;
        if !reclaimer::hand_on(group, events, page.deliveries).await || page.next.is_empty() {
            return Ok(());
        }
        from = format!("({}", page.next);
    }
}

/// Makes sure that the group exists; where Redis has lost it, at the place this process remembers (F7).
async fn ensure_group<H>(group: &Group<H>) -> Result<(), Error> {
    let settings = &group.settings;
    let facts = facts(group).await?;
    let cursor = durable_cursor(group, facts.as_ref());
    let mut create = redis::cmd("XGROUP");
    create.arg("CREATE").arg(&settings.stream).arg(&settings.group).arg(cursor.to_string()).arg("MKSTREAM");
    match group.redis.query::<Value>(&create).await {
        Ok(_) if group.seen().delivered > EntryId::ZERO => tracing::warn!(
            stream.name = settings.stream, group.name = settings.group, cursor = %cursor,
            "redis had lost the group; created again"
        ),
        Ok(_) => {
            tracing::info!(
                stream.name = settings.stream,
                group.name = settings.group,
                "created the group at its start"
            );
        }
        Err(Error::Internal(error)) if error.code() == Some("BUSYGROUP") => return Ok(()),
        Err(error) => return Err(error),
    }
    if cursor == EntryId::ZERO {
        // a new stream counts its entries anew, and its ids perhaps from below the old ones
        let mut seen = group.seen();
        (seen.delivered, seen.added) = (EntryId::ZERO, 0);
    }
    Ok(())
}

async fn facts<H>(group: &Group<H>) -> Result<Option<StreamFacts>, Error> {
    match group.redis.query(redis::cmd("XINFO").arg("STREAM").arg(&group.settings.stream)).await {
        Ok(value) => StreamFacts::read(value).map(Some),
        Err(Error::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Where a lost group goes on: right before the first entry that may not be acknowledged. At the start of the stream
/// where nothing is remembered, or where the stream itself is a new one: repeating is harmless (every consumer has an
/// inbox), skipping is not.
fn durable_cursor<H>(group: &Group<H>, facts: Option<&StreamFacts>) -> EntryId {
    let seen = *group.seen();
    let Some(facts) = facts else { return EntryId::ZERO };
    let same_stream = facts.last_id >= seen.delivered && facts.entries_added >= seen.added;
    if !same_stream {
        return EntryId::ZERO;
    }
    let unfinished = [group.held().first(), seen.lowest_pending].into_iter().flatten().min();
    unfinished.map_or(seen.delivered, |first| seen.delivered.min(before(first)))
}

/// The largest id before this one.
fn before(id: EntryId) -> EntryId {
    match (id.ms, id.seq) {
        (0, 0) => EntryId::ZERO,
        (ms, 0) => EntryId { ms: ms - 1, seq: u64::MAX },
        (ms, seq) => EntryId { ms, seq: seq - 1 },
    }
}
