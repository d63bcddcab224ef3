//! An island on the server is a picture of itself: nothing begins.

use super::{comforts::Palette, live::Bar};

pub(super) fn live(_bar: Bar, _at_ms: i64, _now_ms: i64, _error: Option<String>) {}

pub(super) fn comforts(_palette: Palette) {}
