//! The page.

use leptos::prelude::*;

use crate::part::Page;

#[component]
pub(crate) fn GroupPage() -> impl IntoView {
    view! { <Page title="Group">"…"</Page> }
}
