//! What happened, in one order: events, plannings, daily scrums and retrospectives.

use std::collections::BTreeMap;

use domain::{
    Status, Timestamp,
    chronicle::{EventNote, Retrospective, SprintPlanning},
    event::{SPRINT_COMPLETED, SPRINT_STARTED},
};

use super::ScrumDay;
use crate::part::counted;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Event,
    Planning,
    Scrum,
    Retrospective,
}

impl Kind {
    pub(super) const ALL: [Self; 4] = [Self::Event, Self::Planning, Self::Scrum, Self::Retrospective];

    /// The word in addresses.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Planning => "planning",
            Self::Scrum => "scrum",
            Self::Retrospective => "retrospective",
        }
    }

    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Event => "Event",
            Self::Planning => "Planning",
            Self::Scrum => "Daily scrum",
            Self::Retrospective => "Retrospective",
        }
    }

    pub(super) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// One line of the timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) kind: Kind,
    pub(super) at: Timestamp,
    pub(super) status: Status,
    pub(super) title: String,
    pub(super) text: String,
    pub(super) project_id: String,
    pub(super) sprint_id: String,
    /// What opens it: `kind/id`.
    pub(super) open: String,
    /// What a search looks through besides title and text.
    searched: String,
}

pub(super) fn of_event(note: &EventNote) -> Item {
    let status = match note.event_type.as_str() {
        SPRINT_STARTED => Status::Run,
        SPRINT_COMPLETED => Status::Ok,
        _ => Status::Idle,
    };
    Item {
        kind: Kind::Event,
        at: note.created_at,
        status,
        title: note.event_type.clone(),
        text: note.note_content.clone(),
        project_id: note.project_id.clone().unwrap_or_default(),
        sprint_id: note.sprint_id.clone().unwrap_or_default(),
        open: format!("{}/{}", Kind::Event.as_str(), note.note_id),
        searched: [note.event_id.as_str(), note.correlation_id.as_deref().unwrap_or_default()].join(" "),
    }
}

pub(super) fn of_planning(note: &SprintPlanning) -> Item {
    Item {
        kind: Kind::Planning,
        at: note.created_at,
        status: Status::Idle,
        title: "Planning".to_owned(),
        text: note.sprint_goal.clone(),
        project_id: note.project_id.clone(),
        sprint_id: note.sprint_id.clone(),
        open: format!("{}/{}", Kind::Planning.as_str(), note.sprint_id),
        searched: [note.sprint_name.as_deref().unwrap_or_default(), &note.planned_tasks.join(" ")].join(" "),
    }
}

pub(super) fn of_scrum_day(day: &ScrumDay, project_id: &str, sprint_id: &str) -> Item {
    let impediments = day.impediments() as u64;
    let mut text = counted(day.tasks() as u64, "task");
    text.push_str(" worked on");
    if impediments > 0 {
        text = format!("{text}, {}", counted(impediments, "impediment"));
    }
    let lines = day.people.iter().flat_map(|(who, tasks)| {
        tasks.iter().flat_map(move |task| {
            let told = [&task.yesterday_work, &task.today_work, &task.impediments].map(Option::as_deref);
            [who.as_str(), task.id.as_str()].into_iter().chain(told.into_iter().flatten())
        })
    });
    Item {
        kind: Kind::Scrum,
        at: day.at,
        status: if impediments > 0 { Status::Warn } else { Status::Idle },
        title: format!("Daily scrum, day {}", day.number),
        text,
        project_id: project_id.to_owned(),
        sprint_id: sprint_id.to_owned(),
        open: format!("{}/{}/{sprint_id}", Kind::Scrum.as_str(), day.number),
        searched: lines.collect::<Vec<_>>().join(" "),
    }
}

pub(super) fn of_retrospective(retrospective: &Retrospective) -> Item {
    let body = &retrospective.body;
    let told = |text: &Option<String>| text.clone().unwrap_or_default();
    let actions = body.action_items.iter().map(|item| item.description.clone());
    let tasks = body.tasks_summary.iter().flat_map(|task| [task.task_id.clone(), task.description.clone()]);
    Item {
        kind: Kind::Retrospective,
        at: retrospective.created_at,
        status: Status::Idle,
        title: "Retrospective".to_owned(),
        text: told(&body.what_went_well),
        project_id: body.project_id.clone(),
        sprint_id: body.sprint_id.clone(),
        open: format!("{}/{}", Kind::Retrospective.as_str(), body.sprint_id),
        searched: std::iter::once(told(&body.what_could_be_improved))
            .chain(actions)
            .chain(tasks)
            .collect::<Vec<_>>()
            .join(" "),
    }
}

/// Which lines are shown. Project and sprint narrow what is asked for already.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Filter {
    pub(super) project: Option<String>,
    pub(super) sprint: Option<String>,
    pub(super) kind: Option<Kind>,
    pub(super) text: String,
    /// Only what happened before this.
    pub(super) before: Option<Timestamp>,
}

impl Filter {
    pub(super) fn lets_through(&self, item: &Item) -> bool {
        let text = self.text.to_lowercase();
        let has_text = |part: &String| part.to_lowercase().contains(&text);
        self.before.is_none_or(|before| item.at < before)
            && self.kind.is_none_or(|kind| item.kind == kind)
            && [&item.title, &item.text, &item.project_id, &item.sprint_id, &item.searched].into_iter().any(has_text)
    }

