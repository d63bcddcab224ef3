//! A bar for each thing.

use plotters::element::Rectangle;

use super::{
    Chart, Rows, Size,
    axis::{Scale, Tick, exactly},
    backend::Pen,
    frame::{Frame, filled},
    readout::Readout,
};

/// Labelled bars, in the order given.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct BarChart {
    /// What is drawn, of what.
    pub(crate) title: String,
    pub(crate) unit: String,
    /// What each bar is: the head of the table's first column.
    pub(crate) of: String,
    pub(crate) bars: Vec<Bar>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bar {
    pub(crate) label: String,
    pub(crate) value: f64,
    /// Over and done with: drawn in grey.
    pub(crate) past: bool,
}

/// Labels that have room beside each other.
const fn labels_at_most(size: Size) -> usize {
    match size {
        Size::Wide => 10,
        Size::Narrow => 5,
    }
}

impl BarChart {
    fn ticks(&self, size: Size) -> Vec<Tick> {
        let every = self.bars.len().div_ceil(labels_at_most(size)).max(1);
        let label = |(n, bar): (usize, &Bar)| (n as f64 + 0.5, bar.label.chars().take(12).collect());
        self.bars.iter().enumerate().step_by(every).map(label).collect()
    }
}

impl Chart for BarChart {
    fn title(&self) -> String {
        self.title.clone()
    }

    fn description(&self) -> String {
        if self.bars.is_empty() {
            return "No data yet.".to_owned();
        }
        let bar = |bar: &Bar| format!("{} {}", bar.label, exactly(bar.value));
        format!("{}: {}.", self.unit, self.bars.iter().map(bar).collect::<Vec<_>>().join(", "))
    }

    fn draw(&self, size: Size) -> String {
        let highest = self.bars.iter().map(|bar| bar.value).filter(|value| value.is_finite()).fold(0.0, f64::max);
        let scale = Scale::up_to(highest, 5.0);
        let width = self.bars.len().max(1) as f64;
        // a bar takes a third of its place, but few bars do not become blocks
        let half = (width / 36.0).min(1.0 / 6.0);
        let readout = |(n, bar): (usize, &Bar)| Readout {
            x: n as f64 + 0.5,
            y: None,
            words: format!("{} · {} {}", bar.label, exactly(bar.value), self.unit),
        };
        let readouts: Vec<Readout> = self.bars.iter().enumerate().map(readout).collect();
        let frame = Frame { size, x: 0.0..width, x_ticks: self.ticks(size), y: &scale, unit: &self.unit };
        frame.draw(&readouts, |plane| {
            let bars = self.bars.iter().enumerate().filter(|(_, bar)| bar.value.is_finite());
            plane.draw_series(bars.map(|(n, bar)| {
                let middle = n as f64 + 0.5;
                let pen = if bar.past { Pen::BarPast } else { Pen::Bar };
                Rectangle::new([(middle - half, 0.0), (middle + half, bar.value.max(0.0))], filled(pen))
            }))?;
            Ok(())
        })
    }

    fn rows(&self) -> Rows {
        let row = |bar: &Bar| vec![bar.label.clone(), exactly(bar.value)];
        Rows { head: vec![self.of.clone(), self.unit.clone()], rows: self.bars.iter().map(row).collect() }
    }
}
