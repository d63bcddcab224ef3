//! Values over time.

use std::{ops::Range, time::Duration};

use domain::Timestamp;
use plotters::{
    element::{Circle, PathElement, Polygon, Rectangle, Text},
    series::{AreaSeries, LineSeries},
    style::text_anchor::{HPos, Pos, VPos},
};

use super::{
    Chart, Rows, Size,
    axis::{Scale, exactly, moment, seconds, time_ticks},
    backend::{Pen, SCALE, text_width},
    frame::{Drawn, Frame, Plane, filled, label, room_beside, words_beside},
    readout::{self, Readout, thinned},
};

/// One or more figures over the same time. A gap stays a gap.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LineChart {
    /// What is drawn, of what.
    pub(crate) title: String,
    pub(crate) unit: String,
    /// Where the time axis ends: the newest sample.
    pub(crate) end: Timestamp,
    /// The stretch of time that a value stands for. They begin at round times; `end` lies in the last.
    pub(crate) step: Duration,
    /// The first is drawn as the subject, up to two more beside it.
    pub(crate) series: Vec<Series>,
    /// The vertical axis reaches up to this at least, so that noise stays flat.
    pub(crate) floor: f64,
    pub(crate) threshold: Option<Threshold>,
    pub(crate) markers: Vec<Marker>,
}

/// One figure, oldest first; `None` = nobody knows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) values: Vec<Option<f64>>,
    /// The highest sample of each value's time, where a value is the mean of several; else empty. Drawn of the subject, so
    /// that a spike is seen however long the time.
    pub(crate) highest: Vec<Option<f64>>,
}

/// From here on it is bad.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Threshold {
    pub(crate) value: f64,
    pub(crate) label: String,
}

/// Something happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Marker {
    pub(crate) at: Timestamp,
    /// One or two words beside its line.
    pub(crate) label: String,
    /// All about it, on hover.
    pub(crate) words: String,
}

const PENS: [Pen; 3] = [Pen::Series, Pen::Second, Pen::Third];
/// A time axis shows this much at least, in seconds.
const SHORTEST: f64 = 60.0;
/// Where more than this is shown, in seconds, times have their day beside them.
const DATED_FROM: f64 = 12.0 * 3_600.0;

impl LineChart {
    fn len(&self) -> usize {
        self.series.iter().map(|series| series.values.len()).max().unwrap_or(0)
    }

    /// When the stretch of time with this index begins, in seconds; all series end together.
    fn start(&self, index: usize) -> f64 {
        let step = self.step.as_secs_f64();
        let newest = (seconds(self.end) / step).floor() * step;
        newest - (self.len() - 1 - index) as f64 * step
    }

    /// Where its value stands: in its middle.
    fn at(&self, index: usize) -> f64 {
        (self.start(index) + self.step.as_secs_f64() / 2.0).min(seconds(self.end))
    }

    fn value(&self, series: &Series, index: usize) -> Option<f64> {
        self.value_of(&series.values, index)
    }

    fn highest(&self, series: &Series, index: usize) -> Option<f64> {
        self.value_of(&series.highest, index)
    }

    fn value_of(&self, values: &[Option<f64>], index: usize) -> Option<f64> {
        let missing = self.len() - values.len();
        let value = index.checked_sub(missing).and_then(|index| values.get(index).copied().flatten());
        value.filter(|value| value.is_finite())
    }

    fn range(&self) -> Range<f64> {
        let end = seconds(self.end);
        let start = if self.len() == 0 { end } else { self.start(0) };
        start.min(end - SHORTEST)..end
    }

    /// A moment of this chart: to the second only where it is that fine, with the day where there are several.
    fn clock(&self, seconds: f64) -> String {
        let (at, Range { start, end }) = (moment(seconds), self.range());
        let clock = if self.step < Duration::from_mins(1) { at.clock() } else { at.clock()[..5].to_owned() };
        if end - start > DATED_FROM { format!("{} {clock}", at.date().short()) } else { clock }
    }

    fn scale(&self) -> Scale {
        let values = self.series.iter().flat_map(|series| &series.values);
        let peaks = self.series.first().into_iter().flat_map(|series| &series.highest);
        let highest = values.chain(peaks).flatten().copied().filter(|value| value.is_finite());
        let highest = highest.chain(self.threshold.iter().map(|threshold| threshold.value)).fold(0.0, f64::max);
        Scale::up_to(highest, self.floor)
    }

    /// Stretches of known values.
    fn runs(&self, values: &[Option<f64>]) -> Vec<Vec<(f64, f64)>> {
        let mut runs = vec![Vec::new()];
        for index in 0..self.len() {
            match (self.value_of(values, index), runs.last_mut()) {
                (Some(value), Some(run)) => run.push((self.at(index), value)),
                _ => runs.push(Vec::new()),
            }
        }
        runs.retain(|run| !run.is_empty());
        runs
    }

