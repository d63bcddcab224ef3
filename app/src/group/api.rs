//! What can be done with a group.

use leptos::{prelude::*, server_fn::codec::PostUrl};

use crate::refused::Refused;

/// Claims, acknowledges or dead-letters (`act`) the pending entries `ids`, which are separated by spaces. `state_token`
/// is the proof of the preview.
#[server(prefix = "/api/fn", endpoint = "group/repair", input = PostUrl)]
pub async fn repair(
    stream: String,
    group: String,
    act: String,
    ids: String,
    #[server(default)] state_token: Option<String>,
    #[server(default)] reason: Option<String>,
) -> Result<(), Refused> {
    super::act::repair(stream, group, &act, &ids, state_token, reason).await
}

/// Moves a group to the `start` or `end` of its stream, or `after` an id. `confirm` is the group's name, typed.
#[server(prefix = "/api/fn", endpoint = "group/move", input = PostUrl)]
pub async fn move_to(
    stream: String,
    group: String,
    to: String,
    confirm: String,
    #[server(default)] after: Option<String>,
    #[server(default)] state_token: Option<String>,
    #[server(default)] reason: Option<String>,
) -> Result<(), Refused> {
    super::act::move_to(stream, group, &to, after, &confirm, state_token, reason).await
}

/// Deletes a group. `confirm` is its name, typed.
#[server(prefix = "/api/fn", endpoint = "group/delete", input = PostUrl)]
pub async fn delete(
    stream: String,
    group: String,
    confirm: String,
    #[server(default)] state_token: Option<String>,
    #[server(default)] reason: Option<String>,
) -> Result<(), Refused> {
    super::act::delete(stream, group, &confirm, state_token, reason).await
}

/// Deletes consumers, those named and those that hold nothing and were idle for `empty_for_ms`; what they have pending is
/// handed over to `hand_over_to`, or freed for the group's other consumers.
#[server(prefix = "/api/fn", endpoint = "group/delete_consumers", input = PostUrl)]
pub async fn delete_consumers(
    stream: String,
    group: String,
    #[server(default)] consumers: Vec<String>,
    #[server(default)] empty_for_ms: Option<u64>,
    #[server(default)] hand_over_to: Option<String>,
    #[server(default)] state_token: Option<String>,
    #[server(default)] reason: Option<String>,
) -> Result<(), Refused> {
    super::act::delete_consumers(stream, group, consumers, empty_for_ms, hand_over_to, state_token, reason).await
}

/// Dead-letters the entry that holds up a lane of a consumer in this process.
#[server(prefix = "/api/fn", endpoint = "group/clear_lane", input = PostUrl)]
pub async fn clear_lane(
    stream: String,
    group: String,
    entry: String,
    #[server(default)] state_token: Option<String>,
    #[server(default)] reason: Option<String>,
) -> Result<(), Refused> {
    super::act::clear_lane(stream, group, &entry, state_token, reason).await
}

/// Holds the consumers of a group that run in this process, or lets them go on.
#[server(prefix = "/api/fn", endpoint = "group/pause", input = PostUrl)]
pub async fn pause(stream: String, group: String, paused: bool) -> Result<(), Refused> {
    super::act::pause(stream, group, paused).await
}
