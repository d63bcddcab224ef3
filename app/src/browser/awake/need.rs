//! Acts that need Redis are off while it is away, and say why.

use web_sys::{Element, HtmlFormElement};

use super::dom;

const AWAY: &str = "data-redis";
/// Buttons that were switched off here.
const OFF: &str = "data-off";
pub(super) const WHY: &str = "Redis is away; this is possible again as soon as it answers.";

/// What the server says about Redis.
pub(super) fn redis(is_away: bool) {
    let root = dom::root();
    if is_away != root.has_attribute(AWAY) {
        if is_away {
            dom::set(&root, AWAY, "away");
        } else {
            dom::unset(&root, AWAY);
        }
        apply();
    }
}

/// Whether this form cannot do anything now.
pub(super) fn is_off(form: &HtmlFormElement) -> bool {
    form.has_attribute("data-needs-redis") && dom::root().has_attribute(AWAY)
}

/// Brings every button into the state that Redis is in: after that has changed, and after the page has.
pub(super) fn apply() {
    let is_away = dom::root().has_attribute(AWAY);
    let buttons: Vec<Element> = dom::find_all("form[data-needs-redis] button:not([type=button])");
    for button in buttons {
        let is_off_here = button.has_attribute(OFF);
        // what the page itself has switched off stays off, with its own reason
        if is_away && !is_off_here && !button.has_attribute("aria-disabled") {
            dom::set(&button, OFF, &button.get_attribute("title").unwrap_or_default());
            dom::set(&button, "aria-disabled", "true");
            dom::set(&button, "title", WHY);
        } else if !is_away && is_off_here {
            match button.get_attribute(OFF).filter(|title| !title.is_empty()) {
                Some(title) => dom::set(&button, "title", &title),
                None => dom::unset(&button, "title"),
            }
            dom::unset(&button, "aria-disabled");
            dom::unset(&button, OFF);
        }
    }
}
