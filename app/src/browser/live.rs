//! How old what is shown is, and the connection that keeps it fresh (interface, law 3).

use leptos::prelude::*;

use super::age::{self, Freshness};

/// What the dial offers: milliseconds between two updates, and its word. 0 = off.
pub(crate) const DIAL: [(i32, &str); 5] =
    [(1_000, "1 s"), (5_000, "5 s"), (15_000, "15 s"), (60_000, "1 min"), (0, "off")];

/// What the island shows.
#[derive(Clone, Copy)]
pub(crate) struct Shown {
    pub(crate) text: RwSignal<String>,
    pub(crate) status: RwSignal<&'static str>,
    pub(crate) paused: RwSignal<bool>,
    pub(crate) dial: RwSignal<i32>,
}

#[island]
pub fn Live(
    /// When the sampler asked Redis last, in milliseconds since 1970; 0 = never.
    at_ms: i64,
    /// When this page was rendered, by the same clock.
    now_ms: i64,
    /// Whether Redis could not be asked since.
    away: bool,
) -> impl IntoView {
    // without a script nothing counts on, so the time itself is said
    let (first, status) = match (at_ms, away) {
        (0, _) => (Freshness::Nothing.text(0), Freshness::Nothing.status()),
        (_, true) => (Freshness::RedisAway.text(now_ms - at_ms), Freshness::RedisAway.status()),
        (_, false) => (format!("as of {}", age::clock(at_ms)), Freshness::Live.status()),
    };
    let shown = Shown {
        text: RwSignal::new(first),
        status: RwSignal::new(status),
        paused: RwSignal::new(false),
        dial: RwSignal::new(DIAL[0].0),
    };
    start(shown, at_ms, now_ms, away);
    let pause_label = move || if shown.paused.get() { "Resume live updates" } else { "Pause live updates" };
    let pause_icon = move || if shown.paused.get() { "/icons.svg#i-play" } else { "/icons.svg#i-pause" };
    view! {
        <span class="live" class:is-still=move || shown.paused.get() data-status=move || shown.status.get()>
            <svg class="shape" aria-hidden="true">
                <use href=move || format!("/icons.svg#s-{}", shown.status.get())></use>
            </svg>
            <span class="live-text">{move || shown.text.get()}</span>
        </span>
        <span class="live-controls needs-script">
            <button
                class="button quiet square"
                type="button"
                aria-label=pause_label
                title=pause_label
                on:click=move |_| shown.paused.update(|paused| *paused = !*paused)
            >
                <svg class="icon" aria-hidden="true">
                    <use href=pause_icon></use>
                </svg>
            </button>
            <select
                class="input dial"
                aria-label="Update every"
                on:change=move |event| shown.dial.set(event_target_value(&event).parse().unwrap_or(DIAL[0].0))
                prop:value=move || shown.dial.get().to_string()
            >
                {DIAL.map(|(ms, word)| view! { <option value=ms.to_string()>{word}</option> })}
            </select>
        </span>
    }
}

#[cfg(feature = "hydrate")]
use super::connection::start;

#[cfg(not(feature = "hydrate"))]
use at_rest::start;

#[cfg(not(feature = "hydrate"))]
mod at_rest {
    //! On the server nothing counts on.

    pub(super) fn start(_shown: super::Shown, _at_ms: i64, _now_ms: i64, _away: bool) {}
}
