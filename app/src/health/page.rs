//! The page.

use leptos::prelude::*;

use crate::part::Page;

#[component]
pub(crate) fn HealthPage() -> impl IntoView {
    view! { <Page title="Health">"…"</Page> }
}
