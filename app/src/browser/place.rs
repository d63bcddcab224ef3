//! What the palette offers.

use serde::Deserialize;

/// Something that can be gone to, as `/api/console/places` answers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Place {
    pub kind: String,
    pub title: String,
    pub detail: String,
    pub href: String,
}

impl Place {
    /// Its icon in `icons.svg`.
    pub fn icon(&self) -> &'static str {
        match self.kind.as_str() {
            "project" => "projects",
            "sprint" => "sprint",
            "stream" | "group" => "streams",
            "entry" => "filter",
            "dead_letter" => "dead",
            "connection" => "connections",
            _ => self.page_icon(),
        }
    }

    /// The icon that a page has in the rail.
    fn page_icon(&self) -> &'static str {
        match of_connection(&self.href) {
            "/" => "overview",
            "/streams" => "streams",
            "/dead-letters" => "dead",
            "/projects" => "projects",
            "/backlog" => "backlog",
            "/sprints" => "sprint",
            "/chronicle" => "chronicle",
            "/audit" => "audit",
            "/connections" => "connections",
            "/access" => "access",
            "/status" => "health",
            "/api" => "download",
            _ => "arrow",
        }
    }

    /// Its kind as a person reads it.
    pub fn word(&self) -> String {
        self.kind.replace('_', " ")
    }
}

/// A path without what names its connection.
fn of_connection(path: &str) -> &str {
    let named = path.strip_prefix("/at/").and_then(|rest| rest.find('/').map(|slash| &rest[slash..]));
    named.unwrap_or(path)
}

/// `text` around the first place where `words` stand in it, whatever their case.
pub fn around<'a>(text: &'a str, words: &str) -> (&'a str, &'a str, &'a str) {
    let words = words.trim();
    let is_hit =
        |start: &usize| text.get(*start..*start + words.len()).is_some_and(|part| part.eq_ignore_ascii_case(words));
    match (0..text.len()).find(is_hit) {
        Some(start) if !words.is_empty() => {
            let end = start + words.len();
            (&text[..start], &text[start..end], &text[end..])
        }
        _ => (text, "", ""),
    }
}

/// The place `by` steps further down a list of `count`, around its ends.
pub fn step(at: usize, by: isize, count: usize) -> usize {
    let count = isize::try_from(count).unwrap_or(isize::MAX);
    let at = isize::try_from(at).unwrap_or(0);
    if count == 0 { 0 } else { (at + by).rem_euclid(count).unsigned_abs() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_is_found_whatever_its_case() {
        assert_eq!(around("Backlog of ACM-7", "acm"), ("Backlog of ", "ACM", "-7"));
        assert_eq!(around("orders", ""), ("orders", "", ""));
        assert_eq!(around("orders", "x"), ("orders", "", ""));
        assert_eq!(around("größe", "ÖSSE"), ("größe", "", ""));
        assert_eq!(around("größe", "SSE"), ("größe", "", ""));
        assert_eq!(around("größe", " e "), ("größ", "e", ""));
    }

    #[test]
    fn a_page_has_its_icon_at_every_connection() {
        let icon = |href: &str| Place { kind: "page".to_owned(), href: href.to_owned(), ..Place::default() }.icon();
        for (href, expected) in [
            ("/", "overview"),
            ("/at/eu-1/", "overview"),
            ("/at/eu-1/streams", "streams"),
            ("/connections", "connections"),
        ] {
            assert_eq!(icon(href), expected, "{href}");
        }
    }

    #[test]
    fn the_choice_goes_around_the_ends() {
        assert_eq!(step(0, -1, 3), 2);
        assert_eq!(step(2, 1, 3), 0);
        assert_eq!(step(0, 1, 0), 0);
    }
}
