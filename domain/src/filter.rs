//! What an operator looks for in the entries of a stream: a small grammar without programs in it.
//!
//! ```text
//! filter    = all { "or" all }
//! all       = one { [ "and" ] one }
//! one       = "not" one | "(" filter ")" | condition
//! condition = subject operator value | subject "exists" | text
//! subject   = type | key | event_id | correlation_id | id | added | data{.step} | field.name{.step}
//! operator  = = | != | < | <= | > | >= | contains | starts | ends
//! ```
//!
//! A word alone is looked for in every value. Quotes make a text of anything, `\` takes the next character as it is.
//! Words of the grammar are written in any letter case, and so are the texts of `contains`, `starts`, `ends` and words
//! alone; `=` compares every letter. A list fits where one of its items does. `a != b` is `not a = b`: it fits where there
//! is no `a` too.
//!
//! What a filter may cost is limited where it is read ([`LONGEST`], [`CONDITIONS`], [`DEPTH`], [`STEPS`]). To ask it of an
//! entry takes time in proportion to the entry's size and to the number of conditions, and no more memory than a copy of its
//! longest value.

mod edge;
mod json;
mod parse;
mod print;
mod subject;
mod token;
mod value;

use std::cell::OnceCell;

pub use edge::{Edge, NotAnEdge};
pub use parse::NotAFilter;
pub use subject::Subject;
pub use value::{Comparison, Value};

use crate::{event::Envelope, stream::EntryId};

/// Bytes of a filter's text: an address stays short enough for every browser and proxy.
pub const LONGEST: usize = 2_000;
/// Conditions of one filter: each may look through the whole entry once.
pub const CONDITIONS: usize = 32;
/// Parentheses and `not` within each other: the reader of filters calls itself.
pub const DEPTH: usize = 16;
/// Steps of a path into JSON.
pub const STEPS: usize = 16;
/// The field whose JSON is the event (contract §3), and the word for it in a filter.
const DATA: &str = "data";

/// What is looked for. Always within the limits above where it was read from a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// At least two, all of which must fit.
    All(Vec<Filter>),
    /// At least two, one of which must fit.
    Any(Vec<Filter>),
    Not(Box<Filter>),
    /// Part of any field's value, whatever its letter case.
    Text(String),
    Exists(Subject),
    Compare(Subject, Comparison, Value),
}

/// A field of an entry as Redis has it: name and value, any bytes.
pub type RawField = (Vec<u8>, Vec<u8>);

/// An entry that is asked about. Its envelope is read once for all conditions, and only if one needs it.
pub struct Asked<'a> {
    id: EntryId,
    fields: &'a [RawField],
    envelope: OnceCell<Envelope>,
}

impl<'a> Asked<'a> {
    pub fn new(id: EntryId, fields: &'a [RawField]) -> Self {
        Self { id, fields, envelope: OnceCell::new() }
    }

    fn envelope(&self) -> &Envelope {
        self.envelope.get_or_init(|| {
            let data = self.fields.iter().find(|(name, _)| name == DATA.as_bytes());
            data.and_then(|(_, json)| Envelope::read(json).ok()).unwrap_or_default()
        })
    }
}

impl Filter {
    /// Whether the entry is what is looked for.
    pub fn fits(&self, entry: &Asked) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.fits(entry)),
            Self::Any(parts) => parts.iter().any(|part| part.fits(entry)),
            Self::Not(part) => !part.fits(entry),
            Self::Text(text) => entry.fields.iter().any(|(_, bytes)| value::contains(bytes, text)),
            Self::Exists(subject) => subject.any(entry, &mut |_| true),
            Self::Compare(subject, Comparison::IsNot, value) => {
                !subject.any(entry, &mut |found| Comparison::Is.holds(found, value))
            }
            Self::Compare(subject, comparison, value) => {
                subject.any(entry, &mut |found| comparison.holds(found, value))
            }
        }
    }

    /// Text anywhere in a value, as the filter that looks for it.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// Entries of one type.
    pub fn of_type(name: impl Into<String>) -> Self {
        Self::Compare(Subject::Type, Comparison::Is, Value::new(name))
    }

    /// Both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match self {
            Self::All(mut parts) => {
                parts.push(other);
                Self::All(parts)
            }
            one => Self::All(vec![one, other]),
        }
    }
}

crate::time::serde_as_text!(Filter, "type = SprintStarted and data.payload.project_id = \"ACM-7\"");

#[cfg(test)]
mod tests;
