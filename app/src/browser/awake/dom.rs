//! The few words in which the rest of the browser half speaks to the document.

use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{Document, Element, Event, EventTarget, HtmlElement, Node, Window};

pub(super) fn window() -> Window {
    web_sys::window().expect("a page has a window")
}

pub(super) fn document() -> Document {
    window().document().expect("a window has a document")
}

/// `<html>`.
pub(super) fn root() -> Element {
    document().document_element().expect("a document has a root")
}

/// Milliseconds that only go forward.
pub(super) fn steady_ms() -> f64 {
    window().performance().map_or(0.0, |performance| performance.now())
}

/// The first element that fits a selector, which must be a correct one.
pub(super) fn find<T: JsCast>(selector: &str) -> Option<T> {
    document().query_selector(selector).ok().flatten().and_then(|element| element.dyn_into().ok())
}

/// The first one inside `within`.
pub(super) fn find_in<T: JsCast>(within: &Element, selector: &str) -> Option<T> {
    within.query_selector(selector).ok().flatten().and_then(|element| element.dyn_into().ok())
}

/// All that fit, in the order of the document.
pub(super) fn find_all<T: JsCast>(selector: &str) -> Vec<T> {
    document().query_selector_all(selector).as_ref().map(collect).unwrap_or_default()
}

pub(super) fn find_all_in<T: JsCast>(within: &Element, selector: &str) -> Vec<T> {
    within.query_selector_all(selector).as_ref().map(collect).unwrap_or_default()
}

fn collect<T: JsCast>(list: &web_sys::NodeList) -> Vec<T> {
    (0..list.length()).filter_map(|index| list.item(index)?.dyn_into().ok()).collect()
}

/// What the event is about, or what it lies in, that fits a selector.
pub(super) fn around<T: JsCast>(event: &Event, selector: &str) -> Option<T> {
    let node: Node = event.target()?.dyn_into().ok()?;
    let element: Element = node.dyn_into::<Element>().or_else(|node| node.parent_element().ok_or(node)).ok()?;
    closest(&element, selector)
}

pub(super) fn closest<T: JsCast>(element: &Element, selector: &str) -> Option<T> {
    element.closest(selector).ok().flatten().and_then(|element| element.dyn_into().ok())
}

/// Calls `react` for as long as the page lives. Pages are morphed: listeners stand on the document, not on its parts.
pub(super) fn listen(target: &EventTarget, name: &str, react: impl FnMut(Event) + 'static) {
    let closure = closure(Box::new(react));
    // only the two names of an option that a browser does not know could fail here
    let _ = target.add_event_listener_with_callback(name, closure.as_ref().unchecked_ref());
    closure.forget();
}

pub(super) fn closure(react: Box<dyn FnMut(Event)>) -> Closure<dyn FnMut(Event)> {
    Closure::wrap(react)
}

/// Something to be done later; not done if this is dropped before.
pub(super) struct Timer {
    handle: i32,
    _react: Closure<dyn FnMut()>,
}

impl Drop for Timer {
    fn drop(&mut self) {
        // one number space for both kinds of timer (HTML standard, 8.6)
        window().clear_timeout_with_handle(self.handle);
    }
}

pub(super) fn after(ms: u32, act: impl FnOnce() + 'static) -> Timer {
    let react = Closure::once(act);
    let function = react.as_ref().unchecked_ref();
    let ms = i32::try_from(ms).unwrap_or(i32::MAX);
    let handle = window().set_timeout_with_callback_and_timeout_and_arguments_0(function, ms).unwrap_or_default();
    Timer { handle, _react: react }
}

/// `act` every so many milliseconds, until dropped.
pub(super) fn each(ms: i32, act: impl FnMut() + 'static) -> Timer {
    let react: Closure<dyn FnMut()> = Closure::wrap(Box::new(act));
    let function = react.as_ref().unchecked_ref();
    let handle = window().set_interval_with_callback_and_timeout_and_arguments_0(function, ms).unwrap_or_default();
    Timer { handle, _react: react }
}

pub(super) fn set(element: &Element, name: &str, value: &str) {
    // fails only for a name that is no name
    let _ = element.set_attribute(name, value);
}

pub(super) fn unset(element: &Element, name: &str) {
    let _ = element.remove_attribute(name);
}

/// A new element with its class.
pub(super) fn make(tag: &str, class: &str) -> HtmlElement {
    let element = document().create_element(tag).expect("a tag of HTML");
    element.set_class_name(class);
    element.unchecked_into()
}

/// Focus without scrolling there.
pub(super) fn focus(element: &HtmlElement) {
    let options = web_sys::FocusOptions::new();
    options.set_prevent_scroll(true);
    let _ = element.focus_with_options(&options);
}

pub(super) fn focused() -> Option<HtmlElement> {
    document().active_element().and_then(|element| element.dyn_into().ok())
}

/// Path and query of where this page is.
pub(super) fn here() -> String {
    let location = window().location();
    location.pathname().unwrap_or_default() + &location.search().unwrap_or_default()
}

/// A path of the connection whose page this is: the server says on the root what stands before it.
pub(super) fn at(path: &str) -> String {
    root().get_attribute("data-prefix").unwrap_or_default() + path
}

pub(super) fn go_to(address: &str) {
    let _ = window().location().assign(address);
}

/// Tells screen readers, once, in a place that nobody sees.
pub(super) fn say(text: &str) {
    if let Some(place) = document().get_element_by_id("said") {
        place.set_text_content(Some(text));
    }
}

/// A field of a plain object.
pub(super) fn field(object: &JsValue, name: &str) -> Option<String> {
    js_sys::Reflect::get(object, &JsValue::from_str(name)).ok()?.as_string()
}
