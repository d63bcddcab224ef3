//! Recovery as a job: what was chosen is frozen, shown, tried with a few, then sent at a bounded rate, with a result for each.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Refusal, Timestamp,
    dead_letter::{Cursor, Filter},
    stream::EntryId,
};

/// Entries of one job. Each is a row, and those of one group are compared in memory.
pub const ITEMS_AT_MOST: u64 = 250_000;
/// Fastest rate that can be asked for, in entries per second.
pub const RATE_AT_MOST: u64 = 100_000;
/// Most entries of a canary: it is meant to be looked at.
pub const CANARY_AT_MOST: u64 = 10_000;

/// Which entries a job is about. They are frozen when the job is made: what comes later is not touched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Selection {
    /// These dead letters.
    DeadLetters(Vec<Cursor>),
    /// All dead letters that fit, of every stream or of the one named: a cause, a group, a text.
    DeadLettersThat(Filter),
    /// What a group has been given before, once more: entries of a stream in a range, both ends included.
    History { stream: String, group: String, from: EntryId, to: EntryId },
}

impl Selection {
    /// What is chosen, as the beginning of a sentence.
    pub fn sentence(&self) -> String {
        match self {
            Self::DeadLetters(items) if items.len() == 1 => format!("dead letter {}", items[0]),
            Self::DeadLetters(items) => format!("{} chosen dead letters", items.len()),
            Self::DeadLettersThat(filter) => {
                let parts = [
                    filter.stream.as_ref().map(|stream| format!(" of {stream}")),
                    filter.group.as_ref().map(|group| format!(" in group {group}")),
                    filter.event_type.as_ref().map(|of| format!(" of type {of}")),
                    filter.fingerprint.as_ref().map(|cause| format!(" of cause {cause}")),
                    filter.text.as_ref().map(|text| format!(" with “{text}”")),
                ];
                let parts: String = parts.into_iter().flatten().collect();
                if parts.is_empty() { "all dead letters".to_owned() } else { format!("dead letters{parts}") }
            }
            Self::History { stream, group, from, to } => {
                format!("entries {from} to {to} of {stream} once more to {group}")
            }
        }
    }
}

/// What the entries of one key (`aggregate_id`) wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Each waits until the one before it of its key was handled; where that fails again, the others of the key are left
    /// alone. A key of which the group was given newer entries is left alone too.
    InOrder,
    /// All are sent as they are, for a reason: the handlers do not mind.
    AsIs,
}

impl Order {
    pub const ALL: [Self; 2] = [Self::InOrder, Self::AsIs];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InOrder => "in_order",
            Self::AsIs => "as_is",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|order| order.as_str() == word)
    }
}

/// How a job is to be carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Terms {
    pub selection: Selection,
    pub order: Order,
    /// At most this many entries per second.
    pub rate_per_second: u64,
    /// So many are sent first; then the job waits for a word. 0 = none.
    #[serde(default)]
    pub canary: u64,
    /// Why, for the audit log. Needed to send entries as they are.
    #[serde(default)]
    pub reason: Option<String>,
}

impl Terms {
    /// Refuses what cannot be meant.
    pub fn check(&self) -> Result<(), Refusal> {
        if self.rate_per_second == 0 || self.rate_per_second > RATE_AT_MOST {
            return Err(Refusal::invalid(format!(
                "the rate is 1 to {RATE_AT_MOST} entries per second, not {}",
                self.rate_per_second
            )));
        }
        if self.canary > CANARY_AT_MOST {
            return Err(Refusal::invalid(format!(
                "a canary has at most {CANARY_AT_MOST} entries, not {}",
                self.canary
            )));
        }
        match &self.selection {
            Selection::DeadLetters(items) if items.is_empty() => {
                Err(Refusal::invalid("no dead letter is chosen; choose some, or a filter"))
            }
            Selection::History { from, to, .. } if from > to => {
                Err(Refusal::invalid(format!("the range ends before it begins: {from} to {to}")))
            }
            _ if self.order == Order::AsIs && self.reason.as_deref().is_none_or(|reason| reason.trim().is_empty()) => {
                Err(Refusal::invalid("sending entries as they are, whatever their order, needs a reason"))
            }
            _ => Ok(()),
        }
    }
}

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// What is chosen is being written down, and what would become of each.
    Freezing,
    /// Everything is known; nothing was sent. Waits for a word.
    Ready,
    /// The first few are sent and watched.
    Canary,
    /// The first few have come to an end. Waits for a word.
    Canaried,
    Running,
    /// Everything is sent; what becomes of the last ones is watched.
    Confirming,
    /// Held by somebody; goes on where it was.
    Paused,
    /// Ended by somebody before its end.
    Cancelled,
    Done,
}

