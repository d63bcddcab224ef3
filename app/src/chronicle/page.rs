//! The page.

use leptos::prelude::*;

use crate::part::Page;

#[component]
pub(crate) fn ChroniclePage() -> impl IntoView {
    view! { <Page title="Chronicle">"…"</Page> }
}