    /// From the last known moment before each gap to the first after it.
    fn gaps(&self) -> Vec<(f64, f64)> {
        let known = |index: &usize| self.series.iter().any(|series| self.value(series, *index).is_some());
        let known: Vec<usize> = (0..self.len()).filter(known).collect();
        let apart = known.windows(2).filter(|pair| pair[1] - pair[0] > 1);
        apart.map(|pair| (self.at(pair[0]), self.at(pair[1]))).collect()
    }

    fn words(&self, index: usize) -> String {
        let values = self.series.iter().map(|series| {
            let value = self.value(series, index).map_or_else(|| "no data".to_owned(), exactly);
            if self.series.len() == 1 { format!("{value} {}", self.unit) } else { format!("{} {value}", series.name) }
        });
        // where the mean says it all, so does the readout
        let subject = self.series.first().map(|series| (self.value(series, index), self.highest(series, index)));
        let peak = match subject {
            Some((Some(mean), Some(highest))) if exactly(mean) != exactly(highest) => {
                let whose = if self.series.len() == 1 { "" } else { &format!("{} ", self.series[0].name) };
                format!(" · {whose}at most {}", exactly(highest))
            }
            _ => String::new(),
        };
        format!("{} · {}{peak}", self.clock(self.start(index)), values.collect::<Vec<_>>().join(" · "))
    }

    fn draw_gaps(&self, plane: &mut Plane<'_, '_>, top: f64) -> Drawn {
        for (from, to) in self.gaps() {
            plane.draw_series([Rectangle::new([(from, 0.0), (to, top)], filled(Pen::Gap))])?;
            plane.draw_series([from, to].map(|x| PathElement::new(vec![(x, 0.0), (x, top)], Pen::GapEdge)))?;
            let width = plane.backend_coord(&(to, 0.0)).0 - plane.backend_coord(&(from, 0.0)).0;
            if width > text_width("no data").cast_signed() * SCALE {
                let style = label(&Pen::GapLabel).pos(Pos::new(HPos::Center, VPos::Top));
                plane.draw_series([Text::new("no data", (f64::midpoint(from, to), top), style)])?;
            }
        }
        Ok(())
    }

    fn draw_series(&self, plane: &mut Plane<'_, '_>) -> Drawn {
        self.draw_peaks(plane)?;
        // the subject is drawn last and lies on top
        for (series, pen) in self.series.iter().zip(PENS).rev() {
            for run in self.runs(&series.values) {
                if let [lone] = run.as_slice() {
                    plane.draw_series([Circle::new(*lone, 3 * SCALE / 2, filled(Pen::EndDot))])?;
                    continue;
                }
                if self.series.len() == 1 {
                    plane.draw_series(AreaSeries::new(run.iter().copied(), 0.0, Pen::Area))?;
                }
                plane.draw_series(LineSeries::new(run, pen))?;
            }
        }
        let now = self.series.first().filter(|_| self.len() > 0).and_then(|series| self.value(series, self.len() - 1));
        if let Some(value) = now {
            plane.draw_series([Circle::new((seconds(self.end), value), 3 * SCALE, filled(Pen::EndDot))])?;
        }
        Ok(())
    }

    /// The highest samples of the subject: a line, and its distance from the mean.
    fn draw_peaks(&self, plane: &mut Plane<'_, '_>) -> Drawn {
        let Some(subject) = self.series.first().filter(|series| !series.highest.is_empty()) else { return Ok(()) };
        for peaks in self.runs(&subject.highest) {
            let lower = (0..self.len()).filter_map(|n| Some((self.at(n), self.value(subject, n)?)));
            let (Some(first), Some(last)) = (peaks.first().copied(), peaks.last().copied()) else { continue };
            let mut band: Vec<(f64, f64)> = lower.filter(|(x, _)| (first.0..=last.0).contains(x)).collect();
            if let [lone] = peaks.as_slice() {
                // between its mean and its highest
                let foot = band.first().map_or(0.0, |(_, mean)| *mean);
                plane.draw_series([PathElement::new(vec![(lone.0, foot), *lone], Pen::Peak)])?;
                continue;
            }
            band.reverse();
            plane.draw_series([Polygon::new([peaks.clone(), band].concat(), filled(Pen::Band))])?;
            plane.draw_series(LineSeries::new(peaks, Pen::Peak))?;
        }
        Ok(())
    }

    fn draw_threshold(&self, plane: &mut Plane<'_, '_>, range: &Range<f64>) -> Drawn {
        let Some(threshold) = &self.threshold else { return Ok(()) };
        let line_start = (range.start, threshold.value);
        plane.draw_series([PathElement::new(vec![line_start, (range.end, threshold.value)], Pen::Threshold)])?;
        let (root, (x, y)) = (plane.plotting_area().strip_coord_spec(), plane.backend_coord(&line_start));
        let (left, top) = root.get_base_pixel();
        let style = label(&Pen::ThresholdLabel).pos(Pos::new(HPos::Left, VPos::Bottom));
        root.draw(&Text::new(threshold.label.as_str(), (x - left + 4 * SCALE, y - top - 4 * SCALE), style))?;
        Ok(())
    }

