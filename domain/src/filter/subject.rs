//! What of an entry is compared.

use std::borrow::Cow;

use super::{
    Asked, Comparison, DATA, STEPS, Value,
    json::{self, Step},
    value::Found,
};

/// A part of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// `event_type` of the event.
    Type,
    /// Its `aggregate_id`, by which it is ordered.
    Key,
    EventId,
    CorrelationId,
    /// The entry's own id.
    Id,
    /// When the entry was added, as its id says.
    Added,
    /// A field's value, or what is in its JSON at the end of the steps. `data` is the field of that name.
    Field {
        name: String,
        steps: Vec<Step>,
    },
}

impl Subject {
    /// The words for parts that are no fields.
    pub(super) const WORDS: [(&str, Self); 6] = [
        ("type", Self::Type),
        ("key", Self::Key),
        ("event_id", Self::EventId),
        ("correlation_id", Self::CorrelationId),
        ("id", Self::Id),
        ("added", Self::Added),
    ];

    /// A field's value, or what is in its JSON at the end of the steps.
    pub fn field(name: &str, steps: &[String]) -> Self {
        Self::Field { name: name.to_owned(), steps: steps.iter().map(|step| Step::new(step)).collect() }
    }

    /// Reads the parts of a word; the error says what could stand there.
    pub(super) fn of(words: &[String]) -> Result<Self, String> {
        let (first, rest) = words.split_first().expect("a word has a part");
        let (name, steps) = match (first.to_ascii_lowercase().as_str(), rest) {
            (DATA, steps) => (DATA, steps),
            ("field", [name, steps @ ..]) if !name.is_empty() => (name.as_str(), steps),
            ("field", _) => return Err("the name of a field, as in `field.total`".to_owned()),
            (word, []) if let Some((_, known)) = Self::WORDS.iter().find(|(known, _)| *known == word) => {
                return Ok(known.clone());
            }
            (_, []) => {
                return Err(format!(
                    "type, key, event_id, correlation_id, id, added, data.… or field.…; a field of the entry is \
                     `field.{first}`, one of its JSON `data.{first}`"
                ));
            }
            _ => {
                let path = words.join(".");
                return Err(format!("`data.{path}` for the JSON of the field data, or `field.{path}`"));
            }
        };
        if steps.len() > STEPS {
            return Err(format!("a shorter path: {STEPS} steps at most"));
        }
        if steps.iter().any(String::is_empty) {
            return Err("a name after each dot; one with other characters in quotes, as in `data.\"a b\"`".to_owned());
        }
        Ok(Self::field(name, steps))
    }

    /// Whether it can be compared so; the error says with what it could.
    pub(super) fn takes(&self, comparison: Comparison, value: &Value) -> Result<(), String> {
        let sign = comparison.as_str();
        match self {
            Self::Added if !value.is_moment() => Err("a time like 2026-03-10T14:32:08".to_owned()),
            Self::Added if matches!(comparison, Comparison::Contains | Comparison::Starts | Comparison::Ends) => {
                Err(format!("another sign than `{sign}`: a time is compared by =, !=, <, <=, > and >="))
            }
            _ if comparison.is_of_order() && !value.is_ordered() => {
                Err(format!("a number or a time like 2026-03-10T14:32:08: `{sign}` compares nothing else"))
            }
            _ if value.as_str().is_empty() && !matches!(comparison, Comparison::Is | Comparison::IsNot) => {
                Err("a text that is not empty".to_owned())
            }
            _ => Ok(()),
        }
    }

    /// Whether one of the parts that this names passes the test. A stream's entry may have a field twice, a list has items.
    pub(super) fn any(&self, entry: &Asked, test: &mut dyn FnMut(&Found) -> bool) -> bool {
        let mut of_text = |text: Option<&str>| text.is_some_and(|text| test(&Found::Text(Cow::Borrowed(text))));
        match self {
            Self::Type => of_text(entry.envelope().event_type.as_deref()),
            Self::Key => of_text(entry.envelope().aggregate_id.as_deref()),
            Self::EventId => of_text(entry.envelope().event_id.as_deref()),
            Self::CorrelationId => of_text(entry.envelope().correlation_id.as_deref()),
            Self::Id => of_text(Some(&entry.id.to_string())),
            Self::Added => entry.id.tells_time() && test(&Found::Moment(entry.id.added_at())),
            Self::Field { name, steps } => {
                let of_name = entry.fields.iter().filter(|(known, _)| known == name.as_bytes());
                of_name.map(|(_, value)| value).any(|value| match steps.as_slice() {
                    [] => test(&Found::Text(String::from_utf8_lossy(value))),
                    steps => json::any(value, steps, test),
                })
            }
        }
    }
}
