//! Brings together what outboxes, streams, groups, inboxes and dead letters know of one correlation.

use std::{collections::BTreeMap, time::Duration};

use domain::{
    Refusal, Timestamp,
    dead_letter::Filter,
    stream::{EntryId, Snapshot},
    trace::{
        Found, Sought,
        sought::is_named,
        waterfall::{Body, Event, GroupState},
    },
};
use services::trace::Row;
use streams::search::From;

use crate::{clock, context::Context};

/// Events that a waterfall shows; what is beyond is told.
const EVENTS_AT_MOST: usize = 100;
/// Streams looked through for one answer, those that groups read first.
const STREAMS_AT_MOST: usize = 20;
/// Streams of which is told how far they reach back: those that reach least far.
const SINCE_AT_MOST: usize = 3;
/// How much earlier than what is known something of the same correlation is looked for.
const BEFORE: Duration = Duration::from_mins(1);

/// What is known of one correlation.
#[derive(Debug, Default)]
pub struct Gathered {
    /// Of the correlation, where what was asked for is an event that has one.
    pub id: String,
    /// In the order in which they happened.
    pub events: Vec<Event>,
    /// What could not be asked, and so may be missing.
    pub away: Vec<String>,
    pub looked_at: u64,
    /// Where the streams were not looked through.
    pub go_on: Vec<From>,
    /// Whether there is more than is shown.
    pub more: bool,
    /// Streams from which older entries were removed, and when the first one was added that is still there.
    pub since: Vec<(String, Timestamp)>,
    pub now: Timestamp,
}

/// The streams to look through: no dead letters, those that somebody reads first.
pub(super) fn streams(snapshot: &Snapshot) -> (Vec<From>, usize) {
    let mut streams: Vec<_> = snapshot.streams.iter().filter(|stream| stream.source.is_none()).collect();
    streams.sort_by_key(|stream| stream.groups.is_empty());
    let left_out = streams.len().saturating_sub(STREAMS_AT_MOST);
    (streams.into_iter().take(STREAMS_AT_MOST).map(|stream| (stream.name.clone(), None)).collect(), left_out)
}

/// Gathers it. `known`: entries that are said to belong to it; `further`: where a look before this one stopped.
pub async fn gather(context: Context, id: String, known: Vec<From>, further: Vec<From>) -> Result<Gathered, Refusal> {
    let mut gathered = Gathered { now: clock::now(), ..Gathered::default() };
    let first = once(&context, &mut gathered, &id, &known, &further).await;
    // asked for by its event id: the rest of its correlation belongs to it
    let correlation =
        first.iter().find(|event| event.event_id.as_ref() == Some(&id)).and_then(|event| event.correlation_id.clone());
    gathered.events = match &correlation {
        Some(correlation) if *correlation != id => {
            let known: Vec<From> = known
                .into_iter()
                .chain(first.iter().filter_map(|event| Some((event.stream.clone(), Some(event.entry?)))))
                .collect();
            once(&context, &mut gathered, correlation, &known, &further).await
        }
        _ => first,
    };
    gathered.id = correlation.unwrap_or(id);
    dead_letters(&context, &mut gathered).await;
    groups(&context, &mut gathered).await;
    gathered.since = since(&context.snapshot(), &gathered.events);
    // of one moment they stay in the order in which they were written
    gathered.events.sort_by_key(Event::begins_at);
    Ok(gathered)
}

