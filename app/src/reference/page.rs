//! The page.

use leptos::prelude::*;

use crate::part::Page;

#[component]
pub(crate) fn ReferencePage() -> impl IntoView {
    view! { <Page title="API">"…"</Page> }
}
