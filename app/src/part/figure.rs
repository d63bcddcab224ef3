//! Numbers, as certain as they are.

use domain::{Figure, figure::grouped};
use leptos::{either::EitherOf3, prelude::*};

/// Exact, `≥ 1 200`, or `—` with the reason on hover and for screen readers.
#[component]
pub(crate) fn FigureText(figure: Figure) -> impl IntoView {
    match figure {
        Figure::Exact(n) => EitherOf3::A(view! { <span class="figure value">{grouped(n)}</span> }),
        Figure::AtLeast(n) => EitherOf3::B(view! {
            <span class="figure value" data-figure="at-least" tabindex="0" data-why="Counting stopped at its cap; there may be more.">
                <span class="hidden-text">"at least "</span>
                {format!("≥\u{202f}{}", grouped(n))}
            </span>
        }),
        Figure::Unknown(reason) => EitherOf3::C(view! {
            <span class="figure value" data-figure="unknown" tabindex="0" data-why=reason.clone()>
                "—"
                <span class="hidden-text">{format!(" unknown: {reason}")}</span>
            </span>
        }),
    }
}

/// `1 842`, or a muted dash for what does not apply.
pub(crate) fn number(n: Option<u64>) -> String {
    n.map_or_else(|| "–".to_owned(), grouped)
}

/// The amount of a change, whole: `167`.
pub(crate) fn whole(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    match digits.parse() {
        Ok(n) => grouped(n),
        Err(_) => digits,
    }
}

/// `18.2 /s`; a dash while there is no rate yet.
pub(crate) fn rate(per_second: Option<f64>) -> String {
    per_second.map_or_else(|| "–".to_owned(), |rate| format!("{rate:.1}\u{202f}/s"))
}

/// `0.4 ms`, `436 ms`, `1.9 s`.
pub(crate) fn milliseconds(ms: f64) -> String {
    match ms {
        ms if ms < 10.0 => format!("{ms:.1}\u{202f}ms"),
        ms if ms < 10_000.0 => format!("{ms:.0}\u{202f}ms"),
        ms => format!("{:.1}\u{202f}s", ms / 1_000.0),
    }
}

/// `1.4 MB`, powers of 1000.
pub(crate) fn bytes(n: u64) -> String {
    match n {
        0..1_000 => format!("{n}\u{202f}B"),
        1_000..1_000_000 => format!("{:.1}\u{202f}kB", n as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1}\u{202f}MB", n as f64 / 1e6),
        _ => format!("{:.1}\u{202f}GB", n as f64 / 1e9),
    }
}
