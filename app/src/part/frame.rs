//! The frame of a page: its title, its heading, one sentence, what can be done; and how its data gets in.

use std::future::Future;

use domain::Refusal;
use leptos::prelude::*;
use leptos_meta::Title;

use super::{Outcome, refusal_page};
use crate::context::context;

/// A page with its heading. `lede` is the one sentence that answers the page's question.
#[component]
pub(crate) fn Page(
    #[prop(into)] title: String,
    #[prop(optional, into)] lede: Option<AnyView>,
    /// Links above the heading, to what this belongs to.
    #[prop(optional, into)]
    crumbs: Vec<(String, String)>,
    /// Buttons beside the heading.
    #[prop(optional, into)]
    actions: Option<AnyView>,
    children: Children,
) -> impl IntoView {
    let place = context().settings.environment.clone();
    let crumbs = (!crumbs.is_empty()).then(|| {
        let links = crumbs.into_iter().map(|(href, name)| view! { <li><a href=href>{name}</a></li> }).collect_view();
        view! { <ol class="crumbs" aria-label="Where this belongs">{links}</ol> }
    });
    view! {
        <Title text=format!("{title} · {place} · DSM Console") />
        <div class="page">
            <header class="page-head">
                <div>
                    {crumbs}
                    <h1>{title}</h1>
                    {lede.map(|lede| view! { <p class="lede">{lede}</p> })}
                </div>
                {actions.map(|actions| view! { <div class="button-row">{actions}</div> })}
            </header>
            <Outcome />
            {children()}
        </div>
    }
    .into_any()
}

/// Shows what `data` gives, or why it cannot be shown. The answer waits for it (every route renders `Async`).
pub(crate) fn loaded<T, E, V>(
    data: impl Future<Output = Result<T, E>> + Send + 'static,
    show: impl FnOnce(T) -> V + Send + 'static,
) -> impl IntoView
where
    T: Send + 'static,
    E: Into<Refusal> + Send + 'static,
    V: IntoView + 'static,
{
    Suspend::new(async move {
        match data.await {
            Ok(data) => show(data).into_any(),
            Err(error) => refusal_page(&error.into()),
        }
    })
}