    pub(super) fn wants(&self, kind: Kind) -> bool {
        self.kind.is_none_or(|wanted| wanted == kind)
    }
}

/// The time in which a sprint's reports and retrospective lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) project_id: String,
    pub(super) sprint_id: String,
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
}

impl Span {
    pub(super) fn is_closed(&self) -> bool {
        self.until < NOT_YET
    }
}

/// When a sprint ends that is in progress.
const NOT_YET: Timestamp = Timestamp::from_micros(i64::MAX);

/// A retrospective is written just after its sprint was closed.
const AFTER_CLOSE: std::time::Duration = std::time::Duration::from_mins(1);

/// The sprints that are told of, those that end last first.
pub(super) fn spans(events: &[EventNote], plannings: &[SprintPlanning]) -> Vec<Span> {
    let mut spans = BTreeMap::<String, Span>::new();
    let told = plannings.iter().map(|note| (&note.project_id, &note.sprint_id, note.created_at, None)).chain(
        events.iter().filter_map(|note| {
            let closed = (note.event_type == SPRINT_COMPLETED).then(|| note.created_at + AFTER_CLOSE);
            Some((note.project_id.as_ref()?, note.sprint_id.as_ref()?, note.created_at, closed))
        }),
    );
    for (project_id, sprint_id, at, closed) in told {
        let span = spans.entry(sprint_id.clone()).or_insert_with(|| Span {
            project_id: project_id.clone(),
            sprint_id: sprint_id.clone(),
            from: at,
            until: NOT_YET,
        });
        span.from = span.from.min(at);
        span.until = closed.unwrap_or(span.until);
    }
    let mut spans: Vec<Span> = spans.into_values().collect();
    spans.sort_by(|a, b| (b.until, b.from, &b.sprint_id).cmp(&(a.until, a.from, &a.sprint_id)));
    spans
}

/// Newest first; of one moment, what it led to stands above what led to it.
pub(super) fn newest_first(items: &mut [Item]) {
    items.sort_by(|a, b| (b.at, b.kind, &b.open).cmp(&(a.at, a.kind, &a.open)));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(event_type: &str, sprint: &str, second: i64) -> EventNote {
        EventNote {
            note_id: format!("{event_type}-{sprint}"),
            event_id: format!("id-{sprint}"),
            event_type: event_type.to_owned(),
            project_id: Some("P".into()),
            sprint_id: Some(sprint.to_owned()),
            note_content: format!("Sprint {sprint} was told of"),
            correlation_id: None,
            created_at: Timestamp::from_millis(second * 1_000),
        }
    }

    #[test]
    fn a_sprint_spans_from_its_first_word_to_a_little_after_its_close() {
        let events =
            [event(SPRINT_COMPLETED, "S1", 100), event(SPRINT_STARTED, "S1", 10), event(SPRINT_STARTED, "S2", 110)];
        let spans = spans(&events, &[]);
        assert_eq!(spans.iter().map(|span| span.sprint_id.as_str()).collect::<Vec<_>>(), ["S2", "S1"]);
        assert_eq!(spans.iter().map(Span::is_closed).collect::<Vec<_>>(), [false, true]);
        assert_eq!(spans[1].from, Timestamp::from_millis(10_000));
        assert_eq!(spans[1].until, Timestamp::from_millis(160_000));
    }

    #[test]
    fn a_filter_is_the_and_of_its_parts() {
        let item = of_event(&event(SPRINT_STARTED, "S1", 10));
        let filter = |kind, text: &str, before: Option<i64>| Filter {
            kind,
            text: text.to_owned(),
            before: before.map(|second| Timestamp::from_millis(second * 1_000)),
            ..Filter::default()
        };
        assert!(filter(None, "", None).lets_through(&item));
        assert!(filter(Some(Kind::Event), "TOLD", Some(11)).lets_through(&item));
        assert!(filter(None, "id-s1", None).lets_through(&item), "ids are searched too");
        assert!(!filter(Some(Kind::Scrum), "", None).lets_through(&item));
        assert!(!filter(None, "nothing of it", None).lets_through(&item));
        assert!(!filter(None, "", Some(10)).lets_through(&item));
    }

    #[test]
    fn of_one_moment_the_later_kind_stands_above() {
        let mut items = vec![of_event(&event(SPRINT_STARTED, "S1", 10)), of_event(&event(SPRINT_STARTED, "S2", 20))];
        let planning = Item { kind: Kind::Planning, ..items[0].clone() };
        items.push(planning);
        newest_first(&mut items);
        let seen: Vec<_> = items.iter().map(|item| (item.sprint_id.as_str(), item.kind)).collect();
        assert_eq!(seen, [("S2", Kind::Event), ("S1", Kind::Planning), ("S1", Kind::Event)]);
    }

    #[test]
    fn every_kind_is_found_by_its_word() {
        assert!(Kind::ALL.into_iter().all(|kind| Kind::parse(kind.as_str()) == Some(kind)));
    }
}
