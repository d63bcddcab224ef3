//! What the address asks for.

use domain::{Refusal, Timestamp, stream::EntryId, trace::Sought};
use streams::search::From;

use crate::address::{self, Parameters, with_query};

pub(super) const PATH: &str = "/trace";
/// Longest text that is looked for.
const LONGEST: usize = 500;

/// A search, and where it goes on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Query {
    pub(super) sought: Sought,
    /// The places in which the last look stopped; empty: from the newest on.
    pub(super) further: Vec<From>,
}

impl Query {
    pub(super) fn read(parameters: &Parameters) -> Result<Self, Refusal> {
        let text = |name: &str| {
            let given = parameters.get(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
            match given {
                Some(text) if text.len() > LONGEST => {
                    Err(Refusal::invalid(format!("{name} is longer than {LONGEST} bytes")))
                }
                given => Ok(given),
            }
        };
        let field = match (text("field")?, text("value")?) {
            (Some(field), Some(value)) => Some((field, value)),
            (Some(field), None) => {
                return Err(Refusal::invalid(format!("which value of the field {field} is looked for?")));
            }
            (None, _) => None,
        };
        let sought = Sought {
            id: text("id")?,
            key: text("key")?,
            event_type: text("type")?,
            from: text("from")?.map(|text| moment("from", &text)).transpose()?,
            until: text("until")?.map(|text| moment("until", &text)).transpose()?,
            field,
        };
        Ok(Self { sought, further: places(parameters, "further") })
    }

    /// The same search, going on in these places.
    pub(super) fn address(&self, further: &[From]) -> String {
        let Sought { id, key, event_type, from, until, field } = &self.sought;
        let time = |at: &Option<Timestamp>| at.map(|at| at.to_string());
        let (name, value) = field.clone().unzip();
        let asked = [
            ("id", id.clone()),
            ("key", key.clone()),
            ("type", event_type.clone()),
            ("from", time(from)),
            ("until", time(until)),
            ("field", name),
            ("value", value),
        ];
        with_query(&address::at(PATH), asked.into_iter().chain(written("further", further)))
    }
}

/// Places in streams: `<stream>@<id>`, the newest without an id.
pub(super) fn places(parameters: &Parameters, name: &str) -> Vec<From> {
    let place = |text: &str| {
        // names of streams may hold anything, ids hold no @
        let (stream, id) = text.rsplit_once('@')?;
        let id = if id.is_empty() { None } else { Some(id.parse::<EntryId>().ok()?) };
        Some((stream.to_owned(), id))
    };
    parameters.get_all(name).filter_map(place).collect()
}

/// The same as parameters.
pub(super) fn written<'a>(name: &'a str, places: &[From]) -> impl Iterator<Item = (&'a str, Option<String>)> {
    places.iter().map(move |(stream, id)| {
        let id = id.map(|id| id.to_string()).unwrap_or_default();
        (name, Some(format!("{stream}@{id}")))
    })
}

/// A time as the field of a form gives it, with or without seconds; UTC.
fn moment(name: &str, text: &str) -> Result<Timestamp, Refusal> {
    let whole = if text.len() == "2026-03-02T09:15".len() { format!("{text}:00") } else { text.to_owned() };
    whole.parse().map_err(|error| Refusal::invalid(format!("{name} is no time: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(parameters: &[(&str, &str)]) -> Result<Query, Refusal> {
        Query::read(&parameters.iter().copied().collect())
    }

    #[test]
    fn a_search_is_its_address_and_goes_on_where_it_stopped() {
        let query =
            read(&[("id", " c1 "), ("key", ""), ("from", "2026-03-02T09:15"), ("field", "a.b"), ("value", "1")]);
        let query = query.expect("a query");
        assert_eq!(query.sought.id.as_deref(), Some("c1"));
        assert_eq!(query.sought.key, None);
        let further: Vec<From> = vec![("orders".into(), "7-1".parse().ok()), ("odd@name".into(), None)];
        let address = query.address(&further);
        assert!(
            address.starts_with("/trace?id=c1&from=2026-03-02T09%3A15%3A00.000000&field=a.b&value=1&"),
            "{address}"
        );
        let again = form_parameters(address.split_once('?').expect("a query").1);
        assert_eq!(Query::read(&again).expect("a query"), Query { further, ..query });
    }

    fn form_parameters(query: &str) -> Parameters {
        let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
        query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (decoded(name), decoded(value)))
            .collect()
    }

    #[test]
    fn what_is_no_time_or_half_a_field_is_refused_with_its_name() {
        assert!(read(&[("from", "yesterday")]).expect_err("no time").message.starts_with("from is no time"));
        assert!(read(&[("field", "sprint_id")]).expect_err("no value").message.contains("sprint_id"));
        assert!(read(&[("id", &"x".repeat(501))]).is_err());
    }
}
