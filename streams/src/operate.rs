//! o
use crate::{Error, Redis};
use domain::{
    operation::{GroupMove, PendingSelection, Report},
    stream::EntryId,
};
pub async fn pending(
    _redis: &Redis,
    _stream: &str,
    _group: &str,
    _selection: &PendingSelection,
) -> Result<Report, Error> {
    unimplemented!()
}
pub async fn move_group(_redis: &Redis, _stream: &str, _group: &str, _to: &GroupMove) -> Result<Report, Error> {
    unimplemented!()
}
pub async fn delete_entries(_redis: &Redis, _stream: &str, _ids: &[EntryId]) -> Result<u64, Error> {
    unimplemented!()
}
