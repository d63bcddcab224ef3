//! The acts on rules, as forms post them. No field is called `id`: it would hide the form's own.

use leptos::{prelude::*, server_fn::codec::PostUrl};
use serde::{Deserialize, Serialize};

use crate::refused::Refused;

/// The fields of a rule as they were typed: what is no number is refused with a sentence, not by the decoder.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RuleFields {
    pub name: String,
    pub watched: String,
    pub stream: String,
    pub group: String,
    pub comparison: String,
    pub threshold: String,
    pub for_seconds: String,
    pub resolve_threshold: String,
    pub resolve_for_seconds: String,
    pub severity: String,
    pub note: String,
}

/// Makes a rule.
#[server(prefix = "/api/fn", endpoint = "alert/create", input = PostUrl)]
pub async fn create(rule: RuleFields) -> Result<(), Refused> {
    super::act::create(rule).await
}

/// Gives a rule other terms.
#[server(prefix = "/api/fn", endpoint = "alert/change", input = PostUrl)]
pub async fn change(rule_id: String, rule: RuleFields) -> Result<(), Refused> {
    super::act::change(&rule_id, rule).await
}

/// Lets a rule tell nobody for so many minutes; 0 lets it tell again.
#[server(prefix = "/api/fn", endpoint = "alert/mute", input = PostUrl)]
pub async fn mute(rule_id: String, minutes: u64) -> Result<(), Refused> {
    super::act::mute(&rule_id, minutes).await
}

/// Switches a rule on or off.
#[server(prefix = "/api/fn", endpoint = "alert/enable", input = PostUrl)]
pub async fn enable(rule_id: String, enabled: bool) -> Result<(), Refused> {
    super::act::enable(&rule_id, enabled).await
}

/// Deletes a rule.
#[server(prefix = "/api/fn", endpoint = "alert/delete", input = PostUrl)]
pub async fn delete(rule_id: String) -> Result<(), Refused> {
    super::act::delete(&rule_id).await
}

/// Sends a message that says that nothing is wrong.
#[server(prefix = "/api/fn", endpoint = "alert/test", input = PostUrl)]
pub async fn test() -> Result<(), Refused> {
    super::act::test().await
}
