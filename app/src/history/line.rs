//! A measure of a stream or a group as a line.

use console::history::{Course, Measure};
use leptos::prelude::*;

use crate::chart::{Caption, LineChart, Series, chart_figure};

/// One measure over the range: its mean, and its highest sample where that differs.
pub(crate) fn line(course: &Course, title: String, unit: &str, name: &str, measure: Measure, floor: f64) -> LineChart {
    lines(title, unit, floor, [(course, name, measure)])
}

/// Measures that are read beside each other; the first is the subject. All courses are of one range.
pub(crate) fn lines<const N: usize>(
    title: String,
    unit: &str,
    floor: f64,
    of: [(&Course, &str, Measure); N],
) -> LineChart {
    let (end, step) = (of[0].0.end, of[0].0.range.step());
    let series = |(n, (course, name, measure)): (usize, (&Course, &str, Measure))| {
        let (values, mut highest) = (course.means(measure), course.highest(measure));
        if n > 0 || !differ(&values, &highest) {
            highest.clear();
        }
        Series { name: name.to_owned(), values, highest }
    };
    let series = of.into_iter().enumerate().map(series).collect();
    LineChart { title, unit: unit.to_owned(), end, step, series, floor, threshold: None, markers: Vec::new() }
}

/// Less than this cannot be seen, and need not be drawn: a hundredth of what is highest.
const SEEN_FROM: f64 = 0.01;

fn differ(means: &[Option<f64>], highest: &[Option<f64>]) -> bool {
    let most = highest.iter().flatten().copied().fold(0.0, f64::max);
    let apart = means.iter().zip(highest).filter_map(|(mean, highest)| Some((*highest)? - (*mean)?));
    apart.fold(0.0, f64::max) > most * SEEN_FROM
}

/// A chart with its caption; what its lines are is told where there are several.
pub(crate) fn charted(id: &'static str, heading: &str, now: String, note: String, chart: &LineChart) -> AnyView {
    let legend = chart.series.iter().map(|series| series.name.clone()).collect();
    chart_figure(id, Caption { heading: heading.to_owned(), now, note, legend }, chart)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peaks_are_drawn_where_they_can_be_told_from_the_mean() {
        assert!(!differ(&[Some(100.0), None], &[Some(100.4), None]));
        assert!(differ(&[Some(100.0), Some(1.0)], &[Some(100.0), Some(40.0)]));
        assert!(!differ(&[], &[]));
    }
}
