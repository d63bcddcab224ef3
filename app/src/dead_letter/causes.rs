//! The table of causes.

use domain::{dead_letter::Cause, figure::grouped};
use leptos::prelude::*;

use super::{query::Query, state::State};
use crate::{
    address,
    part::{Ago, Badge},
};

/// Width of an hour in the drawing of 24, and its height.
const HOUR: usize = 4;
const HEIGHT: f64 = 19.0;
/// An hour without records is a line, so that the day stays visible.
const LOWEST: f64 = 0.8;

pub(super) fn causes(causes: &[Cause], query: &Query) -> AnyView {
    let rows = causes.iter().map(|cause| row(cause, query));
    view! {
        <section aria-labelledby="causes-h">
            <h2 class="hidden-text" id="causes-h">
                "Causes"
            </h2>
            <div class="table-wrap">
                <table class="table tall small">
                    <caption class="hidden-text">"Dead letters grouped by cause, most frequent first"</caption>
                    <thead>
                        <tr>
                            <th scope="col" class="num">"Records"</th>
                            <th scope="col">"Cause, type and group"</th>
                            <th scope="col">"Last 24 h"</th>
                            <th scope="col" class="num third">"First"</th>
                            <th scope="col" class="num">"Last"</th>
                            <th scope="col">"State"</th>
                        </tr>
                    </thead>
                    <tbody>{rows.collect_view()}</tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}

fn row(cause: &Cause, query: &Query) -> AnyView {
    let state = State::of(cause);
    let chosen = query.cause.as_deref() == Some(&cause.fingerprint)
        && query.group.as_deref().is_none_or(|group| group == cause.group)
        && query.stream.as_deref().is_none_or(|stream| stream == cause.stream);
    let type_ = cause.event_type.clone().unwrap_or_else(|| "no type".to_owned());
    view! {
        <tr
            data-key=format!("{}/{}/{}", cause.stream, cause.group, cause.fingerprint)
            data-status=state.status().as_str()
            aria-current=chosen.then_some("true")
        >
            <td class="num" data-label="Records">
                <b>{grouped(cause.count)}</b>
            </td>
            <th scope="row" class="grow lead">
                <span class="two-lines">
                    <a
                        class="name"
                        href=address::cause(&cause.stream, &cause.group, &cause.fingerprint)
                        title=cause.error.clone()
                    >
                        {cause.error.clone()}
                    </a>
                    <small>{format!("{type_} · {}", if cause.group.is_empty() { "no group" } else { &cause.group })}</small>
                </span>
            </th>
            <td data-label="Last 24 h">{day(cause, state)}</td>
            <td class="num third" data-label="First">
                <Ago at=cause.first />
            </td>
            <td class="num" data-label="Last">
                <Ago at=cause.last />
            </td>
            <td data-label="State" title=state.reason()>
                <Badge status=state.status() word=state.word() />
            </td>
        </tr>
    }
    .into_any()
}

/// 24 bars, an hour each.
fn day(cause: &Cause, state: State) -> AnyView {
    let most = cause.per_hour.iter().copied().max().unwrap_or(0).max(1) as f64;
    let hot = (state == State::Growing).then(|| cause.per_hour.len().saturating_sub(1));
    let bars = cause.per_hour.iter().enumerate().map(|(hour, count)| {
        let height = (HEIGHT * *count as f64 / most).max(LOWEST);
        let class = if Some(hour) == hot { "hot" } else { "bars" };
        let y = format!("{:.1}", HEIGHT + 1.0 - height);
        view! { <rect class=class x=hour * HOUR y=y width="3" height=format!("{height:.1}")></rect> }
    });
    let records: u64 = cause.per_hour.iter().sum();
    view! {
        <svg
            class="spark"
            data-status=state.status().as_str()
            viewBox=format!("0 0 {} 20", HOUR * cause.per_hour.len().max(1))
            preserveAspectRatio="none"
            role="img"
            aria-label=format!("{records} in the last 24 hours, by hour")
        >
            {bars.collect_view()}
        </svg>
    }
    .into_any()
}
