//! Medians, spreads, and the tables that they stand in.

use std::fmt::{self, Write};

/// What one figure was over the rounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl Spread {
    /// `None` where nothing was measured.
    pub(crate) fn of(values: &[f64]) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (&least, &most) = (sorted.first()?, sorted.last()?);
        Some(Self { median: sorted[sorted.len() / 2], least, most })
    }

    /// As a cell of a table: `-` where nothing was measured.
    pub(crate) fn cell(values: &[f64]) -> String {
        Self::of(values).map_or_else(|| "-".to_owned(), |spread| spread.to_string())
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}-{}]", short(self.median), short(self.least), short(self.most))
    }
}

/// Three digits are more than the machine is good for.
pub(crate) fn short(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        size if size >= 99_950.0 => format!("{:.0} k", value / 1000.0),
        size if size >= 1_000.0 => format!("{:.1} k", value / 1000.0),
        size if size >= 99.95 => format!("{value:.0}"),
        size if size >= 9.995 => format!("{value:.1}"),
        size if size >= 0.0995 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// The value at a share (0 to 1) of a sorted list.
pub(crate) fn quantile(sorted: &[f64], share: f64) -> f64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index into a list in memory")]
    let index = ((sorted.len().saturating_sub(1)) as f64 * share).round() as usize;
    sorted.get(index).copied().unwrap_or(f64::NAN)
}

/// What we want of ourselves, and whether we have it.
pub(crate) struct Target {
    what: String,
    /// The least or the most that is good enough.
    wanted: Wanted,
    found: Option<f64>,
}

#[derive(Clone, Copy)]
pub(crate) enum Wanted {
    AtLeast(f64),
    AtMost(f64),
}

impl Target {
    pub(crate) fn new(what: impl Into<String>, wanted: Wanted, found: Option<f64>) -> Self {
        Self { what: what.into(), wanted, found }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, limit) = match self.wanted {
            Wanted::AtLeast(limit) => ('≥', limit),
            Wanted::AtMost(limit) => ('≤', limit),
        };
        write!(f, "{} {sign} {limit}: ", self.what)?;
        match (self.found, self.wanted) {
            (None, _) => write!(f, "**not measured**"),
            (Some(found), Wanted::AtLeast(limit)) if found >= limit => write!(f, "**met** ({})", short(found)),
            (Some(found), Wanted::AtMost(limit)) if found <= limit => write!(f, "**met** ({})", short(found)),
            (Some(found), _) => write!(f, "**not met** ({})", short(found)),
        }
    }
}

/// One part of the results.
pub(crate) struct Section {
    pub(crate) title: String,
    /// How it was measured, in a few sentences.
    pub(crate) method: String,
    pub(crate) header: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
    pub(crate) targets: Vec<Target>,
    /// What a reader must know about single rows.
    pub(crate) notes: Vec<String>,
}

impl Section {
    pub(crate) fn new(title: &str, method: impl Into<String>, header: &[&str]) -> Self {
        Self {
            title: title.to_owned(),
            method: method.into(),
            header: header.iter().map(|&cell| cell.to_owned()).collect(),
            rows: Vec::new(),
            targets: Vec::new(),
            notes: Vec::new(),
        }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = impl Into<String>>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }
}

/// Markdown.
impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "## {}\n\n{}\n", self.title, self.method)?;
        writeln!(f, "| {} |\n|{}", self.header.join(" | "), " --- |".repeat(self.header.len()))?;
        for row in &self.rows {
            writeln!(f, "| {} |", row.join(" | "))?;
        }
        let mut list = String::new();
        for target in &self.targets {
            writeln!(list, "- {target}")?;
        }
        for note in &self.notes {
            writeln!(list, "- {note}")?;
        }
        if !list.is_empty() {
            write!(f, "\n{list}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_the_median_between_least_and_most() {
        let spread = Spread::of(&[3.0, 1.0, 2.0]).expect("three values");
        assert_eq!(spread.to_string(), "2.00 [1.00-3.00]");
        assert_eq!(Spread::cell(&[]), "-");
    }

    #[test]
    fn a_target_says_whether_it_is_met() {
        let of = |found| Target::new("ours", Wanted::AtLeast(1.0), found).to_string();
        assert_eq!(of(Some(1.5)), "ours ≥ 1: **met** (1.50)");
        assert_eq!(of(Some(0.5)), "ours ≥ 1: **not met** (0.50)");
        assert_eq!(of(None), "ours ≥ 1: **not measured**");
    }
}
