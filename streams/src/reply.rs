//! Reading what Redis answers.

use domain::stream::{ConsumerSample, EntryId};
use redis::Value;

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

/// An answer of names and values (XINFO), whatever order and whatever newer names it has. A list, not a map: there are a
/// dozen names at most, and one answer for every consumer of the server at every look.
struct Named(Vec<(Value, Value)>);

impl Named {
    fn read(value: Value) -> Result<Self, Error> {
        Ok(Self(value.into_map_iter().map_err(|_| unexpected("not names and values"))?.collect()))
    }

    fn value(&self, name: &str) -> Option<&Value> {
        let named = |value: &Value| match value {
            Value::BulkString(text) => text == name.as_bytes(),
            Value::SimpleString(text) => text == name,
            _ => false,
        };
        self.0.iter().find(|(key, _)| named(key)).map(|(_, value)| value)
    }

    fn get<T: redis::FromRedisValue>(&self, name: &str) -> Result<T, Error> {
        self.find(name)?.ok_or_else(|| unexpected("a figure is missing"))
    }

    /// `None` where the server does not know the name, or answers nil.
    fn find<T: redis::FromRedisValue>(&self, name: &str) -> Result<Option<T>, Error> {
        match self.value(name) {
            None | Some(Value::Nil) => Ok(None),
            Some(value) => Ok(Some(redis::from_redis_value_ref(value)?)),
        }
    }

    fn id(&self, name: &str) -> Result<EntryId, Error> {
        id(self.value(name).ok_or_else(|| unexpected("an id is missing"))?)
    }

    /// The id of an entry given in full.
    fn entry(&self, name: &str) -> Result<Option<EntryId>, Error> {
        match self.value(name).and_then(Value::as_sequence) {
            Some([entry_id, _]) => Ok(Some(id(entry_id)?)),
            _ => Ok(None),
        }
    }
}

/// XINFO STREAM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StreamFacts {
    pub(crate) length: u64,
    pub(crate) first_id: Option<EntryId>,
    /// The last entry that is still there.
    pub(crate) last_entry_id: Option<EntryId>,
    /// The last id ever given out.
    pub(crate) last_id: EntryId,
    pub(crate) entries_added: u64,
    pub(crate) max_deleted_id: EntryId,
}

impl StreamFacts {
    /// Entries that are no longer there.
    pub(crate) fn removed(&self) -> u64 {
        self.entries_added.saturating_sub(self.length)
    }

    pub(crate) fn read(value: Value) -> Result<Self, Error> {
        let named = Named::read(value)?;
        Ok(Self {
            length: named.get("length")?,
            first_id: named.entry("first-entry")?,
            last_entry_id: named.entry("last-entry")?,
            last_id: named.id("last-generated-id")?,
            entries_added: named.get("entries-added")?,
            max_deleted_id: named.id("max-deleted-entry-id")?,
        })
    }
}

/// XINFO GROUPS, one group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GroupFacts {
    pub(crate) name: String,
    pub(crate) consumers: u64,
    pub(crate) pending: u64,
    pub(crate) last_delivered_id: EntryId,
    /// Nil where Redis has lost count; never taken for 0 (F3).
    pub(crate) entries_read: Option<u64>,
    pub(crate) lag: Option<u64>,
}

impl GroupFacts {
    pub(crate) fn read(value: Value) -> Result<Self, Error> {
        let named = Named::read(value)?;
        Ok(Self {
            name: named.get("name")?,
            consumers: named.get("consumers")?,
            pending: named.get("pending")?,
            last_delivered_id: named.id("last-delivered-id")?,
            entries_read: count(named.find("entries-read")?),
            lag: count(named.find("lag")?),
        })
    }
}

/// A count that can be set by hand, and then be no count: below zero nothing is known (redis#14257).
fn count(told: Option<i64>) -> Option<u64> {
    told.and_then(|count| u64::try_from(count).ok())
}

/// XINFO CONSUMERS, one consumer.
pub(crate) fn consumer(value: Value) -> Result<ConsumerSample, Error> {
    let named = Named::read(value)?;
    // -1 = never
    let inactive: Option<i64> = named.find("inactive")?;
    Ok(ConsumerSample {
        name: named.get("name")?,
        pending: named.get("pending")?,
        idle_ms: named.get("idle")?,
        inactive_ms: inactive.and_then(|ms| u64::try_from(ms).ok()),
    })
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
