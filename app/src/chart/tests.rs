use domain::{Timestamp, time::Date};
use proptest::prelude::*;

use super::*;

const HOSTILE: &str = "\"><script>alert(1)</script>&'";

fn line(values: Vec<Option<f64>>) -> LineChart {
    LineChart {
        title: "Lag".into(),
        unit: "entries".into(),
        end: Timestamp::from_millis(1_773_153_128_000),
        step: Duration::from_secs(10),
        series: vec![Series { name: "lag".into(), values, highest: Vec::new() }],
        floor: 10.0,
        threshold: None,
        markers: Vec::new(),
    }
}

fn burndown(points: Vec<(i64, f64)>) -> StepChart {
    StepChart {
        title: "Burndown".into(),
        unit: "tasks left".into(),
        first_day: Some("2026-03-02".parse::<Date>().expect("date")),
        last_day: 14,
        points,
        ideal_from: Some(13.0),
        today: Some(8.5),
    }
}

fn bars(bars: Vec<Bar>) -> BarChart {
    BarChart { title: "Velocity".into(), unit: "tasks".into(), of: "Sprint".into(), bars }
}

/// How many elements have exactly this class.
fn count(svg: &str, class: &str) -> usize {
    svg.matches(&format!("class=\"{class}\"")).count()
}

fn both(chart: &dyn Chart) -> String {
    chart.draw(Size::Wide) + &chart.draw(Size::Narrow)
}

#[test]
fn a_gap_stays_a_gap() {
    let values = [vec![Some(1.0); 10], vec![None; 10], vec![Some(2.0); 10]].concat();
    let svg = line(values.clone()).draw(Size::Wide);
    assert_eq!((count(&svg, "series"), count(&svg, "area"), count(&svg, "gap")), (2, 2, 1));
    assert!(svg.contains("no data"));
    assert_eq!(line(values).rows().rows.iter().filter(|row| row[1] == "no data").count(), 10);
}

/// Seven days in hours, with one hour in which one sample was high.
fn week() -> LineChart {
    let mut chart = line(vec![Some(2.0); 168]);
    chart.step = Duration::from_hours(1);
    chart.series[0].highest = vec![Some(2.0); 168];
    chart.series[0].highest[100] = Some(90_000.0);
    chart
}

#[test]
fn a_spike_of_one_sample_is_seen_in_a_week() {
    let (chart, svg) = (week(), week().draw(Size::Wide));
    assert_eq!((count(&svg, "band"), count(&svg, "peak")), (1, 1));
    assert!(svg.contains("100\u{202f}k"), "the axis reaches up to it");
    assert!(chart.description().contains("at most 90\u{202f}000 at "), "{}", chart.description());
    let rows = chart.rows();
    assert_eq!(rows.head, ["Time", "lag, entries", "highest lag, entries"]);
    assert_eq!(rows.rows.iter().filter(|row| row[2] == "90\u{202f}000").count(), 1);
}

#[test]
fn a_gap_in_hours_is_a_gap_of_the_mean_and_of_the_highest() {
    let mut chart = week();
    chart.series[0].values[50..60].fill(None);
    chart.series[0].highest[50..60].fill(None);
    let svg = chart.draw(Size::Wide);
    assert_eq!((count(&svg, "series"), count(&svg, "peak"), count(&svg, "gap")), (2, 2, 1));
}

#[test]
fn values_stand_in_stretches_that_begin_at_round_times_and_several_days_are_dated() {
    let rows = week().rows().rows;
    assert_eq!((rows[0][0].as_str(), rows[167][0].as_str()), ("10 Mar 14:00", "3 Mar 15:00"));
    let different: std::collections::BTreeSet<&String> = rows.iter().map(|row| &row[0]).collect();
    assert_eq!(different.len(), 168);
}

#[test]
fn a_spark_lifts_its_pen_over_a_gap() {
    assert_eq!(spark::path(&[Some(1.0), Some(1.0), None, Some(1.0), Some(1.0)], 2.0).matches('M').count(), 2);
    assert_eq!(spark::path(&[None, None], 2.0), "");
}

#[test]
fn noise_below_the_floor_stays_flat() {
    let heights = |path: &str| path.split(['M', 'L']).skip(1).map(|point| point[2..].to_owned()).collect::<Vec<_>>();
    let path = spark::path(&[Some(0.0), Some(1.0)], 200.0);
    assert_eq!(path, "M0 19L80 18.9", "{:?}", heights(&path));
}

#[test]
fn nothing_one_value_and_the_same_value_can_be_drawn() {
    for values in [vec![], vec![None], vec![Some(5.0)], vec![Some(0.0); 3], vec![Some(f64::NAN)], vec![Some(7.0); 400]]
    {
        let chart = line(values);
        assert!(!both(&chart).contains("NaN"));
        assert!(!chart.description().is_empty());
    }
    for points in [vec![], vec![(0, 0.0)], vec![(0, 13.0), (0, 13.0)], vec![(0, 3.0), (40, 0.0)]] {
        assert!(!both(&burndown(points)).contains("NaN"));
    }
    let bar = |value| Bar { label: "S01".into(), value, past: false };
    for chart in [bars(vec![]), bars(vec![bar(0.0)]), bars(vec![bar(3.0); 300])] {
        assert!(!both(&chart).contains("NaN"));
    }
}

