//! A value that holds from day to day, beside the line it should follow: a burndown.

use domain::time::Date;
use plotters::{
    element::{Circle, PathElement, Rectangle},
    series::{AreaSeries, LineSeries},
};

use super::{
    Chart, Rows, Size,
    axis::{Scale, exactly, whole_ticks},
    backend::{Pen, SCALE},
    frame::{Frame, filled, words_beside},
    readout::{Readout, thinned},
};

/// What is left after each day.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct StepChart {
    /// What is drawn, of what.
    pub(crate) title: String,
    pub(crate) unit: String,
    /// Day 0 on the calendar; with it the axis says dates and shades weekends, without it `day 3`.
    pub(crate) first_day: Option<Date>,
    /// Where the axis ends; it is longer if a value lies beyond.
    pub(crate) last_day: i64,
    /// Day and what is left at its end, in the order of days.
    pub(crate) points: Vec<(i64, f64)>,
    /// The ideal line falls from this on day 0 to nothing on the last day.
    pub(crate) ideal_from: Option<f64>,
    /// Where the line `today` stands.
    pub(crate) today: Option<f64>,
}

impl StepChart {
    fn end(&self) -> i64 {
        self.points.iter().map(|(day, _)| *day).fold(self.last_day, i64::max).max(1)
    }

    fn day(&self, day: i64) -> String {
        self.first_day.map_or_else(|| format!("day {day}"), |first| first.plus_days(day).short())
    }

    /// The corners of the steps.
    fn corners(&self) -> Vec<(f64, f64)> {
        let mut corners: Vec<(f64, f64)> = Vec::with_capacity(self.points.len() * 2);
        for (day, value) in self.points.iter().filter(|(_, value)| value.is_finite()) {
            let x = *day as f64;
            if let Some((_, before)) = corners.last().copied() {
                corners.push((x, before));
            }
            corners.push((x, *value));
        }
        if let (Some(today), Some((x, value))) = (self.today, corners.last().copied())
            && today > x
        {
            corners.push((today.min(self.end() as f64), value));
        }
        corners
    }

    fn ideal(&self, day: f64) -> Option<f64> {
        let last = self.last_day.max(1) as f64;
        self.ideal_from.map(|from| from * (1.0 - day / last).max(0.0))
    }

    fn weekends(&self) -> Vec<i64> {
        let Some(first) = self.first_day else { return Vec::new() };
        (0..self.end()).filter(|day| first.plus_days(*day).is_weekend()).collect()
    }
}

impl Chart for StepChart {
    fn title(&self) -> String {
        self.title.clone()
    }

    fn description(&self) -> String {
        let Some(((first, from), (last, now))) = self.points.first().zip(self.points.last()) else {
            return "No data yet.".to_owned();
        };
        let ideal = self.ideal(*last as f64).map(|ideal| format!(", ideally {}", exactly(ideal)));
        format!(
            "{} {} on {}, {} on {}{}. It ends on {}.",
            exactly(*from),
            self.unit,
            self.day(*first),
            exactly(*now),
            self.day(*last),
            ideal.unwrap_or_default(),
            self.day(self.last_day)
        )
    }

    fn draw(&self, size: Size) -> String {
        let end = self.end() as f64;
        let highest = self.points.iter().map(|(_, value)| *value).chain(self.ideal_from).fold(0.0, f64::max);
        let scale = Scale::up_to(highest, 5.0);
        let readout = |(day, value): (i64, f64)| Readout {
            x: day as f64,
            y: Some(value).filter(|value| value.is_finite()),
            words: format!("{} · {} {}", self.day(day), exactly(value), self.unit),
        };
        let readouts: Vec<Readout> = thinned(self.points.clone(), size).into_iter().map(readout).collect();
        let x_ticks = whole_ticks(self.end(), size, |day| self.day(day));
        let frame = Frame { size, x: 0.0..end, x_ticks, y: &scale, unit: &self.unit };
        frame.draw(&readouts, |plane| {
            plane.draw_series(
                self.weekends().into_iter().map(|day| {
                    Rectangle::new([(day as f64, 0.0), ((day + 1) as f64, scale.top)], filled(Pen::Weekend))
                }),
            )?;
            let corners = self.corners();
            let now = corners.last().copied();
            plane.draw_series(AreaSeries::new(corners.iter().copied(), 0.0, Pen::Area))?;
            plane.draw_series(LineSeries::new(corners, Pen::Series))?;
            if let Some(from) = self.ideal_from {
                let line = [(0.0, from), (self.last_day.max(1) as f64, 0.0)];
                plane.draw_series(LineSeries::new(line, Pen::Ideal))?;
            }
            if let Some(today) = self.today.filter(|today| (0.0..=end).contains(today)) {
                plane.draw_series([PathElement::new(vec![(today, 0.0), (today, scale.top)], Pen::Today)])?;
                words_beside(plane, (today, scale.top), (5, -1), "today", size)?;
            }
            plane.draw_series(now.map(|at| Circle::new(at, 3 * SCALE, filled(Pen::EndDot))))?;
            Ok(())
        })
    }

    fn rows(&self) -> Rows {
        let mut head = vec!["Day".to_owned(), self.unit.clone()];
        head.extend(self.ideal_from.map(|_| "ideal".to_owned()));
        let row = |(day, value): &(i64, f64)| {
            let mut cells = vec![self.day(*day), exactly(*value)];
            cells.extend(self.ideal(*day as f64).map(exactly));
            cells
        };
        Rows { head, rows: self.points.iter().map(row).collect() }
    }
}
