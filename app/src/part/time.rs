//! Times: the clock or how long ago, with the moment itself on hover.

use std::time::Duration;

use domain::{
    Timestamp,
    time::{humane, min_sec},
};
use leptos::prelude::*;

use crate::clock;

/// `14:32:08` today, `2026-03-09 14:32` on another day; UTC.
#[component]
pub(crate) fn Clock(at: Timestamp) -> impl IntoView {
    let text =
        if at.date() == clock::now().date() { at.clock() } else { format!("{} {}", at.date(), &at.clock()[..5]) };
    view! { <time datetime=at.iso_millis() title=at.iso_millis()>{text}</time> }
}

/// `6 min 12 s ago`.
#[component]
pub(crate) fn Ago(at: Timestamp) -> impl IntoView {
    let text = format!("{} ago", humane(clock::now().since(at)));
    view! { <time datetime=at.iso_millis() title=at.iso_millis()>{text}</time> }
}

/// An age for a column of numbers, `min:s`; a dash where there is none.
pub(crate) fn age_min_sec(ms: Option<u64>) -> String {
    ms.map_or_else(|| "–".to_owned(), |ms| min_sec(Duration::from_millis(ms)))
}
