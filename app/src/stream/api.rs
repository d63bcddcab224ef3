//! What can be done with a stream.

use leptos::{prelude::*, server_fn::codec::PostUrl};

use crate::refused::Refused;

/// Creates a group that begins at the `start` or `end` of the stream, or `after` an id.
#[server(prefix = "/api/fn", endpoint = "stream/create_group", input = PostUrl)]
pub async fn create_group(
    stream: String,
    group: String,
    begin: String,
    #[server(default)] after: Option<String>,
    #[server(default)] state_token: Option<String>,
    #[server(default)] reason: Option<String>,
) -> Result<(), Refused> {
    super::act::create_group(stream, group, &begin, after, state_token, reason).await
}

/// Removes the entries `before` an id; with `past_groups` also what groups still need.
#[server(prefix = "/api/fn", endpoint = "stream/trim", input = PostUrl)]
pub async fn trim(
    stream: String,
    before: String,
    past_groups: bool,
    #[server(default)] state_token: Option<String>,
    #[server(default)] reason: Option<String>,
) -> Result<(), Refused> {
    super::act::trim(stream, &before, past_groups, state_token, reason).await
}

/// Deletes the entries `ids`, which are separated by spaces.
#[server(prefix = "/api/fn", endpoint = "stream/delete_entries", input = PostUrl)]
pub async fn delete_entries(
    stream: String,
    ids: String,
    #[server(default)] state_token: Option<String>,
    #[server(default)] reason: Option<String>,
) -> Result<(), Refused> {
    super::act::delete_entries(stream, &ids, state_token, reason).await
}
