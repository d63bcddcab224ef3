//! The plane that every chart is drawn on: axes, ticks, unit; the same margins on all of them.

use std::{convert::Infallible, ops::Range};

use plotters::{
    chart::{ChartBuilder, ChartContext, LabelAreaPosition},
    coord::{
        cartesian::Cartesian2d,
        ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter},
        types::RangedCoordf64,
    },
    drawing::{DrawingAreaErrorKind, IntoDrawingArea},
    element::Text,
    style::{Color, IntoTextStyle, TRANSPARENT, TextStyle},
};

use super::{
    Size,
    axis::{Scale, Tick},
    backend::{Classes, Pen, SCALE, TEXT, text_width},
    readout::Readout,
};

/// An axis that is told its ticks and their words.
pub(super) struct Axis {
    range: RangedCoordf64,
    ticks: Vec<Tick>,
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        self.range.map(value, limit)
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        // plotters asks for lines between the ticks too; there are none
        if hint.weight().allow_light_points() { Vec::new() } else { self.ticks.iter().map(|(at, _)| *at).collect() }
    }

    fn range(&self) -> Range<f64> {
        self.range.range()
    }
}

impl ValueFormatter<f64> for Axis {
    fn format(at: &f64) -> String {
        at.to_string()
    }

    fn format_ext(&self, at: &f64) -> String {
        let word = self
            .ticks
            .iter()
            .find(|(tick, _)| (tick - at).abs() <= f64::EPSILON * at.abs())
            .map(|(_, word)| word.clone());
        word.unwrap_or_default()
    }
}

/// Where values can be drawn.
pub(super) type Plane<'a, 'b> = ChartContext<'a, Classes<'b>, Cartesian2d<Axis, Axis>>;
pub(super) type Drawn = Result<(), DrawingAreaErrorKind<Infallible>>;

const LEFT: i32 = 40;
const TOP: i32 = 22;
const RIGHT: i32 = 10;
const BOTTOM: i32 = 22;

/// Axes and unit of a chart.
pub(super) struct Frame<'a> {
    pub(super) size: Size,
    pub(super) x: Range<f64>,
    pub(super) x_ticks: Vec<Tick>,
    pub(super) y: &'a Scale,
    pub(super) unit: &'a str,
}

impl Frame<'_> {
    /// Draws the frame, what `inside` draws, and on top what is read on hover.
    pub(super) fn draw(self, readouts: &[Readout], inside: impl FnOnce(&mut Plane<'_, '_>) -> Drawn) -> String {
        let mut out = String::new();
        let spots = self.try_draw(&mut out, readouts, inside).expect("drawing into a string cannot fail");
        super::readout::write(&mut out, self.size, readouts, &spots);
        out
    }

    fn try_draw(
        &self,
        out: &mut String,
        readouts: &[Readout],
        inside: impl FnOnce(&mut Plane<'_, '_>) -> Drawn,
    ) -> Result<Vec<(i32, Option<i32>)>, DrawingAreaErrorKind<Infallible>> {
        let root = Classes::new(out, self.size.pixels()).into_drawing_area();
        root.draw(&Text::new(self.unit, (0, 0), label(&Pen::UnitLabel)))?;
        let axis = |range: Range<f64>, ticks: &[Tick]| Axis { range: range.into(), ticks: ticks.to_vec() };
        let mut plane = ChartBuilder::on(&root)
            .margin_top(TOP * SCALE)
            .margin_right(RIGHT * SCALE)
            .set_label_area_size(LabelAreaPosition::Left, LEFT * SCALE)
            .set_label_area_size(LabelAreaPosition::Bottom, BOTTOM * SCALE)
            .build_cartesian_2d(axis(self.x.clone(), &self.x_ticks), axis(0.0..self.y.top, &self.y.ticks))?;
        // plotters has one style for both axes, so each is drawn by itself: lines across and words at the left …
        plane
            .configure_mesh()
            .disable_x_mesh()
            .disable_x_axis()
            .light_line_style(TRANSPARENT)
            .bold_line_style(Pen::Grid)
            .axis_style(TRANSPARENT)
            .y_label_style(label(&Pen::YLabel))
            .set_tick_mark_size(LabelAreaPosition::Left, 3 * SCALE)
            .draw()?;
        // … and the ground with its ticks
        plane
            .configure_mesh()
            .disable_mesh()
            .disable_y_axis()
            .axis_style(Pen::Axis)
            .x_label_style(label(&Pen::XLabel))
            .set_tick_mark_size(LabelAreaPosition::Bottom, 4 * SCALE)
            .draw()?;
        inside(&mut plane)?;
        let spot = |readout: &Readout| match readout.y {
            Some(y) => {
                let (x, y) = plane.backend_coord(&(readout.x, y));
                (x, Some(y))
            }
            None => (plane.backend_coord(&(readout.x, 0.0)).0, None),
        };
        Ok(readouts.iter().map(spot).collect())
    }
}

/// Text drawn by this pen.
pub(super) fn label(pen: &Pen) -> TextStyle<'_> {
    ("sans-serif", TEXT * SCALE).into_text_style(&(0, 0)).color(pen)
}

/// The left, right, upper and lower edge of the plane, in tenths of our pixels.
pub(super) fn edges(size: Size) -> (i32, i32, i32, i32) {
    let (width, height) = size.pixels();
    (LEFT * SCALE, (width - RIGHT) * SCALE, TOP * SCALE, (height - BOTTOM) * SCALE)
}

/// Fills with this pen.
pub(super) fn filled(pen: Pen) -> plotters::style::ShapeStyle {
    pen.filled()
}

/// Writes words beside a place of the plane, `(dx, dy)` of our pixels from it; they stay in the drawing to its right.
pub(super) fn words_beside(
    plane: &Plane<'_, '_>,
    at: (f64, f64),
    (dx, dy): (i32, i32),
    words: &str,
    size: Size,
) -> Drawn {
    let (root, (x, y)) = (plane.plotting_area().strip_coord_spec(), plane.backend_coord(&at));
    let (left, top) = root.get_base_pixel();
    let width = text_width(words).cast_signed() * SCALE;
    let (pen, dx) = if x + width > edges(size).1 { (Pen::MarkerLabelEnd, -dx) } else { (Pen::MarkerLabel, dx) };
    root.draw(&Text::new(words, (x - left + dx * SCALE, y - top + dy * SCALE), label(&pen)))
}
