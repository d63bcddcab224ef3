//! What becomes of one rule about one subject: fine → pending → firing → resolving → fine.
//!
//! ```text
//!             bad                bad for long enough         calm              calm for long enough
//!   (fine) ─────────► pending ─────────────────────► firing ──────► resolving ─────────────────────► (fine)
//!      ▲  not bad any more │                            ▲  not calm any more │
//!      └───────────────────┘                            └────────────────────┘
//! ```
//!
//! What is not known changes nothing, and the time for which it was not known counts as nothing.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Figure, Timestamp,
    alert::{Terms, Watched},
};

/// How long something that fires may be gone before that ends it: a stream that is trimmed away and made again, or a
/// group that comes back after a flush, is still the same trouble.
pub const GONE_AFTER: Duration = Duration::from_mins(2);

/// Where it is; where it is fine there is no phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Bad, not for long enough.
    Pending,
    Firing,
    /// Calm, not for long enough: it still counts as firing.
    Resolving,
}

impl Phase {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Firing => "firing",
            Self::Resolving => "resolving",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        [Self::Pending, Self::Firing, Self::Resolving].into_iter().find(|phase| phase.as_str() == word)
    }
}

/// What is remembered while it is not fine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// What was watched when it began: a rule that watches something else now has ended this.
    pub watched: Watched,
    pub phase: Phase,
    /// From when on the time in this phase counts.
    pub since: Timestamp,
    /// When it went bad.
    pub began: Timestamp,
    /// Since when the figure is not known.
    pub unknown_since: Option<Timestamp>,
    /// Since when the subject is not there.
    pub gone_since: Option<Timestamp>,
}

impl Held {
    /// Whether people were told, or would have been.
    pub const fn is_firing(&self) -> bool {
        matches!(self.phase, Phase::Firing | Phase::Resolving)
    }

    /// The same while nothing is known.
    #[must_use]
    pub fn unknown(self, now: Timestamp) -> Self {
        Self { unknown_since: self.unknown_since.or(Some(now)), ..self }
    }

    /// The same after the figure has become known again: what was not seen does not count.
    fn known(self, now: Timestamp) -> Self {
        let unseen = self.unknown_since.map_or(Duration::ZERO, |since| now.since(since));
        Self { since: self.since + unseen, unknown_since: None, gone_since: None, ..self }
    }
}

/// What was seen of the subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen<'a> {
    Figure(&'a Figure),
    /// Redis did not answer.
    Nothing,
    /// Redis answered, and it is not there.
    Gone,
}

/// What people are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    Fired,
    Resolved(Reason),
}

/// Why it is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The figure has been calm for long enough.
    Calm,
    /// The stream or group is gone.
    Gone,
    /// The rule watches something else now.
    RuleChanged,
    RuleOff,
    RuleDeleted,
}

impl Reason {
    pub const ALL: [Self; 5] = [Self::Calm, Self::Gone, Self::RuleChanged, Self::RuleOff, Self::RuleDeleted];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Calm => "calm",
            Self::Gone => "gone",
            Self::RuleChanged => "rule_changed",
            Self::RuleOff => "rule_off",
            Self::RuleDeleted => "rule_deleted",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == word)
    }

    /// `it is over: the figure has been calm for long enough`.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Calm => "the figure has been calm for long enough",
            Self::Gone => "what it was about is gone",
            Self::RuleChanged => "the rule watches something else now",
            Self::RuleOff => "the rule was switched off",
            Self::RuleDeleted => "the rule was deleted",
        }
    }
}

/// What follows from what was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// `None`: fine.
    pub held: Option<Held>,
    pub event: Option<Event>,
}

/// One look at one subject.
pub fn step(terms: &Terms, held: Option<Held>, seen: Seen<'_>, now: Timestamp) -> Step {
    let quiet = |held| Step { held, event: None };
    let figure = match (seen, held) {
        (Seen::Nothing | Seen::Gone, None) => return quiet(None),
        (Seen::Nothing, Some(held)) => return quiet(Some(held.unknown(now))),
        (Seen::Gone, Some(held)) => return gone(held, now),
        (Seen::Figure(figure), _) => figure,
    };
    let Some(held) = held else {
        let pending = Held {
            watched: terms.watched,
            phase: Phase::Pending,
            since: now,
            began: now,
            unknown_since: None,
            gone_since: None,
        };
        return match terms.breached(figure) {
            Some(true) => bad(terms, pending, now),
            _ => quiet(None),
        };
    };
    let answer = if held.is_firing() { terms.calm(figure) } else { terms.breached(figure) };
    let Some(answer) = answer else { return quiet(Some(Held { gone_since: None, ..held.unknown(now) })) };
    let held = held.known(now);
    match (held.phase, answer) {
        (Phase::Pending, true) => bad(terms, held, now),
        (Phase::Pending, false) => quiet(None),
        (Phase::Firing, true) => calm(terms, Held { phase: Phase::Resolving, since: now, ..held }, now),
        (Phase::Firing, false) => quiet(Some(held)),
        (Phase::Resolving, true) => calm(terms, held, now),
        (Phase::Resolving, false) => quiet(Some(Held { phase: Phase::Firing, since: now, ..held })),
    }
}

