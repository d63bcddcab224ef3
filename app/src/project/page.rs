//! The page.

use leptos::prelude::*;

use crate::part::Page;

#[component]
pub(crate) fn ProjectsPage() -> impl IntoView {
    view! { <Page title="Projects">"…"</Page> }
}

#[component]
pub(crate) fn ProjectPage() -> impl IntoView {
    view! { <Page title="Project">"…"</Page> }
}
