//! Forms that stay on their page: sent without leaving it, refused without losing what was typed.

use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, FormData, HtmlElement, HtmlFormElement, Response, SubmitEvent, UrlSearchParams};

use super::{
    dom, fetch,
    morph::{KEEP, OWN},
    need, refresh,
};

const FUNCTIONS: &str = "/api/fn/";
const NO_ANSWER: &str = "The server did not answer. It may or may not have been done: look before you try again.";

/// What became of an act.
pub(super) enum Outcome {
    Done {
        go_to: Option<String>,
    },
    /// Nothing was done, and why.
    Refused(String),
}

pub(super) fn begin() {
    let document = dom::document();
    dom::listen(&document, "submit", |event| {
        if let Some(event) = event.dyn_ref::<SubmitEvent>() {
            submit(event);
        }
    });
    // text is sent when it is finished, by Enter; leaving a field is not the end of it
    dom::listen(&document, "change", |event| {
        let is_choice = dom::around::<Element>(&event, "select, input[type=checkbox], input[type=radio]").is_some();
        let is_wanted = is_choice && dom::around::<Element>(&event, "[data-autosubmit]").is_some();
        if let Some(form) = dom::around::<HtmlFormElement>(&event, "form").filter(|_| is_wanted) {
            let _ = form.request_submit();
        }
    });
    // a button that is off is not disabled, so that its reason can be reached; it does nothing all the same
    dom::listen(&document, "click", |event| {
        if dom::around::<Element>(&event, "[aria-disabled=true]").is_some() {
            event.prevent_default();
        }
    });
}

fn submit(event: &SubmitEvent) {
    let Some(form) = event.target().and_then(|target| target.dyn_into::<HtmlFormElement>().ok()) else { return };
    let submitter = event.submitter();
    let Some(action) = function_of(&form, submitter.as_ref()).filter(|_| !event.default_prevented()) else { return };
    event.prevent_default();
    if form.has_attribute("data-busy") {
        return;
    }
    forget_refusal(&form);
    if need::is_off(&form) {
        return refuse(&form, submitter.as_ref(), need::WHY);
    }
    let fields = fields(&form);
    if let Some(button) = &submitter
        && let Some(name) = button.get_attribute("name").filter(|name| !name.is_empty())
    {
        fields.append(&name, &button.get_attribute("value").unwrap_or_default());
    }
    wasm_bindgen_futures::spawn_local(async move {
        busy(&form, submitter.as_ref(), true);
        let outcome = send(&action, &fields).await;
        match outcome {
            Outcome::Done { go_to } if leaves(go_to.as_deref()) => {
                // stays busy until the next page is there
                dom::go_to(&go_to.unwrap_or_default());
            }
            Outcome::Done { .. } => {
                busy(&form, submitter.as_ref(), false);
                // what was typed is told; the page's own values count again
                form.reset();
                refresh::now();
            }
            Outcome::Refused(why) => {
                busy(&form, submitter.as_ref(), false);
                refuse(&form, submitter.as_ref(), &why);
            }
        }
    });
}

/// The server function that this form would call.
fn function_of(form: &HtmlFormElement, submitter: Option<&HtmlElement>) -> Option<String> {
    // by attribute: a field named `action` would hide the property
    let method = form.get_attribute("method").unwrap_or_default();
    let own = submitter.and_then(|button| button.get_attribute("formaction"));
    let action = own.or_else(|| form.get_attribute("action"))?;
    (method.eq_ignore_ascii_case("post") && action.starts_with(&dom::at(FUNCTIONS))).then_some(action)
}

pub(super) fn fields(form: &HtmlFormElement) -> UrlSearchParams {
    let data: JsValue = FormData::new_with_form(form).map(Into::into).unwrap_or_default();
    UrlSearchParams::new_with_str_sequence_sequence(&data)
        .or_else(|_| UrlSearchParams::new())
        .expect("empty parameters can be made")
}

/// Calls a server function.
pub(super) async fn send(action: &str, fields: &UrlSearchParams) -> Outcome {
    let Ok(response) = fetch::post(action, fields).await else { return Outcome::Refused(NO_ANSWER.to_owned()) };
    if response.ok() {
        let go_to = response.headers().get("location").ok().flatten();
        return Outcome::Done { go_to };
    }
    Outcome::Refused(reason(&response).await)
}

/// The sentence of a refusal: our functions say `message`, what stands before them says `detail`.
async fn reason(response: &Response) -> String {
    let text = fetch::text(response).await.unwrap_or_default();
    let said = js_sys::JSON::parse(&text).unwrap_or_default();
    let said = dom::field(&said, "message").or_else(|| dom::field(&said, "detail"));
    said.unwrap_or_else(|| "The server answered with code ".to_owned() + &response.status().to_string())
}

/// Whether an address is another page than this one.
fn leaves(to: Option<&str>) -> bool {
    to.is_some_and(|to| to.split('#').next() != Some(dom::here().as_str()))
}

fn busy(form: &HtmlFormElement, submitter: Option<&HtmlElement>, is_busy: bool) {
    let elements = [(Some(form.as_ref()), "data-busy"), (submitter.map(AsRef::<Element>::as_ref), "aria-busy")];
    for (element, name) in elements {
        let Some(element): Option<&Element> = element else { continue };
        if is_busy {
            dom::set(element, name, "true");
            dom::set(element, OWN, name);
        } else {
            dom::unset(element, name);
            dom::unset(element, OWN);
        }
    }
}

/// Says in the form why nothing was done, near the button that was pressed.
fn refuse(form: &HtmlFormElement, submitter: Option<&HtmlElement>, why: &str) {
    let place = submitter
        .and_then(|button| dom::closest::<Element>(button, ".panel-foot, .button-row, footer"))
        .filter(|place| form.contains(Some(place)))
        .unwrap_or_else(|| form.clone().into());
    let message = dom::make("p", "form-refusal");
    dom::set(&message, "role", "alert");
    dom::set(&message, "tabindex", "-1");
    dom::set(&message, KEEP, "");
    let strong = dom::make("strong", "");
    strong.set_text_content(Some("Not done. "));
    let _ = message.append_child(&strong);
    let _ = message.append_child(&dom::document().create_text_node(&sentence(why)));
    let _ = place.insert_before(&message, place.first_child().as_ref());
    let _ = message.focus();
}

fn forget_refusal(form: &HtmlFormElement) {
    let messages: Vec<Element> = dom::find_all_in(form, ".form-refusal");
    messages.iter().for_each(Element::remove);
}

/// Refusals are written in lower case without a full stop, so that they fit into other sentences.
pub(super) fn sentence(why: &str) -> String {
    let mut letters = why.trim_end_matches('.').chars();
    let first = letters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(letters).chain(['.']).collect()
}
