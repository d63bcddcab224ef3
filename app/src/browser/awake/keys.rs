//! Keys.

use std::cell::RefCell;

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlDialogElement, HtmlElement, HtmlInputElement, KeyboardEvent};

use super::{
    super::keymap::{Act, Focus, Press, meaning},
    board, dom, palette, rows,
};

/// Milliseconds that the first of two keys waits for the second.
const SECOND_KEY_MS: u32 = 1_500;

/// Fields in which letters are text, and choices are made by them.
const FIELDS: &str = "textarea, select, [contenteditable]:not([contenteditable=false]), \
    input:not([type=checkbox], [type=radio], [type=button], [type=submit], [type=reset], [type=range], [type=color])";
const PRESSABLE: &str = "a[href], button, summary, input, select, textarea, [tabindex]:not(main)";

thread_local! {
    static AWAITS_PAGE: RefCell<Option<dom::Timer>> = const { RefCell::new(None) };
}

pub(super) fn begin() {
    dom::listen(&dom::document(), "keydown", |event| {
        if let Some(event) = event.dyn_ref::<KeyboardEvent>().filter(|event| !event.default_prevented()) {
            press(event);
        }
    });
    // beside a dialog is out of it
    dom::listen(&dom::document(), "click", |event| {
        let target = event.target().and_then(|target| target.dyn_into::<HtmlDialogElement>().ok());
        if let Some(dialog) = target.filter(|dialog| dialog.matches(":modal").unwrap_or(false)) {
            dialog.close();
        }
    });
}

fn press(event: &KeyboardEvent) {
    if event.is_composing() {
        return;
    }
    // on many keyboards brackets are made with AltGr, which some systems report as Ctrl and Alt
    let is_letter = event.get_modifier_state("AltGraph");
    let key = event.key();
    let is_command = !is_letter && (event.ctrl_key() || event.meta_key());
    let press = Press { key: &key, is_command, is_alt: event.alt_key() && !is_letter };
    let awaits_page = AWAITS_PAGE.take().is_some();
    let Some(act) = meaning(press, focus(), awaits_page) else { return };
    if perform(act) {
        event.prevent_default();
    }
}

fn focus() -> Focus {
    let focused = dom::focused();
    let is_on = |selector: &str| focused.as_ref().is_some_and(|focused| focused.matches(selector).unwrap_or(false));
    if dom::find::<Element>("dialog:modal").is_some() {
        Focus::Dialog
    } else if is_on(FIELDS) {
        Focus::Field
    } else if board::focused_task().is_some() {
        Focus::Task
    } else if is_on(PRESSABLE) {
        Focus::Control
    } else {
        Focus::Page
    }
}

/// Whether there was something to do.
fn perform(act: Act) -> bool {
    match act {
        Act::Palette => palette::toggle(),
        Act::Sheet => {
            let sheet: Option<HtmlDialogElement> = dom::find("#keys");
            return sheet.is_some_and(|sheet| sheet.show_modal().is_ok());
        }
        Act::AwaitPage => AWAITS_PAGE.set(Some(dom::after(SECOND_KEY_MS, || drop(AWAITS_PAGE.take())))),
        Act::Go(path) => go(path),
        Act::Filter => {
            let Some(field) = dom::find::<HtmlInputElement>("main input[type=search]") else { return false };
            let _ = field.focus();
            field.select();
        }
        Act::Leave => {
            if let Some(field) = dom::focused() {
                let _ = field.blur();
            }
        }
        Act::Pause => return click("[data-pause]"),
        Act::Close => return click("main [data-close]"),
        Act::Row(by) => return rows::step(by),
        Act::SelectRow => return rows::click("input[type=checkbox]"),
        Act::OpenRow => return rows::click("a[href]"),
        Act::CopyRow => return rows::click("[data-copy]"),
        Act::Column(by) => board::step(by),
        Act::Progress(by) => board::progress(by),
    }
    true
}

/// To a page of this connection, or to the one there is: the rail has those of this connection.
fn go(path: &str) {
    let here = dom::at(path);
    let in_rail: Vec<Element> = dom::find_all("nav.rail a.rail-link");
    let is_here = in_rail.iter().any(|link| link.get_attribute("href").as_ref() == Some(&here));
    dom::go_to(if is_here { &here } else { path });
}

fn click(selector: &str) -> bool {
    let found: Option<HtmlElement> = dom::find(selector);
    found.is_some_and(|element| {
        element.click();
        true
    })
}
