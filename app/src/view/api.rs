//! Changing a preference.

#![allow(clippy::unused_async, reason = "a server function is async, whatever it does")]

use leptos::{prelude::*, server_fn::codec::PostUrl};

use crate::refused::Refused;

/// Switches the colour scheme (`light`, `dark`, or `toggle` to turn what is shown now around) or folds the rail
/// (`full`, `icons`, `toggle`).
#[server(prefix = "/api/fn", endpoint = "view/prefer", input = PostUrl)]
pub async fn prefer(
    #[server(default)] scheme: Option<String>,
    #[server(default)] rail: Option<String>,
) -> Result<(), Refused> {
    super::cookie::keep(scheme.as_deref(), rail.as_deref());
    Ok(())
}
