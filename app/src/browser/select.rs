//! Selecting rows: all of them, and how many are selected.

use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlInputElement};

use super::page::{all, document, hit, listen};

pub(super) fn start() {
    listen(&document(), "change", |event: Event| {
        let Some(field) = hit(&event, "input[type=checkbox]") else { return };
        let Some(form) = field.closest("form").ok().flatten() else { return };
        if let Some(name) = field.get_attribute("data-select-all") {
            let checked = field.dyn_ref::<HtmlInputElement>().is_some_and(HtmlInputElement::checked);
            for box_ in boxes(&form, &name) {
                box_.set_checked(checked);
            }
        }
        count(&form);
    });
}

/// Ticks or unticks the box of a row.
pub(super) fn toggle(row: &Element) {
    let Some(field) = row.query_selector("input[type=checkbox]").ok().flatten() else { return };
    if let Some(field) = field.dyn_ref::<HtmlInputElement>() {
        field.set_checked(!field.checked());
    }
    if let Some(form) = field.closest("form").ok().flatten() {
        count(&form);
    }
}

fn boxes(form: &Element, name: &str) -> Vec<HtmlInputElement> {
    let boxes = all(form, "input[type=checkbox]").into_iter().filter_map(|field| field.dyn_into().ok());
    boxes.filter(|field: &HtmlInputElement| field.name() == name).collect()
}

/// Says how many are selected where the form has a place for it.
fn count(form: &Element) {
    for place in all(form, "[data-selected-count]") {
        let name = place.get_attribute("data-selected-count").unwrap_or_default();
        let selected = boxes(form, &name).iter().filter(|field| field.checked()).count();
        place.set_text_content(Some(&match selected {
            0 => "none selected: acts on all shown".to_owned(),
            n => format!("{n} selected"),
        }));
    }
}
