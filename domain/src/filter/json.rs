//! A look into JSON along a path, without a tree of it: what is beside the path is skipped as it is read.

use std::{borrow::Cow, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::value::Found;

/// A name in an object, or a place in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub(super) name: String,
    place: Option<usize>,
}

impl Step {
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), place: name.parse().ok() }
    }
}

type Test<'t> = &'t mut dyn FnMut(&Found) -> bool;

/// Whether something at the end of the path passes the test. Reads only as far as it must: what is broken behind that is
/// nobody's business, and what is broken before it is not found. Deeper nesting than the library takes is such a break.
pub(super) fn any(json: &[u8], steps: &[Step], test: Test) -> bool {
    let mut is_hit = false;
    let seed = Look { steps, test, is_hit: &mut is_hit, is_item: false };
    // a hit ends the reading by an error, so the answer is in `is_hit`
    let _ = seed.deserialize(&mut serde_json::Deserializer::from_slice(json));
    is_hit
}

struct Look<'t, 's> {
    steps: &'s [Step],
    test: Test<'t>,
    is_hit: &'t mut bool,
    /// An item of the list at the end of the path; lists in it are no further looked into.
    is_item: bool,
}

impl Look<'_, '_> {
    fn end<E: Error>(self, found: &Found) -> Result<(), E> {
        if self.steps.is_empty() && (self.test)(found) {
            *self.is_hit = true;
            return Err(E::custom("found"));
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Look<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Look<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.end(&Found::Text(Cow::Borrowed("null")))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.end(&Found::Text(Cow::Borrowed(if value { "true" } else { "false" })))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.end(&Found::Text(Cow::Owned(value.to_string())))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.end(&Found::Text(Cow::Owned(value.to_string())))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.end(&Found::Text(Cow::Owned(value.to_string())))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.end(&Found::Text(Cow::Borrowed(value)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { steps, test, is_hit, .. } = self;
        let Some((first, rest)) = steps.split_first() else {
            Look { steps, test, is_hit, is_item: false }.end::<A::Error>(&Found::Many)?;
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(());
        };
        while let Some(is_it) = map.next_key_seed(Name(&first.name))? {
            if is_it {
                map.next_value_seed(Look { steps: rest, test: &mut *test, is_hit: &mut *is_hit, is_item: false })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Self { steps, test, is_hit, is_item } = self;
        if let Some((first, rest)) = steps.split_first() {
            // a place in the list; without one, every item is looked into: `data.tasks.id`
            let mut at = 0;
            loop {
                let next = match first.place {
                    Some(place) if place == at => items.next_element_seed(Look {
                        steps: rest,
                        test: &mut *test,
                        is_hit: &mut *is_hit,
                        is_item: false,
                    })?,
                    None => items.next_element_seed(Look {
                        steps,
                        test: &mut *test,
                        is_hit: &mut *is_hit,
                        is_item: false,
                    })?,
                    Some(_) => items.next_element::<IgnoredAny>()?.map(drop),
                };
                at += 1;
                if next.is_none() {
                    return Ok(());
                }
            }
        }
        Look { steps, test: &mut *test, is_hit: &mut *is_hit, is_item }.end::<A::Error>(&Found::Many)?;
        if is_item {
            while items.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(());
        }
        while items.next_element_seed(Look { steps, test: &mut *test, is_hit: &mut *is_hit, is_item: true })?.is_some()
        {
        }
        Ok(())
    }
}

/// Whether a name in an object is this one, without a copy of it.
struct Name<'s>(&'s str);

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<bool, E> {
        Ok(name == self.0)
    }
}
