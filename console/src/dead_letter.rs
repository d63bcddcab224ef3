//! Dead letters of any stream: look, group by cause, replay, discard.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use domain::{
    Permission, Timestamp,
    connection::needs,
    dead_letter::{Cause, Cursor, DeadLetter, DeadLetterPage, Filter},
    operation::{DeadLetterSelection, Report},
    stream::Snapshot,
};
use tokio::time::timeout;

use crate::{
    Actor, Console, Error,
    act::{self, Act, OnRedis, counted, enumerated},
    audit::REPLAY,
};

/// How long the sampler's very first look may take; only a process that has just started waits.
const FIRST_LOOK_WITHIN: Duration = Duration::from_secs(2);

/// Why entries died, most frequent cause first; over every dead-letter stream that the sampler knows.
pub async fn causes(console: &Console, filter: &Filter) -> Result<Vec<Cause>, Error> {
    Ok(console.shelf().causes(&sources(console, filter).await?, filter).await?)
}

/// A page of dead letters, newest first.
pub async fn list(
    console: &Console,
    filter: &Filter,
    before: Option<&Cursor>,
    count: usize,
) -> Result<DeadLetterPage, Error> {
    let sources = sources(console, filter).await?;
    Ok(console.shelf().list(&sources, filter, before, count).await?)
}

/// One dead letter, whole.
pub async fn get(console: &Console, at: &Cursor) -> Result<DeadLetter, Error> {
    Ok(streams::dead_letter::get(console.redis(), at).await?)
}

/// Sends dead letters back to the groups that failed; needs `recover`. A preview leaves no trace.
pub async fn replay(console: &Console, who: &Actor, selection: &DeadLetterSelection) -> Result<Report, Error> {
    let act = Act {
        name: REPLAY,
        permission: Permission::Recover,
        subject: streams(selection),
        request: request("replay", selection),
        reason: selection.reason.clone(),
        needs_reason: None,
        on_redis: on_redis(selection, needs::REPLAY),
    };
    let (redis, wanted) = (console.redis().clone(), selection.clone());
    let work = async move { Ok(streams::dead_letter::replay(&redis, &wanted).await?) };
    act::repair(console, who, act, selection.dry_run, work).await
}

/// Throws dead letters away; needs `destroy` and a reason. A preview leaves no trace.
pub async fn discard(console: &Console, who: &Actor, selection: &DeadLetterSelection) -> Result<Report, Error> {
    let act = Act {
        name: "dead_letters.discard",
        permission: Permission::Destroy,
        subject: streams(selection),
        request: request("discard", selection),
        reason: selection.reason.clone(),
        needs_reason: Some("discarding dead letters"),
        on_redis: on_redis(selection, needs::DISCARD),
    };
    let (redis, wanted) = (console.redis().clone(), selection.clone());
    let work = async move { Ok(streams::dead_letter::discard(&redis, &wanted).await?) };
    act::repair(console, who, act, selection.dry_run, work).await
}

/// The streams whose dead letters are meant: the one that the filter names, whether the sampler has seen it or not, or
/// all that the sampler has seen, whoever made them.
pub(crate) async fn sources(console: &Console, filter: &Filter) -> Result<Vec<String>, Error> {
    if let Some(stream) = &filter.stream {
        return Ok(vec![stream.clone()]);
    }
    let snapshot = looked_at(console).await?;
    Ok(snapshot.streams.iter().filter_map(|stream| stream.source.clone()).collect())
}

/// What the sampler saw last. Before its first look there is nothing, which must not be told as "no dead letters".
async fn looked_at(console: &Console) -> Result<Arc<Snapshot>, Error> {
    let looked = |snapshot: &Arc<Snapshot>| snapshot.at != Timestamp::default();
    let mut snapshots = console.snapshots();
    if !looked(&snapshots.borrow()) {
        console.redis().ping().await?;
    }
    if let Ok(Ok(snapshot)) = timeout(FIRST_LOOK_WITHIN, snapshots.wait_for(looked)).await {
        return Ok(Arc::clone(&snapshot));
    }
    Err(Error::Streams(streams::Error::Unavailable("the streams have not been looked at yet".to_owned())))
}

fn streams(selection: &DeadLetterSelection) -> String {
    enumerated(selection.items.iter().map(|at| &at.stream).collect::<BTreeSet<_>>().into_iter())
}

fn on_redis(selection: &DeadLetterSelection, commands: &'static [&'static str]) -> Option<OnRedis> {
    let first = selection.items.first()?;
    Some(OnRedis { stream: first.stream.clone(), commands })
}

fn request(verb: &str, selection: &DeadLetterSelection) -> String {
    let count = counted(selection.items.len(), "dead letter", "dead letters");
    format!("{verb} {count}: {}", enumerated(selection.items.iter()))
}
