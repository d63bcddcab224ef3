//! Ids: monospace, copied by one click.

use leptos::prelude::*;

use super::Icon;

#[component]
#[expect(clippy::needless_pass_by_value, reason = "a component owns what it is given")]
pub(crate) fn Id(#[prop(into)] text: String) -> impl IntoView {
    view! {
        <span class="id">
            {text.clone()}
            <button class="copy" type="button" data-copy=text.clone() aria-label=format!("Copy {text}") title="Copy">
                <Icon name="copy" />
            </button>
        </span>
    }
}
