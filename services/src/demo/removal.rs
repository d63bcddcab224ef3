//! Removes the sample project without a trace: rows in all four databases, entries of its streams, dead letters.

use std::{sync::atomic::Ordering, time::Duration};

use domain::{
    Timestamp,
    dead_letter::{Cursor, Filter},
    demo::PROJECT,
    operation::DeadLetterSelection,
    project::Done,
    stream::EntryId,
};
use serde::Deserialize;
use streams::{
    Redis,
    dead_letter::{self, Shelf},
    inspect::{self, Browse, PendingBrowse},
    operate,
};

use super::report;
use crate::{
    Error, Services, backlog, chronicle, clock,
    keys::{BACKLOG_GROUP, CHRONICLE_GROUP, DSM_EVENTS, PROJECT_GROUP, TASK_UPDATE_EVENTS},
    outbox, project, sprint,
};

/// How long we wait for the demo's last events to be published and handled.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Looks in a row that must find nothing: meanwhile every consumer has read what was published last. An entry deleted
/// before its group read it would leave that group's lag unknown until the next one.
const CALM_LOOKS: usize = 10;
/// Entries, dead letters and pending entries read or deleted in one go.
const PAGE: usize = 500;
/// Streams and the groups that read them.
const GROUPS: [(&str, &str); 4] = [
    (TASK_UPDATE_EVENTS, BACKLOG_GROUP),
    (DSM_EVENTS, BACKLOG_GROUP),
    (DSM_EVENTS, PROJECT_GROUP),
    (DSM_EVENTS, CHRONICLE_GROUP),
];
const STREAMS: [&str; 2] = [TASK_UPDATE_EVENTS, DSM_EVENTS];

/// What is needed of an event to know whose it is.
#[derive(Deserialize)]
struct Belonging {
    timestamp: Timestamp,
    event_data: Option<OfProject>,
    payload: Option<OfProject>,
}

#[derive(Deserialize)]
struct OfProject {
    project_id: String,
}

/// When the event happened, if it is one of the sample project.
pub(super) fn demo_event(data: &[u8]) -> Option<Timestamp> {
    let event: Belonging = serde_json::from_slice(data).ok()?;
    (event.event_data.or(event.payload)?.project_id == PROJECT).then_some(event.timestamp)
}

/// Whether the event belongs to a sample project that was removed since: it is acknowledged and changes nothing, as its
/// tasks would be unknown and become dead letters of a project that is gone.
pub(crate) fn is_of_removed_demo(services: &Services, data: &[u8]) -> bool {
    let removed_until = services.demo().removed_until();
    // before the first removal nothing is read twice
    removed_until > Timestamp::default() && demo_event(data).is_some_and(|at| at <= removed_until)
}

/// Stops the traffic, lets what is under way end, and deletes everything the sample project left. 503 while Redis or a
/// database is away, and then some of it is still there: repeat it.
pub async fn remove(services: &Services, redis: &Redis) -> Result<Done, Error> {
    let switches = services.demo();
    switches.traffic.store(false, Ordering::Relaxed);
    switches.failing.store(false, Ordering::Relaxed);
    let _nobody_acts = switches.acting.lock().await;
    redis.ping().await.map_err(from_redis)?;
    published(services).await?;
    switches.removed_until_us.store(clock::now().micros(), Ordering::Relaxed);
    handled(redis).await?;
    report::remove(services, redis).await?;
    delete_rows(services).await?;
    delete_dead_letters(redis).await?;
    for stream in STREAMS {
        delete_entries(redis, stream).await?;
    }
    Ok(Done::new("Sample project removed"))
}

