//! Entries of any stream.

use domain::stream::{Entry, EntryId, EntryPage};
use streams::inspect::{self, Browse};

use crate::{Console, Error};

/// A page of entries, see [`inspect::entries`].
pub async fn entries(console: &Console, stream: &str, browse: &Browse) -> Result<EntryPage, Error> {
    Ok(inspect::entries(console.redis(), stream, browse).await?)
}

/// One entry, whole.
pub async fn entry(console: &Console, stream: &str, id: EntryId) -> Result<Entry, Error> {
    Ok(inspect::entry(console.redis(), stream, id).await?)
}
