//! The page.

use leptos::prelude::*;

use crate::part::Page;

#[component]
pub(crate) fn SprintsPage() -> impl IntoView {
    view! { <Page title="Sprints">"…"</Page> }
}

#[component]
pub(crate) fn SprintPage() -> impl IntoView {
    view! { <Page title="Sprint">"…"</Page> }
}
