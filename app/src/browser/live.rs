//! How old what is shown is, the connection that keeps it fresh, and a person's say in that.

use leptos::prelude::*;

use super::{
    age::{Told, as_of},
    life,
    pace::Every,
};

/// What the island shows and what a person chooses there.
#[derive(Clone, Copy)]
pub struct Bar {
    pub told: RwSignal<Told>,
    pub is_paused: RwSignal<bool>,
    pub every: RwSignal<Every>,
    /// For screen readers: a change of the state, not each tenth of a second.
    pub said: RwSignal<&'static str>,
}

/// The line in the top bar that says how old the page is, with pause and dial.
#[island]
pub fn Live(
    /// When Redis was asked last for what is shown, in ms since 1970; 0 if it never was.
    at_ms: i64,
    /// The server's clock when it made this page.
    now_ms: i64,
    /// Why Redis could not be asked since.
    error: Option<String>,
) -> impl IntoView {
    let bar = Bar {
        told: RwSignal::new(as_of(at_ms, error.as_deref())),
        is_paused: RwSignal::new(false),
        every: RwSignal::new(Every::default()),
        said: RwSignal::new(""),
    };
    life::live(bar, at_ms, now_ms, error);

    let Bar { told, is_paused, every, said } = bar;
    let shape = move || told.with(|told| format!("/icons.svg#s-{}", told.status.as_str()));
    let text = move || told.with(|told| format!("{}{}", told.state, told.detail));
    let icon = move || if is_paused.get() { "/icons.svg#i-play" } else { "/icons.svg#i-pause" };
    let label = move || if is_paused.get() { "Resume live updates" } else { "Pause live updates" };
    let options = Every::ALL.map(|choice| {
        view! {
            <option value=choice.as_str() prop:selected=move || every.get() == choice>
                {choice.label()}
            </option>
        }
    });
    view! {
        <span
            class="live"
            class:is-still=move || !told.with(|told| told.is_moving)
            data-at=at_ms
            data-status=move || told.with(|told| told.status.as_str())
            title=move || told.with(|told| told.title.clone())
        >
            <svg class="shape" aria-hidden="true">
                <use href=shape></use>
            </svg>
            <span class="live-text">{text}</span>
        </span>
        <span class="hidden-text" role="status">
            {said}
        </span>
        <span class="live-controls needs-script">
            <button
                class="button quiet square"
                type="button"
                data-pause=""
                aria-label=label
                title=label
                on:click=move |_| is_paused.update(|is_paused| *is_paused = !*is_paused)
            >
                <svg class="icon" aria-hidden="true">
                    <use href=icon></use>
                </svg>
            </button>
            <select
                class="input dial"
                aria-label="Update every"
                on:change=move |event| every.set(Every::named(&event_target_value(&event)))
            >
                {options}
            </select>
        </span>
    }
}
