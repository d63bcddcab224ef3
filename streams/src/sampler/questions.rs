//! Questions in batches, each so small that others get their turn between two, and where the answer to each will be.

use std::{collections::HashMap, time::Instant};

use domain::stream::EntryId;

use crate::{
    Error,
    client::{Answers, Batch},
    reply::{self, raw::Reading},
};

/// What one batch may cost, in commands of a few microseconds each.
const ENOUGH: usize = 100;

/// Questions that are asked together. They are more than one batch only where one thing alone is asked about so much.
pub(super) struct Questions {
    batches: Vec<Asked>,
    /// Of the last batch.
    cost: usize,
    /// Before any of them was asked.
    pub(super) begun: Instant,
}

/// Questions of one batch.
#[derive(Default)]
pub(super) struct Asked {
    pub(super) batch: Batch,
    /// The how maniest of them ask for entries.
    pub(super) ranges: Vec<usize>,
}

/// Where an answer will be: in which batch, and the how manieth it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Place(usize, usize);

/// What was answered.
#[derive(Default)]
pub(super) struct Told {
    answers: Vec<Answers>,
    /// Entries that were asked for; `None` where they could not be read.
    ranges: HashMap<Place, Option<Range>>,
}

/// Entries found by XRANGE: the first of them, and how many.
type Range = (Option<EntryId>, usize);

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
            self.batches.push(Asked::default());
            self.cost = 0;
        }
        self.cost += cost;
        let last = self.batches.len() - 1;
        let batch = &mut self.batches[last].batch;
        batch.add(command);
        Place(last, batch.commands() - 1)
    }

    /// Adds one by XRANGE.
    pub(super) fn add_range(&mut self, cost: usize, command: &[&str]) -> Place {
        let place = self.add(cost, command);
        self.batches[place.0].ranges.push(place.1);
        place
    }

    pub(super) fn into_batches(self) -> Vec<Asked> {
        self.batches
    }
}

impl Told {
    /// Adds what was answered to the next batch, which asked for entries at these places. They are not kept: they come with
    /// their bodies, whatever size those have.
    pub(super) fn add(&mut self, mut answers: Answers, ranges: &[usize]) {
        for nth in ranges {
            self.ranges.insert(Place(self.answers.len(), *nth), range(&answers, *nth));
        }
        answers.forget(ranges);
        self.answers.push(answers);
    }

    /// The answer, or why the question was refused: [`Error::NotFound`] where what it was about is not there.
    pub(super) fn get(&self, place: Place) -> Result<Reading<'_>, Error> {
        let batch = self.answers.get(place.0).ok_or_else(|| reply::unexpected("too few answers"))?;
        batch.get(place.1)
    }

    /// What was found where entries were asked for; `None` where they could not be read.
    pub(super) fn range(&self, place: Place) -> Option<Range> {
        self.ranges.get(&place).copied().flatten()
    }
}

fn range(answers: &Answers, nth: usize) -> Option<Range> {
    let mut answer = answers.get(nth).ok()?;
    let count = answer.list().ok()?;
    let first = if count > 0 { Some(answer.entry().ok()??) } else { None };
    Some((first, count))
}
