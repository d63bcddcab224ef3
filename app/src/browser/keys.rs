//! The keyboard (interface, law 8).

use std::cell::Cell;

use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlDialogElement, HtmlElement, KeyboardEvent};

use super::{
    page::{all, document, find, focus, go, hit, is_typing, listen, now_ms},
    palette, select, shortcut,
};

/// How long after `g` a letter still belongs to it.
const TOGETHER_MS: i64 = 1_200;

pub(super) fn start() {
    let after_g = Cell::new(0);
    listen(&document(), "keydown", move |event: KeyboardEvent| {
        let key = event.key();
        if (event.ctrl_key() || event.meta_key()) && key.eq_ignore_ascii_case("k") {
            event.prevent_default();
            palette::open();
            return;
        }
        let is_open = find("dialog[open]").is_some();
        if event.ctrl_key() || event.meta_key() || event.alt_key() || is_open || is_typing() {
            return;
        }
        let follows_g = now_ms() - after_g.replace(0) < TOGETHER_MS;
        let page = if follows_g { shortcut::page(&key) } else { None };
        let done = match (page, key.as_str()) {
            (Some(page), _) => {
                go(page);
                true
            }
            (None, "g") => {
                after_g.set(now_ms());
                true
            }
            (None, "?") => show("keys"),
            (None, "/") => find("main input[type=search]").map(|field| focus(&field)).is_some(),
            (None, "j") => step(1),
            (None, "k") => step(-1),
            (None, "x") => cursor().map(|row| select::toggle(&row)).is_some(),
            (None, "Enter") => open_row(),
            (None, "Escape") => click("[data-close]"),
            _ => false,
        };
        if done {
            event.prevent_default();
        }
    });
    listen(&document(), "click", |event: Event| {
        if hit(&event, "[data-palette]").is_some() {
            event.prevent_default();
            palette::open();
        } else if let Some(dialog) =
            hit(&event, "dialog [data-dismiss]").and_then(|b| b.closest("dialog").ok().flatten())
            && let Some(dialog) = dialog.dyn_ref::<HtmlDialogElement>()
        {
            dialog.close();
        }
    });
}

/// Opens a dialog by its id.
pub(super) fn show(id: &str) -> bool {
    let dialog = document().get_element_by_id(id).and_then(|found| found.dyn_into::<HtmlDialogElement>().ok());
    dialog.is_some_and(|dialog| dialog.show_modal().is_ok())
}

fn cursor() -> Option<Element> {
    find("main tr[data-cursor]")
}

/// Moves the cursor row.
fn step(by: i32) -> bool {
    let Some(main) = find("main") else { return false };
    let rows = all(&main, "table tbody tr");
    let here = rows.iter().position(|row| row.has_attribute("data-cursor"));
    let last = i32::try_from(rows.len()).unwrap_or(i32::MAX) - 1;
    let next = match here.and_then(|here| i32::try_from(here).ok()) {
        Some(here) => (here + by).clamp(0, last.max(0)),
        None => 0,
    };
    if let Some(here) = here {
        let _ = rows[here].remove_attribute("data-cursor");
        let _ = rows[here].remove_attribute("aria-current");
    }
    let Some(row) = usize::try_from(next).ok().and_then(|next| rows.get(next)) else { return false };
    let _ = row.set_attribute("data-cursor", "");
    let _ = row.set_attribute("aria-current", "true");
    let options = web_sys::ScrollIntoViewOptions::new();
    options.set_block(web_sys::ScrollLogicalPosition::Nearest);
    row.scroll_into_view_with_scroll_into_view_options(&options);
    true
}

/// Follows the first link of the cursor row. A focused link or button has Enter for itself.
fn open_row() -> bool {
    let is_elsewhere =
        document().active_element().is_some_and(|active| active.matches("a, button, summary").unwrap_or(false));
    if is_elsewhere {
        return false;
    }
    let Some(link) = cursor().and_then(|row| row.query_selector("a[href]").ok().flatten()) else { return false };
    press(&link)
}

fn click(selector: &str) -> bool {
    find(selector).is_some_and(|found| press(&found))
}

fn press(element: &Element) -> bool {
    element.dyn_ref::<HtmlElement>().map(HtmlElement::click).is_some()
}
