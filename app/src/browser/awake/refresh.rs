//! Brings the page up to date: fetches its address again and morphs what changes.

use std::cell::{Cell, RefCell};

use web_sys::{DomParser, Element, SupportedType};

use super::{dom, fetch, hold, morph, settle};

thread_local! {
    static SHOWN: Cell<Shown> = const { Cell::new(Shown { at_ms: 0, missed: false, asked_ms: 0.0 }) };
    static IS_ASKING: Cell<bool> = const { Cell::new(false) };
    /// Somebody wants a fresh page as soon as that is possible.
    static IS_WANTED: Cell<bool> = const { Cell::new(false) };
    /// The next page must be whole.
    static IS_WHOLE: Cell<bool> = const { Cell::new(false) };
    /// An answer that came while the page was held.
    static WAITING: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// What is on the page.
#[derive(Clone, Copy)]
pub(super) struct Shown {
    /// When Redis was asked for it, in ms since 1970 by the server's clock.
    pub(super) at_ms: i64,
    /// The last try to bring it up to date failed.
    pub(super) missed: bool,
    /// When it was asked for last, by the browser's steady clock.
    pub(super) asked_ms: f64,
}

/// Why the page stays as it is.
struct Missed;

pub(super) fn shown() -> Shown {
    SHOWN.get()
}

pub(super) fn begin(at_ms: i64) {
    SHOWN.set(Shown { at_ms, missed: false, asked_ms: dom::steady_ms() });
}

/// At a tick: only if nothing is on its way, and not under somebody's hand.
pub(super) fn at_tick() {
    if !IS_ASKING.get() && !hold::is_held() {
        now();
    }
}

/// After an act: in any case, and once more if an older question is still on its way.
pub(super) fn now() {
    IS_WANTED.set(true);
    if !IS_ASKING.replace(true) {
        wasm_bindgen_futures::spawn_local(async {
            while IS_WANTED.replace(false) {
                let missed = once().await.is_err();
                SHOWN.set(Shown { missed, ..SHOWN.get() });
            }
            IS_ASKING.set(false);
        });
    }
}

/// When the page is let go: shows what came meanwhile.
pub(super) fn if_postponed() {
    if !hold::is_held()
        && let Some(text) = WAITING.take()
    {
        show(&text);
    }
}

async fn once() -> Result<(), Missed> {
    SHOWN.set(Shown { asked_ms: dom::steady_ms(), ..SHOWN.get() });
    let address = dom::here();
    let have = if IS_WHOLE.get() { String::new() } else { morph::versions() };
    let response = fetch::page(&address, &have).await.map_err(|_| Missed)?;
    // another page in the place of this one would be a lie under this address
    if response.status() != 200 || response.redirected() {
        return Err(Missed);
    }
    let text = fetch::text(&response).await.map_err(|_| Missed)?;
    // only now: an answer that did not come has made nothing whole
    if have.is_empty() {
        IS_WHOLE.set(false);
    }
    if hold::is_held() {
        WAITING.set(Some(text));
    } else {
        WAITING.set(None);
        show(&text);
    }
    Ok(())
}

fn show(text: &str) {
    let parsed = DomParser::new().and_then(|parser| parser.parse_from_string(text, SupportedType::TextHtml));
    let Ok(fresh) = parsed else { return };
    for old in dom::find_all::<Element>("[data-live][id]") {
        let is_inside_another =
            old.parent_element().is_some_and(|parent| parent.closest("[data-live]").is_ok_and(|at| at.is_some()));
        if let Some(new) = fresh.get_element_by_id(&old.id()).filter(|_| !is_inside_another) {
            morph::morph(&old, &new);
        }
    }
    if morph::is_lost() {
        IS_WHOLE.set(true);
        now();
    }
    if fresh.title() != dom::document().title() {
        dom::document().set_title(&fresh.title());
    }
    if let Some(root) = fresh.document_element() {
        preferences(&root);
    }
    let at = fresh.query_selector("[data-at]").ok().flatten().and_then(|element| element.get_attribute("data-at"));
    if let Some(at_ms) = at.and_then(|at| at.parse().ok()) {
        SHOWN.set(Shown { at_ms, ..SHOWN.get() });
    }
    settle();
}

/// What a person chose, here or in another tab.
fn preferences(fresh: &Element) {
    let root = dom::root();
    for name in ["data-scheme", "data-rail"] {
        match fresh.get_attribute(name) {
            Some(value) if root.get_attribute(name).as_ref() != Some(&value) => dom::set(&root, name, &value),
            Some(_) => {}
            None => dom::unset(&root, name),
        }
    }
}
