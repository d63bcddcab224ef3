//! Entries of any stream: looked at, trimmed, deleted.

use domain::{
    Permission,
    connection::needs,
    operation::{EntriesDelete, Report, Trim, TrimTo},
    stream::{Entry, EntryId, EntryPage},
};
use streams::{
    inspect::{self, Browse},
    operate,
};

use crate::{
    Actor, Console, Error,
    act::{self, Act, OnRedis, counted, enumerated},
};

/// A page of entries, see [`inspect::entries`].
pub async fn entries(console: &Console, stream: &str, browse: &Browse) -> Result<EntryPage, Error> {
    Ok(inspect::entries(console.redis(), stream, browse).await?)
}

/// One entry, whole.
pub async fn entry(console: &Console, stream: &str, id: EntryId) -> Result<Entry, Error> {
    Ok(inspect::entry(console.redis(), stream, id).await?)
}

/// Removes the oldest entries; needs `destroy` and a reason. A preview leaves no trace.
pub async fn trim(console: &Console, who: &Actor, stream: &str, wanted: &Trim) -> Result<Report, Error> {
    let to = match wanted.to {
        TrimTo::Keep(count) => {
            format!("the newest {}", counted(usize::try_from(count).unwrap_or(usize::MAX), "entry", "entries"))
        }
        TrimTo::Before(id) => format!("{id} and what is newer"),
    };
    let how = if wanted.past_groups { "also past what groups need" } else { "never past what a group needs" };
    let act = Act {
        name: "stream.trim",
        permission: Permission::Destroy,
        subject: stream.to_owned(),
        request: format!("keep {to}, {how}"),
        reason: wanted.reason.clone(),
        needs_reason: Some("trimming a stream"),
        on_redis: Some(OnRedis { stream: stream.to_owned(), commands: needs::TRIM }),
    };
    let (redis, stream, asked) = (console.redis().clone(), stream.to_owned(), wanted.clone());
    let work = async move { Ok(operate::trim(&redis, &stream, &asked).await?) };
    act::repair(console, who, act, wanted.dry_run, work).await
}

/// Deletes entries; needs `destroy` and a reason. A preview leaves no trace.
pub async fn delete_entries(
    console: &Console,
    who: &Actor,
    stream: &str,
    wanted: &EntriesDelete,
) -> Result<Report, Error> {
    let count = counted(wanted.ids.len(), "entry", "entries");
    let act = Act {
        name: "entries.delete",
        permission: Permission::Destroy,
        subject: stream.to_owned(),
        request: format!("delete {count}: {}", enumerated(wanted.ids.iter())),
        reason: wanted.reason.clone(),
        needs_reason: Some("deleting entries"),
        on_redis: Some(OnRedis { stream: stream.to_owned(), commands: needs::DELETE_ENTRIES }),
    };
    let (redis, stream, asked) = (console.redis().clone(), stream.to_owned(), wanted.clone());
    let work = async move { Ok(operate::delete_entries_of_groups(&redis, &stream, &asked).await?) };
    act::repair(console, who, act, wanted.dry_run, work).await
}
