//! Word-sized lines: stretched, without text, with words for those who do not see them.

use std::fmt::Write;

use domain::Status;
use leptos::prelude::*;

const HEIGHT: f64 = 20.0;
/// Points that can be told apart in a spark.
const POINTS: usize = 60;

/// The course of a figure. The vertical axis begins at 0 and reaches up to `floor` at least, so that noise stays flat; a
/// gap stays a gap.
#[component]
#[expect(clippy::needless_pass_by_value, reason = "a component owns what it is given")]
pub(crate) fn Spark(
    values: Vec<Option<f64>>,
    floor: f64,
    /// What it shows, in words.
    #[prop(into)]
    label: String,
    #[prop(optional_no_strip, into)] status: Option<Status>,
) -> impl IntoView {
    view! {
        <svg
            class="spark"
            data-status=status.map(Status::as_str)
            viewBox="0 0 80 20"
            preserveAspectRatio="none"
            role="img"
            aria-label=label
        >
            <path class="series" d=path(&values, floor)></path>
        </svg>
    }
}

/// A bar for each hour.
#[component]
pub(crate) fn HourBars(
    per_hour: Vec<u64>,
    /// What it shows, in words.
    #[prop(into)]
    label: String,
    /// Colours the bars of the last three hours.
    #[prop(optional_no_strip, into)]
    status: Option<Status>,
) -> impl IntoView {
    let highest = per_hour.iter().copied().max().unwrap_or(0).max(1) as f64;
    let hot_from = per_hour.len().saturating_sub(3);
    let width = per_hour.len().max(1) * 4;
    let bars = per_hour.into_iter().enumerate().map(|(n, count)| {
        let height = (count as f64 / highest * (HEIGHT - 1.0)).max(0.8);
        let class = if status.is_some() && n >= hot_from && count > 0 { "hot" } else { "bars" };
        let (y, height) = (format!("{:.1}", HEIGHT - height), format!("{height:.1}"));
        view! { <rect class=class x=(n * 4).to_string() y=y width="3" height=height></rect> }
    });
    view! {
        <svg
            class="spark"
            data-status=status.map(Status::as_str)
            viewBox=format!("0 0 {width} 20")
            preserveAspectRatio="none"
            role="img"
            aria-label=label
        >
            {bars.collect_view()}
        </svg>
    }
}

/// Neighbours share a point, the highest of them: a spike is not lost.
fn thinned(values: &[Option<f64>]) -> Vec<Option<f64>> {
    let per_point = values.len().div_ceil(POINTS).max(1);
    let highest = |part: &[Option<f64>]| part.iter().flatten().copied().filter(|v| v.is_finite()).reduce(f64::max);
    values.chunks(per_point).map(highest).collect()
}

/// With one decimal, as `write!` then shortens it.
fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

pub(super) fn path(values: &[Option<f64>], floor: f64) -> String {
    let points = thinned(values);
    let top = points.iter().flatten().copied().fold(floor, f64::max).max(f64::MIN_POSITIVE);
    let step = 80.0 / points.len().saturating_sub(1).max(1) as f64;
    let mut out = String::new();
    let mut pen_is_down = false;
    for (n, value) in points.iter().enumerate() {
        let Some(value) = value else {
            pen_is_down = false;
            continue;
        };
        let (x, y) = (tenths(n as f64 * step), tenths((1.0 - value.max(0.0) / top) * 18.0 + 1.0));
        write!(out, "{}{} {}", if pen_is_down { 'L' } else { 'M' }, x, y).expect("writing to a string cannot fail");
        let is_alone = !pen_is_down && points.get(n + 1).copied().flatten().is_none();
        if is_alone {
            out.push_str("h1");
        }
        pen_is_down = true;
    }
    out
}
