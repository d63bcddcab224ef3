//! The page.

use leptos::prelude::*;

use crate::part::Page;

#[component]
pub(crate) fn DeadLettersPage() -> impl IntoView {
    view! { <Page title="Dead letters">"…"</Page> }
}
