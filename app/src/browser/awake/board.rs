//! Moving tasks on the board, by dragging or by keys. A card goes where it is put at once, and comes back with the reason if
//! the server refuses. What is sent is the board's own form.

use std::cell::RefCell;

use wasm_bindgen::JsCast;
use web_sys::{DragEvent, Element, HtmlElement, HtmlFormElement, HtmlProgressElement, Node};

use super::{
    dom,
    forms::{self, Outcome},
    hold,
    morph::disclaim,
    need, refresh,
};

const TASK: &str = "main [data-task][draggable=true]";
const COLUMN: &str = ".board-column[data-status]";
const DRAGGED: &str = "data-dragged";
/// The column that a card hangs over.
const TARGET: &str = "data-target";
/// Milliseconds after the last key in which further ones add to it: five presses are one change.
const MORE_KEYS_MS: u32 = 400;

thread_local! {
    static DRAG: RefCell<Option<(HtmlElement, hold::Still)>> = const { RefCell::new(None) };
    /// Progress that was pressed and not sent yet.
    static SOON: RefCell<Option<(Change, dom::Timer)>> = const { RefCell::new(None) };
}

/// A change that is shown and not yet known to the server.
struct Change {
    task: HtmlElement,
    field: &'static str,
    value: String,
    before: Before,
    /// Nothing is morphed over what is not true yet.
    _still: hold::Still,
}

/// How it was.
enum Before {
    Place { parent: Node, behind: Option<Node> },
    Progress(i32),
}

pub(super) fn begin() {
    let document = dom::document();
    dom::listen(&document, "dragstart", |event| {
        let task: Option<HtmlElement> = dom::around(&event, TASK);
        let transfer = event.dyn_ref::<DragEvent>().and_then(DragEvent::data_transfer);
        if let (Some(task), Some(transfer)) = (task, transfer) {
            transfer.set_effect_allowed("move");
            let _ = transfer.set_data("text/plain", &task.get_attribute("data-task").unwrap_or_default());
            dom::set(&task, DRAGGED, "");
            DRAG.set(Some((task, hold::still())));
        }
    });
    dom::listen(&document, "dragover", |event| {
        if DRAG.with_borrow(Option::is_some) {
            let column: Option<Element> = dom::around(&event, COLUMN);
            if column.is_some() {
                event.prevent_default();
            }
            aim(column.as_ref());
        }
    });
    dom::listen(&document, "drop", |event| {
        let column: Option<Element> = dom::around(&event, COLUMN);
        let dragged = DRAG.with_borrow(|drag| drag.as_ref().map(|(task, _)| task.clone()));
        if let (Some(task), Some(column)) = (dragged, column) {
            event.prevent_default();
            put(task, &column);
        }
    });
    dom::listen(&document, "dragend", |_| {
        aim(None);
        if let Some((task, _)) = DRAG.take() {
            dom::unset(&task, DRAGGED);
        }
    });
}

/// The task that keys are for.
pub(super) fn focused_task() -> Option<HtmlElement> {
    dom::closest(&dom::focused()?.into(), TASK)
}

/// Moves the focused task by so many columns.
pub(super) fn step(by: i32) {
    let Some(task) = focused_task() else { return };
    let columns: Vec<Element> = dom::find_all(COLUMN);
    let at = columns.iter().position(|column| column.contains(Some(&task)));
    let to = at.and_then(|at| at.checked_add_signed(isize::try_from(by).ok()?)).and_then(|to| columns.get(to));
    match to {
        Some(column) => put(task, column),
        None => dom::say("There is no column further on."),
    }
}

/// Changes the progress of the focused task by so many per cent.
pub(super) fn progress(by: i32) {
    let Some(task) = focused_task() else { return };
    let now = progress_of(&task);
    let wanted = (now + by).clamp(0, 100);
    let waiting = SOON.take().map(|(change, _)| change);
    let change = match waiting {
        Some(change) if change.task == task => Change { value: wanted.to_string(), ..change },
        other => {
            other.into_iter().for_each(send);
            let value = wanted.to_string();
            Change {
                task: task.clone(),
                field: "progress",
                value,
                before: Before::Progress(now),
                _still: hold::still(),
            }
        }
    };
    show_progress(&task, wanted);
    let later = dom::after(MORE_KEYS_MS, || {
        if let Some((change, _)) = SOON.take() {
            send(change);
        }
    });
    SOON.set(Some((change, later)));
}

