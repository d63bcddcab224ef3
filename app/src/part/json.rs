//! JSON as a tree: nested `<details>`, text only. A payload is a stranger's text and never becomes markup.

use leptos::{either::EitherOf3, prelude::*};
use serde_json::Value;

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
    let value = (text.len() <= TREE_AT_MOST).then(|| serde_json::from_str(&text));
    match value {
        Some(Ok(value @ (Value::Object(_) | Value::Array(_)))) => {
            view! { <div class="json">{node(&id, None, &value, 0)}</div> }.into_any()
        }
        _ => view! { <pre class="error-text">{visible(&text)}</pre> }.into_any(),
    }
}

/// One value with its name, if it has one.
fn node(id: &str, key: Option<String>, value: &Value, level: usize) -> AnyView {
    let key = key.map(|key| view! { <span class="key">{visible(&key)}</span> });
    match value {
        Value::Object(members) if level < LEVELS => {
            let names = members.iter().map(|(name, value)| (Some(name.clone()), value));
            fold(id, key.into_any(), counted(members.len() as u64, "field"), names, level)
        }
        Value::Array(items) if level < LEVELS => {
            let names = items.iter().map(|value| (None, value));
            fold(id, key.into_any(), counted(items.len() as u64, "item"), names, level)
        }
        value => view! {
            {key}
            {leaf(value)}
        }
        .into_any(),
    }
}

fn fold<'a>(
    id: &str,
    key: AnyView,
    count: String,
    members: impl ExactSizeIterator<Item = (Option<String>, &'a Value)>,
    level: usize,
) -> AnyView {
    let left_out = members.len().saturating_sub(MEMBERS);
    let members: Vec<AnyView> = members
        .take(MEMBERS)
        .enumerate()
        .map(|(n, (name, value))| view! { <li>{node(&format!("{id}.{n}"), name, value, level + 1)}</li> }.into_any())
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

fn leaf(value: &Value) -> impl IntoView + use<> {
    match value {
        Value::Null => EitherOf3::A(view! { <span class="null">"null"</span> }),
        Value::String(_) => EitherOf3::B(view! { <span class="string">{visible(&value.to_string())}</span> }),
        value => EitherOf3::C(view! { <span class="number">{value.to_string()}</span> }),
    }
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
