//! Turns an element into its newer version, touching only what differs: what a person has typed, focused, opened or
//! scrolled stays.

use std::collections::HashMap;

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlDetailsElement, HtmlInputElement, HtmlSelectElement, HtmlTextAreaElement, Node};

/// Makes `old` what `new` is. Both are of the same kind.
pub(super) fn element(old: &Element, new: &Element) {
    if old.has_attribute("data-keep") || old.is_equal_node(Some(new)) && !has_fields(old) {
        return;
    }
    attributes(old, new);
    if !is_field(old) {
        children(old, new);
    }
}

fn has_fields(element: &Element) -> bool {
    element.query_selector("input, select, textarea").ok().flatten().is_some()
}

/// A field holds what a person typed: its value is theirs as soon as it differs from what the server gave.
fn is_field(element: &Element) -> bool {
    matches!(element.tag_name().as_str(), "TEXTAREA" | "SELECT")
}

fn attributes(old: &Element, new: &Element) {
    let kept = keeps_state(old);
    for name in names(new) {
        if kept.contains(&name.as_str()) {
            continue;
        }
        let value = new.get_attribute(&name);
        if value != old.get_attribute(&name) {
            let _ = old.set_attribute(&name, &value.unwrap_or_default());
        }
    }
    for name in names(old) {
        if !new.has_attribute(&name) && !kept.contains(&name.as_str()) {
            let _ = old.remove_attribute(&name);
        }
    }
}

fn names(element: &Element) -> Vec<String> {
    element.get_attribute_names().iter().filter_map(|name| name.as_string()).collect()
}

/// Attributes that a person's doing has taken over. The cursor row and a busy button are the browser half's own.
fn keeps_state(element: &Element) -> Vec<&'static str> {
    let mut kept = Vec::new();
    if element.dyn_ref::<HtmlDetailsElement>().is_some() {
        kept.push("open");
    }
    if let Some(input) = element.dyn_ref::<HtmlInputElement>() {
        if input.value() != input.default_value() {
            kept.push("value");
        }
        if input.checked() != input.default_checked() {
            kept.push("checked");
        }
    }
    if element.has_attribute("data-cursor") {
        kept.extend(["data-cursor", "aria-current"]);
    }
    if element.get_attribute("aria-busy").is_some() {
        kept.push("aria-busy");
    }
    if dirty_choice(element) {
        kept.push("value");
    }
    kept
}

fn dirty_choice(element: &Element) -> bool {
    element.dyn_ref::<HtmlSelectElement>().is_some()
        || element.dyn_ref::<HtmlTextAreaElement>().is_some_and(|area| area.default_value().is_ok_and(|given| given != area.value()))
}

/// By what two versions of an element are recognised: its id, its key, else its tag among those without either.
fn key(element: &Element) -> Option<String> {
    let id = element.id();
    if id.is_empty() { element.get_attribute("data-key") } else { Some(id) }
}

fn children(old: &Element, new: &Element) {
    let mut keyed: HashMap<String, Element> = HashMap::new();
    for child in nodes(old).into_iter().filter_map(|node| node.dyn_into::<Element>().ok()) {
        if let Some(key) = key(&child) {
            keyed.insert(key, child);
        }
    }
    // the place in `old` up to which everything is done
    let mut place = old.first_child();
    for wanted in nodes(new) {
        let wanted_key = wanted.dyn_ref::<Element>().and_then(key);
        let known = wanted_key.as_ref().and_then(|key| keyed.remove(key));
        if let Some(known) = known.filter(|known| same_kind(known, &wanted)) {
            let is_in_place = place.as_ref().is_some_and(|place| place.is_same_node(Some(&known)));
            if is_in_place {
                place = known.next_sibling();
            } else {
                let _ = old.insert_before(&known, place.as_ref());
            }
            element(&known, wanted.unchecked_ref());
            continue;
        }
        // what has no key is matched by its place
        let here = place.clone().filter(|place| {
            same_kind(place, &wanted) && wanted_key.is_none() && place.dyn_ref::<Element>().and_then(key).is_none()
        });
        match here {
            Some(here) => {
                place = here.next_sibling();
                node(&here, &wanted);
            }
            None => {
                let _ = old.insert_before(&wanted, place.as_ref());
            }
        }
    }
    while let Some(rest) = place {
        place = rest.next_sibling();
        let _ = old.remove_child(&rest);
    }
}

fn nodes(element: &Element) -> Vec<Node> {
    let list = element.child_nodes();
    (0..list.length()).filter_map(|index| list.item(index)).collect()
}

fn same_kind(old: &Node, new: &Node) -> bool {
    old.node_type() == new.node_type() && old.node_name() == new.node_name()
}

fn node(old: &Node, new: &Node) {
    match (old.dyn_ref::<Element>(), new.dyn_ref::<Element>()) {
        (Some(old), Some(new)) => element(old, new),
        _ if old.node_value() != new.node_value() => old.set_node_value(new.node_value().as_deref()),
        _ => {}
    }
}