/// It is bad; for long enough?
fn bad(terms: &Terms, held: Held, now: Timestamp) -> Step {
    if now.since(held.since) < terms.fires_after() {
        return Step { held: Some(held), event: None };
    }
    Step { held: Some(Held { phase: Phase::Firing, since: now, ..held }), event: Some(Event::Fired) }
}

/// It is calm; for long enough?
fn calm(terms: &Terms, held: Held, now: Timestamp) -> Step {
    if now.since(held.since) < terms.resolves_after() {
        return Step { held: Some(held), event: None };
    }
    Step { held: None, event: Some(Event::Resolved(Reason::Calm)) }
}

fn gone(held: Held, now: Timestamp) -> Step {
    let since = held.gone_since.unwrap_or(now);
    if now.since(since) < GONE_AFTER {
        return Step { held: Some(Held { gone_since: Some(since), ..held.unknown(now) }), event: None };
    }
    Step { held: None, event: held.is_firing().then_some(Event::Resolved(Reason::Gone)) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::alert::{reading::tests::at, rule::tests::terms};

    const BAD: Figure = Figure::Exact(11);
    /// Neither bad nor calm.
    const BETWEEN: Figure = Figure::Exact(8);
    const CALM: Figure = Figure::Exact(2);

    /// The events, with their seconds, of one figure a second.
    fn run(terms: &Terms, figures: &[Option<Figure>]) -> Vec<(usize, Event)> {
        let (mut held, mut events) = (None, Vec::new());
        for (second, figure) in figures.iter().enumerate() {
            let seen = figure.as_ref().map_or(Seen::Nothing, Seen::Figure);
            let step = step(terms, held, seen, at(i64::try_from(second).expect("few")));
            held = step.held;
            events.extend(step.event.map(|event| (second, event)));
        }
        events
    }

    fn figures(parts: &[(&Figure, usize)]) -> Vec<Option<Figure>> {
        parts.iter().flat_map(|(figure, times)| vec![Some((*figure).clone()); *times]).collect()
    }

    #[test]
    fn a_rule_fires_after_its_time_and_is_over_after_its_other_time() {
        let events = run(&terms(), &figures(&[(&CALM, 2), (&BAD, 5), (&CALM, 6)]));
        assert_eq!(events, [(5, Event::Fired), (11, Event::Resolved(Reason::Calm))]);
    }

    #[test]
    fn what_is_bad_for_too_short_a_time_fires_never() {
        let short: Vec<_> = (0..50).flat_map(|_| figures(&[(&BAD, 3), (&BETWEEN, 1)])).collect();
        assert_eq!(run(&terms(), &short), []);
    }

    #[test]
    fn a_rule_that_flaps_twenty_times_fires_once_and_resolves_once() {
        let mut flapping = figures(&[(&BAD, 4)]);
        for _ in 0..20 {
            flapping.extend(figures(&[(&CALM, 3), (&BAD, 1)]));
        }
        flapping.extend(figures(&[(&CALM, 10)]));
        let events = run(&terms(), &flapping);
        assert_eq!(events, [(3, Event::Fired), (88, Event::Resolved(Reason::Calm))]);
    }

    #[test]
    fn between_the_two_thresholds_what_fires_goes_on_and_what_is_fine_stays_fine() {
        assert_eq!(run(&terms(), &figures(&[(&BETWEEN, 100)])), []);
        assert_eq!(run(&terms(), &figures(&[(&BAD, 4), (&BETWEEN, 100)])), [(3, Event::Fired)]);
    }

    #[test]
    fn without_times_it_fires_and_resolves_at_once() {
        let at_once = Terms { for_seconds: 0, resolve_for_seconds: 0, ..terms() };
        let events = run(&at_once, &figures(&[(&BAD, 2), (&CALM, 2)]));
        assert_eq!(events, [(0, Event::Fired), (2, Event::Resolved(Reason::Calm))]);
    }

    #[test]
    fn the_time_for_which_nothing_is_known_does_not_count() {
        let mut seen = figures(&[(&BAD, 2)]);
        seen.extend(vec![None; 60]);
        seen.extend(figures(&[(&BAD, 5)]));
        assert_eq!(run(&terms(), &seen), [(63, Event::Fired)], "one second before the gap, two after it");
    }

    #[test]
    fn redis_that_is_away_resolves_nothing_however_long() {
        let mut seen = figures(&[(&BAD, 4)]);
        seen.extend(vec![None; 10_000]);
        assert_eq!(run(&terms(), &seen), [(3, Event::Fired)]);
    }

    fn fired() -> Held {
        let terms = Terms { for_seconds: 0, ..terms() };
        step(&terms, None, Seen::Figure(&BAD), at(0)).held.expect("it fires")
    }

    #[test]
    fn what_is_gone_resolves_after_a_while_and_goes_on_if_it_comes_back() {
        let gone = |held, second| step(&terms(), Some(held), Seen::Gone, at(second));
        let first = gone(fired(), 10);
        assert_eq!((first.event, first.held.and_then(|held| held.gone_since)), (None, Some(at(10))));
        let held = first.held.expect("it is still there");
        assert_eq!(gone(held, 129).event, None);
        assert_eq!(gone(held, 130), Step { held: None, event: Some(Event::Resolved(Reason::Gone)) });
        let back = step(&terms(), Some(held), Seen::Figure(&BAD), at(100)).held.expect("it fires on");
        assert_eq!((back.phase, back.gone_since, back.unknown_since), (Phase::Firing, None, None));
    }

    #[test]
    fn what_only_pends_and_is_gone_tells_nobody() {
        let pending = Held { phase: Phase::Pending, gone_since: Some(at(0)), ..fired() };
        assert_eq!(step(&terms(), Some(pending), Seen::Gone, at(500)), Step { held: None, event: None });
    }

    fn anything() -> impl Strategy<Value = Option<Figure>> {
        prop_oneof![
            4 => (0u64..15).prop_map(|n| Some(Figure::Exact(n))),
            1 => (0u64..15).prop_map(|n| Some(Figure::AtLeast(n))),
            1 => Just(Some(Figure::unknown("why"))),
            1 => Just(None),
        ]
    }

    fn sticky() -> impl Strategy<Value = Vec<Option<Figure>>> {
        let runs = prop::collection::vec((anything(), 1usize..7), 1..40);
        runs.prop_map(|runs| runs.into_iter().flat_map(|(figure, times)| vec![figure; times]).collect())
    }

    proptest! {
        #[test]
        fn firings_and_resolves_take_turns_and_happen_only_where_the_figure_is_known(seen in sticky()) {
            let terms = terms();
            let mut expected = Event::Fired;
            for (second, event) in run(&terms, &seen) {
                prop_assert_eq!(event, expected);
                let figure = seen[second].clone().expect("a figure was seen");
                match event {
                    Event::Fired => prop_assert_eq!(terms.breached(&figure), Some(true)),
                    Event::Resolved(_) => prop_assert_eq!(terms.calm(&figure), Some(true)),
                }
                expected = if event == Event::Fired { Event::Resolved(Reason::Calm) } else { Event::Fired };
            }
        }

        #[test]
        fn it_fires_only_after_it_was_known_to_be_bad_for_the_whole_time(seen in sticky()) {
            let terms = terms();
            for (second, _) in run(&terms, &seen).into_iter().filter(|(_, event)| *event == Event::Fired) {
                let known = seen[..=second].iter().flatten().filter_map(|figure| terms.breached(figure));
                let known: Vec<bool> = known.collect();
                let bad = known.iter().rev().take_while(|bad| **bad).count();
                // seconds between looks: one look more than seconds
                prop_assert!(bad as u64 > terms.for_seconds, "{} looks", bad);
            }
        }

        #[test]
        fn looks_at_which_nothing_is_known_change_neither_what_is_told_nor_how_often(seen in sticky()) {
            let told = |figures: &[Option<Figure>]| {
                run(&terms(), figures).into_iter().map(|(_, event)| event).collect::<Vec<_>>()
            };
            let exact: Vec<_> = seen.iter().filter(|figure| matches!(figure, Some(Figure::Exact(_)))).cloned().collect();
            // what lies in a gap after a look counts as nothing, so each look counts as much as without gaps
            let gaps: Vec<_> = exact.iter().flat_map(|figure| [figure.clone(), None]).collect();
            prop_assert_eq!(told(&gaps), told(&exact));
            let mut ended = exact.clone();
            ended.extend(vec![None; 1_000]);
            prop_assert_eq!(told(&ended), told(&exact));
        }
    }
}
