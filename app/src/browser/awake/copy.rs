//! Copying by one press.

use std::cell::RefCell;

use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{HtmlDocument, HtmlElement, HtmlTextAreaElement};

use super::{dom, morph::OWN};

/// Milliseconds that a button says what it has done.
const FEEDBACK_MS: u32 = 1_500;
const COPIED: &str = "data-copied";

thread_local! {
    static FEEDBACK: RefCell<Option<(HtmlElement, dom::Timer)>> = const { RefCell::new(None) };
}

pub(super) fn begin() {
    dom::listen(&dom::document(), "click", |event| {
        if let Some(button) = dom::around::<HtmlElement>(&event, "[data-copy]") {
            wasm_bindgen_futures::spawn_local(copy(button));
        }
    });
}

async fn copy(button: HtmlElement) {
    let text = button.get_attribute("data-copy").unwrap_or_default();
    // the clipboard is only there on https and on this machine
    let is_copied = dom::window().is_secure_context()
        && JsFuture::from(dom::window().navigator().clipboard().write_text(&text)).await.is_ok()
        || copy_by_selection(&text);
    let (word, said) = if is_copied { ("yes", "Copied ") } else { ("no", "Could not copy ") };
    dom::say(&(said.to_owned() + &text));
    if let Some((last, _)) = FEEDBACK.take() {
        forget(&last);
    }
    dom::set(&button, COPIED, word);
    dom::set(&button, OWN, COPIED);
    let pressed = button.clone();
    FEEDBACK.set(Some((button, dom::after(FEEDBACK_MS, move || forget(&pressed)))));
}

fn forget(button: &HtmlElement) {
    dom::unset(button, COPIED);
    dom::unset(button, OWN);
}

/// As browsers did it before there was a clipboard for pages.
fn copy_by_selection(text: &str) -> bool {
    let focused = dom::focused();
    let Ok(area) = dom::make("textarea", "hidden-text").dyn_into::<HtmlTextAreaElement>() else { return false };
    let document = dom::document();
    area.set_value(text);
    let _ = document.body().map(|body| body.append_child(&area));
    area.select();
    let is_copied =
        document.dyn_ref::<HtmlDocument>().is_some_and(|document| document.exec_command("copy").unwrap_or(false));
    area.remove();
    if let Some(focused) = focused {
        dom::focus(&focused);
    }
    is_copied
}
