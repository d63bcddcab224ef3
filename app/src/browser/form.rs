//! Forms that stay on their page: posted in the background, refused beside the button with everything typed still there.

use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    Element, Event, FormData, Headers, HtmlElement, HtmlFormElement, Request, RequestInit, Response, SubmitEvent,
    UrlSearchParams,
};

use super::{
    page::{address, document, focus, go, hit, listen, window},
    refresh,
};

const FUNCTIONS: &str = "/api/fn/";

pub(super) fn start() {
    listen(&document(), "submit", |event: SubmitEvent| {
        let Some(form) = event.target().and_then(|target| target.dyn_into::<HtmlFormElement>().ok()) else { return };
        let is_act = form.get_attribute("action").is_some_and(|action| action.starts_with(FUNCTIONS));
        if event.default_prevented() || !is_act {
            return;
        }
        event.prevent_default();
        let button = event.submitter();
        // a second press while the first is under way
        if form.has_attribute("data-busy") {
            return;
        }
        spawn_local(async move { submit(&form, button.as_ref()).await });
    });
    listen(&document(), "change", |event: Event| {
        let chosen = hit(&event, "[data-autosubmit]").and_then(|field| field.closest("form").ok().flatten());
        if let Some(form) = chosen.and_then(|form| form.dyn_into::<HtmlFormElement>().ok()) {
            let _ = form.request_submit();
        }
    });
}

/// What became of a form.
pub(super) enum Answer {
    /// Done; where to go on, if not here.
    Done(Option<String>),
    Refused(String),
}

async fn submit(form: &HtmlFormElement, button: Option<&HtmlElement>) {
    let _ = form.set_attribute("data-busy", "");
    if let Some(button) = button {
        let _ = button.set_attribute("aria-busy", "true");
    }
    let answer = post(form, button).await;
    let _ = form.remove_attribute("data-busy");
    if let Some(button) = button {
        let _ = button.remove_attribute("aria-busy");
    }
    match answer {
        Answer::Done(Some(to)) if to != address() => go(&to),
        Answer::Done(_) => {
            say(form, None);
            refresh::want();
        }
        Answer::Refused(message) => say(form, Some(&message)),
    }
}

/// Sends the form as the browser would, but for data.
pub(super) async fn post(form: &HtmlFormElement, button: Option<&HtmlElement>) -> Answer {
    let unreachable = || {
        Answer::Refused("The server cannot be reached; nothing is known of what it did. Look, then try again.".into())
    };
    let Ok((response, text)) = fetch(form, button).await else { return unreachable() };
    if response.ok() {
        return Answer::Done(response.headers().get("location").ok().flatten());
    }
    let message = js_sys::JSON::parse(&text).ok().and_then(|json| {
        let field = |name: &str| js_sys::Reflect::get(&json, &name.into()).ok()?.as_string();
        field("message").or_else(|| field("detail"))
    });
    Answer::Refused(message.unwrap_or_else(|| format!("The server answered {}.", response.status())))
}

async fn fetch(form: &HtmlFormElement, button: Option<&HtmlElement>) -> Result<(Response, String), JsValue> {
    let data = FormData::new_with_form(form)?;
    if let Some(button) = button
        && let Some(name) = button.get_attribute("name")
    {
        data.append_with_str(&name, &button.get_attribute("value").unwrap_or_default())?;
    }
    let body = UrlSearchParams::new_with_str_sequence_sequence(&data)?;
    let headers = Headers::new()?;
    headers.set("accept", "application/json")?;
    let options = RequestInit::new();
    options.set_method("POST");
    options.set_headers(&headers);
    options.set_body(&body);
    let action = form.get_attribute("action").unwrap_or_default();
    let request = Request::new_with_str_and_init(&action, &options)?;
    let response: Response = JsFuture::from(window().fetch_with_request(&request)).await?.dyn_into()?;
    let text = JsFuture::from(response.text()?).await?.as_string().unwrap_or_default();
    Ok((response, text))
}

/// Shows the refusal in the form, or takes the last one away.
fn say(form: &Element, message: Option<&str>) {
    if let Ok(Some(before)) = form.query_selector(".form-refusal") {
        before.remove();
    }
    let Some(message) = message else { return };
    let Ok(line) = document().create_element("p") else { return };
    line.set_class_name("form-refusal");
    let _ = line.set_attribute("role", "alert");
    let _ = line.set_attribute("tabindex", "-1");
    line.set_text_content(Some(message));
    let _ = form.append_child(&line);
    focus(&line);
}
