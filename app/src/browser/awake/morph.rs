//! Makes what is on the page into what it has become, by the smallest change that does it.
//!
//! What a person does to a page is his: the focus and what is selected, text and ticks that he changed, what he opened and
//! how far he scrolled. Those stay. So does what the browser half itself put there: elements with `data-keep`, and on any
//! element the attributes that its `data-own` names.
//!
//! A part that the server left out stays as it is; it is left out only if the browser has told that it is here. What the
//! browser half has changed by itself is not told any more ([`disclaim`]): the server's next answer has it whole.

use std::cell::Cell;

use wasm_bindgen::JsCast;
use web_sys::{
    Element, HtmlInputElement, HtmlOptionElement, HtmlSelectElement, HtmlTextAreaElement, Node, js_sys::Array,
};

use super::{
    super::pairing::{Label, pair},
    dom,
};

/// The element belongs to the browser half and stays as it is.
pub(super) const KEEP: &str = "data-keep";
/// Names of attributes of this element that belong to the browser half.
pub(super) const OWN: &str = "data-own";

/// The version of a part of the page, which the server gave it.
const VERSION: &str = "data-v";
/// A part that the server left out, because this version of it is here already.
const SAME: &str = "data-same";
/// Versions that are told to the server at most; what is beyond them is sent again. Of thirteen bytes each: a header longer
/// than eight kilobytes is refused by many a proxy.
const MOST_VERSIONS: usize = 500;

thread_local! {
    /// Something was left out that is not here.
    static IS_LOST: Cell<bool> = const { Cell::new(false) };
}

/// The versions of the parts that are here, as the server wants them named.
pub(super) fn versions() -> String {
    let parts: Vec<Element> = dom::find_all(&["[", VERSION, "]"].concat());
    let versions = parts.iter().take(MOST_VERSIONS).filter_map(|part| part.get_attribute(VERSION));
    versions.collect::<Vec<_>>().join(" ")
}

/// This element, and so all that it lies in, is not what the server sent any more.
pub(super) fn disclaim(element: &Element) {
    let mut part = Some(element.clone());
    while let Some(at) = part {
        dom::unset(&at, VERSION);
        part = at.parent_element();
    }
}

/// The next page must be whole, whatever the parts here say of themselves.
fn lose(within: &Element) {
    disclaim(within);
    IS_LOST.set(true);
}

/// Whether something was left out that is not here, since this was asked last.
pub(super) fn is_lost() -> bool {
    IS_LOST.take()
}

/// Makes `old` equal to `new`, except for what is a person's.
pub(super) fn morph(old: &Element, new: &Element) {
    let focused = dom::focused().filter(|focused| old.contains(Some(focused)));
    element(old, new);
    // moving a node takes the focus from it
    if let Some(focused) = focused.filter(|focused| focused.is_connected())
        && dom::focused().as_ref() != Some(&focused)
    {
        dom::focus(&focused);
    }
}

fn element(old: &Element, new: &Element) {
    if let Some(version) = new.get_attribute(SAME) {
        if old.get_attribute(VERSION) != Some(version) {
            lose(old);
        }
        return;
    }
    if old.has_attribute(KEEP) || old.is_equal_node(Some(new)) {
        return;
    }
    let control = Control::of(old);
    attributes(old, new);
    children(old, new);
    if let Some(control) = control {
        control.settle();
    }
}

fn attributes(old: &Element, new: &Element) {
    let own = old.get_attribute(OWN).unwrap_or_default();
    let is_persons = |name: &str| {
        name == OWN
            || own.split_whitespace().any(|owned| owned == name)
            || (name == "open" && old.has_attribute("id") && old.local_name() == "details")
    };
    for name in names(new).filter(|name| !is_persons(name)) {
        let value = new.get_attribute(&name);
        if value != old.get_attribute(&name) {
            dom::set(old, &name, &value.unwrap_or_default());
        }
    }
    for name in names(old).filter(|name| !is_persons(name) && !new.has_attribute(name)) {
        dom::unset(old, &name);
    }
}

fn names(element: &Element) -> impl Iterator<Item = String> + use<> {
    let names: Array = element.get_attribute_names();
    names.into_iter().filter_map(|name| name.as_string())
}

fn children(old: &Element, new: &Element) {
    let (olds, news) = (child_nodes(old), child_nodes(new));
    let labels = |nodes: &[Node]| nodes.iter().map(label).collect::<Vec<_>>();
    let pairing = pair(&labels(&olds), &labels(&news));

    let mut is_wanted = vec![false; olds.len()];
    pairing.from.iter().flatten().for_each(|index| is_wanted[*index] = true);
    for (node, _) in olds.iter().zip(is_wanted).filter(|(_, is_wanted)| !is_wanted) {
        if node.dyn_ref::<Element>().is_none_or(|element| !element.has_attribute(KEEP)) {
            let _ = old.remove_child(node);
        }
    }
    // from the end, so that what comes behind a node is already where it belongs
    let mut behind: Option<Node> = None;
    for ((from, stays), new) in pairing.from.iter().zip(&pairing.stays).zip(&news).rev() {
        let node = if let Some(index) = from {
            let node = &olds[*index];
            if !stays {
                move_before(old, node, behind.as_ref());
            }
            one(node, new);
            node.clone()
        } else {
            let is_there = |element: &Element| {
                !element.has_attribute(SAME)
                    && dom::find_all_in::<Element>(element, &["[", SAME, "]"].concat()).is_empty()
            };
            if !new.dyn_ref::<Element>().is_none_or(is_there) {
                lose(old);
                continue;
            }
            let Ok(node) = dom::document().import_node_with_deep(new, true) else { continue };
            let _ = old.insert_before(&node, behind.as_ref());
            node
        };
        behind = Some(node);
    }
}

