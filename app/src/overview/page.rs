//! The first page.

use leptos::prelude::*;

use crate::part::Page;

#[component]
pub(crate) fn OverviewPage() -> impl IntoView {
    view! { <Page title="Overview"><p>"x"</p></Page> }
}
