//! What is remembered of a stream or a group, and in which unit.

use domain::{
    Figure,
    stream::{GroupSample, StreamSample},
};

/// A figure that is remembered. Charts get it in the unit that its name says here; SQL has whole numbers of a smaller one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Entries in the stream.
    Length,
    /// Entries added per second.
    Added,
    /// Bytes.
    Memory,
    /// Entries not delivered to the group.
    Lag,
    /// Seconds that the oldest of them waits.
    Behind,
    /// Entries delivered and not acknowledged.
    Pending,
    /// Seconds since the oldest of them was added.
    OldestPending,
    /// Entries read per second.
    Read,
    /// Entries handled in the minute before, by the consumers of all processes that tell (docs/adr/0016); as the next three.
    Handled,
    Failed,
    DeadLettered,
    /// Milliseconds of handler time.
    P95,
    /// Dead letters of the group.
    DeadLetters,
}

pub(super) const MEASURES: usize = 13;

/// One look: what was known of each measure, in the units of SQL.
pub(super) type Sample = [Option<i64>; MEASURES];

/// No figure is larger, so that the sum of an hour of samples fits (5 a second, 2^48 each).
const LARGEST: i64 = 1 << 48;

impl Measure {
    /// In the order of the columns.
    pub const ALL: [Self; MEASURES] = [
        Self::Length,
        Self::Added,
        Self::Memory,
        Self::Lag,
        Self::Behind,
        Self::Pending,
        Self::OldestPending,
        Self::Read,
        Self::Handled,
        Self::Failed,
        Self::DeadLettered,
        Self::P95,
        Self::DeadLetters,
    ];

    pub(super) const fn index(self) -> usize {
        self as usize
    }

    /// The column of the mean; that of the highest sample has `_max` after it.
    pub(super) const fn column(self) -> &'static str {
        match self {
            Self::Length => "length",
            Self::Added => "added_per_1000_s",
            Self::Memory => "memory_bytes",
            Self::Lag => "lag",
            Self::Behind => "behind_ms",
            Self::Pending => "pending",
            Self::OldestPending => "oldest_pending_ms",
            Self::Read => "read_per_1000_s",
            Self::Handled => "handled",
            Self::Failed => "failed",
            Self::DeadLettered => "dead_lettered",
            Self::P95 => "p95_us",
            Self::DeadLetters => "dead_letters",
        }
    }

    /// How many of the units of SQL make one of the chart's.
    pub(super) const fn per_unit(self) -> f64 {
        match self {
            Self::Added | Self::Behind | Self::OldestPending | Self::Read | Self::P95 => 1_000.0,
            _ => 1.0,
        }
    }
}

/// A sample with these measures, those that are known.
fn sample(known: impl IntoIterator<Item = (Measure, Option<i64>)>) -> Sample {
    let mut sample = [None; MEASURES];
    for (measure, value) in known {
        sample[measure.index()] = value.map(|value| value.clamp(0, LARGEST));
    }
    sample
}

fn whole(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(LARGEST)
}

/// A lower bound is not drawn as if it were the figure.
fn exact(figure: &Figure) -> Option<i64> {
    match figure {
        Figure::Exact(n) => Some(whole(*n)),
        Figure::AtLeast(_) | Figure::Unknown(_) => None,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a float that is too large becomes the largest number")]
fn thousandths(value: f64) -> Option<i64> {
    value.is_finite().then(|| (value * 1_000.0).round() as i64)
}

pub(super) fn of_stream(stream: &StreamSample) -> Sample {
    sample([
        (Measure::Length, Some(whole(stream.length))),
        (Measure::Added, stream.added_per_second.and_then(thousandths)),
        (Measure::Memory, stream.memory_bytes.map(whole)),
    ])
}

pub(super) fn of_group(group: &GroupSample) -> Sample {
    // nothing pends for no time at all; something that pends and has no age is unknown
    let oldest_pending = if group.pending == 0 { Some(0) } else { group.oldest_pending_ms.map(whole) };
    let handling = group.handling.as_ref();
    // of nothing there is no handler time
    let timed = handling.filter(|handling| handling.handled + handling.failed > 0);
    sample([
        (Measure::Lag, exact(&group.lag)),
        (Measure::Behind, group.behind_ms.map(whole)),
        (Measure::Pending, Some(whole(group.pending))),
        (Measure::OldestPending, oldest_pending),
        (Measure::Read, group.read_per_second.and_then(thousandths)),
        (Measure::Handled, handling.map(|handling| whole(handling.handled))),
        (Measure::Failed, handling.map(|handling| whole(handling.failed))),
        (Measure::DeadLettered, handling.map(|handling| whole(handling.dead_lettered))),
        (Measure::P95, timed.and_then(|handling| thousandths(handling.p95_ms))),
        (Measure::DeadLetters, exact(&group.dead_letters)),
    ])
}
