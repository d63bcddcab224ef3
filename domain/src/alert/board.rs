//! All that is not fine, and what one look at Redis changes about it.

use std::collections::BTreeMap;

use crate::{
    Figure, Timestamp,
    alert::{Arrivals, Event, Held, Reason, Rule, Seen, Subject, readings, step},
    stream::Snapshot,
};

/// What is held of every rule about every subject that is not fine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Board(BTreeMap<String, BTreeMap<Subject, Held>>);

/// What a look changes about one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub rule_id: String,
    pub subject: Subject,
    /// `None`: fine from now on.
    pub held: Option<Held>,
    pub event: Option<Event>,
    /// What was seen.
    pub figure: Figure,
}

impl Board {
    pub fn put(&mut self, rule_id: &str, subject: Subject, held: Held) {
        self.0.entry(rule_id.to_owned()).or_default().insert(subject, held);
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Subject, &Held)> {
        self.0.iter().flat_map(|(rule, held)| held.iter().map(move |(subject, held)| (rule.as_str(), subject, held)))
    }

    /// Nobody has looked since then: what was not seen counts as not known.
    pub fn unwatched_since(&mut self, at: Timestamp) {
        for held in self.0.values_mut().flat_map(BTreeMap::values_mut) {
            *held = held.unknown(at);
        }
    }

    /// What the look changes. Nothing here is changed by it: that is for [`apply`](Self::apply), once the changes are kept.
    pub fn look(&self, rules: &[Rule], snapshot: &Snapshot, arrivals: &Arrivals, now: Timestamp) -> Vec<Change> {
        let mut changes = Vec::new();
        for rule in rules.iter().filter(|rule| rule.enabled) {
            self.look_by(rule, snapshot, arrivals, now, &mut changes);
        }
        for (rule_id, held) in &self.0 {
            let reason = match rules.iter().find(|rule| rule.id == *rule_id) {
                None => Reason::RuleDeleted,
                Some(rule) if !rule.enabled => Reason::RuleOff,
                Some(_) => continue,
            };
            changes.extend(held.iter().map(|(subject, held)| ended(rule_id, subject, held, reason)));
        }
        changes
    }

    fn look_by(
        &self,
        rule: &Rule,
        snapshot: &Snapshot,
        arrivals: &Arrivals,
        now: Timestamp,
        changes: &mut Vec<Change>,
    ) {
        let nothing = BTreeMap::new();
        let held = self.0.get(&rule.id).unwrap_or(&nothing);
        let mut unseen = held.clone();
        unseen.retain(|subject, held| {
            let is_still_meant = held.watched == rule.terms.watched && rule.terms.covers(subject);
            if !is_still_meant {
                changes.push(ended(&rule.id, subject, held, Reason::RuleChanged));
            }
            is_still_meant
        });
        let mut note = |subject: Subject, before: Option<Held>, seen: Seen<'_>| {
            let step = step(&rule.terms, before, seen, now);
            if step.held != before || step.event.is_some() {
                let figure = match seen {
                    Seen::Figure(figure) => figure.clone(),
                    Seen::Nothing => Figure::unknown("redis does not answer, or does not let us look"),
                    Seen::Gone => Figure::unknown("it is gone"),
                };
                changes.push(Change { rule_id: rule.id.clone(), subject, held: step.held, event: step.event, figure });
            }
        };
        let read = readings(&rule.terms, snapshot, arrivals);
        let is_known = read.is_some();
        for (subject, figure) in read.unwrap_or_default() {
            // what a changed rule has just ended begins anew at the next look
            if held.contains_key(&subject) && !unseen.contains_key(&subject) {
                continue;
            }
            let before = unseen.remove(&subject);
            note(subject, before, Seen::Figure(&figure));
        }
        for (subject, before) in unseen {
            let is_gone = is_known && !is_unread(snapshot, &subject);
            note(subject, Some(before), if is_gone { Seen::Gone } else { Seen::Nothing });
        }
    }

    pub fn apply(&mut self, changes: &[Change]) {
        for change in changes {
            let of_rule = self.0.entry(change.rule_id.clone()).or_default();
            match change.held {
                Some(held) => of_rule.insert(change.subject.clone(), held),
                None => of_rule.remove(&change.subject),
            };
        }
        self.0.retain(|_, held| !held.is_empty());
    }
}

/// Whether it may be there, and Redis does not let us look.
fn is_unread(snapshot: &Snapshot, subject: &Subject) -> bool {
    match subject {
        Subject::Redis => false,
        Subject::Stream { stream } => snapshot.unread(stream, None).is_some(),
        Subject::Group { stream, group } => snapshot.unread(stream, Some(group)).is_some(),
    }
}