#[test]
fn no_colour_and_no_style_leaves() {
    let mut chart = line((0..200).map(|n| Some(f64::from(n))).collect());
    chart.threshold = Some(Threshold { value: 50.0, label: "behind".into() });
    chart.markers.push(Marker {
        at: Timestamp::from_millis(1_773_152_528_000),
        label: "replay".into(),
        words: "replay by local".into(),
    });
    let bar = Bar { label: "S01".into(), value: 3.0, past: true };
    let drawn = both(&chart) + &both(&burndown(vec![(0, 13.0), (3, 9.0)])) + &both(&bars(vec![bar]));
    for attribute in ["style=", "fill=", "stroke=", "color", "font-", "rgb", "#"] {
        assert!(!drawn.contains(attribute), "{attribute}");
    }
    for class in ["grid", "axis", "x-label", "y-label", "unit-label", "threshold", "marker", "today", "bar past"] {
        assert!(count(&drawn, class) > 0, "{class}");
    }
}

#[test]
fn words_of_markers_do_not_lie_on_each_other() {
    let mut chart = line((0..200).map(|n| Some(f64::from(n))).collect());
    let marker = |ms| Marker { at: Timestamp::from_millis(ms), label: "group moved".into(), words: String::new() };
    chart.markers = [1_773_152_528_000, 1_773_152_538_000, 1_773_153_120_000].map(marker).to_vec();
    let svg = chart.draw(Size::Wide);
    assert_eq!((count(&svg, "marker"), count(&svg, "marker-label"), count(&svg, "marker-label end")), (3, 1, 1));
}

#[test]
fn hostile_labels_are_text() {
    let mut chart = line(vec![Some(1.0), Some(2.0)]);
    chart.unit = HOSTILE.into();
    chart.threshold = Some(Threshold { value: 1.0, label: HOSTILE.into() });
    chart.markers.push(Marker { at: chart.end, label: HOSTILE.into(), words: HOSTILE.into() });
    let bar = Bar { label: HOSTILE.into(), value: 3.0, past: true };
    let drawn = both(&chart) + &both(&bars(vec![bar]));
    assert!(!drawn.contains("<script") && !drawn.contains("alert(1)</"), "{drawn}");
}

#[test]
fn a_burndown_holds_its_value_until_the_next_day() {
    let svg = burndown(vec![(0, 10.0), (7, 5.0)]).draw(Size::Wide);
    let series = svg.split("<path class=\"series\"").nth(1).and_then(|rest| rest.split('"').nth(1)).expect("a line");
    // two corners of the step, and today
    assert_eq!(series.matches('L').count(), 3, "{series}");
    assert_eq!(count(&svg, "series ideal"), 1);
    assert_eq!(count(&svg, "weekend"), 4);
}

#[test]
fn the_readouts_can_be_pointed_at_and_the_last_value_is_among_them() {
    let svg = line((0..360).map(|n| Some(f64::from(n))).collect()).draw(Size::Narrow);
    assert!(count(&svg, "point") < 60);
    assert!(svg.contains("359 entries"));
}

#[test]
fn a_scale_ends_on_a_tick_and_counts_in_whole_entries() {
    let scale = axis::Scale::up_to(1_842.0, 10.0);
    assert!((scale.top - 2_000.0).abs() < 1e-6);
    let labels: Vec<&str> = scale.ticks.iter().map(|(_, label)| label.as_str()).collect();
    assert_eq!(labels, ["0", "500", "1\u{202f}000", "1\u{202f}500", "2\u{202f}000"]);
}

proptest! {
    #[test]
    fn any_values_stay_inside_the_drawing(values in prop::collection::vec(prop::option::of(0.0..1e12_f64), 0..400)) {
        let svg = line(values).draw(Size::Narrow);
        let attributes = svg.split('"').skip(1).step_by(2);
        let words = attributes.flat_map(|text| text.split([' ', 'L', 'M', 'Z']));
        for coordinate in words.filter_map(|word| word.parse::<f64>().ok()) {
            prop_assert!((0.0..=400.0).contains(&coordinate), "{}", coordinate);
        }
    }

    #[test]
    fn every_axis_has_few_ticks(span in 60.0..10_000_000.0_f64) {
        let start = 1_773_153_128.0;
        for size in [Size::Wide, Size::Narrow] {
            let ticks = axis::time_ticks(&(start..start + span), size);
            prop_assert!(!ticks.is_empty() && ticks.len() <= 8, "{}", ticks.len());
        }
    }
}
