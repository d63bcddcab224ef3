//! Where ticks stand and what they say.

use std::{ops::Range, time::Duration};

use domain::Timestamp;
use plotters::coord::ranged1d::Ranged;
use plotters::coord::types::RangedCoordf64;

use super::Size;

/// A tick and its label.
pub(super) type Tick = (f64, String);

/// Steps that people count time in.
const TIME_STEPS: [u64; 16] = [1, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200];
const DAY: u64 = 86_400;
/// More ticks than any axis has.
const AT_MOST: u32 = 50;

/// The vertical axis: from 0 to a round number.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scale {
    pub(super) top: f64,
    pub(super) ticks: Vec<Tick>,
}

impl Scale {
    /// Room for `highest`, and at least for `floor`, so that noise stays flat.
    pub(super) fn up_to(highest: f64, floor: f64) -> Self {
        let highest = if highest.is_finite() { highest.max(floor) } else { floor };
        let highest = if highest > 0.0 { highest } else { 1.0 };
        let points = RangedCoordf64::from(0.0..highest).key_points(5_usize);
        let step = match points.as_slice() {
            [first, second, ..] => second - first,
            _ => highest,
        };
        let top = (highest / step - 1e-9).ceil().max(1.0) * step;
        let ticks = (0..AT_MOST).map(|n| f64::from(n) * step).take_while(|value| *value < top + step / 2.0);
        Self { top, ticks: ticks.map(|value| (value, short(value, step))).collect() }
    }
}

/// `1 500`, `12 k`, `1.5 M`, with as many decimals as the step needs.
fn short(value: f64, step: f64) -> String {
    let (divisor, suffix) = match value {
        value if value >= 1e9 => (1e9, "\u{202f}G"),
        value if value >= 1e6 => (1e6, "\u{202f}M"),
        value if value >= 1e4 => (1e3, "\u{202f}k"),
        _ => (1.0, ""),
    };
    if divisor > 1.0 || step >= 1.0 {
        let decimals = usize::from(step / divisor < 1.0 && (value / divisor).fract() != 0.0);
        let text = format!("{:.decimals$}", value / divisor);
        let text = if divisor > 1.0 { text } else { grouped(&text) };
        return format!("{text}{suffix}");
    }
    if value == 0.0 { "0".to_owned() } else { format!("{value:.*}", if step >= 0.1 { 1 } else { 2 }) }
}

fn grouped(digits: &str) -> String {
    digits.parse().map_or_else(|_| digits.to_owned(), domain::figure::grouped)
}

/// A value in words: whole if it is, else with one decimal.
pub(super) fn exactly(value: f64) -> String {
    let rounded = (value * 10.0).round() / 10.0;
    if rounded.fract() == 0.0 && (0.0..1e15).contains(&rounded) {
        grouped(&rounded.to_string())
    } else {
        format!("{rounded:.1}")
    }
}

/// Ticks on round times between two moments, in seconds since 1970.
pub(super) fn time_ticks(range: &Range<f64>, size: Size) -> Vec<Tick> {
    let at_most = match size {
        Size::Wide => 7.0,
        Size::Narrow => 4.0,
    };
    let span = range.end - range.start;
    let step = TIME_STEPS.into_iter().find(|step| span / *step as f64 <= at_most).unwrap_or(DAY);
    let step =
        if span / step as f64 > at_most { step as f64 * (span / (step as f64 * at_most)).ceil() } else { step as f64 };
    let first = (range.start / step).ceil() * step;
    let ticks = (0..AT_MOST).map(|n| first + f64::from(n) * step).take_while(|at| *at <= range.end);
    ticks.map(|seconds| (seconds, time_label(moment(seconds), step))).collect()
}

fn time_label(at: Timestamp, step: f64) -> String {
    match step {
        step if step < 60.0 => at.clock(),
        step if step < DAY as f64 => at.clock()[..5].to_owned(),
        _ => at.date().short(),
    }
}

/// Ticks on whole numbers between `0` and `last`.
pub(super) fn whole_ticks(last: i64, size: Size, label: impl Fn(i64) -> String) -> Vec<Tick> {
    let at_most = match size {
        Size::Wide => 8,
        Size::Narrow => 4,
    };
    let step = [1, 2, 5, 7, 10, 14, 20, 50].into_iter().find(|step| last / step <= at_most);
    let step = step.unwrap_or_else(|| last / at_most + 1);
    (0..=last.max(0)).step_by(usize::try_from(step).unwrap_or(1)).map(|n| (n as f64, label(n))).collect()
}

/// Seconds since 1970, the unit of a time axis.
pub(super) fn seconds(at: Timestamp) -> f64 {
    at.micros() as f64 / 1e6
}

pub(super) fn moment(seconds: f64) -> Timestamp {
    Timestamp::default() + Duration::try_from_secs_f64(seconds).unwrap_or_default()
}