/// The events of one id, without what became of them.
async fn once(context: &Context, gathered: &mut Gathered, id: &str, known: &[From], further: &[From]) -> Vec<Event> {
    let mut events = Vec::new();
    (gathered.looked_at, gathered.go_on, gathered.more) = (0, Vec::new(), false);
    // the outbox is where the services are
    if context.is_home() {
        match services::trace::written(&context.services, id).await {
            Ok(rows) => events.extend(rows.into_iter().map(of_row)),
            Err(error) => away(gathered, "The outbox", Refusal::from(error)),
        }
    }
    let snapshot = context.snapshot();
    if snapshot.error.is_some() {
        away(gathered, "The streams", Refusal::unavailable("Redis does not answer"));
        return events;
    }
    for (stream, entry) in known.iter().take(EVENTS_AT_MOST) {
        let Some(entry) = entry else { continue };
        match console::trace::at(&context.console, stream, &[*entry]).await {
            Ok(found) => {
                let named = found.into_iter().filter_map(|(_, found)| found);
                add(&mut events, named.filter(|found| is_named(id, &found.envelope, found.trace)));
            }
            Err(error) => away(gathered, stream, Refusal::from(error)),
        }
    }
    let begins = events.iter().filter_map(Event::begins_at).min();
    let sought = Sought { id: Some(id.to_owned()), from: begins.map(|at| before(at, BEFORE)), ..Sought::default() };
    let (all, _) = streams(&snapshot);
    let places = if further.is_empty() { &all } else { further };
    match console::trace::search(&context.console, &places[..places.len().min(STREAMS_AT_MOST)], &sought).await {
        Ok(search) => {
            (gathered.looked_at, gathered.go_on) = (search.looked_at, search.go_on);
            add(&mut events, search.found.into_iter());
        }
        Err(error) => away(gathered, "The streams", Refusal::from(error)),
    }
    gathered.more = events.len() > EVENTS_AT_MOST;
    events.truncate(EVENTS_AT_MOST);
    events
}

/// How far back the streams reach: those of the events, or without any all that are looked through.
fn since(snapshot: &Snapshot, events: &[Event]) -> Vec<(String, Timestamp)> {
    let is_meant = |name: &str| {
        if events.is_empty() {
            streams(snapshot).0.iter().any(|(stream, _)| stream == name)
        } else {
            events.iter().any(|event| event.stream == name)
        }
    };
    let trimmed = snapshot.streams.iter().filter(|stream| stream.entries_added > stream.length);
    let first = trimmed.filter(|stream| is_meant(&stream.name)).filter_map(|stream| {
        let first = stream.first_id.filter(|first| first.tells_time())?;
        Some((stream.name.clone(), first.added_at()))
    });
    let mut since: Vec<_> = first.collect();
    since.sort_by_key(|(_, at)| std::cmp::Reverse(*at));
    since.truncate(SINCE_AT_MOST);
    since
}

fn away(gathered: &mut Gathered, what: &str, why: Refusal) {
    let words = format!("{what} could not be read: {}.", why.message);
    if !gathered.away.contains(&words) {
        gathered.away.push(words);
    }
}

fn before(at: Timestamp, by: Duration) -> Timestamp {
    Timestamp::from_millis(at.millis().saturating_sub(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)))
}

fn of_row(row: Row) -> Event {
    Event {
        event_id: row.envelope.event_id,
        event_type: row.envelope.event_type,
        key: row.envelope.aggregate_id,
        correlation_id: row.envelope.correlation_id,
        trace_id: row.trace.map(|trace| trace.trace_id_text()),
        stream: row.stream,
        entry: row.entry,
        written: Some(row.written),
        ..Event::default()
    }
}

/// Adds what is not known yet: an entry of a row of the outbox is that row's event.
fn add(events: &mut Vec<Event>, found: impl Iterator<Item = Found>) {
    for found in found {
        if events.iter().any(|event| event.entry == Some(found.entry) && event.stream == found.stream) {
            continue;
        }
        events.push(Event {
            event_id: found.envelope.event_id,
            event_type: found.envelope.event_type,
            key: found.envelope.aggregate_id,
            correlation_id: found.envelope.correlation_id,
            trace_id: found.trace.map(|trace| trace.trace_id_text()),
            stream: found.stream,
            entry: Some(found.entry),
            body: Body::Present,
            ..Event::default()
        });
    }
}

