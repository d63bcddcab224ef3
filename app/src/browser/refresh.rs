//! The same address again, and what is new on it put into the page.

use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Document, DomParser, Event, Headers, Request, RequestInit, Response, SupportedType};

use super::{
    morph,
    page::{address, all, document, find, root, window},
};

/// The event that asks for a refresh at once.
pub(super) const WANTED: &str = "dsm:refresh";

/// Asks for a refresh at once.
pub(super) fn want() {
    if let Ok(event) = Event::new(WANTED) {
        let _ = document().dispatch_event(&event);
    }
}

/// Fetches this page again and morphs what is live on it. `false` where it could not be had: the page stays as it is.
pub(super) async fn refresh(from: &str) -> bool {
    let Ok(Some(fresh)) = fetch_page(from).await else { return false };
    // a person may have gone elsewhere, or may be dragging
    if address() != from || find("[data-dragging]").is_some() {
        return false;
    }
    let Some(fresh_root) = fresh.document_element() else { return false };
    for name in ["data-scheme", "data-rail"] {
        let _ = match fresh_root.get_attribute(name) {
            Some(value) => root().set_attribute(name, &value),
            None => root().remove_attribute(name),
        };
    }
    for new in all(&fresh_root, "[data-live][id]") {
        if let Some(old) = document().get_element_by_id(&new.id()) {
            morph::element(&old, &new);
        }
    }
    if fresh.title() != document().title() {
        document().set_title(&fresh.title());
    }
    true
}

async fn fetch_page(from: &str) -> Result<Option<Document>, JsValue> {
    let headers = Headers::new()?;
    headers.set("accept", "text/html")?;
    headers.set("x-live", "1")?;
    let options = RequestInit::new();
    options.set_headers(&headers);
    let request = Request::new_with_str_and_init(from, &options)?;
    let response: Response = JsFuture::from(window().fetch_with_request(&request)).await?.dyn_into()?;
    // what is not found or not reachable any more is shown too: the page says why
    if response.redirected() || response.status() == 500 {
        return Ok(None);
    }
    let text = JsFuture::from(response.text()?).await?.as_string().unwrap_or_default();
    Ok(Some(DomParser::new()?.parse_from_string(&text, SupportedType::TextHtml)?))
}
