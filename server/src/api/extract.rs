//! What a request is read with. Whatever does not fit is refused with where and why; nothing of it is a defect of ours.

use axum::{
    extract::{FromRequest, FromRequestParts, Request, rejection::PathRejection},
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use serde::{Deserializer, de::DeserializeOwned};
use serde_json::Value;

use super::answer::{Invalid, Problem, Step, detail};

/// A body that is a JSON object of the form `T`.
pub(crate) struct Json<T>(pub(crate) T);

/// The same, where what is not JSON at all is a bad request (contract §2.1: employees and team members).
pub(crate) struct JsonOr400<T>(pub(crate) T);

/// The query of the address. Parameters left empty, as a form sends them, count as absent; of one that is given twice
/// the last counts.
pub(crate) struct Parameters<T>(pub(crate) T);

/// The segments of the path, decoded.
pub(crate) struct Path<T>(pub(crate) T);

/// Why a request was not understood.
pub(crate) enum Rejected {
    NotJson(String),
    Invalid(Problem),
    TooLarge,
    /// The connection broke, or the client sent something that is no HTTP.
    Unreadable(String),
}

impl IntoResponse for Rejected {
    fn into_response(self) -> Response {
        match self {
            Self::NotJson(msg) => Invalid::answer(Problem { loc: vec![body()], msg, kind: "json_invalid".to_owned() }),
            Self::Invalid(problem) => Invalid::answer(problem),
            Self::TooLarge => detail(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large"),
            Self::Unreadable(message) => detail(StatusCode::BAD_REQUEST, message),
        }
    }
}

fn body() -> Step {
    Step::Name("body".to_owned())
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Rejected;

    async fn from_request(request: Request, state: &S) -> Result<Self, Rejected> {
        object(request, state).await.map(Self)
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonOr400<T> {
    type Rejection = Rejected;

    async fn from_request(request: Request, state: &S) -> Result<Self, Rejected> {
        object(request, state).await.map(Self).map_err(|rejected| match rejected {
            Rejected::NotJson(message) => Rejected::Unreadable(message),
            other => other,
        })
    }
}

async fn object<T: DeserializeOwned, S: Send + Sync>(request: Request, state: &S) -> Result<T, Rejected> {
    let bytes = axum::body::Bytes::from_request(request, state).await.map_err(|rejection| {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            Rejected::TooLarge
        } else {
            Rejected::Unreadable(rejection.body_text())
        }
    })?;
    // a value first: whether it is JSON, and whether it is an object, must not depend on what `T` wants to see
    let value: Value =
        serde_json::from_slice(&bytes).map_err(|error| Rejected::NotJson(format!("the body is not JSON: {error}")))?;
    if !value.is_object() {
        let msg = "the body is not an object".to_owned();
        return Err(Rejected::Invalid(Problem { loc: vec![body()], msg, kind: "type_error".to_owned() }));
    }
    read(value, "body").map_err(Rejected::Invalid)
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Parameters<T> {
    type Rejection = Rejected;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejected> {
        let query = parts.uri.query().unwrap_or_default();
        let mut given: Vec<(String, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()).into_owned() {
            given.retain(|(other, _)| *other != name);
            if !value.is_empty() {
                given.push((name, value));
            }
        }
        let cleaned = form_urlencoded::Serializer::new(String::new()).extend_pairs(given).finish();
        let deserializer = serde_urlencoded::Deserializer::new(form_urlencoded::parse(cleaned.as_bytes()));
        read(deserializer, "query").map(Self).map_err(Rejected::Invalid)
    }
}

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Rejected;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejected> {
        let path = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        path.map(|axum::extract::Path(value)| Self(value)).map_err(|rejection| {
            let msg = match rejection {
                PathRejection::FailedToDeserializePathParams(error) => error.body_text(),
                other => other.body_text(),
            };
            let loc = vec![Step::Name("path".to_owned())];
            Rejected::Invalid(Problem { loc, msg, kind: "value_error".to_owned() })
        })
    }
}

/// Reads a `T`, or says at which place below `root` it does not fit.
fn read<'de, T: DeserializeOwned, D: Deserializer<'de>>(from: D, root: &str) -> Result<T, Problem> {
    serde_path_to_error::deserialize(from).map_err(|error| {
        let mut loc = vec![Step::Name(root.to_owned())];
        loc.extend(error.path().iter().filter_map(step));
        let msg = error.into_inner().to_string();
        let kind = match msg.strip_prefix("missing field `").and_then(|rest| rest.split_once('`')) {
            Some((field, _)) => {
                loc.push(Step::Name(field.to_owned()));
                "missing"
            }
            None if msg.starts_with("invalid type") => "type_error",
            None => "value_error",
        };
        Problem { loc, msg, kind: kind.to_owned() }
    })
}

fn step(segment: &serde_path_to_error::Segment) -> Option<Step> {
    use serde_path_to_error::Segment;
    match segment {
        Segment::Seq { index } => Some(Step::Index(*index)),
        Segment::Map { key } => Some(Step::Name(key.clone())),
        Segment::Enum { variant } => Some(Step::Name(variant.clone())),
        Segment::Unknown => None,
    }
}
