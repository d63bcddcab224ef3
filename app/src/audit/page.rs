//! The page.

use leptos::prelude::*;

use crate::part::Page;

#[component]
pub(crate) fn AuditPage() -> impl IntoView {
    view! { <Page title="Audit">"…"</Page> }
}
