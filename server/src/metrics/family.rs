//! What a family of samples is: its name, what it means, and where its figure is found.

use std::time::Duration;

use domain::{Figure, Timestamp};
use streams::metrics::Times;

/// Samples of one name, one for each subject.
pub(super) struct Family<S> {
    /// As it is in the text: `_total` ends the name of a counter, `_info` that of words.
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) unit: &'static str,
    /// A line, without quotes and backslashes: the library writes it as it is.
    pub(super) help: &'static str,
    /// `None` where the figure is not known, or there is nothing that could have one: the sample is left out, because a
    /// zero would be made up. The time is the one that ages are told at.
    pub(super) read: fn(&S, Timestamp) -> Option<Value>,
}

/// What samples speak of.
pub(super) trait Subject: Sized + 'static {
    const LABELS: &'static [&'static str];
    /// The values of these labels, in their order.
    fn labels(&self) -> Vec<&str>;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only grows, and begins again with the process (or the Redis) that counts.
    Counter,
    Gauge,
    Histogram,
    /// A one, whose labels are the news.
    Info,
}

impl Kind {
    /// What both dialects of the text and their readers call it; words are a gauge in the older one.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
            Self::Info => "info",
        }
    }
}

/// A family as it is documented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Description {
    pub name: &'static str,
    pub kind: Kind,
    pub unit: &'static str,
    pub labels: &'static [&'static str],
    pub help: &'static str,
}

pub(super) fn describe<S: Subject>(families: &'static [Family<S>]) -> impl Iterator<Item = Description> {
    families.iter().map(|family| Description {
        name: family.name,
        kind: family.kind,
        unit: family.unit,
        labels: S::LABELS,
        help: family.help,
    })
}

pub(super) enum Value {
    Number(f64),
    Times(Times),
}

/// Counts above nine quadrillion lose their last digit, as they would in Prometheus.
pub(super) fn count(count: u64) -> Value {
    Value::Number(count as f64)
}

pub(super) fn seconds(duration: Duration) -> Value {
    Value::Number(duration.as_secs_f64())
}

pub(super) fn yes(yes: bool) -> Value {
    Value::Number(if yes { 1.0 } else { 0.0 })
}

/// The figure, or its lower bound; [`is_exact`] tells which.
pub(super) fn figure(figure: &Figure) -> Option<Value> {
    figure.lower_bound().map(count)
}

pub(super) fn is_exact(figure: &Figure) -> Value {
    yes(matches!(figure, Figure::Exact(_)))
}
