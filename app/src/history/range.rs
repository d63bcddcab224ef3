//! How far back the charts of a page reach: a parameter of its address.

use console::history::{Course, Range};
use domain::time::humane;
use leptos::prelude::*;

use crate::address::{self, Parameters};

const DEFAULT: Range = Range::Hour;

/// The range that the address asks for.
pub(crate) fn asked(query: &Parameters) -> Range {
    query.get("range").and_then(|word| Range::parse(&word)).unwrap_or(DEFAULT)
}

/// What a form carries along, so that the charts stay as they are.
pub(crate) fn kept(query: &Parameters) -> impl IntoView + use<> {
    let range = query.get("range").filter(|_| asked(query) != DEFAULT);
    range.map(|range| view! { <input type="hidden" name="range" value=range /> })
}

const fn words(range: Range) -> (&'static str, &'static str) {
    match range {
        Range::QuarterHour => ("15 min", "Last 15 minutes"),
        Range::Hour => ("1 h", "Last hour"),
        Range::SixHours => ("6 h", "Last 6 hours"),
        Range::Day => ("24 h", "Last 24 hours"),
        Range::Week => ("7 d", "Last 7 days"),
        Range::Month => ("30 d", "Last 30 days"),
    }
}

/// The head over charts: how far back, what a point is, where the history begins, and the other ranges.
pub(crate) fn head(course: &Course) -> AnyView {
    let links = Range::ALL.map(|range| {
        let value = (range != DEFAULT).then(|| range.as_str());
        let current = (range == course.range).then_some("true");
        let (short, long) = words(range);
        view! {
            <a href=address::here_with(&[("range", value)]) title=long aria-current=current>
                {short}
            </a>
        }
    });
    view! {
        <div class="section-head" id="range">
            <h2 id="history">{words(course.range).1}</h2>
            <span class="note">{note(course)}</span>
            <nav class="segments end" aria-label="How far back">
                {links.collect_view()}
            </nav>
        </div>
    }
    .into_any()
}

/// `a point each 5 min: the mean, and pale its highest sample; times are UTC; the history begins 26 Nov 14:02`.
fn note(course: &Course) -> String {
    let step = course.range.step();
    let each = match step.as_secs() {
        0..60 => humane(step),
        60..3_600 => format!("{} min", step.as_secs() / 60),
        _ => format!("{} h", step.as_secs() / 3_600),
    };
    let bounds = if course.away {
        "; the database is away, so only what this process remembers is shown".to_owned()
    } else if course.begins.is_none() {
        "; nothing is known yet: the history begins with the first look at it".to_owned()
    } else if let Some(begins) = course.begins_inside() {
        format!("; the history begins {} {}", begins.date().short(), &begins.clock()[..5])
    } else {
        String::new()
    };
    format!("a point each {each}: the mean, and pale its highest sample; times are UTC{bounds}")
}
