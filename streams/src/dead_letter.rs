//! d
use crate::{Error, Redis};
use domain::{
    dead_letter::{Cause, Cursor, DeadLetter, DeadLetterPage, Filter},
    operation::{DeadLetterSelection, Report},
};
/// Causes, most frequent first. `streams` are the source streams to look at.
pub async fn causes(_redis: &Redis, _streams: &[String], _filter: &Filter) -> Result<Vec<Cause>, Error> {
    unimplemented!()
}
pub async fn list(
    _redis: &Redis,
    _streams: &[String],
    _filter: &Filter,
    _before: Option<&Cursor>,
    _count: usize,
) -> Result<DeadLetterPage, Error> {
    unimplemented!()
}
pub async fn get(_redis: &Redis, _at: &Cursor) -> Result<DeadLetter, Error> {
    unimplemented!()
}
pub async fn replay(_redis: &Redis, _selection: &DeadLetterSelection) -> Result<Report, Error> {
    unimplemented!()
}
pub async fn discard(_redis: &Redis, _selection: &DeadLetterSelection) -> Result<Report, Error> {
    unimplemented!()
}
