//! The page.

use leptos::prelude::*;

use crate::part::Page;

#[component]
pub(crate) fn BacklogPage() -> impl IntoView {
    view! { <Page title="Backlog">"…"</Page> }
}
