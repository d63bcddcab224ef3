//! The two repairs of dead letters, as a form posts them.

use leptos::{prelude::*, server_fn::codec::PostUrl};

use crate::refused::Refused;

/// Sends dead letters back to the groups that failed, then shows what became of each. `items` is the JSON of a list of
/// cursors, `state_token` comes from the preview.
#[server(prefix = "/api/fn", endpoint = "dead_letter/replay", input = PostUrl)]
pub async fn replay(
    items: String,
    state_token: String,
    #[server(default)] reason: Option<String>,
) -> Result<(), Refused> {
    super::act::replay(&items, state_token, reason).await
}

/// Throws dead letters away; needs a reason.
#[server(prefix = "/api/fn", endpoint = "dead_letter/discard", input = PostUrl)]
pub async fn discard(
    items: String,
    state_token: String,
    #[server(default)] reason: Option<String>,
) -> Result<(), Refused> {
    super::act::discard(&items, state_token, reason).await
}
