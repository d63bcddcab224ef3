//! What stands around every page: the rail on the left, the bar on top, the islands that make it comfortable.

mod keysheet;
mod rail;
mod topbar;

use leptos::prelude::*;

use self::{keysheet::KeySheet, rail::Rail, topbar::Topbar};
use crate::browser::Comforts;

#[component]
pub(crate) fn Layout(children: Children) -> impl IntoView {
    view! {
        <a class="skip-link" href="#main">
            "Skip to content"
        </a>
        <div class="shell">
            <Rail />
            <Topbar />
            <main class="main" id="main" data-live="" tabindex="-1">
                {children()}
            </main>
        </div>
        <KeySheet />
        <Comforts />
    }
}
