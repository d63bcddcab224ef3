//! What the address of the request says, decoded once. `leptos_router`'s maps decode every value a second time, which makes
//! another name of one with a literal `%41` in it; names of streams and groups are any text.

use http::{Uri, request::Parts};
use leptos::prelude::use_context;

/// The parameters behind the `?`, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Those of the request that is being answered.
    pub(crate) fn here() -> Self {
        Self::of(&uri())
    }

    fn of(uri: &Uri) -> Self {
        form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).collect()
    }

    /// The last value of this name.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        self.0.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    }

    /// Every value of this name.
    pub(crate) fn get_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Parameters {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

/// The segment of the path after the one named `noun`: `/streams/orders` has `orders` after `streams`.
pub(crate) fn segment_after(noun: &str) -> String {
    after(uri().path(), noun)
}

fn after(path: &str, noun: &str) -> String {
    // nouns stand at even places, so a stream that is named like one is not taken for it
    let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let pair = segments.chunks(2).find(|pair| pair[0] == noun);
    let name = pair.and_then(|pair| pair.get(1)).copied().unwrap_or_default();
    super::decoded(name)
}

/// The path of the request as it came.
pub(super) fn path() -> String {
    uri().path().to_owned()
}

/// The address of the request; the start page's while routes are listed and nobody asks.
fn uri() -> Uri {
    use_context::<Parts>().map(|parts| parts.uri).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_decoded_once() {
        let parameters = Parameters::of(&Uri::from_static("/x?text=a%2541+b&item=1&item=2&empty"));
        assert_eq!(parameters.get("text").as_deref(), Some("a%41 b"));
        assert_eq!(parameters.get_all("item").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(parameters.get("item").as_deref(), Some("2"));
        assert_eq!(parameters.get("empty").as_deref(), Some(""));
        assert_eq!(parameters.get("none"), None);
    }

    #[test]
    fn a_segment_is_decoded_once_and_found_by_its_noun() {
        assert_eq!(after("/streams/100%2525%2Fh/groups/a%20b", "streams"), "100%25/h");
        assert_eq!(after("/streams/100%2525%2Fh/groups/a%20b", "groups"), "a b");
        assert_eq!(after("/streams/groups/groups/g", "groups"), "g");
        assert_eq!(after("/streams", "streams"), "");
    }
}
