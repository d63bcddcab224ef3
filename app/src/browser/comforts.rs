//! Palette and key sheet, and the listeners that make a page comfortable.

use leptos::prelude::*;

use super::shortcut;

#[island]
pub fn Comforts() -> impl IntoView {
    start();
    let pages = shortcut::PAGES.map(|(key, _, name)| {
        view! {
            <dt>{name}</dt>
            <dd>
                <kbd>"g"</kbd>
                <kbd>{key}</kbd>
            </dd>
        }
    });
    let others = shortcut::OTHERS.map(|(keys, what)| {
        let keys: Vec<&str> = keys.split(' ').collect();
        view! {
            <dt>{what}</dt>
            <dd>{keys.into_iter().map(|key| view! { <kbd>{key}</kbd> }).collect_view()}</dd>
        }
    });
    view! {
        <dialog class="dialog palette" id="palette" aria-label="Go to">
            <input
                class="query"
                id="palette-query"
                type="text"
                role="combobox"
                aria-label="Go to stream, group, sprint, event id"
                aria-controls="palette-list"
                aria-expanded="true"
                aria-autocomplete="list"
                placeholder="Stream, group, project, sprint, event id"
                autocomplete="off"
                spellcheck="false"
            />
            <p class="palette-title" id="palette-note" role="status"></p>
            <ul id="palette-list" role="listbox" aria-label="Places"></ul>
        </dialog>
        <dialog class="dialog key-sheet" id="keys" aria-labelledby="keys-h">
            <header>
                <h2 id="keys-h">"Keys"</h2>
            </header>
            <div class="body keys">
                <div>
                    <h3>"Go to"</h3>
                    <dl>{pages}</dl>
                </div>
                <div>
                    <h3>"On a page"</h3>
                    <dl>{others}</dl>
                </div>
            </div>
            <footer>
                <button class="button" type="button" data-dismiss="">
                    "Close"
                </button>
            </footer>
        </dialog>
    }
}

#[cfg(feature = "hydrate")]
use awake::start;

#[cfg(feature = "hydrate")]
mod awake {
    //! The listeners, once per page.

    use crate::browser::{board, copy, form, keys, page::after, palette, select};

    pub(super) fn start() {
        form::start();
        copy::start();
        select::start();
        keys::start();
        board::start();
        // the dialogs are there as soon as the island is
        after(0, palette::start);
    }
}

#[cfg(not(feature = "hydrate"))]
use at_rest::start;

#[cfg(not(feature = "hydrate"))]
mod at_rest {
    //! The server listens to nothing.

    pub(super) fn start() {}
}
