//! Charts, drawn by plotters on the server in classes instead of colours (docs/adr/0005). A page makes a [`LineChart`],
//! [`StepChart`] or [`BarChart`] and hands it to [`chart_figure`], which draws it for a wide and for a narrow container and
//! links to the same figures as a table. A [`Spark`] is a word-sized line without text.

mod axis;
mod backend;
mod bar;
mod figure;
mod frame;
mod line;
mod readout;
mod spark;
mod step;

use std::time::Duration;

pub(crate) use bar::{Bar, BarChart};
pub(crate) use figure::{Caption, chart_figure};
pub(crate) use line::{LineChart, Marker, Series, Threshold};
pub(crate) use spark::{HourBars, Spark};
pub(crate) use step::StepChart;

/// From one value of a sampled history to the next (`streams::sampler` keeps an hour in such steps).
pub(crate) const HISTORY_STEP: Duration = Duration::from_secs(10);

/// The container that a drawing is for. Text keeps its size, so each gets its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Size {
    Wide,
    Narrow,
}

impl Size {
    const fn pixels(self) -> (i32, i32) {
        match self {
            Self::Wide => (592, 208),
            Self::Narrow => (344, 190),
        }
    }

    const fn class(self) -> &'static str {
        match self {
            Self::Wide => "plot wide-plot",
            Self::Narrow => "plot narrow-plot",
        }
    }
}

/// The figures of a chart as they stand in a table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Rows {
    /// The first column names the row.
    pub(crate) head: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

/// What every kind of chart can do.
pub(crate) trait Chart {
    /// What is drawn: its thing, unit and time.
    fn title(&self) -> String;
    /// The course of it in words, for people who do not see it.
    fn description(&self) -> String;
    /// The inside of the SVG element.
    fn draw(&self, size: Size) -> String;
    /// The same figures.
    fn rows(&self) -> Rows;
}

#[cfg(test)]
mod tests;
