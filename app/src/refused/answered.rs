//! How a refusal leaves the server: with the status code of its kind.

use domain::Refusal;
use http::StatusCode;
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;

use super::Refused;

/// Any crate's error becomes a refusal, and the answer gets its status code.
impl<E: Into<Refusal>> From<E> for Refused {
    fn from(error: E) -> Self {
        let refusal = error.into();
        if let (Some(response), Ok(status)) =
            (use_context::<ResponseOptions>(), StatusCode::from_u16(refusal.kind.http_status()))
        {
            response.set_status(status);
        }
        Self(refusal)
    }
}
