//! Questions in batches, each so small that others get their turn between two, and where the answer to each will be.

use std::time::Instant;

use domain::stream::EntryId;

use crate::{
    client::{Answers, Batch},
    reply::raw::Reading,
};

/// What one batch may cost, in commands of a few microseconds each.
const ENOUGH: usize = 100;

/// Questions that are asked together. They are more than one batch only where one thing alone is asked about so much.
pub(super) struct Questions {
    batches: Vec<Batch>,
    /// Of the last batch.
    cost: usize,
    /// Before any of them was asked.
    pub(super) begun: Instant,
}

/// Where an answer will be: in which batch, and the how manieth it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place(usize, usize);

/// What was answered.
pub(super) struct Told(Vec<Answers>);

impl Questions {
    pub(super) fn new() -> Self {
        Self { batches: Vec::new(), cost: ENOUGH, begun: Instant::now() }
    }

    /// Whether they are as many as should be asked together.
    pub(super) fn enough(&self) -> bool {
        self.batches.len() > 1 || !self.batches.is_empty() && self.cost >= ENOUGH
    }

    pub(super) fn none(&self) -> bool {
        self.batches.is_empty()
    }

    /// Adds one, which costs Redis as much as so many usual ones.
    pub(super) fn add(&mut self, cost: usize, command: &[&str]) -> Place {
        if self.cost >= ENOUGH {
            self.batches.push(Batch::default());
            self.cost = 0;
        }
        self.cost += cost;
        let last = self.batches.len() - 1;
        let batch = &mut self.batches[last];
        batch.add(command);
        Place(last, batch.commands() - 1)
    }

    pub(super) fn into_batches(self) -> Vec<Batch> {
        self.batches
    }
}

impl Told {
    /// Nothing, as nothing was asked.
    pub(super) const NOTHING: Self = Self(Vec::new());

    pub(super) fn new(answers: Vec<Answers>) -> Self {
        Self(answers)
    }

    /// `None` where the question was refused: what it was about is not there.
    pub(super) fn get(&self, place: Place) -> Option<Reading<'_>> {
        self.0.get(place.0)?.get(place.1)
    }

    /// Entries found by XRANGE: the first of them, and how many; `None` where they could not be read.
    pub(super) fn range(&self, place: Place) -> Option<(Option<EntryId>, usize)> {
        let mut answer = self.get(place)?;
        let count = answer.list().ok()?;
        let first = if count > 0 { Some(answer.entry().ok()??) } else { None };
        Some((first, count))
    }
}
