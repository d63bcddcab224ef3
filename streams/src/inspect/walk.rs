//! Reading many entries in answers of a bounded size, whatever the entries are like.

use domain::stream::EntryId;

use crate::{
    Error, Redis,
    reply::{self, RawEntry},
};

/// Bytes that an answer should have: what is held in memory at a time.
pub(super) const ANSWER_BYTES: usize = 256 * 1024;

/// How many entries to ask for at once. The first answer tells how large they are; from then on answers have like bytes. It
/// grows slowly, as the next entries may be larger.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    count: usize,
    longest: usize,
}

impl Pace {
    /// `first`: entries of the first answer, before it is known how large they are; `longest`: of any.
    pub(crate) fn new(first: usize, longest: usize) -> Self {
        Self { count: first.min(longest), longest }
    }

    pub(crate) fn count(self) -> usize {
        self.count
    }

    /// Learns from an answer.
    pub(crate) fn learn<'a>(&mut self, entries: impl IntoIterator<Item = &'a RawEntry>) {
        let size = |raw: &RawEntry| raw.fields.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>();
        let (count, bytes) = entries.into_iter().fold((0, 0), |(count, bytes), raw| (count + 1, bytes + size(raw)));
        let fitting = ANSWER_BYTES * count.max(1) / bytes.max(1);
        self.count = fitting.clamp(1, self.longest).min(self.count * 2);
    }
}

/// A walk from a cursor (exclusive; `None` = from the end of that direction) over all entries: oldest first if `forward`.
pub(crate) struct Walk {
    from: Option<EntryId>,
    forward: bool,
    pace: Pace,
    at_end: bool,
}

impl Walk {
    pub(crate) fn new(from: Option<EntryId>, forward: bool, pace: Pace) -> Self {
        Self { from, forward, pace, at_end: false }
    }

    /// The next entries, `at_most` so many; none at the end.
    pub(crate) async fn next(&mut self, redis: &Redis, stream: &str, at_most: usize) -> Result<Vec<RawEntry>, Error> {
        if self.at_end || at_most == 0 {
            return Ok(Vec::new());
        }
        let count = self.pace.count().min(at_most);
        let page = super::range(redis, stream, self.from, self.forward, count).await?;
        self.at_end = page.len() < count;
        self.from = page.last().map(|raw| raw.id).or(self.from);
        self.pace.learn(&page);
        Ok(page)
    }

    /// Where it goes on: behind this entry.
    pub(crate) fn from(&self) -> Option<EntryId> {
        self.from
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.at_end
    }
}

/// What `see` makes of each of these entries, `None` where one is gone; no more than an answer of them is held at a time.
pub(crate) async fn find_each<T>(
    redis: &Redis,
    stream: &str,
    ids: &[EntryId],
    mut see: impl FnMut(Option<RawEntry>) -> T,
) -> Result<Vec<T>, Error> {
    /// Entries of the first answer.
    const FIRST: usize = 50;
    let mut seen = Vec::with_capacity(ids.len());
    let mut pace = Pace::new(FIRST, super::LONGEST_PAGE);
    let mut left = ids;
    while !left.is_empty() {
        let (now, later) = left.split_at(pace.count().min(left.len()));
        let mut pipeline = redis::pipe();
        for id in now {
            pipeline.cmd("XRANGE").arg(stream).arg(id.to_string()).arg(id.to_string());
        }
        let answers: Vec<redis::Value> = redis.pipeline(&pipeline).await?;
        let found = answers.into_iter().map(|answer| Ok(reply::entries(answer)?.pop()));
        let found = found.collect::<Result<Vec<_>, Error>>()?;
        pace.learn(found.iter().flatten());
        seen.extend(found.into_iter().map(&mut see));
        left = later;
    }
    Ok(seen)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entry(bytes: usize) -> RawEntry {
        RawEntry { id: EntryId { ms: 1, seq: 0 }, fields: vec![(Vec::new(), vec![0; bytes])] }
    }

    proptest! {
        #[test]
        fn an_answer_after_the_first_is_short_in_bytes_and_in_entries_whatever_they_are_like(
            bytes in 1usize..2_000_000, longest in 1usize..600,
        ) {
            let mut pace = Pace::new(50, longest);
            for _ in 0..12 {
                pace.learn([&entry(bytes)]);
                let count = pace.count();
                prop_assert!((1..=longest).contains(&count));
                prop_assert!(count == 1 || count * bytes <= ANSWER_BYTES);
            }
            prop_assert!(pace.count() == longest || (pace.count() + 1) * bytes > ANSWER_BYTES, "it grows as far as it may");
        }
    }
}
