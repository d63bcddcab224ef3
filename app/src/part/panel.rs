//! A page with the thing that is open beside it. The panel is part of the address: closing it is a link.

use domain::Status;
use leptos::{either::Either, prelude::*};
use leptos_router::hooks::use_query_map;

use super::{Icon, Notice};

/// A page, and beside it what is open.
#[component]
pub(crate) fn Split(panel: Option<AnyView>, children: Children) -> impl IntoView {
    match panel {
        Some(panel) => Either::Left(view! {
            <div class="split">
                {children()} {panel}
            </div>
        }),
        None => Either::Right(children()),
    }
}

/// What is open. Its children are a `.panel-body` and a `.panel-foot`, or a form around both.
#[component]
pub(crate) fn Panel(
    /// Unique on the page.
    #[prop(into)]
    id: String,
    #[prop(into)] title: String,
    /// What this is, above the title.
    #[prop(into)]
    kind: String,
    /// The address without the panel.
    #[prop(into)]
    close: String,
    children: Children,
) -> impl IntoView {
    let heading = format!("{id}-heading");
    view! {
        <section class="panel" id=id aria-labelledby=heading.clone()>
            <header class="panel-head">
                <div>
                    <p class="muted">
                        <small>{kind}</small>
                    </p>
                    <h2 id=heading.clone()>{title}</h2>
                </div>
                <a class="button quiet square" href=close data-close="" aria-label="Close panel (Escape)">
                    <Icon name="close" />
                </a>
            </header>
            <PanelOutcome />
            {children()}
        </section>
    }
    .into_any()
}

/// What became of the panel's form: on a narrow screen the panel hides the page, and with it the page's notice.
#[component]
fn PanelOutcome() -> impl IntoView {
    let query = use_query_map().get_untracked();
    let refused = query.get("refused").map(|message| {
        view! {
            <Notice status=Status::Bad>
                <p>
                    <strong>"Not done. "</strong>
                    {message}
                </p>
            </Notice>
        }
    });
    let done = query.get("done").map(|message| {
        view! {
            <Notice status=Status::Ok>
                <p>{message}</p>
            </Notice>
        }
    });
    view! {
        {refused}
        {done}
    }
}