/// A word to a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// Send: the canary first, if there is one; the rest after it.
    Start,
    Pause,
    /// Go on after a pause.
    Resume,
    /// Send nothing more. What was sent stays sent.
    Cancel,
}

impl Word {
    pub const ALL: [Self; 4] = [Self::Start, Self::Pause, Self::Resume, Self::Cancel];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Cancel => "cancel",
        }
    }
}

impl State {
    pub const ALL: [Self; 9] = [
        Self::Freezing,
        Self::Ready,
        Self::Canary,
        Self::Canaried,
        Self::Running,
        Self::Confirming,
        Self::Paused,
        Self::Cancelled,
        Self::Done,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Freezing => "freezing",
            Self::Ready => "ready",
            Self::Canary => "canary",
            Self::Canaried => "canaried",
            Self::Running => "running",
            Self::Confirming => "confirming",
            Self::Paused => "paused",
            Self::Cancelled => "cancelled",
            Self::Done => "done",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// Whether it goes on by itself.
    pub const fn is_at_work(self) -> bool {
        matches!(self, Self::Freezing | Self::Canary | Self::Running | Self::Confirming)
    }

    pub const fn is_over(self) -> bool {
        matches!(self, Self::Cancelled | Self::Done)
    }

    /// The state after a word. `held` is what a pause has interrupted, `canary` whether there is one.
    pub fn after(self, word: Word, held: Option<Self>, canary: bool) -> Result<Self, Refusal> {
        let refuse = |why: &str| Err(Refusal::conflict(format!("the job {why}")));
        match (word, self) {
            (Word::Start, Self::Ready) => Ok(if canary { Self::Canary } else { Self::Running }),
            (Word::Start, Self::Canaried) => Ok(Self::Running),
            (Word::Start, Self::Freezing) => refuse("is still being made ready; start it when its dry run is there"),
            (Word::Start, Self::Paused) => refuse("is paused; resume it"),
            (Word::Start, _) => refuse("has been started already"),
            (Word::Pause, Self::Canary | Self::Running | Self::Confirming) => Ok(Self::Paused),
            (Word::Pause, Self::Paused) => refuse("is paused already"),
            (Word::Pause, _) => refuse("sends nothing at the moment"),
            (Word::Resume, Self::Paused) => Ok(held.unwrap_or(Self::Running)),
            (Word::Resume, _) => refuse("is not paused"),
            (Word::Cancel, Self::Cancelled | Self::Done) => refuse("is over already"),
            (Word::Cancel, _) => Ok(Self::Cancelled),
        }
    }
}

/// What became of one entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ItemState {
    /// Not sent yet.
    Queued,
    /// Given to its group; what it made of it is not known yet.
    Sent,
    /// Handled by its group since.
    Confirmed,
    /// A dead letter once more.
    FailedAgain,
    /// Left alone; the detail says why.
    Skipped,
}

impl ItemState {
    pub const ALL: [Self; 5] = [Self::Queued, Self::Sent, Self::Confirmed, Self::FailedAgain, Self::Skipped];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Confirmed => "confirmed",
            Self::FailedAgain => "failed_again",
            Self::Skipped => "skipped",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// How many entries are in which state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Counts {
    pub queued: u64,
    pub sent: u64,
    pub confirmed: u64,
    pub failed_again: u64,
    pub skipped: u64,
}

impl Counts {
    pub fn of(&mut self, state: ItemState) -> &mut u64 {
        match state {
            ItemState::Queued => &mut self.queued,
            ItemState::Sent => &mut self.sent,
            ItemState::Confirmed => &mut self.confirmed,
            ItemState::FailedAgain => &mut self.failed_again,
            ItemState::Skipped => &mut self.skipped,
        }
    }

    pub const fn total(&self) -> u64 {
        self.queued + self.sent + self.confirmed + self.failed_again + self.skipped
    }

    /// Those that were given to their groups.
    pub const fn given(&self) -> u64 {
        self.sent + self.confirmed + self.failed_again
    }
}

/// A job as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Job {
    /// Counts up.
    pub id: i64,
    pub terms: Terms,
    pub who: String,
    pub state: State,
    /// What a pause has interrupted.
    pub held: Option<State>,
    pub counts: Counts,
    pub created_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    /// What there is to say: why it waits, what it could not find out.
    pub note: Option<String>,
    /// Sentences to read before it is started.
    pub warnings: Vec<String>,
    /// Entries per second over the last ten seconds of sending; absent while nothing is sent.
    pub rate: Option<u64>,
    /// Seconds until everything is sent, at the rate that was asked for or measured.
    pub remaining_seconds: Option<u64>,
}

