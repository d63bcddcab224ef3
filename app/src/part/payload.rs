//! Payloads: JSON as a tree that folds without a script, anything else as the text it is.

use domain::stream::Field;
use leptos::prelude::*;

use super::{JsonTree, bytes};

/// The fields of an entry, each under its name. `raw` shows JSON as it came.
pub(crate) fn payload(fields: &[Field], raw: bool) -> AnyView {
    let field = |(place, field): (usize, &Field)| {
        let id = format!("field-{place}");
        let shown = value(id.clone(), &field.value, raw);
        let escaped = (!field.exact).then_some(", not shown exactly");
        view! {
            <div class="payload-field" data-key=id>
                <h4>
                    <code>{visible(&field.name)}</code>
                    " "
                    <small class="muted">{bytes(field.bytes)} {escaped}</small>
                </h4>
                {shown}
            </div>
        }
    };
    fields.iter().enumerate().map(field).collect_view().into_any()
}

/// The value of a field. `id` is unique on the page.
pub(crate) fn value(id: String, text: &str, raw: bool) -> AnyView {
    if raw {
        return view! { <pre class="error-text">{visible(text)}</pre> }.into_any();
    }
    view! { <JsonTree id=id text=text /> }.into_any()
}

/// The text with every character made visible that would reorder or hide its neighbours (Unicode TR36, "Trojan Source"):
/// an operator decides by what a stranger wrote.
pub(crate) fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if is_misleading(character) {
            out.extend(character.escape_unicode());
        } else {
            out.push(character);
        }
    }
    out
}

fn is_misleading(character: char) -> bool {
    let reorders =
        matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let hides = matches!(character, '\u{200b}' | '\u{2060}' | '\u{feff}' | '\u{ad}');
    reorders || hides || (character.is_control() && !matches!(character, '\n' | '\t' | '\r'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reorders_or_hides_text_is_made_visible() {
        assert_eq!(visible("pay \u{202e}001\u{202c} to"), r"pay \u{202e}001\u{202c} to");
        assert_eq!(visible("a\u{200b}b\u{0}c\u{1b}[31m"), r"a\u{200b}b\u{0}c\u{1b}[31m");
        assert_eq!(visible("Zoë 日本\n\tשלום 👩‍👧"), "Zoë 日本\n\tשלום 👩‍👧");
    }
}
