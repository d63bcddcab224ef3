//! Shapes, words and icons. A status is never told by its colour alone.

use domain::Status;
use leptos::prelude::*;

/// An icon of `public/icons.svg`; words beside it say what it means.
#[component]
pub(crate) fn Icon(name: &'static str) -> impl IntoView {
    view! {
        <svg class="icon" aria-hidden="true">
            <use href=format!("/icons.svg#i-{name}")></use>
        </svg>
    }
}

/// The shape of a status; its word stands beside it.
#[component]
pub(crate) fn Shape(status: Status) -> impl IntoView {
    view! {
        <svg class="shape" aria-hidden="true">
            <use href=format!("/icons.svg#s-{}", status.as_str())></use>
        </svg>
    }
}

/// Shape and word, in a line of text or a table.
#[component]
pub(crate) fn StatusWord(
    status: Status,
    #[prop(into)] word: String,
    /// The sentence behind the word, on hover.
    #[prop(optional, into)]
    reason: Option<String>,
) -> impl IntoView {
    view! {
        <span class="status" data-status=status.as_str() title=reason>
            <Shape status=status />
            {word}
        </span>
    }
}

/// Shape and word standing alone.
#[component]
pub(crate) fn Badge(status: Status, #[prop(into)] word: String) -> impl IntoView {
    view! {
        <span class="badge" data-status=status.as_str()>
            <Shape status=status />
            {word}
        </span>
    }
}
