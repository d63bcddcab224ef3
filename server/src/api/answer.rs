//! What the API answers where something is not done: `{"detail": …}`, with the code of the refusal.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use domain::Refusal;
use serde::Serialize;
use utoipa::{
    IntoResponses, ToSchema,
    openapi::{ContentBuilder, OpenApi, Ref, ResponseBuilder},
};

/// A refusal on its way out. The cause of a defect stays in the log.
pub(crate) struct Refused(Refusal);

/// What a handler gives back.
pub(crate) type Answer<T> = Result<Json<T>, Refused>;
/// What a handler gives back that makes something.
pub(crate) type Created<T> = Result<(StatusCode, Json<T>), Refused>;

/// 201.
pub(crate) fn created<T, E: Into<Refusal>>(result: Result<T, E>) -> Created<T> {
    Ok((StatusCode::CREATED, Json(result?)))
}

/// 200.
pub(crate) fn answer<T, E: Into<Refusal>>(result: Result<T, E>) -> Answer<T> {
    Ok(Json(result?))
}

impl<E: Into<Refusal>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.kind.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        detail(status, self.0.message)
    }
}

/// Why something was not done. For people: programs look at the status code.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Detail {
    detail: String,
}

/// An answer that says why.
pub(crate) fn detail(status: StatusCode, why: impl Into<String>) -> Response {
    (status, Json(Detail { detail: why.into() })).into_response()
}

/// What in the request does not fit.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// `body`, `query` or `path`, and the way from there to the place.
    pub(crate) loc: Vec<Step>,
    pub(crate) msg: String,
    /// `missing`, `type_error`, `value_error` or `json_invalid`.
    #[serde(rename = "type")]
    pub(crate) kind: String,
}

/// A field, or a place in a list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum Step {
    Name(String),
    Index(usize),
}

/// The request itself does not fit (422 before anything was looked at).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Invalid {
    detail: Vec<Problem>,
}

impl Invalid {
    pub(crate) fn answer(problem: Problem) -> Response {
        (StatusCode::UNPROCESSABLE_ENTITY, Json(Self { detail: vec![problem] })).into_response()
    }
}

/// Either of the two forms of a 422: a list where the request does not fit, a sentence where a rule refuses it.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only described, in the OpenAPI document")]
pub(crate) enum InvalidOrRefused {
    Invalid(Invalid),
    Refused(Detail),
}

/// The OpenAPI document's words for refusals; each is one line of a route's list of responses.
macro_rules! refusals {
    ($($name:ident, $status:literal, $body:ty, $description:literal;)*) => {$(
        #[derive(IntoResponses)]
        #[response(status = $status, description = $description)]
        #[expect(dead_code, reason = "only described, in the OpenAPI document")]
        pub(crate) struct $name($body);
    )*};
}
refusals! {
    BadRequest, 400, Detail, "The body is not JSON";
    NotFound, 404, Detail, "What the address or the body names does not exist";
    Conflict, 409, Detail, "The state of things does not allow it";
    Unprocessable, 422, InvalidOrRefused, "The request does not fit, nothing was done";
}

/// Adds what the guard, a time-out and a defect answer, which no handler needs to name.
pub(super) fn describe_what_every_route_may_answer(document: &mut OpenApi) {
    let answers = [
        ("403", "The caller does not hold the permission"),
        ("500", "A defect of the program; the id in it is in the log"),
        ("503", "A database, Redis or a peer is away; the same call may succeed later"),
    ];
    let public = |path: &str| path == "/health" || path == "/v1/health";
    let operations =
        document.paths.paths.iter_mut().filter(|(path, _)| !public(path)).flat_map(|(_, item)| {
            [&mut item.get, &mut item.post, &mut item.put, &mut item.delete].into_iter().flatten()
        });
    for operation in operations {
        for (status, why) in answers {
            let body = ContentBuilder::new().schema(Some(Ref::from_schema_name("Detail"))).build();
            let response = ResponseBuilder::new().description(why).content("application/json", body);
            operation.responses.responses.entry(status.to_owned()).or_insert_with(|| response.into());
        }
    }
}
