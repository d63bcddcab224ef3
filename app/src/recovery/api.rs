//! The acts on recovery jobs, as forms post them.

use leptos::{prelude::*, server_fn::codec::PostUrl};
use serde::{Deserialize, Serialize};

use crate::refused::Refused;

/// The fields of a new job as they were typed: what is no number is refused with a sentence, not by the decoder.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct JobFields {
    /// `dead_letters` or `history`.
    pub what: String,
    pub stream: String,
    pub group: String,
    pub cause: String,
    pub text: String,
    /// The JSON of a list of dead letters, where some were ticked.
    pub items: String,
    pub from: String,
    pub to: String,
    pub order: String,
    pub rate: String,
    pub canary: String,
    pub reason: String,
}

/// Makes a job. What is chosen is frozen; nothing is sent.
#[server(prefix = "/api/fn", endpoint = "recovery/create", input = PostUrl)]
pub async fn create(job: JobFields) -> Result<(), Refused> {
    super::act::create(job).await
}

/// Says a word to a job: `start`, `pause`, `resume` or `cancel`.
#[server(prefix = "/api/fn", endpoint = "recovery/say", input = PostUrl)]
pub async fn say(job: i64, word: String) -> Result<(), Refused> {
    super::act::say(job, &word).await
}
