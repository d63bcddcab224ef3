//! The page.

use leptos::prelude::*;

use crate::part::Page;

#[component]
pub(crate) fn AccessPage() -> impl IntoView {
    view! { <Page title="Access">"…"</Page> }
}
