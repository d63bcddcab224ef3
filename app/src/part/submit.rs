//! What may be pressed: on where it is permitted and possible, else off with the reason (law 5).

use domain::Permission;
use leptos::{either::Either, prelude::*};

use super::Off;
use crate::context::context;

/// The button of a form.
#[component]
pub(crate) fn Submit(
    #[prop(into)] label: String,
    /// `primary`, `danger armed` or nothing.
    #[prop(optional)]
    class: &'static str,
    needs: Permission,
    /// What it makes the console send to Redis, as [`domain::connection::needs`] has it.
    #[prop(optional)]
    sends: &'static [&'static str],
    /// Unique on the page.
    id: &'static str,
) -> impl IntoView {
    match context().may_send(needs, sends) {
        Ok(()) => Either::Left(view! {
            <button class=format!("button {class}") type="submit">
                {label}
            </button>
        }),
        Err(why) => Either::Right(view! { <Off label=label why=why id=id /> }),
    }
}

/// A link to the panel of an act.
#[component]
pub(crate) fn ActLink(
    #[prop(into)] label: String,
    #[prop(into)] href: String,
    #[prop(optional)] class: &'static str,
    needs: Permission,
    /// Why the state of things does not allow it.
    #[prop(optional_no_strip)]
    off: Option<String>,
    /// Whether its panel is open.
    #[prop(optional)]
    is_open: bool,
    /// Unique on the page.
    id: &'static str,
) -> impl IntoView {
    match off.map_or_else(|| context().may(needs), Err) {
        Ok(()) => {
            let pressed = if is_open { "is-pressed" } else { "" };
            Either::Left(view! {
                <a class=format!("button {class} {pressed}") href=href aria-current=is_open.then_some("true")>
                    {label}
                </a>
            })
        }
        Err(why) => Either::Right(view! { <Off label=label why=why id=id /> }),
    }
}
