//! How old what is shown is, and the connection that keeps it fresh.

use leptos::prelude::*;

#[island]
pub fn Live(
    /// When the sampler asked Redis last, by Redis' clock.
    at_ms: i64,
    /// When this page was rendered, by the server's clock.
    now_ms: i64,
    /// Why Redis could not be asked since.
    error: Option<String>,
) -> impl IntoView {
    let age = format!("{:.1}", (now_ms - at_ms).max(0) as f64 / 1000.0);
    view! { <span class="live" role="status">{age} {error}</span> }
}
