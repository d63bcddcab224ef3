//! The axis of a waterfall and the bars on it.

use domain::{Status, Timestamp, trace::waterfall::short};
use leptos::prelude::*;

/// Units of the drawing, whatever time they stand for.
const WIDTH: u64 = 1_000;
/// A bar that is shorter than this would not be seen.
const NARROWEST: u64 = 6;
/// Parts into which the axis is divided.
const PARTS: u32 = 4;

/// The time that a waterfall spans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Axis {
    from: Timestamp,
    micros: u64,
}

impl Axis {
    pub(super) fn new((from, to): (Timestamp, Timestamp)) -> Self {
        // what takes no time at all still has a place
        Self { from, micros: u64::try_from(to.since(from).as_micros()).unwrap_or(u64::MAX).max(1_000) }
    }

    fn place(self, at: Timestamp) -> u64 {
        let micros = u64::try_from(at.since(self.from).as_micros()).unwrap_or(u64::MAX).min(self.micros);
        u64::try_from(u128::from(micros) * u128::from(WIDTH) / u128::from(self.micros)).unwrap_or(WIDTH)
    }

    /// Left edge and width of a bar, always inside the drawing.
    fn extent(self, (from, to): (Timestamp, Timestamp)) -> (u64, u64) {
        let (start, end) = (self.place(from), self.place(to));
        let width = end.saturating_sub(start).max(NARROWEST);
        (start.min(WIDTH - width), width)
    }

    /// The scale above the bars, in units of time since its beginning.
    pub(super) fn scale(self) -> AnyView {
        let total = std::time::Duration::from_micros(self.micros);
        let marks = (0..=PARTS).map(|part| {
            let label = if part == 0 { "0".to_owned() } else { format!("+{}", short(total * part / PARTS)) };
            view! { <span>{label}</span> }
        });
        view! {
            <div class="scale" aria-hidden="true">
                {marks.collect_view()}
            </div>
        }
        .into_any()
    }
}

/// A bar, or nothing where a time is not known. Words beside it say the same.
pub(super) fn bar(axis: Axis, bar: Option<(Timestamp, Timestamp)>, status: Status, is_gap: bool) -> AnyView {
    let drawn = bar.map(|bar| {
        let (x, width) = axis.extent(bar);
        view! { <rect class=if is_gap { "is-gap" } else { "" } x=x y="2" width=width height="8" rx="1"></rect> }
    });
    view! {
        <svg class="track" data-status=status.as_str() viewBox="0 0 1000 12" preserveAspectRatio="none" aria-hidden="true">
            <path d="M0 .5V11.5M250 .5V11.5M500 .5V11.5M750 .5V11.5M1000 .5V11.5"></path>
            {drawn}
        </svg>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(1_700_000_000_000 + ms)
    }

    #[test]
    fn a_bar_stays_inside_the_drawing_and_is_never_invisible() {
        let axis = Axis::new((at(0), at(200)));
        assert_eq!(axis.extent((at(0), at(100))), (0, 500));
        assert_eq!(axis.extent((at(200), at(200))), (994, 6));
        assert_eq!(axis.extent((at(-50), at(900))), (0, 1_000));
        assert_eq!(axis.extent((at(90), at(80))), (450, 6), "clocks disagree");
    }

    #[test]
    fn a_trace_of_one_moment_has_an_axis() {
        assert_eq!(Axis::new((at(0), at(0))).extent((at(0), at(0))), (0, 6));
    }
}
