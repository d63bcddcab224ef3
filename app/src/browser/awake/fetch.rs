//! Asking the server.

use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, Headers, RequestCache, RequestInit, Response, UrlSearchParams};

use super::dom;

/// Milliseconds after which a page or a list is not waited for any more.
const READ_PATIENCE_MS: u32 = 20_000;
/// Milliseconds that an act may take: a daily scrum over a large sprint is long work.
const ACT_PATIENCE_MS: u32 = 120_000;

/// There is no answer, and nobody knows whether the question arrived.
pub(super) struct NoAnswer;

/// A GET for this kind of content, never from the browser's store.
pub(super) async fn get(address: &str, accept: &str) -> Result<Response, NoAnswer> {
    read(address, &[("accept", accept)]).await
}

/// A page, without the parts of these versions.
pub(super) async fn page(address: &str, have: &str) -> Result<Response, NoAnswer> {
    read(address, &[("accept", "text/html"), ("x-have", have)]).await
}

async fn read(address: &str, headers: &[(&str, &str)]) -> Result<Response, NoAnswer> {
    let init = RequestInit::new();
    init.set_cache(RequestCache::NoStore);
    init.set_signal(Some(&AbortSignal::timeout_with_u32(READ_PATIENCE_MS)));
    ask(address, &init, headers).await
}

/// A form's fields.
pub(super) async fn post(address: &str, fields: &UrlSearchParams) -> Result<Response, NoAnswer> {
    let init = RequestInit::new();
    init.set_method("POST");
    init.set_body(fields);
    init.set_signal(Some(&AbortSignal::timeout_with_u32(ACT_PATIENCE_MS)));
    ask(address, &init, &[("accept", "application/json")]).await
}

async fn ask(address: &str, init: &RequestInit, named: &[(&str, &str)]) -> Result<Response, NoAnswer> {
    let headers = Headers::new().map_err(|_| NoAnswer)?;
    for (name, value) in named.iter().chain(&[("x-live", "1")]) {
        headers.set(name, value).map_err(|_| NoAnswer)?;
    }
    init.set_headers(&headers);
    let answer = JsFuture::from(dom::window().fetch_with_str_and_init(address, init)).await;
    answer.ok().and_then(|answer| answer.dyn_into().ok()).ok_or(NoAnswer)
}

/// The whole body.
pub(super) async fn text(response: &Response) -> Result<String, NoAnswer> {
    let promise = response.text().map_err(|_| NoAnswer)?;
    let text: JsValue = JsFuture::from(promise).await.map_err(|_| NoAnswer)?;
    text.as_string().ok_or(NoAnswer)
}
