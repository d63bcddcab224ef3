//! The page.

use leptos::prelude::*;

use crate::part::Page;

#[component]
pub(crate) fn StreamsPage() -> impl IntoView {
    view! { <Page title="Streams">"…"</Page> }
}

#[component]
pub(crate) fn StreamPage() -> impl IntoView {
    view! { <Page title="Stream">"…"</Page> }
}
