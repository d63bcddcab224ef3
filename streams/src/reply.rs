//! Reading what Redis answers.

mod facts;
pub(crate) mod raw;

use domain::stream::EntryId;
use redis::Value;

pub(crate) use self::facts::{GroupFacts, StreamFacts, consumers};
use crate::Error;

/// Fields of an entry in their order; a stream entry may repeat a name.
pub(crate) type Fields = Vec<(Vec<u8>, Vec<u8>)>;

/// An entry as Redis has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RawEntry {
    pub(crate) id: EntryId,
    pub(crate) fields: Fields,
}

pub(crate) fn unexpected(what: &'static str) -> Error {
    Error::Internal((redis::ErrorKind::UnexpectedReturnType, what).into())
}

pub(crate) fn entry_id(text: &str) -> Result<EntryId, Error> {
    text.parse().map_err(|_| unexpected("not an entry id"))
}

pub(crate) fn id(value: &Value) -> Result<EntryId, Error> {
    match value {
        Value::BulkString(text) => entry_id(str::from_utf8(text).map_err(|_| unexpected("not an entry id"))?),
        other => entry_id(&redis::from_redis_value_ref::<String>(other)?),
    }
}

pub(crate) fn items(value: Value) -> Result<Vec<Value>, Error> {
    value.into_sequence().map_err(|_| unexpected("not a list"))
}

/// A list of names and values, as XRANGE has it in an entry.
pub(crate) fn fields(value: Value) -> Result<Fields, Error> {
    let mut fields = Vec::new();
    for (name, value) in value.into_map_iter().map_err(|_| unexpected("not a list of fields"))? {
        fields.push((redis::from_redis_value(name)?, redis::from_redis_value(value)?));
    }
    Ok(fields)
}

/// Entries as XRANGE gives them.
pub(crate) fn entries(value: Value) -> Result<Vec<RawEntry>, Error> {
    items(value)?.into_iter().map(entry).collect()
}

fn entry(value: Value) -> Result<RawEntry, Error> {
    let mut parts = items(value)?.into_iter();
    match (parts.next(), parts.next()) {
        (Some(entry_id), Some(body)) => Ok(RawEntry { id: id(&entry_id)?, fields: fields(body)? }),
        _ => Err(unexpected("not an entry")),
    }
}
