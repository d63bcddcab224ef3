//! JSON as a tree: nested `<details>`, text only. A payload is a stranger's text and never becomes markup.

use std::fmt;

use leptos::{either::EitherOf3, prelude::*};
use serde::{
    Deserialize,
    de::{Deserializer, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{counted, payload::visible};

/// Longer JSON stays text: a tree of it would be slow to draw, and nobody reads it.
const TREE_AT_MOST: usize = 256 * 1024;
/// Members of one object or list that are shown; the rest is counted. The raw text has all of it.
const MEMBERS: usize = 200;
/// Levels that are open at first.
const OPEN_LEVELS: usize = 2;
/// Nesting that a tree can still be read in; what lies deeper is shown as text.
const LEVELS: usize = 24;

/// The JSON in `text` as a tree, or the text as it is where it is no JSON. `id` is unique on the page; from it each fold
/// has an id of its own, so that it stays as a person left it.
#[component]
pub(crate) fn JsonTree(#[prop(into)] id: String, #[prop(into)] text: String) -> impl IntoView {
    let value = (text.len() <= TREE_AT_MOST).then(|| serde_json::from_str::<&RawValue>(&text).ok()).flatten();
    match value.filter(|value| value.get().starts_with(['{', '['])) {
        Some(value) => view! { <div class="json">{node(&id, None, value.get(), 0)}</div> }.into_any(),
        None => view! { <pre class="error-text">{visible(&text)}</pre> }.into_any(),
    }
}

/// The members of an object in their order, each value as it is written: a number that no machine number can hold keeps its
/// digits.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(All)
    }
}

/// One value, as it is written, with its name, if it has one.
fn node(id: &str, key: Option<String>, json: &str, level: usize) -> AnyView {
    let key = key.map(|key| view! { <span class="key">{visible(&key)}</span> });
    if level < LEVELS
        && json.starts_with('{')
        && let Ok(Members(members)) = serde_json::from_str(json)
    {
        let count = counted(members.len() as u64, "field");
        return fold(id, key.into_any(), count, members.into_iter().map(|(name, value)| (Some(name), value)), level);
    }
    if level < LEVELS
        && json.starts_with('[')
        && let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(json)
    {
        let count = counted(items.len() as u64, "item");
        return fold(id, key.into_any(), count, items.into_iter().map(|value| (None, value)), level);
    }
    view! {
        {key}
        {leaf(json)}
    }
    .into_any()
}

fn fold<'a>(
    id: &str,
    key: AnyView,
    count: String,
    members: impl ExactSizeIterator<Item = (Option<String>, &'a RawValue)>,
    level: usize,
) -> AnyView {
    let left_out = members.len().saturating_sub(MEMBERS);
    let members: Vec<AnyView> = members
        .take(MEMBERS)
        .enumerate()
        .map(|(n, (name, value))| {
            view! { <li>{node(&format!("{id}.{n}"), name, value.get(), level + 1)}</li> }.into_any()
        })
        .collect();
    let rest = (left_out > 0)
        .then(|| view! { <li class="muted">{format!("… and {left_out} more; the raw text has all")}</li> });
    view! {
        <details id=id.to_owned() open=level < OPEN_LEVELS>
            <summary>{key} {count}</summary>
            <ul>{members} {rest}</ul>
        </details>
    }
    .into_any()
}

fn leaf(json: &str) -> impl IntoView + use<> {
    if json == "null" {
        return EitherOf3::A(view! { <span class="null">"null"</span> });
    }
    if json.starts_with('"') {
        // letters that are written as escapes are shown as letters
        let text = serde_json::from_str::<String>(json).map(|text| serde_json::Value::from(text).to_string());
        let text = text.unwrap_or_else(|_| json.to_owned());
        return EitherOf3::B(view! { <span class="string">{visible(&text)}</span> });
    }
    EitherOf3::C(view! { <span class="number">{visible(json)}</span> })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(text: &str) -> String {
        view! { <JsonTree id="payload" text=text /> }.to_html()
    }

    #[test]
    fn a_tree_has_a_fold_with_an_id_for_each_level() {
        let html = rendered(r#"{"event_data": {"progress": 40}, "tags": ["a"]}"#);
        for id in ["payload", "payload.0", "payload.1"] {
            assert!(html.contains(&format!("id=\"{id}\"")), "{id}: {html}");
        }
        assert!(html.contains("1 field") && html.contains("1 item"), "{html}");
    }

    #[test]
    fn numbers_keep_their_digits_members_their_order_and_twins_both_their_places() {
        let html = rendered(r#"{"z": 12345678901234567890123, "a": 0.1000000000000000055, "a": 1.10}"#);
        let places: Vec<_> = [">12345678901234567890123<", ">0.1000000000000000055<", ">1.10<"]
            .map(|number| html.find(number).unwrap_or_else(|| panic!("{number}: {html}")))
            .into();
        assert!(places.is_sorted(), "{html}");
        assert!(rendered(r#"{"a": "\u00e4\ud800"}"#).contains("ud800"), "what is no text is shown as it is written");
    }

    #[test]
    fn markup_in_a_payload_stays_text() {
        for text in [r#"{"<img src=x>": "<script>alert(1)</script>"}"#, "<script>alert(1)</script>"] {
            let html = rendered(text);
            assert!(!html.contains("<script") && !html.contains("<img"), "{html}");
        }
    }

    #[test]
    fn json_that_is_too_long_stays_text() {
        let long = format!("[\"{}\"]", "x".repeat(TREE_AT_MOST));
        assert!(!rendered(&long).contains("<details"));
    }

    #[test]
    fn a_long_list_and_deep_nesting_stay_small() {
        let long = serde_json::to_string(&vec![1; 10_000]).expect("json");
        assert!(rendered(&long).contains("9800 more"));
        let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
        assert!(rendered(&deep).matches("<details").count() <= LEVELS);
    }
}
