//! Payloads: JSON as a tree that folds without a script, anything else as the text it is.

use domain::stream::Field;
use leptos::prelude::*;
use serde_json::Value;

use super::{bytes, counted};

/// Longer JSON stays text: a tree of it would be slow to draw, and nobody reads it.
const TREE_AT_MOST: usize = 256 * 1024;
/// What lies deeper is written in one line.
const DEEPEST: usize = 24;
/// Levels that are open at first.
const OPEN: usize = 2;

/// The fields of an entry, each under its name. `raw` shows JSON as it came.
pub(crate) fn payload(fields: &[Field], raw: bool) -> AnyView {
    let field = |(place, field): (usize, &Field)| {
        let tree = if raw { None } else { tree(&field.value) };
        let body = match tree {
            Some(value) => {
                view! { <div class="json">{node(&format!("field-{place}"), None, &value, 0)}</div> }.into_any()
            }
            None => view! { <pre class="error-text">{field.value.clone()}</pre> }.into_any(),
        };
        let escaped = (!field.exact).then_some(", not shown exactly");
        view! {
            <div class="payload-field" data-key=format!("field-{place}")>
                <h4>
                    <code>{field.name.clone()}</code>
                    " "
                    <small class="muted">{bytes(field.bytes)} {escaped}</small>
                </h4>
                {body}
            </div>
        }
    };
    fields.iter().enumerate().map(field).collect_view().into_any()
}

/// The JSON in a text that is worth a tree: an object or a list.
fn tree(text: &str) -> Option<Value> {
    let value: Value = if text.len() <= TREE_AT_MOST { serde_json::from_str(text).ok()? } else { return None };
    (value.is_object() || value.is_array()).then_some(value)
}

fn node(id: &str, key: Option<&str>, value: &Value, depth: usize) -> AnyView {
    let key = key.map(|key| view! { <span class="key">{key.to_owned()}</span> });
    let (children, size): (Vec<(String, &Value)>, String) = match value {
        Value::Object(fields) if depth < DEEPEST => {
            (fields.iter().map(|(name, value)| (name.clone(), value)).collect(), counted(fields.len() as u64, "field"))
        }
        Value::Array(items) if depth < DEEPEST => (
            items.iter().enumerate().map(|(place, value)| (place.to_string(), value)).collect(),
            counted(items.len() as u64, "item"),
        ),
        leaf => {
            return view! {
                {key}
                <span class=kind(leaf)>{leaf.to_string()}</span>
            }
            .into_any();
        }
    };
    let inside = children.into_iter().enumerate().map(|(place, (name, value))| {
        view! { <li>{node(&format!("{id}-{place}"), Some(&name), value, depth + 1)}</li> }
    });
    view! {
        <details id=id.to_owned() open=depth < OPEN>
            <summary>{key} {size}</summary>
            <ul>{inside.collect_view()}</ul>
        </details>
    }
    .into_any()
}

const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) | Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) | Value::Object(_) => "deep",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_parts_becomes_a_tree() {
        assert!(tree(r#"{"a": 1}"#).is_some());
        assert!(tree("[1, 2]").is_some());
        assert!(tree("42").is_none());
        assert!(tree("this is not JSON").is_none());
    }

    #[test]
    fn json_that_is_too_long_stays_text() {
        let long = format!("[\"{}\"]", "x".repeat(TREE_AT_MOST));
        assert!(tree(&long).is_none());
    }
}
