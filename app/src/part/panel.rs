//! The open thing beside its list, with its own scroll and foot. It is an address: closing is going to the one without it.

use leptos::prelude::*;

use super::{Icon, Outcome};

/// The panel. `children` are its body and foot, or a form around both.
#[component]
pub(crate) fn Panel(
    /// What kind of thing it is, or what has not happened yet.
    #[prop(into)]
    kicker: String,
    #[prop(into)] title: AnyView,
    /// The address without the panel.
    #[prop(into)]
    close: String,
    children: Children,
) -> impl IntoView {
    view! {
        <aside class="panel" id="panel" aria-labelledby="panel-title">
            <header class="panel-head">
                <div>
                    <p class="muted">
                        <small>{kicker}</small>
                    </p>
                    <h2 id="panel-title">{title}</h2>
                </div>
                <a class="button quiet square" href=close data-close="" aria-label="Close panel (Escape)" title="Close panel">
                    <Icon name="close" />
                </a>
            </header>
            // on a narrow screen the panel hides the page, and with it the page's notice
            <Outcome />
            {children()}
        </aside>
    }
    .into_any()
}

/// A page with a panel beside it, if there is one.
#[component]
pub(crate) fn Split(panel: Option<AnyView>, children: Children) -> impl IntoView {
    match panel {
        Some(panel) => view! {
            <div class="split">
                {children()}
                {panel}
            </div>
        }
        .into_any(),
        None => children().into_any(),
    }
}
