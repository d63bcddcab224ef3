//! Few words for the document, so that the rest reads as what it does.

use wasm_bindgen::{JsCast, prelude::Closure};
use web_sys::{Document, Element, Event, EventTarget, HtmlElement, Window};

pub(super) fn window() -> Window {
    web_sys::window().expect("islands live in a browser window")
}

pub(super) fn document() -> Document {
    window().document().expect("a window has a document")
}

pub(super) fn root() -> Element {
    document().document_element().expect("a document has a root")
}

pub(super) fn find(selector: &str) -> Option<Element> {
    document().query_selector(selector).ok().flatten()
}

/// Every element that matches, below `within`.
pub(super) fn all(within: &Element, selector: &str) -> Vec<Element> {
    let Ok(list) = within.query_selector_all(selector) else { return Vec::new() };
    (0..list.length()).filter_map(|index| list.item(index)?.dyn_into().ok()).collect()
}

/// The element an event hit, or the nearest around it, that matches.
pub(super) fn hit(event: &Event, selector: &str) -> Option<Element> {
    let target: Element = event.target()?.dyn_into().ok()?;
    target.closest(selector).ok().flatten()
}

/// Listens for as long as the page lives.
pub(super) fn listen<E: JsCast + 'static>(target: &EventTarget, name: &str, act: impl FnMut(E) + 'static) {
    listen_in(target, name, false, act);
}

/// As [`listen`]; `capture` hears events that do not rise.
pub(super) fn listen_in<E: JsCast + 'static>(
    target: &EventTarget,
    name: &str,
    capture: bool,
    mut act: impl FnMut(E) + 'static,
) {
    let act = Closure::<dyn FnMut(Event)>::new(move |event: Event| act(event.unchecked_into()));
    let added = target.add_event_listener_with_callback_and_bool(name, act.as_ref().unchecked_ref(), capture);
    debug_assert!(added.is_ok(), "listening to {name}");
    // pages are left, not unmounted: the listener goes with the document
    act.forget();
}

/// Runs `act` after so many milliseconds.
pub(super) fn after(ms: i32, act: impl FnOnce() + 'static) {
    let act = Closure::once_into_js(act);
    let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(act.unchecked_ref(), ms);
}

pub(super) fn now_ms() -> i64 {
    // whole milliseconds since 1970 fit an i64 until the year 292 million
    #[expect(clippy::cast_possible_truncation, reason = "see above")]
    let now = js_sys::Date::now() as i64;
    now
}

pub(super) fn focus(element: &Element) {
    if let Some(element) = element.dyn_ref::<HtmlElement>() {
        let _ = element.focus();
    }
}

/// Whether a key typed now is meant as text.
pub(super) fn is_typing() -> bool {
    let Some(active) = document().active_element() else { return false };
    let text = "input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]";
    active.matches(text).unwrap_or(false)
}

/// Path and query of where we are.
pub(super) fn address() -> String {
    let location = window().location();
    location.pathname().unwrap_or_default() + &location.search().unwrap_or_default()
}

pub(super) fn go(to: &str) {
    let _ = window().location().assign(to);
}