/// Says which groups gave up on which event; an event that is known only from there is known now.
async fn dead_letters(context: &Context, gathered: &mut Gathered) {
    let filter = Filter { text: Some(gathered.id.clone()), ..Filter::default() };
    let page = match console::dead_letter::list(&context.console, &filter, None, EVENTS_AT_MOST).await {
        Ok(page) => page,
        Err(error) => return away(gathered, "The dead letters", Refusal::from(error)),
    };
    gathered.more |= page.older.is_some();
    for record in page.records {
        let p = record.provenance;
        let id = Some(&gathered.id);
        let is_known = |event: &Event| event.entry == Some(p.source_id) && event.stream == p.stream;
        let place = match gathered.events.iter().position(is_known) {
            Some(place) => place,
            // the text may stand in the error of another event
            None if p.correlation_id.as_ref() != id && p.event_id.as_ref() != id => continue,
            None => {
                gathered.events.push(Event {
                    event_id: p.event_id,
                    event_type: p.event_type,
                    key: p.key,
                    correlation_id: p.correlation_id,
                    stream: p.stream,
                    entry: Some(p.source_id),
                    ..Event::default()
                });
                gathered.events.len() - 1
            }
        };
        let state = GroupState::Dead {
            record: record.id,
            error: p.error,
            attempts: p.attempts,
            first_failed_at: p.first_failed_at,
            last_failed_at: p.last_failed_at,
        };
        gathered.events[place].groups.push((p.group, state));
    }
}

/// How far every group is with every event, and whether the bodies are still there.
async fn groups(context: &Context, gathered: &mut Gathered) {
    let mut by_stream = BTreeMap::<String, Vec<EntryId>>::new();
    for event in &gathered.events {
        by_stream.entry(event.stream.clone()).or_default().extend(event.entry);
    }
    for (stream, ids) in by_stream.into_iter().filter(|(_, ids)| !ids.is_empty()) {
        let asked = tokio::join!(
            console::trace::at(&context.console, &stream, &ids),
            console::trace::standing(&context.console, &stream, &ids),
        );
        let (present, standing) = match asked {
            (Ok(present), Ok(standing)) => (present, standing),
            (Err(error), _) | (_, Err(error)) => {
                away(gathered, &format!("The groups of {stream}"), Refusal::from(error));
                continue;
            }
        };
        for (id, (is_present, _)) in ids.iter().zip(present) {
            let events = gathered.events.iter_mut().filter(|event| event.stream == stream && event.entry == Some(*id));
            for event in events {
                event.body = if is_present { Body::Present } else { Body::Gone };
                let mut groups = standing.get(id).cloned().unwrap_or_default();
                for (group, dead) in std::mem::take(&mut event.groups) {
                    match groups.iter_mut().find(|(name, _)| *name == group) {
                        Some((_, state)) => *state = dead,
                        None => groups.push((group, dead)),
                    }
                }
                event.groups = groups;
            }
        }
    }
    marks(context, gathered).await;
}

/// When what was acknowledged took effect, as the inboxes say.
async fn marks(context: &Context, gathered: &mut Gathered) {
    if !context.is_home() {
        return;
    }
    let mut by_group = BTreeMap::<String, Vec<String>>::new();
    for event in &gathered.events {
        let Some(event_id) = &event.event_id else { continue };
        for (group, state) in &event.groups {
            if *state == GroupState::Through {
                by_group.entry(group.clone()).or_default().push(event_id.clone());
            }
        }
    }
    for (group, event_ids) in by_group {
        let event_ids: Vec<&str> = event_ids.iter().map(String::as_str).collect();
        let handled = match services::trace::handled(&context.services, &group, &event_ids).await {
            Ok(handled) => handled,
            Err(error) => {
                away(gathered, &format!("When {group} handled them"), Refusal::from(error));
                continue;
            }
        };
        for event in &mut gathered.events {
            let at = handled.iter().find(|(event_id, _)| Some(event_id) == event.event_id.as_ref()).map(|(_, at)| *at);
            let through = event.groups.iter_mut().find(|(name, state)| *name == group && *state == GroupState::Through);
            if let (Some(at), Some((_, state))) = (at, through) {
                *state = GroupState::Handled { at };
            }
        }
    }
}
