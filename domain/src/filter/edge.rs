//! A place in a stream that a person names: an entry's id, or a time.

use std::{fmt, str::FromStr};

use crate::{Date, Timestamp, stream::EntryId, time::serde_as_text};

/// An entry's id, or a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    Id(EntryId),
    At(Timestamp),
}

/// A text names no place in a stream.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("neither a time like 2026-03-10 14:32 (UTC) nor an entry id like 1773152545187-0: {0}")]
pub struct NotAnEdge(String);

impl Edge {
    /// The smallest id of an entry at this place.
    pub fn first(self) -> EntryId {
        match self {
            Self::Id(id) => id,
            Self::At(at) => EntryId { ms: millis(at), seq: 0 },
        }
    }

    /// The largest id of an entry at this place.
    pub fn last(self) -> EntryId {
        match self {
            Self::Id(id) => id,
            Self::At(at) => EntryId { ms: millis(at), seq: u64::MAX },
        }
    }
}

fn millis(at: Timestamp) -> u64 {
    u64::try_from(at.millis()).unwrap_or(0)
}

impl FromStr for Edge {
    type Err = NotAnEdge;

    fn from_str(text: &str) -> Result<Self, NotAnEdge> {
        let text = text.trim();
        let id = || text.parse().ok().map(Self::Id);
        moment(text).map(Self::At).or_else(id).ok_or_else(|| NotAnEdge(text.to_owned()))
    }
}

impl fmt::Display for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::At(at) => at.fmt(f),
        }
    }
}

serde_as_text!(Edge, "2026-03-10T14:32:08");

/// A time as people and browsers write it: a timestamp, one without seconds, or a day, which is its first moment.
pub(super) fn moment(text: &str) -> Option<Timestamp> {
    /// Times are short: a megabyte of text is not looked through for one.
    const LONGEST_TIME: usize = 40;
    if text.len() > LONGEST_TIME || !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let whole = || text.parse().ok();
    let to_the_minute = || format!("{text}:00").parse().ok();
    let day = || text.parse::<Date>().ok().map(Date::start);
    whole().or_else(to_the_minute).or_else(day)
}
