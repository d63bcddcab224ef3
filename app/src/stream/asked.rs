//! What the address asks of the entries: filter, range, place, whether the newest are followed.

use domain::filter::{Comparison, Edge, Filter, Subject, Value};
use streams::inspect::Browse;

use crate::address::Parameters;

/// The parameters that say which entries are shown. A tab without entries, and "Clear", drop them.
pub(super) const PARAMETERS: [&str; 10] =
    ["filter", "text", "type", "from", "to", "at", "before", "after", "held", "search"];

/// As it was typed, and what it means.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) filter: String,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) at: String,
    /// Entries that had ever been added when following was paused.
    pub(super) held: Option<u64>,
    /// A search that somebody stopped.
    pub(super) is_stopped: bool,
    /// What of it was not understood; then no entries are asked for.
    pub(super) problem: Option<Problem>,
    pub(super) browse: Browse,
}

/// What was not understood, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    /// Name of the input.
    pub(super) input: &'static str,
    /// Characters before the place that is meant.
    pub(super) at: usize,
    /// What was expected there.
    pub(super) expected: String,
}

impl Asked {
    pub(super) fn read(query: &Parameters) -> Self {
        let text = |name: &str| query.get(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        let mut asked = Self {
            filter: text("filter").or_else(|| earlier(text("type"), text("text"))).unwrap_or_default(),
            from: text("from").unwrap_or_default(),
            to: text("to").unwrap_or_default(),
            at: text("at").unwrap_or_default(),
            is_stopped: text("search").is_some_and(|search| search == "stopped"),
            ..Self::default()
        };
        let id = |name: &str| text(name).and_then(|id| id.parse().ok());
        let mut problem = None;
        let mut edge = |input, text: &str| match text.parse::<Edge>() {
            Ok(edge) => Some(edge),
            Err(_) if text.is_empty() => None,
            Err(_) => {
                let expected = "a time like 2026-03-10 14:32 (UTC), or an entry id like 1773152545187-0".to_owned();
                problem = Some(Problem { input, at: 0, expected });
                None
            }
        };
        let (from, to, at) = (edge("from", &asked.from), edge("to", &asked.to), edge("at", &asked.at));
        let mut browse = Browse { before: id("before"), after: id("after"), from, to, ..Browse::default() };
        if browse.before.is_none() && browse.after.is_none() {
            // as if one had paged to there, so that one can page on in both directions
            browse.before = at.map(|at| at.last().next());
        }
        if !asked.filter.is_empty() {
            match asked.filter.parse() {
                Ok(filter) => browse.filter = Some(filter),
                Err(error) => {
                    let at = asked.filter.get(..error.at).map_or(0, |before| before.chars().count());
                    problem = Some(Problem { input: "filter", at, expected: error.expected });
                }
            }
        }
        asked.held = text("held").and_then(|held| held.parse().ok()).filter(|_| to.is_some());
        asked.problem = problem;
        asked.browse = browse;
        asked
    }

    /// Whether the page begins with the newest entry, whichever that is.
    pub(super) fn follows(&self) -> bool {
        let Browse { before, after, to, .. } = &self.browse;
        before.is_none() && after.is_none() && to.is_none() && self.problem.is_none()
    }

    /// Whether anything narrows what is shown.
    pub(super) fn is_narrowed(&self) -> bool {
        !self.filter.is_empty() || !self.from.is_empty() || (!self.to.is_empty() && self.held.is_none())
    }
}

/// Links from before there was a filter: an event type, a text.
fn earlier(of_type: Option<String>, with_text: Option<String>) -> Option<String> {
    let filters = [of_type.map(Filter::of_type), with_text.map(Filter::text)];
    filters.into_iter().flatten().reduce(Filter::and).map(|filter| filter.to_string())
}

/// The filter for entries of one key.
pub(super) fn of_key(key: &str) -> String {
    Filter::Compare(Subject::Key, Comparison::Is, Value::new(key)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(parameters: &[(&str, &str)]) -> Asked {
        Asked::read(&parameters.iter().copied().collect())
    }

    #[test]
    fn a_link_from_before_means_what_it_meant() {
        let asked = read(&[("type", "Rare"), ("text", "a \"b\"")]);
        assert_eq!(asked.filter, "type = Rare and \"a \\\"b\\\"\"");
        assert!(asked.browse.filter.is_some() && asked.problem.is_none());
    }

    #[test]
    fn what_is_not_understood_is_kept_and_pointed_at() {
        let asked = read(&[("filter", "größe = 1 or")]);
        assert_eq!((asked.filter.as_str(), asked.browse.filter.is_none()), ("größe = 1 or", true));
        assert_eq!(asked.problem.expect("a problem").at, 0);
        let problem = read(&[("filter", "\"größe\" or")]).problem.expect("a problem");
        assert_eq!((problem.input, problem.at), ("filter", 10));
        let problem = read(&[("from", "soon")]).problem.expect("a problem");
        assert_eq!(problem.input, "from");
    }

    #[test]
    fn going_to_a_place_is_paging_to_there() {
        let asked = read(&[("at", "5-3")]);
        assert_eq!(asked.browse.before, Some("5-4".parse().expect("id")));
        assert!(!asked.follows() && read(&[]).follows());
        let asked = read(&[("at", "5-3"), ("before", "4-0")]);
        assert_eq!(asked.browse.before, Some("4-0".parse().expect("id")), "one has paged on since");
    }

    #[test]
    fn a_key_of_any_text_is_filtered_for() {
        let filter = of_key("a \"b\" or = c");
        assert!(read(&[("filter", &filter)]).problem.is_none(), "{filter}");
    }
}
