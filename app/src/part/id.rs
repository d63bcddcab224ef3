//! Ids: monospace, copied by one click.

use leptos::prelude::*;

use super::Icon;

#[component]
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
