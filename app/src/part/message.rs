//! What a page says when there is nothing, when something went wrong, and when something may not be done.

use domain::{Refusal, Status, refusal::RefusalKind};
use http::StatusCode;
use leptos::prelude::*;
use leptos_axum::ResponseOptions;

use super::{Page, Shape};

use crate::{
    address::{self, Parameters},
    context::context,
};

/// Stays with its subject.
#[component]
pub(crate) fn Notice(status: Status, children: Children) -> impl IntoView {
    view! {
        <div class="notice" data-status=status.as_str() role="status">
            <Shape status=status />
            <div>{children()}</div>
        </div>
    }
}

/// Nothing here yet: what this is, why it is empty, the one thing to do next.
#[component]
pub(crate) fn Empty(#[prop(into)] title: String, children: Children) -> impl IntoView {
    view! {
        <div class="empty">
            <h2>{title}</h2>
            {children()}
        </div>
    }
}

/// A button that is off, with the reason on hover and focus.
#[component]
pub(crate) fn Off(
    #[prop(into)] label: String,
    #[prop(into)] why: String,
    /// Unique on the page.
    #[prop(into)]
    id: String,
) -> impl IntoView {
    view! {
        <span class="why from-left">
            <button class="button" type="button" aria-disabled="true" aria-describedby=id.clone()>
                {label}
            </button>
            <span class="why-text" role="tooltip" id=id>
                {why}
            </span>
        </span>
    }
}

/// What became of the form that led here: why it was refused (`?refused=`) or that it was done (`?done=`).
#[component]
pub(crate) fn Outcome() -> impl IntoView {
    let query = Parameters::here();
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

/// The page in place of one that cannot be shown; the answer gets the status code of the refusal.
pub(crate) fn refusal_page(refusal: &Refusal) -> AnyView {
    set_status(refusal.kind.http_status());
    let (title, next) = match refusal.kind {
        RefusalKind::NotFound => ("Not found", "It may have been removed, or the address is misspelt."),
        RefusalKind::Unavailable => {
            ("Not reachable", "This page comes back by itself as soon as what it needs is there.")
        }
        RefusalKind::Forbidden => ("Not allowed", "Ask somebody who administers this console."),
        RefusalKind::Invalid => ("That does not work", "Check the address."),
        RefusalKind::Conflict => ("Not now", "The state has changed; look again."),
        RefusalKind::Internal => ("Something failed", "This is a defect of ours. The log has more under this id."),
    };
    let (message, title) = (refusal.message.clone(), title.to_owned());
    view! {
        <Page title=title>
            <div class="empty">
                <p>{message}</p>
                <p>{next}</p>
                <p>
                    <a href=address::at("/")>"Overview"</a>
                    " · "
                    <a href=address::at("/status")>"Health"</a>
                </p>
            </div>
        </Page>
    }
    .into_any()
}

/// An address that shows nothing.
#[component]
pub(crate) fn NotFound() -> impl IntoView {
    let connections = context().connections;
    if !address::here().starts_with("/at/") {
        return refusal_page(&Refusal::not_found("there is no page at this address"));
    }
    let links = connections.iter().map(|known| {
        let (href, name) = (format!("{}/", known.prefix()), known.name().to_owned());
        view! {
            <li>
                <a href=href>{name}</a>
            </li>
        }
    });
    let links = links.collect_view();
    set_status(RefusalKind::NotFound.http_status());
    view! {
        <Page title="No such connection">
            <div class="empty">
                <p>"No Redis of this name is watched. These are:"</p>
                <ul>{links}</ul>
                <p>
                    <a href=address::CONNECTIONS>"Connections"</a>
                </p>
            </div>
        </Page>
    }
    .into_any()
}

fn set_status(code: u16) {
    if let (Some(response), Ok(status)) = (use_context::<ResponseOptions>(), StatusCode::from_u16(code)) {
        response.set_status(status);
    }
}