fn put(task: HtmlElement, column: &Element) {
    let Some(parent) = task.parent_node() else { return };
    if column.contains(Some(&task)) {
        return;
    }
    let behind = task.next_sibling();
    let has_focus = task.contains(dom::focused().as_deref().map(AsRef::as_ref));
    let list: Element = dom::find_in(column, "ul").unwrap_or_else(|| column.clone());
    disclaim(&task);
    let _ = list.append_child(&task);
    disclaim(&list);
    if has_focus {
        dom::focus(&task);
    }
    let value = column.get_attribute("data-status").unwrap_or_default();
    send(Change { task, field: "status", value, before: Before::Place { parent, behind }, _still: hold::still() });
}

/// Sends what is shown; takes it back if it is refused.
fn send(change: Change) {
    let Some(form) = dom::find::<HtmlFormElement>("form[data-board]") else {
        return take_back(&change, "the board cannot be changed");
    };
    if need::is_off(&form) {
        return take_back(&change, need::WHY);
    }
    let id = change.task.get_attribute("data-task").unwrap_or_default();
    let fields = forms::fields(&form);
    fields.set("task_id", &id);
    fields.set(change.field, &change.value);
    let action = form.get_attribute("action").unwrap_or_default();
    refusal("");
    wasm_bindgen_futures::spawn_local(async move {
        match forms::send(&action, &fields).await {
            Outcome::Done { .. } => {
                let unit = if change.field == "progress" { " %" } else { "" };
                dom::say(&[&id, ": ", change.field, " ", &change.value, unit].concat());
                drop(change);
                refresh::now();
            }
            Outcome::Refused(why) => take_back(&change, &why),
        }
    });
}

fn take_back(change: &Change, why: &str) {
    match &change.before {
        Before::Place { parent, behind } => {
            let has_focus = change.task.contains(dom::focused().as_deref().map(AsRef::as_ref));
            let behind = behind.as_ref().filter(|behind| behind.parent_node().as_ref() == Some(parent));
            disclaim(&change.task);
            let _ = parent.insert_before(&change.task, behind);
            disclaim(&change.task);
            if has_focus {
                dom::focus(&change.task);
            }
        }
        Before::Progress(before) => show_progress(&change.task, *before),
    }
    let id = change.task.get_attribute("data-task").unwrap_or_default();
    refusal(&[&id, " stays as it was. ", &forms::sentence(why)].concat());
}

fn refusal(text: &str) {
    if let Some(place) = dom::find::<Element>("[data-board-refusal]") {
        disclaim(&place);
        place.set_text_content(Some(text));
        // the page's own version of this place is empty
        if text.is_empty() {
            dom::unset(&place, super::morph::KEEP);
        } else {
            dom::set(&place, super::morph::KEEP, "");
        }
    }
}

fn progress_of(task: &HtmlElement) -> i32 {
    task.get_attribute("data-progress").and_then(|text| text.parse().ok()).unwrap_or(0)
}

fn show_progress(task: &HtmlElement, percent: i32) {
    disclaim(task);
    dom::set(task, "data-progress", &percent.to_string());
    if let Some(bar) = dom::find_in::<HtmlProgressElement>(task, "progress") {
        bar.set_value(f64::from(percent));
    }
    if let Some(figure) = dom::find_in::<Element>(task, ".percent") {
        figure.set_text_content(Some(&(percent.to_string() + "\u{202f}%")));
    }
}

fn aim(at: Option<&Element>) {
    for column in dom::find_all::<Element>(COLUMN) {
        if Some(&column) == at {
            dom::set(&column, TARGET, "");
        } else if column.has_attribute(TARGET) {
            dom::unset(&column, TARGET);
        }
    }
}
