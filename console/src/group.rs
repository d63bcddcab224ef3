//! Pending entries of any group, and where the group stands.

use domain::{
    operation::{GroupMove, PendingSelection, Report},
    stream::PendingPage,
};
use streams::inspect::{self, PendingBrowse};

use crate::{Actor, Console, Error};

/// A page of pending entries, see [`inspect::pending`].
pub async fn pending(
    console: &Console,
    stream: &str,
    group: &str,
    browse: &PendingBrowse,
) -> Result<PendingPage, Error> {
    Ok(inspect::pending(console.redis(), stream, group, browse).await?)
}

/// Claims, acknowledges or dead-letters pending entries; needs `recover` (`destroy` to acknowledge: the group never sees
/// them again). A preview leaves no trace.
pub async fn repair(
    console: &Console,
    who: &Actor,
    stream: &str,
    group: &str,
    selection: &PendingSelection,
) -> Result<Report, Error> {
    todo!()
}

/// Moves a group; needs `operate`. A preview leaves no trace.
pub async fn move_to(
    console: &Console,
    who: &Actor,
    stream: &str,
    group: &str,
    to: &GroupMove,
) -> Result<Report, Error> {
    todo!()
}

/// Holds the consumers of a group in this process, or lets them go on; needs `operate`. 409 where none run here.
pub async fn pause(console: &Console, who: &Actor, stream: &str, group: &str, paused: bool) -> Result<(), Error> {
    todo!()
}