/// One entry of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Item {
    /// Its number in the job. They are sent in the order of their source ids.
    pub place: i64,
    pub stream: String,
    pub group: String,
    /// The dead letter; absent where an entry is handled once more that never was one.
    pub record: Option<EntryId>,
    pub source_id: EntryId,
    pub key: Option<String>,
    pub event_type: Option<String>,
    /// Entries of its key, newer than it, that the group has been given; absent where nobody counted that far.
    pub newer: Option<u64>,
    pub state: ItemState,
    /// What would be done, was done, or why it is left alone.
    pub detail: String,
    /// Its id in the stream now, where it was added again.
    pub added_as: Option<EntryId>,
}

/// A page of entries of a job, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ItemPage {
    pub items: Vec<Item>,
    /// Where to go on (exclusive); absent at the end.
    pub after: Option<i64>,
}

/// How many entries may be sent now, so that no second has more than the rate: what time has earned since the last, at
/// most a tenth of a second's worth.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    per_second: u64,
    /// Earned and not spent, in entries × microseconds.
    credit: u64,
}

impl Pace {
    const SECOND: u64 = 1_000_000;

    pub const fn new(per_second: u64) -> Self {
        Self { per_second, credit: 0 }
    }

    /// Time goes by; gives how many entries may be sent by now.
    pub fn earn(&mut self, elapsed: Duration) -> u64 {
        let earned = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX).saturating_mul(self.per_second);
        // one entry can always be saved up for, however slow the rate
        let most = (self.per_second * Self::SECOND / 10).max(Self::SECOND);
        self.credit = self.credit.saturating_add(earned).min(most);
        self.credit / Self::SECOND
    }

    /// So many were sent.
    pub fn spend(&mut self, entries: u64) {
        self.credit = self.credit.saturating_sub(entries.saturating_mul(Self::SECOND));
    }

    /// Until the next entry may be sent.
    pub fn wait(&self) -> Duration {
        let missing = Self::SECOND.saturating_sub(self.credit);
        Duration::from_micros(missing.div_ceil(self.per_second.max(1)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn terms(selection: Selection) -> Terms {
        Terms { selection, order: Order::InOrder, rate_per_second: 10, canary: 1, reason: None }
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let all = Selection::DeadLettersThat(Filter::default());
        terms(all.clone()).check().expect("all dead letters, in order");
        for (odd, why) in [
            (Terms { rate_per_second: 0, ..terms(all.clone()) }, "rate"),
            (Terms { canary: CANARY_AT_MOST + 1, ..terms(all.clone()) }, "canary"),
            (Terms { order: Order::AsIs, reason: Some(" ".to_owned()), ..terms(all.clone()) }, "reason"),
            (terms(Selection::DeadLetters(vec![])), "chosen"),
        ] {
            assert!(odd.check().expect_err(why).message.contains(why));
        }
    }

    #[test]
    fn a_job_goes_through_its_states_and_no_others() {
        use State::{Canaried, Canary, Cancelled, Confirming, Done, Freezing, Paused, Ready, Running};
        let canary = Ready.after(Word::Start, None, true).expect("a start");
        assert_eq!(canary, Canary);
        assert_eq!(Ready.after(Word::Start, None, false).expect("a start"), Running);
        assert_eq!(Canaried.after(Word::Start, None, true).expect("the rest"), Running);
        for at_work in [Canary, Running, Confirming] {
            assert_eq!(at_work.after(Word::Pause, None, true).expect("a pause"), Paused);
            assert_eq!(Paused.after(Word::Resume, Some(at_work), true).expect("it goes on"), at_work);
        }
        for (state, word) in
            [(Freezing, Word::Start), (Ready, Word::Pause), (Running, Word::Start), (Done, Word::Resume)]
        {
            state.after(word, None, true).expect_err("refused");
        }
        for state in State::ALL {
            assert_eq!(state.after(Word::Cancel, None, true).is_ok(), !state.is_over());
            assert_eq!(State::parse(state.as_str()), Some(state));
        }
        assert_eq!(Freezing.after(Word::Cancel, None, true).expect("an end"), Cancelled);
    }

    proptest! {
        #[test]
        fn no_stretch_of_time_has_more_than_its_rate(
            per_second in 1_u64..2_000,
            steps in prop::collection::vec(0_u64..400_000, 1..200),
        ) {
            let mut pace = Pace::new(per_second);
            let (mut sent, mut micros) = (0_u64, 0_u64);
            for step in steps {
                micros += step;
                let now = pace.earn(Duration::from_micros(step));
                pace.spend(now);
                sent += now;
                prop_assert!(sent * Pace::SECOND <= micros * per_second + Pace::SECOND);
            }
        }

        #[test]
        fn who_waits_as_long_as_told_may_send_one(per_second in 1_u64..200_000) {
            let mut pace = Pace::new(per_second);
            let wait = pace.wait();
            prop_assert!(pace.earn(wait) >= 1, "{wait:?}");
        }
    }
}
