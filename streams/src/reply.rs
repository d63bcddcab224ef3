//! Reading what Redis answers.

mod facts;
pub(crate) mod raw;

use domain::stream::EntryId;
use redis::Value;

pub(crate) use self::facts::{GroupFacts, StreamFacts, consumer, consumers};
use crate::{Error, keys};

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

/// A row of XPENDING: id, owner, milliseconds since its last delivery, deliveries. Names of consumers are any bytes; what
/// XNACK released (8.8) has none.
pub(crate) type Pending = (String, Option<Vec<u8>>, u64, u64);

/// A consumer's name as text; empty where there is none.
pub(crate) fn name(of: Option<Vec<u8>>) -> String {
    of.map_or_else(String::new, |name| String::from_utf8_lossy(&name).into_owned())
}

/// Who has a pending entry. `None` = it was released: by XNACK, which leaves no name, or by an operator here.
pub(crate) fn owner(of: Option<Vec<u8>>) -> Option<String> {
    Some(name(of)).filter(|name| !name.is_empty() && name != keys::HANDED_OVER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_to_nobody_has_no_consumer_however_redis_says_so() {
        assert_eq!(owner(None), None);
        assert_eq!(owner(Some(Vec::new())), None);
        assert_eq!(owner(Some(keys::HANDED_OVER.into())), None);
        assert_eq!(owner(Some(b"a".to_vec())), Some("a".to_owned()));
        assert_eq!(owner(Some(b"\xff".to_vec())), Some("\u{fffd}".to_owned()));
        let row = |owner| Value::Array(vec![Value::BulkString(b"1-0".to_vec()), owner, Value::Int(-0), Value::Int(1)]);
        for owner in [Value::Nil, Value::BulkString(Vec::new()), Value::BulkString(b"\xff".to_vec())] {
            let (id, ..): Pending = redis::from_redis_value(row(owner)).expect("a row");
            assert_eq!(id, "1-0");
        }
    }
}
