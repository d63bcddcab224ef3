//! Copy buttons.

use web_sys::Event;

use super::page::{after, document, hit, listen, window};

/// How long a button says that it has copied.
const SAY_FOR_MS: i32 = 1_500;

pub(super) fn start() {
    listen(&document(), "click", |event: Event| {
        let Some(button) = hit(&event, "[data-copy]") else { return };
        let text = button.get_attribute("data-copy").unwrap_or_default();
        let _ = window().navigator().clipboard().write_text(&text);
        let label = button.get_attribute("aria-label").unwrap_or_default();
        let _ = button.set_attribute("aria-label", "Copied");
        let _ = button.set_attribute("data-copied", "");
        after(SAY_FOR_MS, move || {
            let _ = button.set_attribute("aria-label", &label);
            let _ = button.remove_attribute("data-copied");
        });
    });
}
