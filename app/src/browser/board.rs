//! The board: tasks are dragged, or moved by keys, and go back where they were if that is refused.

use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{DragEvent, Element, HtmlFormElement, HtmlInputElement, KeyboardEvent};

use super::{
    form::{self, Answer},
    page::{all, document, find, hit, listen},
    refresh,
};

/// Percent that one press of + or - changes.
const STEP: i32 = 10;

pub(super) fn start() {
    listen(&document(), "dragstart", |event: DragEvent| {
        let Some(task) = hit(&event, ".task[draggable=true]") else { return };
        let _ = task.set_attribute("data-dragging", "");
        if let Some(data) = event.data_transfer() {
            data.set_effect_allowed("move");
            let _ = data.set_data("text/plain", &task.get_attribute("data-task").unwrap_or_default());
        }
    });
    listen(&document(), "dragend", |event: DragEvent| {
        if let Some(task) = hit(&event, ".task") {
            let _ = task.remove_attribute("data-dragging");
        }
    });
    listen(&document(), "dragover", |event: DragEvent| {
        if hit(&event, ".board-column[data-status]").is_some() && find("[data-dragging]").is_some() {
            event.prevent_default();
        }
    });
    listen(&document(), "drop", |event: DragEvent| {
        let column = hit(&event, ".board-column[data-status]");
        if let (Some(column), Some(task)) = (column, find(".task[data-dragging]")) {
            event.prevent_default();
            let _ = task.remove_attribute("data-dragging");
            move_to(&task, &column);
        }
    });
    listen(&document(), "keydown", |event: KeyboardEvent| {
        let Some(task) = hit(&event, ".task[data-task]") else { return };
        match event.key().as_str() {
            "[" => beside(&task, -1),
            "]" => beside(&task, 1),
            "+" => progress(&task, STEP),
            "-" => progress(&task, -STEP),
            _ => return,
        }
        event.prevent_default();
    });
}

/// Moves a task to the column before or after its own.
fn beside(task: &Element, by: isize) {
    let Some(board) = task.closest(".board").ok().flatten() else { return };
    let columns = all(&board, ".board-column[data-status]");
    let here = columns.iter().position(|column| column.contains(Some(task)));
    if let Some(column) = here.and_then(|here| here.checked_add_signed(by)).and_then(|place| columns.get(place)) {
        move_to(task, column);
    }
}

fn move_to(task: &Element, column: &Element) {
    if column.contains(Some(task)) {
        return;
    }
    let back = (task.parent_element(), task.next_sibling());
    let _ = column.append_child(task);
    let status = column.get_attribute("data-status").unwrap_or_default();
    let moved = task.clone();
    send(task, &[("status", &status)], move || {
        if let (Some(column), next) = back {
            let _ = column.insert_before(&moved, next.as_ref());
        }
    });
}

fn progress(task: &Element, by: i32) {
    let now: i32 = task.get_attribute("data-progress").and_then(|text| text.parse().ok()).unwrap_or(0);
    let next = (now + by).clamp(0, 100);
    if next != now {
        // the next press counts from here, before the page has heard of this one
        let _ = task.set_attribute("data-progress", &next.to_string());
        let (task_, text) = (task.clone(), next.to_string());
        send(task, &[("progress", &text)], move || {
            let _ = task_.set_attribute("data-progress", &now.to_string());
        });
    }
}

/// Fills the board's hidden form and posts it; `undo` where it is refused.
fn send(task: &Element, fields: &[(&str, &str)], undo: impl FnOnce() + 'static) {
    let Some(form) = find("form[data-board]").and_then(|form| form.dyn_into::<HtmlFormElement>().ok()) else { return };
    let id = task.get_attribute("data-task").unwrap_or_default();
    for field in all(&form, "input").into_iter().filter_map(|field| field.dyn_into::<HtmlInputElement>().ok()) {
        let name = field.name();
        let value = fields.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        match (name.as_str(), value) {
            ("task_id", _) => field.set_value(&id),
            (_, Some(value)) => field.set_value(value),
            ("status" | "progress", None) => field.set_value(""),
            _ => {}
        }
    }
    spawn_local(async move {
        let refusal = match form::post(&form, None).await {
            Answer::Done(_) => String::new(),
            Answer::Refused(message) => {
                undo();
                message
            }
        };
        if let Some(place) = find("[data-board-refusal]") {
            place.set_text_content(Some(&refusal));
        }
        refresh::want();
    });
}
