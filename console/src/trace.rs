//! Events of any stream, looked for by what is in them, and how far groups are with them.

use std::collections::HashMap;

use domain::{
    stream::EntryId,
    trace::{Found, Sought, waterfall::GroupState},
};
use streams::search::{self, From, Search};

use crate::{Console, Error};

/// Looks through streams at a bounded cost, see [`search::search`].
pub async fn search(console: &Console, places: &[From], sought: &Sought) -> Result<Search, Error> {
    Ok(search::search(console.redis(), places, sought).await?)
}

/// Whether entries are there, and the events in them, see [`search::at`].
pub async fn at(console: &Console, stream: &str, ids: &[EntryId]) -> Result<Vec<(bool, Option<Found>)>, Error> {
    Ok(search::at(console.redis(), stream, ids).await?)
}

/// How far the groups of a stream are with entries, see [`search::standing`].
pub async fn standing(
    console: &Console,
    stream: &str,
    ids: &[EntryId],
) -> Result<HashMap<EntryId, Vec<(String, GroupState)>>, Error> {
    Ok(search::standing(console.redis(), stream, ids).await?)
}
