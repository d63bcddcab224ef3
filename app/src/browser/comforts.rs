//! The palette, and with it everything else that a page gets on top of working without a script.

use leptos::prelude::*;

use super::{
    life,
    place::{Place, around},
};

/// What is typed into the palette and what it offers.
#[derive(Clone, Copy)]
pub struct Palette {
    pub words: RwSignal<String>,
    pub places: RwSignal<Vec<Place>>,
    /// Which of them is chosen.
    pub at: RwSignal<usize>,
    /// Why there are none.
    pub note: RwSignal<&'static str>,
}

/// The way to anything, by a few letters of its name.
#[island]
pub fn Comforts() -> impl IntoView {
    let palette = Palette {
        words: RwSignal::new(String::new()),
        places: RwSignal::new(Vec::new()),
        at: RwSignal::new(0),
        note: RwSignal::new(""),
    };
    life::comforts(palette);

    let Palette { words, places, at, note } = palette;
    let is_empty = move || places.with(Vec::is_empty);
    let options = move || {
        let list = places.get();
        list.into_iter().enumerate().map(|(index, place)| option(palette, index, place)).collect_view()
    };
    view! {
        <dialog class="dialog palette" id="palette" aria-label="Go to">
            <input
                class="query"
                id="palette-words"
                type="text"
                role="combobox"
                aria-label="Stream, group, sprint, event id or page"
                aria-autocomplete="list"
                aria-controls="palette-places"
                aria-expanded=move || if is_empty() { "false" } else { "true" }
                aria-activedescendant=move || (!is_empty()).then(|| option_id(at.get()))
                placeholder="Stream, group, sprint, event id or page"
                autocomplete="off"
                spellcheck="false"
                enterkeyhint="go"
                prop:value=words
                on:input=move |event| words.set(event_target_value(&event))
            />
            <div class="places" id="palette-places" role="listbox" aria-label="Places">
                {options}
            </div>
            <p class="palette-note" role="status" hidden=move || note.with(|note| note.is_empty())>
                {note}
            </p>
            <footer>
                <kbd>"↑"</kbd>
                <kbd>"↓"</kbd>
                <span class="muted">"move"</span>
                <kbd>"Enter"</kbd>
                <span class="muted">"open"</span>
                <kbd>"Esc"</kbd>
                <span class="muted">"close"</span>
            </footer>
        </dialog>
        <p class="hidden-text" id="said" role="status"></p>
    }
}

/// A link, so that it opens in another tab as links do.
fn option(palette: Palette, index: usize, place: Place) -> impl IntoView {
    let Palette { words, at, .. } = palette;
    let icon = format!("/icons.svg#i-{}", place.icon());
    let kind = place.word();
    let Place { title, detail, href, .. } = place;
    let (before, hit, after) = around(&title, &words.get_untracked());
    let (before, hit, after) = (before.to_owned(), hit.to_owned(), after.to_owned());
    view! {
        <a
            class="place"
            id=option_id(index)
            role="option"
            tabindex="-1"
            href=href
            aria-selected=move || if at.get() == index { "true" } else { "false" }
            on:pointermove=move |_| {
                if at.get_untracked() != index {
                    at.set(index);
                }
            }
        >
            <svg class="icon" aria-hidden="true">
                <use href=icon></use>
            </svg>
            <span class="place-title">{before} <mark>{hit}</mark> {after}</span>
            <span class="place-detail">{detail}</span>
            <span class="end">{kind}</span>
        </a>
    }
}

fn option_id(index: usize) -> String {
    format!("palette-{index}")
}
