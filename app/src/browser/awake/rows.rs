//! The cursor in tables.

use web_sys::{HtmlElement, ScrollIntoViewOptions, ScrollLogicalPosition};

use super::{dom, morph::OWN};

const CURSOR: &str = "data-cursor";

/// Moves the cursor by so many rows; onto the first row, if there was none.
pub(super) fn step(by: i32) -> bool {
    let rows = rows();
    let Some(last) = rows.len().checked_sub(1) else { return false };
    let to = match rows.iter().position(is_current) {
        None => 0,
        Some(at) if by < 0 => at.saturating_sub(1),
        Some(at) => (at + 1).min(last),
    };
    for row in rows.iter().filter(|row| row.has_attribute(CURSOR)) {
        for name in [CURSOR, "aria-current", OWN] {
            dom::unset(row, name);
        }
    }
    let row = &rows[to];
    dom::set(row, CURSOR, "");
    dom::set(row, "aria-current", "true");
    dom::set(row, OWN, "data-cursor aria-current");
    let options = ScrollIntoViewOptions::new();
    options.set_block(ScrollLogicalPosition::Nearest);
    row.scroll_into_view_with_scroll_into_view_options(&options);
    true
}

/// Presses the first thing of this kind in the row of the cursor.
pub(super) fn click(selector: &str) -> bool {
    let row = rows().into_iter().find(is_current);
    let found: Option<HtmlElement> = row.and_then(|row| dom::find_in(&row, selector));
    found.is_some_and(|element| {
        element.click();
        true
    })
}

/// Rows that can be seen, of all tables of the page.
fn rows() -> Vec<HtmlElement> {
    let rows: Vec<HtmlElement> = dom::find_all("main table tbody tr");
    rows.into_iter().filter(|row| row.offset_parent().is_some()).collect()
}

/// The row of the cursor; before there is one, the row that the page itself says is open.
fn is_current(row: &HtmlElement) -> bool {
    let is_cursor_somewhere = dom::find::<HtmlElement>("main tr[data-cursor]").is_some();
    if is_cursor_somewhere {
        row.has_attribute(CURSOR)
    } else {
        row.get_attribute("aria-current").as_deref() == Some("true")
    }
}
