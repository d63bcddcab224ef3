//! What is read on hover: columns that show a line, a dot and the words of their moment, by the style sheet alone.

use std::fmt::Write;

use super::{
    Size,
    backend::{Pixel, SCALE},
    frame::edges,
};

/// One moment and its words.
pub(super) struct Readout {
    pub(super) x: f64,
    /// Where the dot is; `None` = there is no value here.
    pub(super) y: Option<f64>,
    pub(super) words: String,
}

/// A column narrower than this (our pixels) cannot be pointed at.
const NARROWEST: i32 = 6;

/// At most so many moments that each can be pointed at, evenly thinned; the last always stays.
pub(super) fn thinned<T>(moments: Vec<T>, size: Size) -> Vec<T> {
    let (left, right, ..) = edges(size);
    let room = usize::try_from((right - left) / (NARROWEST * SCALE)).unwrap_or(1).max(1);
    let every = moments.len().div_ceil(room).max(1);
    let last = moments.len().saturating_sub(1);
    moments
        .into_iter()
        .enumerate()
        .filter(|(n, _)| (last - n).is_multiple_of(every))
        .map(|(_, moment)| moment)
        .collect()
}

/// Writes the columns over the drawing; `spots` are where the moments are in it.
pub(super) fn write(out: &mut String, size: Size, readouts: &[Readout], spots: &[(i32, Option<i32>)]) {
    let (left, right, top, bottom) = edges(size);
    for (n, (readout, (x, y))) in readouts.iter().zip(spots).enumerate() {
        let middle =
            |other: Option<&(i32, Option<i32>)>, edge| other.map_or(edge, |(other, _)| i32::midpoint(*other, *x));
        let from = middle(n.checked_sub(1).and_then(|n| spots.get(n)), left);
        let to = middle(spots.get(n + 1), right);
        let words = html_escape::encode_safe(&readout.words);
        let dot = y.map(|y| format!("<circle class=\"cursor-dot\" cx=\"{}\" cy=\"{}\" r=\"4\"/>", Pixel(*x), Pixel(y)));
        write!(
            out,
            "<g class=\"point\"><rect class=\"slot\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>\
             <line class=\"cursor\" x1=\"{x}\" y1=\"{}\" x2=\"{x}\" y2=\"{}\"/>{}\
             <text class=\"readout-text\" x=\"{}\" y=\"9\">{words}</text></g>",
            Pixel(from),
            Pixel(top),
            Pixel((to - from).max(0)),
            Pixel(bottom - top),
            Pixel(top),
            Pixel(bottom),
            dot.unwrap_or_default(),
            Pixel(right),
            x = Pixel(*x),
        )
        .expect("writing to a string cannot fail");
    }
}

/// The flag of a marker is this wide and high for a pointer, in our pixels.
const FLAG: (i32, i32) = (14, 18);

/// Writes what is told of markers when their flag is pointed at; each stands at a part of the way from the left edge.
pub(super) fn write_titles<'a>(out: &mut String, size: Size, markers: impl Iterator<Item = (f64, &'a str)>) {
    let (left, right, top, _) = edges(size);
    for (part, words) in markers {
        #[expect(clippy::cast_possible_truncation, reason = "a place inside the drawing")]
        let x = left + (f64::from(right - left) * part.clamp(0.0, 1.0)) as i32;
        write!(
            out,
            "<rect class=\"slot\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"><title>{}</title></rect>",
            Pixel(x - FLAG.0 * SCALE / 2),
            Pixel(top - FLAG.1 * SCALE / 2),
            FLAG.0,
            FLAG.1,
            html_escape::encode_safe(words),
        )
        .expect("writing to a string cannot fail");
    }
}
