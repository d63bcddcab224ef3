//! Asks a running console over its HTTP API.

use std::{fmt, process::ExitCode, time::Duration};

use reqwest::{Method, StatusCode, Url};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Console;

/// How long an answer may take: a thousand entries one after the other, on a slow Redis.
const ANSWER_WITHIN: Duration = Duration::from_mins(2);

pub(super) struct Client {
    http: reqwest::Client,
    url: Url,
    /// Whether answers are shown as JSON.
    pub(super) json: bool,
}

/// Why nothing, or not all, was done.
#[derive(Debug)]
pub(super) struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    pub(super) fn internal(message: impl Into<String>) -> Self {
        Self { code: 1, message: message.into() }
    }

    /// The words are wrong.
    pub(super) fn wrong(message: impl Into<String>) -> Self {
        Self { code: 2, message: message.into() }
    }

    /// The state is not that of the preview.
    pub(super) fn conflict(message: impl Into<String>) -> Self {
        Self { code: 4, message: message.into() }
    }

    fn away(message: impl Into<String>) -> Self {
        Self { code: 6, message: message.into() }
    }

    fn answered(status: StatusCode, body: &[u8]) -> Self {
        let code = match status.as_u16() {
            400 | 413 | 415 | 422 => 2,
            404 => 3,
            409 => 4,
            401 | 403 => 5,
            429 | 502..=504 => 6,
            _ => 1,
        };
        Self { code, message: detail(body).unwrap_or_else(|| format!("the console answered {status}")) }
    }

    pub(super) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&super::table::safe(&self.message))
    }
}

/// What an answer of the API says of itself: a sentence, or what in the request does not fit.
fn detail(body: &[u8]) -> Option<String> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    match &answer["detail"] {
        Value::String(text) => Some(text.clone()),
        Value::Array(problems) => {
            let told: Vec<&str> = problems.iter().filter_map(|problem| problem["msg"].as_str()).collect();
            Some(told.join("; "))
        }
        _ => None,
    }
}

impl Client {
    pub(super) fn new(console: &Console) -> Result<Self, Failure> {
        let url: Url = console
            .url
            .parse()
            .map_err(|error| Failure::wrong(format!("not the address of a console: {}: {error}", console.url)))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Failure::wrong(format!("not the address of a console: {url}: say http:// or https://")));
        }
        let http = reqwest::Client::builder().timeout(ANSWER_WITHIN).build();
        let http = http.map_err(|error| Failure::internal(format!("cannot ask anybody: {error}")))?;
        Ok(Self { http, url, json: console.json })
    }

    /// The address below `/api/console` with these segments, whatever signs are in them, and these parameters.
    fn address(&self, segments: &[&str], parameters: &[(&str, String)]) -> Result<Url, Failure> {
        // every program on the way takes these for places, however they are written; something else would be changed
        if let Some(dots) = segments.iter().find(|segment| matches!(**segment, "." | ".." | "")) {
            return Err(Failure::wrong(format!("a name that is `{dots}` cannot be asked for over HTTP")));
        }
        let mut url = self.url.clone();
        url.path_segments_mut()
            .map_err(|()| Failure::wrong(format!("not the address of a console: {}", self.url)))?
            .pop_if_empty()
            .extend(["api", "console"])
            .extend(segments);
        if !parameters.is_empty() {
            url.query_pairs_mut().extend_pairs(parameters);
        }
        Ok(url)
    }

    pub(super) async fn get(&self, segments: &[&str], parameters: &[(&str, String)]) -> Result<Value, Failure> {
        self.ask(Method::GET, self.address(segments, parameters)?, None).await
    }

    pub(super) async fn post(&self, segments: &[&str], body: &Value) -> Result<Value, Failure> {
        self.ask(Method::POST, self.address(segments, &[])?, Some(body)).await
    }

    async fn ask(&self, method: Method, url: Url, body: Option<&Value>) -> Result<Value, Failure> {
        let mut request = self.http.request(method, url).header("accept", "application/json");
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let away = |error: &reqwest::Error| {
            let cause = anyhow::Error::msg(error.to_string());
            let why = std::error::Error::source(error)
                .map_or_else(|| cause.to_string(), |source| format!("{cause}: {source}"));
            Failure::away(format!("no console answers at {}: {why}. Is it running? Say where with --url", self.url))
        };
        let answer = request.send().await.map_err(|error| away(&error))?;
        let status = answer.status();
        let body = answer.bytes().await.map_err(|error| away(&error))?;
        if !status.is_success() {
            return Err(Failure::answered(status, &body));
        }
        serde_json::from_slice(&body)
            .map_err(|_| Failure::internal(format!("what answers at {} is no console of this version", self.url)))
    }
}

/// The answer as what it is, from this version of the console.
pub(super) fn read<T: DeserializeOwned>(answer: &Value) -> Result<T, Failure> {
    T::deserialize(answer)
        .map_err(|error| Failure::internal(format!("the console speaks another version of the API: {error}")))
}
