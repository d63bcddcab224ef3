//! Preferences as cookies.

use http::{HeaderValue, header, request::Parts};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;

/// A preference stays for a year.
const MAX_AGE_SECONDS: u32 = 31_536_000;

const SCHEMES: [&str; 2] = ["light", "dark"];
const RAILS: [&str; 2] = ["full", "icons"];

/// The value of a preference of this request, if it is a known one.
pub(crate) fn preference(name: &str, known: &[&'static str]) -> Option<&'static str> {
    let parts = use_context::<Parts>()?;
    let cookies = parts.headers.get_all(header::COOKIE);
    let mut texts = cookies.iter().filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(';'));
    let wanted = texts.find_map(|pair| {
        let (key, value) = pair.trim().split_once('=')?;
        (key == name).then(|| value.to_owned())
    })?;
    known.iter().copied().find(|word| *word == wanted)
}

pub(crate) fn scheme() -> Option<&'static str> {
    preference("scheme", &SCHEMES)
}

pub(crate) fn rail() -> Option<&'static str> {
    preference("rail", &RAILS)
}

/// Sets the cookies for what was asked; unknown words change nothing.
pub(super) fn keep(scheme_wanted: Option<&str>, rail_wanted: Option<&str>) {
    if let Some(word) = scheme_wanted.and_then(|word| choose(word, scheme(), SCHEMES)) {
        set("scheme", word);
    }
    if let Some(word) = rail_wanted.and_then(|word| choose(word, rail(), RAILS)) {
        set("rail", word);
    }
}

/// A word that names a choice, or `toggle`: the other one than now (the first is what is shown without a preference).
fn choose(word: &str, now: Option<&'static str>, [first, second]: [&'static str; 2]) -> Option<&'static str> {
    match word {
        "toggle" if now == Some(second) => Some(first),
        "toggle" => Some(second),
        word => [first, second].into_iter().find(|known| *known == word),
    }
}

fn set(name: &str, word: &str) {
    let Some(response) = use_context::<ResponseOptions>() else { return };
    let cookie = format!("{name}={word}; Path=/; Max-Age={MAX_AGE_SECONDS}; SameSite=Lax; HttpOnly");
    response.append_header(header::SET_COOKIE, HeaderValue::from_str(&cookie).expect("known words are ASCII"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_toggle_turns_around_what_is_shown() {
        assert_eq!(choose("toggle", None, SCHEMES), Some("dark"));
        assert_eq!(choose("toggle", Some("dark"), SCHEMES), Some("light"));
        assert_eq!(choose("dark", None, SCHEMES), Some("dark"));
        assert_eq!(choose("puce", None, SCHEMES), None);
    }
}
