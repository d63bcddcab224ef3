//! Ticking all boxes of a list at once, and how many are ticked.

use web_sys::{Element, HtmlInputElement};

use super::dom;

const ALL: &str = "input[type=checkbox][data-select-all]";

pub(super) fn begin() {
    dom::listen(&dom::document(), "change", |event| {
        if let Some(all) = dom::around::<HtmlInputElement>(&event, ALL) {
            for one in boxes(&all) {
                one.set_checked(all.checked());
            }
        }
        if dom::around::<Element>(&event, "input[type=checkbox]").is_some() {
            count();
        }
    });
    count();
}

/// Brings every box for all and every count into the state of its list.
pub(super) fn count() {
    for all in dom::find_all::<HtmlInputElement>(ALL) {
        let boxes = boxes(&all);
        let ticked = boxes.iter().filter(|one| one.checked()).count();
        all.set_checked(ticked > 0 && ticked == boxes.len());
        all.set_indeterminate(ticked > 0 && ticked < boxes.len());
        let counts: Vec<Element> =
            list(&all).map(|list| dom::find_all_in(&list, "[data-selected-count]")).unwrap_or_default();
        for place in counts {
            let text = ticked.to_string();
            if place.text_content().as_ref() != Some(&text) {
                place.set_text_content(Some(&text));
            }
        }
    }
}

fn list(all: &HtmlInputElement) -> Option<Element> {
    all.form().map(Into::into).or_else(|| dom::closest(all, "main"))
}

/// The boxes of the name that it names, also where each has its number: `items`, `items[0]`.
fn boxes(all: &HtmlInputElement) -> Vec<HtmlInputElement> {
    let name = all.get_attribute("data-select-all").unwrap_or_default();
    let is_of_list = |one: &HtmlInputElement| {
        let rest = one.name().strip_prefix(&name).map(str::to_owned);
        !one.disabled() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('['))
    };
    let Some(list) = list(all) else { return Vec::new() };
    let boxes: Vec<HtmlInputElement> = dom::find_all_in(&list, "input[type=checkbox][name]");
    boxes.into_iter().filter(is_of_list).collect()
}
