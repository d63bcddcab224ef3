//! Findings where they are: on the overview, on the page of a stream or a group.

use domain::{
    Status,
    figure::grouped,
    finding::{Finding, Found},
};
use leptos::prelude::*;

use super::list::list;

use crate::address;

/// Findings on the overview; the others are behind the link.
const WORST: usize = 5;

/// What is wrong, the worst first; nothing where nothing is. Notes are on their own page only.
pub(crate) fn on_overview(found: &Found) -> Option<AnyView> {
    let wrong: Vec<&Finding> = found.findings.iter().filter(|finding| finding.status != Status::Idle).collect();
    if wrong.is_empty() {
        return None;
    }
    let all = found.findings.len() as u64 + found.left_out;
    let words = if all == 1 { "Open findings".to_owned() } else { format!("All {} findings", grouped(all)) };
    let section = view! {
        <section aria-labelledby="findings">
            <div class="section-head">
                <h2 id="findings">"What is wrong with Redis"</h2>
                <a class="end" href=address::at("/findings")>
                    {words}
                </a>
            </div>
            {list(wrong.into_iter().take(WORST), false)}
        </section>
    };
    Some(section.into_any())
}

/// What is wrong with one stream (and, where `group` is given, that group only). Nothing where nothing is.
pub(crate) fn section(found: &Found, stream: &str, group: Option<&str>) -> Option<AnyView> {
    let here: Vec<&Finding> = found.of(stream, group).collect();
    if here.is_empty() {
        return None;
    }
    let all = crate::address::with_query(&address::at("/findings"), [("stream", Some(stream.to_owned()))]);
    let section = view! {
        <section aria-labelledby="findings">
            <div class="section-head">
                <h2 id="findings">"What Redis does not say"</h2>
                <a class="end" href=all>
                    "Findings of this stream"
                </a>
            </div>
            {list(here.into_iter().take(if group.is_some() { usize::MAX } else { WORST }), group.is_some())}
        </section>
    };
    Some(section.into_any())
}
