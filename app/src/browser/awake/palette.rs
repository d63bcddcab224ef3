//! The palette: opens over the page, asks the server while somebody types, goes where he chooses.

use std::cell::{Cell, RefCell};

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlDialogElement, HtmlElement, KeyboardEvent, MouseEvent};

use super::{
    super::{
        comforts::Palette,
        place::{Place, step},
    },
    dom, fetch,
};

const ADDRESS: &str = "/api/console/places?q=";
/// Milliseconds without a letter after which the server is asked.
const PAUSE_MS: u32 = 120;

thread_local! {
    static PALETTE: Cell<Option<Palette>> = const { Cell::new(None) };
    static SOON: RefCell<Option<dom::Timer>> = const { RefCell::new(None) };
    /// Which question was the last one: answers to earlier ones come too late.
    static QUESTION: Cell<u32> = const { Cell::new(0) };
    /// The words that what is offered answers.
    static ANSWERED: RefCell<String> = const { RefCell::new(String::new()) };
    /// Somebody pressed Enter before there was an answer to his words.
    static IS_AWAITED: Cell<bool> = const { Cell::new(false) };
}

pub(super) fn begin(palette: Palette) {
    PALETTE.set(Some(palette));
    name_command_key();
    Effect::new(move |before: Option<String>| {
        let words = palette.words.get();
        if before.is_some_and(|before| before != words) {
            SOON.set(Some(dom::after(PAUSE_MS, move || ask(palette))));
        }
        words
    });
    dom::listen(&dom::document(), "click", |event| {
        let is_plain = event
            .dyn_ref::<MouseEvent>()
            .is_some_and(|event| !event.ctrl_key() && !event.meta_key() && !event.shift_key());
        if is_plain && dom::around::<Element>(&event, "[data-palette]").is_some() {
            event.prevent_default();
            toggle();
        }
    });
    dom::listen(&dom::document(), "keydown", move |event| {
        let is_mine = dom::around::<Element>(&event, "#palette-words").is_some();
        if let Some(event) = event.dyn_ref::<KeyboardEvent>().filter(|event| is_mine && !event.is_composing()) {
            steer(palette, event);
        }
    });
}

/// Opens the palette with what can be gone to at all, or closes it.
pub(super) fn toggle() {
    let (Some(dialog), Some(palette)) = (dialog(), PALETTE.get()) else { return };
    if dialog.open() {
        return dialog.close();
    }
    IS_AWAITED.set(false);
    ANSWERED.take();
    palette.words.set(String::new());
    offer(palette, pages());
    if dialog.show_modal().is_ok() {
        ask(palette);
    }
}

fn dialog() -> Option<HtmlDialogElement> {
    dom::find("#palette")
}

/// The pages, from the rail: they are there before the server answers, and if it does not.
fn pages() -> Vec<Place> {
    let links: Vec<HtmlElement> = dom::find_all("nav.rail > ul a.rail-link");
    let place = |link: HtmlElement| Place {
        kind: "page".to_owned(),
        title: link.title(),
        detail: String::new(),
        href: link.get_attribute("href").unwrap_or_default(),
    };
    links.into_iter().map(place).collect()
}

fn offer(palette: Palette, places: Vec<Place>) {
    palette.note.set(if places.is_empty() { "Nothing here has such a name or id." } else { "" });
    palette.at.set(0);
    palette.places.set(places);
}

fn ask(palette: Palette) {
    let question = QUESTION.get().wrapping_add(1);
    QUESTION.set(question);
    let words = palette.words.get_untracked();
    wasm_bindgen_futures::spawn_local(async move {
        let answer = places(&words).await;
        if QUESTION.get() != question {
            return;
        }
        let is_awaited = IS_AWAITED.take();
        match answer {
            Some(places) => {
                if let Some(first) = places.first().filter(|_| is_awaited) {
                    dom::go_to(&first.href);
                }
                ANSWERED.set(words);
                offer(palette, places);
            }
            None => palette.note.set("The server does not answer."),
        }
    });
}

async fn places(words: &str) -> Option<Vec<Place>> {
    let encoded = String::from(js_sys::encode_uri_component(words));
    let response = fetch::get(&(dom::at(ADDRESS) + &encoded), "application/json").await.ok()?;
    let text = fetch::text(&response).await.ok().filter(|_| response.ok())?;
    serde_json::from_str(&text).ok()
}

fn steer(palette: Palette, event: &KeyboardEvent) {
    let count = palette.places.with_untracked(Vec::len);
    let by = match event.key().as_str() {
        "ArrowDown" => 1,
        "ArrowUp" => -1,
        "Enter" => {
            event.prevent_default();
            return choose(palette);
        }
        _ => return,
    };
    event.prevent_default();
    palette.at.update(|at| *at = step(*at, by, count));
    if let Some(option) = option(palette.at.get_untracked()) {
        option.scroll_into_view_with_bool(false);
    }
}

fn choose(palette: Palette) {
    let is_answered = palette.words.with_untracked(|words| ANSWERED.with_borrow(|answered| words == answered));
    if !is_answered {
        IS_AWAITED.set(true);
        ask(palette);
    } else if let Some(option) = option(palette.at.get_untracked()) {
        option.click();
    }
}

fn option(index: usize) -> Option<HtmlElement> {
    let places: Vec<HtmlElement> = dom::find_all("#palette-places > a");
    places.into_iter().nth(index)
}

/// On a Mac it is another key.
fn name_command_key() {
    let is_mac = dom::window().navigator().platform().is_ok_and(|platform| platform.starts_with("Mac"));
    for key in dom::find_all::<Element>("[data-palette] kbd").into_iter().filter(|_| is_mac) {
        key.set_text_content(Some("⌘ K"));
    }
}
