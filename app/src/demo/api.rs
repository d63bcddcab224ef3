//! What can be done with the sample project.

use leptos::{prelude::*, server_fn::codec::PostUrl};

use crate::refused::Refused;

/// Loads the sample project.
#[server(prefix = "/api/fn", endpoint = "demo/load", input = PostUrl)]
pub async fn load() -> Result<(), Refused> {
    super::act::load().await
}

/// Starts traffic on it, some of it handled slowly and some of it failing.
#[server(prefix = "/api/fn", endpoint = "demo/start", input = PostUrl)]
pub async fn start() -> Result<(), Refused> {
    super::act::start().await
}

/// Stops the traffic.
#[server(prefix = "/api/fn", endpoint = "demo/stop", input = PostUrl)]
pub async fn stop() -> Result<(), Refused> {
    super::act::stop().await
}

/// Ends slow and failing handling.
#[server(prefix = "/api/fn", endpoint = "demo/mend", input = PostUrl)]
pub async fn mend() -> Result<(), Refused> {
    super::act::set_failing(false).await
}

/// Begins slow and failing handling again.
#[server(prefix = "/api/fn", endpoint = "demo/fail", input = PostUrl)]
pub async fn fail() -> Result<(), Refused> {
    super::act::set_failing(true).await
}

/// Removes the sample project without a trace.
#[server(prefix = "/api/fn", endpoint = "demo/remove", input = PostUrl)]
pub async fn remove() -> Result<(), Refused> {
    super::act::remove().await
}