    fn draw_markers(&self, plane: &mut Plane<'_, '_>, size: Size, top: f64, range: &Range<f64>) -> Drawn {
        let mut markers: Vec<&Marker> = self.markers.iter().collect();
        markers.sort_by_key(|marker| marker.at);
        // words that would lie on others are left out; the description has them
        let mut free_from = i32::MIN;
        for marker in markers {
            let x = seconds(marker.at);
            if !range.contains(&x) {
                continue;
            }
            plane.draw_series([PathElement::new(vec![(x, 0.0), (x, top)], Pen::Marker)])?;
            let ((px, py), root) = (plane.backend_coord(&(x, top)), plane.plotting_area().strip_coord_spec());
            let (left, upper) = root.get_base_pixel();
            let corner = |(dx, dy): (i32, i32)| (px - left + dx * SCALE, py - upper + dy * SCALE);
            root.draw(&Polygon::new([(-4, -6), (4, -6), (0, 0)].map(corner).to_vec(), filled(Pen::MarkerFlag)))?;
            let (from, to) = room_beside(px, 6, &marker.label, size);
            if from >= free_from {
                words_beside(plane, (x, top), (6, 0), &marker.label, size)?;
                free_from = to;
            }
        }
        Ok(())
    }
}

impl Chart for LineChart {
    fn title(&self) -> String {
        let Range { start, end } = self.range();
        if end - start > DATED_FROM {
            return format!("{}, {} to {}", self.title, self.clock(start), self.clock(end));
        }
        format!("{}, {} to {}", self.title, &moment(start).clock()[..5], &moment(end).clock()[..5])
    }

    fn description(&self) -> String {
        let mut sentences: Vec<String> = self
            .series
            .iter()
            .map(|series| {
                let known = (0..self.len()).filter_map(|n| self.value(series, n).map(|value| (n, value)));
                let peak =
                    |(n, value): (usize, f64)| (n, self.highest(series, n).map_or(value, |peak| peak.max(value)));
                let highest = known.clone().map(peak).max_by(|a, b| a.1.total_cmp(&b.1));
                match (highest, known.clone().next_back()) {
                    (Some((at, highest)), Some((last, now))) => format!(
                        "{}: at most {} at {}, {} at {}.",
                        series.name,
                        exactly(highest),
                        self.clock(self.start(at)),
                        exactly(now),
                        self.clock(self.at(last))
                    ),
                    _ => format!("{}: no data yet.", series.name),
                }
            })
            .collect();
        let gap = |(from, to): (f64, f64)| format!("No data from {} to {}.", self.clock(from), self.clock(to));
        sentences.extend(self.gaps().into_iter().map(gap));
        sentences.extend(self.threshold.iter().map(|t| format!("{} at {}.", t.label, exactly(t.value))));
        sentences.extend(
            self.markers.iter().map(|marker| format!("{} at {}.", marker.label, self.clock(seconds(marker.at)))),
        );
        sentences.join(" ")
    }

    fn draw(&self, size: Size) -> String {
        let (range, scale) = (self.range(), self.scale());
        let readout = |index| Readout {
            x: self.at(index),
            y: self.series.first().and_then(|series| self.value(series, index)),
            words: self.words(index),
        };
        let readouts: Vec<Readout> = thinned((0..self.len()).collect(), size).into_iter().map(readout).collect();
        let x_ticks = time_ticks(&range, size);
        let frame = Frame { size, x: range.clone(), x_ticks, y: &scale, unit: &self.unit };
        let mut out = frame.draw(&readouts, |plane| {
            self.draw_gaps(plane, scale.top)?;
            self.draw_series(plane)?;
            self.draw_threshold(plane, &range)?;
            self.draw_markers(plane, size, scale.top, &range)
        });
        let shown = self.markers.iter().filter(|marker| range.contains(&seconds(marker.at)));
        let part = |marker: &Marker| (seconds(marker.at) - range.start) / (range.end - range.start);
        readout::write_titles(&mut out, size, shown.map(|marker| (part(marker), marker.words.as_str())));
        out
    }

    fn rows(&self) -> Rows {
        let head = std::iter::once("Time".to_owned());
        let named = |name: &str| if self.unit.is_empty() { name.to_owned() } else { format!("{name}, {}", self.unit) };
        let subject = self.series.first().filter(|series| !series.highest.is_empty());
        let names = self.series.iter().map(|series| named(&series.name));
        let names = names.chain(subject.map(|series| named(&format!("highest {}", series.name))));
        let words = |value: Option<f64>| value.map_or_else(|| "no data".to_owned(), exactly);
        let row = |index| {
            let values = self.series.iter().map(|series| words(self.value(series, index)));
            let highest = subject.map(|series| words(self.highest(series, index)));
            std::iter::once(self.clock(self.start(index))).chain(values).chain(highest).collect()
        };
        Rows { head: head.chain(names).collect(), rows: (0..self.len()).rev().map(row).collect() }
    }
}