fn child_nodes(element: &Element) -> Vec<Node> {
    let mut nodes = Vec::new();
    let mut next = element.first_child();
    while let Some(node) = next {
        next = node.next_sibling();
        nodes.push(node);
    }
    nodes
}

fn label(node: &Node) -> Label {
    let (key, looks) = match node.dyn_ref::<Element>() {
        Some(element) => {
            // the attribute: of a form with a field named `id`, the property is that field
            let id = element.get_attribute("id").filter(|id| !id.is_empty());
            (id.or_else(|| element.get_attribute("data-key")), element.get_attribute("class").unwrap_or_default())
        }
        None => (None, String::new()),
    };
    Label { name: node.node_name(), key, looks }
}

fn one(old: &Node, new: &Node) {
    if let (Some(old), Some(new)) = (old.dyn_ref::<Element>(), new.dyn_ref::<Element>()) {
        element(old, new);
    } else if old.node_value() != new.node_value() {
        old.set_node_value(new.node_value().as_deref());
    }
}

/// A node that is taken out, even for a moment, forgets how far it was scrolled.
fn move_before(parent: &Element, node: &Node, behind: Option<&Node>) {
    let mut scrolled = Vec::new();
    if let Some(element) = node.dyn_ref::<Element>() {
        let inside: Vec<Element> = dom::find_all_in(element, "*");
        for element in inside.into_iter().chain([element.clone()]) {
            let (left, top) = (element.scroll_left(), element.scroll_top());
            if left != 0 || top != 0 {
                scrolled.push((element, left, top));
            }
        }
    }
    let _ = parent.insert_before(node, behind);
    for (element, left, top) in scrolled {
        element.set_scroll_left(left);
        element.set_scroll_top(top);
    }
}

/// A control and whether its content is a person's: different from what the page gave, or being edited.
enum Control {
    Text(HtmlInputElement, bool),
    Tick(HtmlInputElement, bool),
    Area(HtmlTextAreaElement, bool),
    /// With what was chosen, if a person chose it.
    Choice(HtmlSelectElement, Option<String>),
}

impl Control {
    fn of(element: &Element) -> Option<Self> {
        let is_focused = || dom::focused().is_some_and(|focused| focused.is_same_node(Some(element)));
        if let Some(input) = element.dyn_ref::<HtmlInputElement>() {
            return Some(match input.type_().as_str() {
                "checkbox" | "radio" => Self::Tick(input.clone(), input.checked() != input.default_checked()),
                "hidden" | "submit" | "button" | "reset" | "image" | "file" => return None,
                _ => Self::Text(input.clone(), input.value() != input.default_value() || is_focused()),
            });
        }
        if let Some(area) = element.dyn_ref::<HtmlTextAreaElement>() {
            let default = area.default_value().unwrap_or_default();
            return Some(Self::Area(area.clone(), area.value() != default || is_focused()));
        }
        let select = element.dyn_ref::<HtmlSelectElement>()?;
        let is_persons = select.selected_index() != default_index(select) || is_focused();
        Some(Self::Choice(select.clone(), is_persons.then(|| select.value())))
    }

    /// After the page's own content has changed: what is not a person's follows it.
    fn settle(self) {
        match self {
            Self::Text(input, false) if input.value() != input.default_value() => {
                input.set_value(&input.default_value());
            }
            Self::Tick(input, false) => input.set_checked(input.default_checked()),
            Self::Area(area, false) => {
                let default = area.default_value().unwrap_or_default();
                if area.value() != default {
                    area.set_value(&default);
                }
            }
            Self::Choice(select, None) => select.set_selected_index(default_index(&select)),
            Self::Choice(select, Some(value)) => {
                let is_there = options(&select).any(|option| option.value() == value);
                if is_there {
                    select.set_value(&value);
                } else {
                    select.set_selected_index(default_index(&select));
                }
            }
            Self::Text(..) | Self::Tick(..) | Self::Area(..) => {}
        }
    }
}

/// Which option of a select is chosen before anybody chooses.
fn default_index(select: &HtmlSelectElement) -> i32 {
    let marked = options(select).enumerate().filter(|(_, option)| option.default_selected()).last();
    marked.map_or(if select.length() > 0 { 0 } else { -1 }, |(index, _)| i32::try_from(index).unwrap_or(0))
}

fn options(select: &HtmlSelectElement) -> impl Iterator<Item = HtmlOptionElement> + use<> {
    let select = select.clone();
    (0..select.length()).filter_map(move |index| select.item(index)?.dyn_into().ok())
}
