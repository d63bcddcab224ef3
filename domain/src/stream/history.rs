//! What a figure was, step by step. Every look carries an hour of every group's lag, so equal steps are counted instead of
//! repeated, and what is over is shared by all who hold it.

use std::{fmt, iter::repeat_n, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::{PartialSchema, ToSchema, openapi};

/// One figure over time, a value per step, oldest first; `None` = no sample or unknown (a gap). In JSON a plain list.
///
/// Cheap to clone. The newest step can still change; the steps before it are shared.
#[derive(Clone, Default)]
pub struct History {
    past: Arc<[Run]>,
    newest: Option<u64>,
    /// Steps, the newest one among them.
    steps: u32,
}

/// Equal values in a row.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Run {
    /// [`GAP`] = none.
    value: u64,
    steps: u32,
}

/// No count reaches this: Redis counts in signed numbers.
const GAP: u64 = u64::MAX;

impl Run {
    fn of(value: Option<u64>, steps: u32) -> Self {
        Self { value: value.unwrap_or(GAP), steps }
    }

    fn value(self) -> Option<u64> {
        (self.value != GAP).then_some(self.value)
    }
}

impl History {
    /// The number of steps.
    pub fn len(&self) -> usize {
        self.steps as usize
    }

    pub fn is_empty(&self) -> bool {
        self.steps == 0
    }

    /// All values, oldest first; from the other end, newest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Option<u64>> + Clone {
        let past = self.past.iter().flat_map(|run| repeat_n(run.value(), run.steps as usize));
        past.chain((!self.is_empty()).then_some(self.newest))
    }

    /// Sets what the newest step is; begins the first one where there is none.
    pub fn set_newest(&mut self, value: Option<u64>) {
        self.newest = value;
        self.steps = self.steps.max(1);
    }

    /// Begins a new step, after so many that had no sample, and keeps the newest `at_most` steps.
    pub fn push(&mut self, missed: usize, value: Option<u64>, at_most: usize) {
        let at_most = u32::try_from(at_most).unwrap_or(u32::MAX).max(1);
        if !self.is_empty() {
            let missed = u32::try_from(missed).unwrap_or(u32::MAX).min(at_most);
            self.finish(missed, at_most - 1);
        }
        self.newest = value;
        self.steps = self.past.iter().map(|run| run.steps).sum::<u32>() + 1;
    }

    /// The newest step, and those that were missed after it, become past ones, of which so many are kept.
    fn finish(&mut self, missed: u32, at_most: u32) {
        let mut surplus = (self.steps + missed).saturating_sub(at_most);
        let added = [Run::of(self.newest, 1), Run::of(None, missed)];
        let mut runs = Vec::with_capacity(self.past.len() + added.len());
        for mut run in self.past.iter().copied().chain(added) {
            let dropped = run.steps.min(surplus);
            surplus -= dropped;
            run.steps -= dropped;
            add(&mut runs, run);
        }
        self.past = runs.into();
    }
}

/// Counts a run to the one before it where they are equal.
fn add(runs: &mut Vec<Run>, run: Run) {
    match runs.last_mut() {
        _ if run.steps == 0 => {}
        Some(last) if last.value == run.value => last.steps += run.steps,
        _ => runs.push(run),
    }
}

impl FromIterator<Option<u64>> for History {
    fn from_iter<T: IntoIterator<Item = Option<u64>>>(values: T) -> Self {
        let mut past: Vec<Run> = Vec::new();
        let (mut newest, mut steps) = (None, 0);
        for value in values {
            if steps > 0 {
                add(&mut past, Run::of(newest, 1));
            }
            (newest, steps) = (value, steps + 1);
        }
        Self { past: past.into(), newest, steps }
    }
}

impl PartialEq for History {
    fn eq(&self, other: &Self) -> bool {
        self.steps == other.steps && self.iter().eq(other.iter())
    }
}

impl Eq for History {}

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl Serialize for History {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for History {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::deserialize(deserializer)?.into_iter().collect())
    }
}

impl PartialSchema for History {
    fn schema() -> openapi::RefOr<openapi::schema::Schema> {
        Vec::<Option<u64>>::schema()
    }
}

impl ToSchema for History {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn in_json_it_is_a_plain_list() {
        let history: History = [Some(3), Some(3), None, Some(4)].into_iter().collect();
        assert_eq!(serde_json::to_string(&history).expect("json"), "[3,3,null,4]");
        assert_eq!(serde_json::from_str::<History>("[3,3,null,4]").expect("a history"), history);
        assert!(serde_json::from_str::<History>("[]").expect("a history").is_empty());
    }

    #[test]
    fn an_hour_at_rest_takes_one_run() {
        let mut history = History::default();
        for _ in 0..1_000 {
            history.push(0, Some(11), 360);
        }
        assert_eq!((history.len(), history.past.len()), (360, 1));
    }

    #[test]
    fn what_somebody_holds_does_not_change_when_it_goes_on() {
        let mut history: History = [Some(1), Some(2)].into_iter().collect();
        let held = history.clone();
        history.set_newest(Some(5));
        history.push(0, Some(6), 2);
        assert_eq!(held.iter().collect::<Vec<_>>(), [Some(1), Some(2)]);
        assert_eq!(history.iter().collect::<Vec<_>>(), [Some(5), Some(6)]);
    }

    #[derive(Debug, Clone)]
    enum Step {
        Set(Option<u64>),
        Push(usize, Option<u64>),
    }

    fn step() -> impl Strategy<Value = Step> {
        let value = || prop::option::of(0u64..3);
        prop_oneof![
            value().prop_map(Step::Set),
            (0usize..4, value()).prop_map(|(missed, value)| Step::Push(missed, value))
        ]
    }

    proptest! {
        #[test]
        fn it_is_what_a_plain_list_would_be(steps in prop::collection::vec(step(), 0..40), at_most in 1usize..8) {
            let (mut history, mut plain) = (History::default(), Vec::new());
            for step in steps {
                match step {
                    Step::Set(value) => {
                        history.set_newest(value);
                        plain.pop();
                        plain.push(value);
                    }
                    Step::Push(missed, value) => {
                        history.push(missed, value, at_most);
                        if !plain.is_empty() {
                            plain.extend((0..missed).map(|_| None));
                        }
                        plain.push(value);
                        plain.drain(..plain.len().saturating_sub(at_most));
                    }
                }
                prop_assert_eq!(history.iter().collect::<Vec<_>>(), plain.clone());
                prop_assert_eq!(history.iter().rev().collect::<Vec<_>>(), plain.iter().rev().copied().collect::<Vec<_>>());
                prop_assert_eq!((history.len(), &history), (plain.len(), &plain.iter().copied().collect()));
            }
        }
    }
}
