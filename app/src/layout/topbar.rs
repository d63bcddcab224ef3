//! The bar on top: where this is, the way to anything, how old what is shown is.

use leptos::prelude::*;

use crate::{address, browser::Live, clock, connection::Switch, context::context, part::Icon};

#[component]
pub(crate) fn Topbar() -> impl IntoView {
    let context = context();
    let snapshot = context.snapshot();
    let kind = context.settings.kind.as_str().to_uppercase();
    // of a connection the name stands beside it, in its own colour
    let environment = context.is_home().then(|| {
        let name = context.settings.environment.clone();
        view! {
            " "
            <span>{name}</span>
        }
    });
    view! {
        <header class="topbar">
            <span class="env-badge">{kind} {environment}</span>
            <Switch />
            <a class="go-to" href=address::at("/streams") data-palette="">
                <Icon name="search" />
                <span>"Go to stream, group, sprint, event id"</span>
                <kbd>"Ctrl K"</kbd>
            </a>
            <Live at_ms=snapshot.at.millis() now_ms=clock::now().millis() error=snapshot.error.clone() />
            <form class="scheme" method="post" action=address::at("/api/fn/view/prefer")>
                <button
                    class="button quiet square"
                    name="scheme"
                    value="toggle"
                    aria-label="Switch between light and dark"
                    title="Switch between light and dark"
                >
                    <Icon name="contrast" />
                </button>
            </form>
        </header>
    }
    .into_any()
}
