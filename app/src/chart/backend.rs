//! Where plotters draws to: SVG elements that have classes and no colours. Through plotters a class travels as a colour
//! whose red is its number.

use std::{convert::Infallible, fmt::Write};

use plotters::style::Color;
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind, text_anchor::VPos,
};

/// plotters counts in whole pixels; it is given ten for each of ours, so that lines are smooth.
pub(super) const SCALE: i32 = 10;
/// Height of the text, as `--t-xs` has it.
pub(super) const TEXT: i32 = 11;

/// What is drawn, named as the style sheet names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pen {
    Axis,
    Grid,
    XLabel,
    YLabel,
    UnitLabel,
    Series,
    Second,
    Third,
    Ideal,
    Area,
    Band,
    Peak,
    Gap,
    GapEdge,
    GapLabel,
    Threshold,
    ThresholdLabel,
    Marker,
    MarkerFlag,
    MarkerLabel,
    MarkerLabelEnd,
    EndDot,
    Weekend,
    Today,
    Bar,
    BarPast,
}

impl Pen {
    const ALL: [(Self, &'static str); 26] = [
        (Self::Axis, "axis"),
        (Self::Grid, "grid"),
        (Self::XLabel, "x-label"),
        (Self::YLabel, "y-label"),
        (Self::UnitLabel, "unit-label"),
        (Self::Series, "series"),
        (Self::Second, "series second"),
        (Self::Third, "series third"),
        (Self::Ideal, "series ideal"),
        (Self::Area, "area"),
        (Self::Band, "band"),
        (Self::Peak, "peak"),
        (Self::Gap, "gap"),
        (Self::GapEdge, "gap-edge"),
        (Self::GapLabel, "gap-label"),
        (Self::Threshold, "threshold"),
        (Self::ThresholdLabel, "threshold-label"),
        (Self::Marker, "marker"),
        (Self::MarkerFlag, "marker-flag"),
        (Self::MarkerLabel, "marker-label"),
        (Self::MarkerLabelEnd, "marker-label end"),
        (Self::EndDot, "end-dot"),
        (Self::Weekend, "weekend"),
        (Self::Today, "today"),
        (Self::Bar, "bar"),
        (Self::BarPast, "bar past"),
    ];
}

impl Color for Pen {
    fn to_backend_color(&self) -> BackendColor {
        let number = Self::ALL.iter().position(|(pen, _)| pen == self).and_then(|n| u8::try_from(n).ok());
        BackendColor { alpha: 1.0, rgb: (number.expect("every pen has a class"), 0, 0) }
    }
}

/// The class of what plotters draws in this colour; `None` = it is not to be seen.
fn class(color: BackendColor) -> Option<&'static str> {
    if color.alpha == 0.0 {
        return None;
    }
    Pen::ALL.get(usize::from(color.rgb.0)).map(|(_, class)| *class)
}

/// One of our pixels in tenths, written as short as can be: `40`, `44.5`.
pub(super) struct Pixel(pub(super) i32);

impl std::fmt::Display for Pixel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0 % SCALE == 0 { write!(f, "{}", self.0 / SCALE) } else { write!(f, "{}", f64::from(self.0) / 10.0) }
    }
}

/// Writes elements, each with the class of its pen.
pub(super) struct Classes<'a> {
    out: &'a mut String,
    size: (u32, u32),
}

impl<'a> Classes<'a> {
    /// Draws a picture of `(width, height)` of our pixels.
    pub(super) fn new(out: &'a mut String, (width, height): (i32, i32)) -> Self {
        Self { out, size: ((width * SCALE).unsigned_abs(), (height * SCALE).unsigned_abs()) }
    }

    fn element(&mut self, color: BackendColor, name: &str, rest: impl FnOnce(&mut String) -> std::fmt::Result) {
        if let Some(class) = class(color) {
            write!(self.out, "<{name} class=\"{class}\"")
                .and_then(|()| rest(self.out))
                .expect("writing to a string cannot fail");
        }
    }

    fn path(&mut self, points: impl IntoIterator<Item = BackendCoord>, color: BackendColor, closed: bool) {
        self.element(color, "path", |out| {
            out.push_str(" d=\"");
            for (index, (x, y)) in points.into_iter().enumerate() {
                write!(out, "{}{} {}", if index == 0 { 'M' } else { 'L' }, Pixel(x), Pixel(y))?;
            }
            out.push_str(if closed { "Z\"/>" } else { "\"/>" });
            Ok(())
        });
    }
}

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

impl DrawingBackend for Classes<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, at: BackendCoord, color: BackendColor) -> Drawn {
        self.draw_circle(at, 1, &color, true)
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        self.element(style.color(), "line", |out| {
            let (x1, y1, x2, y2) = (Pixel(from.0), Pixel(from.1), Pixel(to.0), Pixel(to.1));
            write!(out, " x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\"/>")
        });
        Ok(())
    }

    fn draw_rect<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S, _fill: bool) -> Drawn {
        self.element(style.color(), "rect", |out| {
            let (x, y) = (Pixel(from.0.min(to.0)), Pixel(from.1.min(to.1)));
            let (width, height) = (Pixel((to.0 - from.0).abs()), Pixel((to.1 - from.1).abs()));
            write!(out, " x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"/>")
        });
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Drawn {
        self.path(path, style.color(), false);
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(&mut self, at: BackendCoord, radius: u32, style: &S, _fill: bool) -> Drawn {
        self.element(style.color(), "circle", |out| {
            let radius = Pixel(i32::try_from(radius).unwrap_or(0));
            write!(out, " cx=\"{}\" cy=\"{}\" r=\"{radius}\"/>", Pixel(at.0), Pixel(at.1))
        });
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, points: I, style: &S) -> Drawn {
        self.path(points, style.color(), true);
        Ok(())
    }

    fn draw_text<T: BackendTextStyle>(&mut self, text: &str, style: &T, at: BackendCoord) -> Drawn {
        self.element(style.color(), "text", |out| {
            let baseline = match style.anchor().v_pos {
                VPos::Top => 9 * SCALE,
                VPos::Center => 7 * SCALE / 2,
                VPos::Bottom => 0,
            };
            let text = html_escape::encode_safe(text);
            write!(out, " x=\"{}\" y=\"{}\">{text}</text>", Pixel(at.0), Pixel(at.1 + baseline))
        });
        Ok(())
    }

    fn estimate_text_size<T: BackendTextStyle>(
        &self,
        text: &str,
        _style: &T,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        Ok((text_width(text) * SCALE.unsigned_abs(), (TEXT * SCALE).unsigned_abs()))
    }
}

/// About how wide a text is, in our pixels.
pub(super) fn text_width(text: &str) -> u32 {
    u32::try_from(text.chars().count()).unwrap_or(u32::MAX / 100).min(1_000) * 6
}
