//! The error of every server function: a refusal that keeps its kind on its way to the browser.

use domain::{Refusal, refusal::RefusalKind};
use leptos::{
    prelude::{FromServerFnError, ServerFnErrorErr},
    server_fn::codec::JsonEncoding,
};
use serde::{Deserialize, Serialize};

/// Why a server function did not do what was asked. On the wire it is the [`Refusal`] itself, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(transparent)]
#[error(transparent)]
pub struct Refused(pub Refusal);

impl FromServerFnError for Refused {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        let kind = match &error {
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) | ServerFnErrorErr::Deserialization(_) => {
                RefusalKind::Invalid
            }
            ServerFnErrorErr::Request(_) => RefusalKind::Unavailable,
            _ => RefusalKind::Internal,
        };
        Self(Refusal::new(kind, error.to_string()))
    }
}

#[cfg(feature = "ssr")]
mod answered;
