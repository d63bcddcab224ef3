//! When the page must not change under a person's hand: while a button of the mouse is down, while something is dragged,
//! and while a change that is shown already is on its way to the server.

use std::cell::Cell;

use wasm_bindgen::JsCast;

use super::{dom, refresh};

thread_local! {
    static HANDS: Cell<u32> = const { Cell::new(0) };
    static IS_PRESSED: Cell<bool> = const { Cell::new(false) };
}

/// Holds the page still until it is dropped.
pub(super) struct Still;

pub(super) fn still() -> Still {
    HANDS.set(HANDS.get() + 1);
    Still
}

impl Drop for Still {
    fn drop(&mut self) {
        HANDS.set(HANDS.get().saturating_sub(1));
        refresh::if_postponed();
    }
}

pub(super) fn is_held() -> bool {
    HANDS.get() > 0 || IS_PRESSED.get()
}

pub(super) fn begin() {
    let document = dom::document();
    dom::listen(&document, "pointerdown", |event| {
        // a finger that scrolls is no hand on a thing, and the browser may never tell that it was lifted
        let is_mouse = event.dyn_ref::<web_sys::PointerEvent>().is_some_and(|event| event.pointer_type() == "mouse");
        IS_PRESSED.set(is_mouse);
    });
    // a drag takes the pointer away: it is cancelled, and the board holds the page from then on
    for name in ["pointerup", "pointercancel"] {
        dom::listen(&document, name, |_| {
            IS_PRESSED.set(false);
            // the click that follows comes first
            wasm_bindgen_futures::spawn_local(async { refresh::if_postponed() });
        });
    }
    dom::listen(&dom::window(), "blur", |_| IS_PRESSED.set(false));
}