async fn published(services: &Services) -> Result<(), Error> {
    let deadline = tokio::time::Instant::now() + DRAIN_TIMEOUT;
    loop {
        let mut waiting = 0;
        for (_, database) in outbox::producers(services) {
            let mut connection = database.connection().await?;
            waiting += outbox::waiting_of(&mut connection, PROJECT).await?;
        }
        if waiting == 0 {
            return Ok(());
        }
        if tokio::time::Instant::now() >= deadline {
            return Err(Error::Unavailable(format!(
                "{waiting} events of the demo still wait to be published; try again when Redis takes them"
            )));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Waits until no group holds an entry that it was given: deleting one under its handler would leave a body lost.
async fn handled(redis: &Redis) -> Result<(), Error> {
    let deadline = tokio::time::Instant::now() + DRAIN_TIMEOUT;
    let mut calm_looks = 0;
    loop {
        let pending = pending(redis).await?;
        calm_looks = if pending == 0 { calm_looks + 1 } else { 0 };
        if calm_looks == CALM_LOOKS {
            return Ok(());
        }
        if tokio::time::Instant::now() >= deadline {
            return Err(Error::Unavailable(format!("{pending} events of the demo are still being handled; try again")));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Entries of the demo that some group holds.
async fn pending(redis: &Redis) -> Result<usize, Error> {
    let mut pending = 0;
    for (stream, group) in GROUPS {
        let browse = PendingBrowse { count: PAGE, ..PendingBrowse::default() };
        match inspect::pending(redis, stream, group, &browse).await {
            Ok(page) => pending += page.entries.iter().filter(|e| e.key.as_deref().is_some_and(is_demo_key)).count(),
            Err(streams::Error::NotFound(_)) => {}
            Err(error) => return Err(from_redis(error)),
        }
    }
    Ok(pending)
}

/// Ids of the sample project's tasks and sprints. It is the one project whose id we chose, so we may know this; all
/// of the id must fit, as another project may be called `DEMO-S` or `DEMO-TASK`.
fn is_demo_key(key: &str) -> bool {
    let number = key.strip_prefix(PROJECT).and_then(|rest| rest.strip_prefix("-TASK").or(rest.strip_prefix("-S")));
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

async fn delete_rows(services: &Services) -> Result<(), Error> {
    let databases = services.databases();
    let mut transaction = databases.sprint.begin().await?;
    sprint::store::remove(&mut transaction, PROJECT).await?;
    transaction.commit().await?;
    let mut transaction = databases.backlog.begin().await?;
    backlog::store::remove(&mut transaction, PROJECT).await?;
    transaction.commit().await?;
    let mut transaction = databases.chronicle.begin().await?;
    chronicle::store::remove(&mut transaction, PROJECT).await?;
    transaction.commit().await?;
    // last: as long as the project is there, a removal that was cut short can be repeated
    let mut transaction = databases.project.begin().await?;
    project::store::remove(&mut transaction, PROJECT, &super::sample::employee_ids()).await?;
    transaction.commit().await?;
    Ok(())
}

async fn delete_dead_letters(redis: &Redis) -> Result<(), Error> {
    let filter = Filter { text: Some(PROJECT.to_owned()), ..Filter::default() };
    let shelf = Shelf::new(redis.clone());
    let mut before: Option<Cursor> = None;
    loop {
        let page = shelf.list(&STREAMS.map(str::to_owned), &filter, before.as_ref(), PAGE).await.map_err(from_redis)?;
        let items: Vec<Cursor> = page
            .records
            .iter()
            .filter(|record| record.provenance.key.as_deref().is_some_and(is_demo_key))
            .map(|record| Cursor { stream: record.provenance.stream.clone(), id: record.id })
            .collect();
        if !items.is_empty() {
            let reason = Some("the sample project was removed".to_owned());
            let selection = DeadLetterSelection { items, dry_run: false, state_token: None, reason };
            dead_letter::discard(redis, &selection).await.map_err(from_redis)?;
        }
        match page.older {
            Some(older) => before = Some(older),
            None => return Ok(()),
        }
    }
}

async fn delete_entries(redis: &Redis, stream: &str) -> Result<(), Error> {
    let mut before: Option<EntryId> = None;
    loop {
        let browse = Browse { before, count: PAGE, ..Browse::default() };
        let page = match inspect::entries(redis, stream, &browse).await {
            Ok(page) => page,
            Err(streams::Error::NotFound(_)) => return Ok(()),
            Err(error) => return Err(from_redis(error)),
        };
        let ids: Vec<EntryId> = page
            .entries
            .iter()
            .filter(|entry| entry.key.as_deref().is_some_and(is_demo_key))
            .map(|entry| entry.id)
            .collect();
        if !ids.is_empty() {
            operate::delete_entries(redis, stream, &ids).await.map_err(from_redis)?;
        }
        match page.older {
            Some(older) => before = Some(older),
            None => return Ok(()),
        }
    }
}

pub(super) fn from_redis(error: streams::Error) -> Error {
    Error::from(domain::Refusal::from(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ids_of_the_sample_project_are_its_own() {
        for own in ["DEMO-TASK001", "DEMO-TASK1000", "DEMO-S01"] {
            assert!(is_demo_key(own), "{own}");
        }
        for other in ["DEMO-S-TASK001", "DEMO-TASK1-S01", "DEMO-2-S01", "DEMO", "DEMO-S", "MY-DEMO-S01"] {
            assert!(!is_demo_key(other), "{other}");
        }
    }
}
