//! A name that every look repeats.

use std::{fmt, ops::Deref, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::{PartialSchema, ToSchema, openapi};

/// The name of a consumer. Cheap to clone: all looks that find it share one text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Arc<str>);

impl Name {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for Name {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(String::deserialize(deserializer)?.into()))
    }
}

impl PartialSchema for Name {
    fn schema() -> openapi::RefOr<openapi::schema::Schema> {
        String::schema()
    }
}

impl ToSchema for Name {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_json_it_is_a_plain_text() {
        let name = Name::from("worker-\u{e9}");
        assert_eq!(serde_json::to_string(&name).expect("json"), "\"worker-\u{e9}\"");
        assert_eq!(serde_json::from_str::<Name>("\"worker-\u{e9}\"").expect("a name"), name);
    }
}
