//! A walk through a stream that does Redis no harm: small steps, one at a time, with a rest between them.

use std::time::{Duration, Instant};

use domain::{
    filter::{Asked, Edge, Filter},
    stream::{Entry, EntryId},
};

use super::{Browse, EXCERPT, WHOLE, shown, walk::Pace};
use crate::{
    Error, Redis,
    reply::{self, RawEntry},
};

/// Entries of the first step, before it is known how large they are; one more than a usual page.
const FIRST_STEP: usize = 64;
/// Entries of a step at most: Redis reads them in well under a millisecond, and answers others only after that.
const LONGEST_STEP: usize = 500;
/// The shortest rest between two steps: what the runtime's clock can tell apart.
const SHORTEST_REST: Duration = Duration::from_millis(1);

/// How far a scan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reached {
    /// The entry that was looked at last.
    pub position: Option<EntryId>,
    /// Nothing more is to be looked at.
    pub is_over: bool,
    /// Entries looked at so far.
    pub looked_at: u64,
}

/// A walk over the entries of a range, of which it gives those that fit. Holds one step of entries and no connection.
pub struct Scan {
    redis: Redis,
    stream: String,
    filter: Option<Filter>,
    forward: bool,
    /// What is still to be looked at, both ends inclusive; `None` when the end was reached.
    left: Option<(EntryId, EntryId)>,
    position: Option<EntryId>,
    first: Option<EntryId>,
    looked_at: u64,
    pace: Pace,
    took: Duration,
    cut_at: usize,
}

impl Scan {
    /// From the cursor of `browse`, over its range, with values cut as lists show them.
    pub fn of(redis: &Redis, stream: &str, browse: &Browse) -> Self {
        Self {
            redis: redis.clone(),
            stream: stream.to_owned(),
            filter: browse.wanted(),
            forward: browse.is_forward(),
            left: range(browse),
            position: None,
            first: None,
            looked_at: 0,
            pace: Pace::new(FIRST_STEP, LONGEST_STEP),
            took: Duration::ZERO,
            cut_at: EXCERPT,
        }
    }

    /// The same with whole values and oldest first, as a file has them.
    pub fn for_a_file(redis: &Redis, stream: &str, browse: &Browse) -> Self {
        Self { forward: true, cut_at: WHOLE, ..Self::of(redis, stream, browse) }
    }

    /// Looks at the next few entries and gives those that fit.
    pub async fn step(&mut self) -> Result<Vec<Entry>, Error> {
        let Some((lowest, highest)) = self.left else { return Ok(Vec::new()) };
        let started = Instant::now();
        let (command, start, end) =
            if self.forward { ("XRANGE", lowest, highest) } else { ("XREVRANGE", highest, lowest) };
        let mut ask = redis::cmd(command);
        ask.arg(&self.stream).arg(start.to_string()).arg(end.to_string()).arg("COUNT").arg(self.pace.count());
        let entries = reply::entries(self.redis.query(&ask).await?)?;
        self.looked_at += entries.len() as u64;
        self.first = self.first.or(entries.first().map(|raw| raw.id));
        self.position = entries.last().map(|raw| raw.id).or(self.position);
        let is_last = entries.len() < self.pace.count();
        self.left = self.position.filter(|_| !is_last).and_then(|at| {
            if self.forward {
                (at < highest).then(|| (at.next(), highest))
            } else {
                at.previous().filter(|previous| *previous >= lowest).map(|previous| (lowest, previous))
            }
        });
        self.pace.learn(&entries);
        let fits =
            |raw: &&RawEntry| self.filter.as_ref().is_none_or(|filter| filter.fits(&Asked::new(raw.id, &raw.fields)));
        let found = entries.iter().filter(fits).map(|raw| shown(raw, self.cut_at)).collect();
        self.took = started.elapsed();
        Ok(found)
    }

    /// Waits as long as the last step took: Redis, and this machine, have at least half of their time for others.
    pub async fn rest(&self) {
        tokio::time::sleep(self.took.max(SHORTEST_REST)).await;
    }

    /// How far it is.
    pub fn reached(&self) -> Reached {
        Reached { position: self.position, is_over: self.left.is_none(), looked_at: self.looked_at }
    }

    /// The entry that was looked at first.
    pub fn first(&self) -> Option<EntryId> {
        self.first
    }
}

/// The smallest and the largest id that are asked for, `None` where there can be no entry.
fn range(browse: &Browse) -> Option<(EntryId, EntryId)> {
    let mut lowest = browse.from.map_or(EntryId::ZERO, Edge::first);
    let mut highest = browse.to.map_or(EntryId::MAX, Edge::last);
    if let Some(before) = browse.before {
        highest = highest.min(before.previous()?);
    } else if let Some(after) = browse.after {
        lowest = lowest.max(Some(after).filter(|after| *after < EntryId::MAX)?.next());
    }
    (lowest <= highest).then_some((lowest, highest))
}