fn ended(rule_id: &str, subject: &Subject, held: &Held, reason: Reason) -> Change {
    Change {
        rule_id: rule_id.to_owned(),
        subject: subject.clone(),
        held: None,
        event: held.is_firing().then_some(Event::Resolved(reason)),
        figure: Figure::unknown(reason.words()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::alert::{
        Phase, Terms, Watched,
        reading::tests::{at, group, snapshot, stream},
        rule::tests::terms,
    };
    use crate::stream::Unread;

    fn rule() -> Rule {
        Rule { id: "r".into(), terms: terms(), enabled: true, muted_until: None }
    }

    /// A look at which the group has this lag; `None`: the group is gone.
    fn seen(second: i64, lag: Option<Figure>) -> Snapshot {
        snapshot(second, vec![stream("orders", lag.map(group).into_iter().collect())])
    }

    fn look(board: &mut Board, rules: &[Rule], snapshot: &Snapshot, second: i64) -> Vec<Option<Event>> {
        let changes = board.look(rules, snapshot, &Arrivals::default(), at(second));
        board.apply(&changes);
        changes.into_iter().map(|change| change.event).collect()
    }

    fn firing() -> Board {
        let mut board = Board::default();
        for second in 0..=3 {
            look(&mut board, &[rule()], &seen(second, Some(Figure::Exact(50))), second);
        }
        assert!(board.iter().all(|(_, _, held)| held.phase == Phase::Firing), "{board:?}");
        board
    }

    #[test]
    fn a_look_that_changes_nothing_is_no_change() {
        let mut board = firing();
        assert_eq!(look(&mut board, &[rule()], &seen(4, Some(Figure::Exact(60))), 4), []);
        assert_eq!(look(&mut Board::default(), &[rule()], &seen(4, Some(Figure::Exact(0))), 4), []);
    }

    #[test]
    fn redis_that_goes_away_keeps_what_fires_and_marks_it_unknown() {
        let mut board = firing();
        let away = Snapshot { error: Some("away".into()), ..seen(4, Some(Figure::Exact(0))) };
        assert_eq!(look(&mut board, &[rule()], &away, 4), [None]);
        assert_eq!(look(&mut board, &[rule()], &away, 9_000), [], "once is enough");
        let held: Vec<_> = board.iter().map(|(_, _, held)| (held.phase, held.unknown_since)).collect();
        assert_eq!(held, [(Phase::Firing, Some(at(4)))]);
        assert_eq!(look(&mut board, &[rule()], &seen(9_001, Some(Figure::Exact(60))), 9_001), [None], "known again");
    }

    #[test]
    fn a_rule_that_is_deleted_switched_off_or_changed_ends_what_it_has_told() {
        let off = Rule { enabled: false, ..rule() };
        let elsewhere = Rule { terms: Terms { stream: "invoices".into(), ..terms() }, ..rule() };
        let other = Rule { terms: Terms { watched: Watched::Pending, ..terms() }, ..rule() };
        for (rules, reason) in [
            (vec![], Reason::RuleDeleted),
            (vec![off], Reason::RuleOff),
            (vec![elsewhere], Reason::RuleChanged),
            (vec![other], Reason::RuleChanged),
        ] {
            let mut board = firing();
            let events = look(&mut board, &rules, &seen(4, Some(Figure::Exact(50))), 4);
            assert_eq!(events, [Some(Event::Resolved(reason))]);
            assert_eq!(board, Board::default());
        }
    }

    #[test]
    fn a_group_that_is_gone_resolves_with_that_reason_after_a_while() {
        let mut board = firing();
        assert_eq!(look(&mut board, &[rule()], &seen(10, None), 10), [None]);
        assert_eq!(look(&mut board, &[rule()], &seen(130, None), 130), [Some(Event::Resolved(Reason::Gone))]);
    }

    #[test]
    fn a_group_that_redis_does_not_let_us_look_at_is_not_gone() {
        let mut board = firing();
        let refused = |group: Option<&str>| {
            let (stream, group) = ("orders".to_owned(), group.map(str::to_owned));
            let unread = vec![Unread { stream, group, why: "NOPERM".into() }];
            move |second| Snapshot { unread: unread.clone(), ..seen(second, None) }
        };
        let (all, one) = (refused(None), refused(Some("workers")));
        assert_eq!(look(&mut board, &[rule()], &all(10), 10), [None]);
        assert_eq!(look(&mut board, &[rule()], &one(400), 400), [], "it stays as it was");
        assert!(board.iter().all(|(_, _, held)| held.is_firing() && held.gone_since.is_none()));
    }

    #[test]
    fn what_nobody_watched_for_a_while_does_not_count_as_bad_for_that_while() {
        let mut board = Board::default();
        look(&mut board, &[rule()], &seen(0, Some(Figure::Exact(50))), 0);
        board.unwatched_since(at(1));
        assert_eq!(look(&mut board, &[rule()], &seen(600, Some(Figure::Exact(50))), 600), [None]);
        assert_eq!(look(&mut board, &[rule()], &seen(602, Some(Figure::Exact(50))), 602), [Some(Event::Fired)]);
    }

    proptest! {
        #[test]
        fn firings_and_resolves_of_a_subject_take_turns_whatever_happens_to_redis_and_the_rule(
            steps in prop::collection::vec((0u8..9, 0u64..15), 1..200)
        ) {
            let (mut board, mut fires) = (Board::default(), false);
            for (second, (what, lag)) in (0i64..).zip(steps) {
                let second = second * 2;
                let mut snapshot = seen(second, (what != 1).then_some(Figure::Exact(lag)));
                snapshot.error = (what == 0).then(|| "away".to_owned());
                let rules = match what {
                    2 => vec![],
                    3 => vec![Rule { enabled: false, ..rule() }],
                    _ => vec![rule()],
                };
                for event in look(&mut board, &rules, &snapshot, second).into_iter().flatten() {
                    prop_assert_eq!(event == Event::Fired, !fires);
                    fires = !fires;
                }
                prop_assert_eq!(board.iter().any(|(_, _, held)| held.is_firing()), fires);
            }
        }
    }
}
