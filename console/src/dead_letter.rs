//! Dead letters of any stream: look, group by cause, replay, discard.

use domain::{
    dead_letter::{Cause, Cursor, DeadLetter, DeadLetterPage, Filter},
    operation::{DeadLetterSelection, Report},
};

use crate::{Actor, Console, Error};

/// Why entries died, most frequent cause first; over every dead-letter stream that the sampler knows.
pub async fn causes(console: &Console, filter: &Filter) -> Result<Vec<Cause>, Error> {
    todo!()
}

/// A page of dead letters, newest first.
pub async fn list(
    console: &Console,
    filter: &Filter,
    before: Option<&Cursor>,
    count: usize,
) -> Result<DeadLetterPage, Error> {
    todo!()
}

/// One dead letter, whole.
pub async fn get(console: &Console, at: &Cursor) -> Result<DeadLetter, Error> {
    todo!()
}

/// Sends dead letters back to the groups that failed; needs `recover`. A preview leaves no trace.
pub async fn replay(console: &Console, who: &Actor, selection: &DeadLetterSelection) -> Result<Report, Error> {
    todo!()
}

/// Throws dead letters away; needs `destroy` and a reason. A preview leaves no trace.
pub async fn discard(console: &Console, who: &Actor, selection: &DeadLetterSelection) -> Result<Report, Error> {
    todo!()
}
