//! The palette: type, choose, go.

use std::cell::Cell;

use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Element, Event, HtmlInputElement, KeyboardEvent, Response};

use super::{
    keys,
    page::{after, all, document, find, go, hit, listen, window},
};

/// How long typing must rest before the server is asked.
const REST_MS: i32 = 120;

thread_local! {
    /// Counts questions, so that only the answer to the last one is shown.
    static ASKED: Cell<u32> = const { Cell::new(0) };
}

pub(super) fn start() {
    let Some(input) = query() else { return };
    listen(&input, "input", |_: Event| ask_soon());
    listen(&input, "keydown", |event: KeyboardEvent| {
        let moved = match event.key().as_str() {
            "ArrowDown" => step(1),
            "ArrowUp" => step(-1),
            "Enter" => choose(),
            _ => false,
        };
        if moved {
            event.prevent_default();
        }
    });
    listen(&document(), "click", |event: Event| {
        if let Some(option) = hit(&event, "#palette-list [role=option]") {
            follow(&option);
        }
    });
}

pub(super) fn open() {
    if keys::show("palette")
        && let Some(input) = query()
    {
        input.select();
        ask_soon();
    }
}

fn query() -> Option<HtmlInputElement> {
    find("#palette-query")?.dyn_into().ok()
}

fn ask_soon() {
    let number = ASKED.with(|asked| {
        asked.set(asked.get() + 1);
        asked.get()
    });
    after(REST_MS, move || {
        if ASKED.with(Cell::get) == number {
            spawn_local(async move {
                let text = query().map(|input| input.value()).unwrap_or_default();
                let found = ask(&text).await.unwrap_or_default();
                if ASKED.with(Cell::get) == number {
                    show(&found, &text);
                }
            });
        }
    });
}

/// A thing to go to.
struct Place {
    kind: String,
    title: String,
    detail: String,
    href: String,
}

async fn ask(text: &str) -> Result<Vec<Place>, JsValue> {
    let address = format!("/api/console/places?q={}", js_sys::encode_uri_component(text));
    let response: Response = JsFuture::from(window().fetch_with_str(&address)).await?.dyn_into()?;
    let list: js_sys::Array = JsFuture::from(response.json()?).await?.dyn_into()?;
    let field = |item: &JsValue, name: &str| {
        js_sys::Reflect::get(item, &name.into()).ok().and_then(|value| value.as_string()).unwrap_or_default()
    };
    let place = |item: JsValue| Place {
        kind: field(&item, "kind"),
        title: field(&item, "title"),
        detail: field(&item, "detail"),
        href: field(&item, "href"),
    };
    Ok(list.iter().map(place).collect())
}

fn show(places: &[Place], text: &str) {
    let Some(list) = find("#palette-list") else { return };
    list.set_text_content(None);
    for (index, place) in places.iter().enumerate() {
        if let Some(option) = option(place, index) {
            let _ = list.append_child(&option);
        }
    }
    if let Some(note) = find("#palette-note") {
        let said = match (places.len(), text) {
            (0, "") => "Type to find a stream, group, project, sprint or event id.".to_owned(),
            (0, text) => format!("Nothing is called {text}."),
            (n, _) => format!("{n} found"),
        };
        note.set_text_content(Some(&said));
    }
    mark(0);
}

fn option(place: &Place, index: usize) -> Option<Element> {
    let make = |tag: &str, class: &str, text: &str| {
        let element = document().create_element(tag).ok()?;
        element.set_class_name(class);
        element.set_text_content(Some(text));
        Some(element)
    };
    let option = make("li", "", "")?;
    option.set_id(&format!("palette-{index}"));
    let _ = option.set_attribute("role", "option");
    let _ = option.set_attribute("data-href", &place.href);
    for (tag, class, text) in [("span", "badge", &place.kind), ("b", "", &place.title), ("span", "end", &place.detail)] {
        let _ = option.append_child(make(tag, class, text)?.as_ref());
    }
    Some(option)
}

fn options() -> Vec<Element> {
    find("#palette-list").map(|list| all(&list, "[role=option]")).unwrap_or_default()
}

fn marked() -> Option<usize> {
    options().iter().position(|option| option.get_attribute("aria-selected").as_deref() == Some("true"))
}

fn mark(place: usize) {
    for (index, option) in options().iter().enumerate() {
        let _ = option.set_attribute("aria-selected", if index == place { "true" } else { "false" });
        if index == place {
            option.scroll_into_view_with_bool(false);
            if let Some(input) = query() {
                let _ = input.set_attribute("aria-activedescendant", &option.id());
            }
        }
    }
}

fn step(by: isize) -> bool {
    let count = options().len();
    if count > 0 {
        let here = marked().unwrap_or(0);
        mark(here.saturating_add_signed(by).min(count - 1));
    }
    true
}

fn choose() -> bool {
    let options = options();
    marked().and_then(|place| options.get(place)).map(follow).is_some()
}

fn follow(option: &Element) {
    if let Some(href) = option.get_attribute("data-href") {
        go(&href);
    }
}
