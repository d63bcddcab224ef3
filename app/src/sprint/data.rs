//! What the page of a sprint shows, gathered from four services. Without the sprint there is no page; of the others each
//! may be away, and the rest is shown.

use domain::{
    Refusal,
    backlog::{Task, TaskStatus},
    chronicle::{EventNote, Retrospective, SprintPlanning, Velocity},
    health::OutboxState,
    project::Project,
    sprint::{BurndownPoint, Closing, Sprint, SprintStatus, SprintTask, TaskSummary, summarise},
    stream::Snapshot,
};
use services::{Services, backlog, chronicle, keys, outbox, project, sprint};

use crate::{
    chronicle::{ScrumDay, Titles, days, plannings, retrospective_of},
    part::People,
};

/// Which part of the sprint is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tab {
    Board,
    List,
    Scrums,
    Planning,
    Retrospective,
    Events,
}

impl Tab {
    pub(super) const ALL: [Self; 6] =
        [Self::Board, Self::List, Self::Scrums, Self::Planning, Self::Retrospective, Self::Events];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Board => "board",
            Self::List => "list",
            Self::Scrums => "scrums",
            Self::Planning => "planning",
            Self::Retrospective => "retrospective",
            Self::Events => "events",
        }
    }

    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Board => "Board",
            Self::List => "List",
            Self::Scrums => "Daily scrums",
            Self::Planning => "Planning",
            Self::Retrospective => "Retrospective",
            Self::Events => "Events",
        }
    }

    pub(super) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tab| tab.as_str() == word)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    DailyScrum,
    Close,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Query {
    pub(super) sprint_id: String,
    pub(super) tab: Tab,
    pub(super) act: Option<Act>,
    /// The task that is open.
    pub(super) open: Option<String>,
}

/// What the chosen tab shows beyond the sprint itself.
pub(super) enum Documents {
    /// Unassigned tasks of the backlog, which the next sprint would take.
    Backlog(Vec<Task>),
    Scrums(Vec<ScrumDay>),
    Planning(Vec<SprintPlanning>),
    Retrospective(Option<Box<Retrospective>>),
    Events(Vec<EventNote>),
    None,
}

pub(super) struct Data {
    pub(super) sprint: Sprint,
    pub(super) tasks: Vec<SprintTask>,
    pub(super) summary: TaskSummary,
    /// Unknown while the project service is away.
    pub(super) project: Option<Project>,
    pub(super) people: People,
    pub(super) points: Vec<BurndownPoint>,
    pub(super) velocity: Result<Velocity, String>,
    /// Of the chosen tab, or why it cannot be shown.
    pub(super) documents: Result<Documents, String>,
    pub(super) closing: Option<Result<Closing, Refusal>>,
    /// What was reported of the open task, newest first.
    pub(super) history: Vec<ScrumDay>,
    /// Committed changes that the backlog has not applied yet; `Err` = nobody knows, for this reason.
    pub(super) on_their_way: Result<u64, String>,
}

impl Data {
    pub(super) fn is_in_progress(&self) -> bool {
        self.sprint.status == SprintStatus::InProgress
    }

    pub(super) fn titles(&self) -> Titles {
        self.tasks.iter().map(|task| (task.task_id.clone(), task.title.clone())).collect()
    }

    /// Days of work: each daily scrum is one.
    pub(super) fn days_worked(&self) -> usize {
        self.points.len().saturating_sub(1)
    }
}

pub(super) async fn load(services: &Services, snapshot: &Snapshot, query: &Query) -> Result<Data, Refusal> {
    let detail = sprint::get(services, &query.sprint_id).await?;
    let (sprint, tasks) = (detail.sprint, detail.tasks);
    let project_id = &sprint.project_id;
    let closing = match query.act {
        Some(Act::Close) => Some(sprint::closing(services, &query.sprint_id).await.map_err(Refusal::from)),
        _ => None,
    };
    let history = match &query.open {
        Some(task_id) => history(services, &query.sprint_id, task_id).await,
        None => Vec::new(),
    };
    Ok(Data {
        summary: summarise(&tasks),
        project: project::get(services, project_id).await.ok(),
        people: project::team(services, project_id).await.map(|team| People::of(&team)).unwrap_or_default(),
        points: sprint::burndown(services, &query.sprint_id).await?,
        velocity: chronicle::velocity(services, project_id).await.map_err(|error| Refusal::from(error).message),
        documents: documents(services, &sprint, query.tab).await.map_err(|refusal| refusal.message),
        closing,
        history,
        on_their_way: on_their_way(snapshot, &outbox::waiting(services).await),
        sprint,
        tasks,
    })
}

async fn documents(services: &Services, sprint: &Sprint, tab: Tab) -> Result<Documents, Refusal> {
    let id = &sprint.sprint_id;
    Ok(match tab {
        Tab::Board if sprint.status == SprintStatus::InProgress => {
            let unassigned = Some(TaskStatus::Unassigned.as_str());
            Documents::Backlog(backlog::list(services, &sprint.project_id, unassigned).await?)
        }
        Tab::Board | Tab::List => Documents::None,
        Tab::Scrums => Documents::Scrums(days(services, id).await?),
        Tab::Planning => Documents::Planning(plannings(services, id).await?),
        Tab::Retrospective => Documents::Retrospective(retrospective_of(services, id).await?.map(Box::new)),
        Tab::Events => Documents::Events(chronicle::events(services, Some(id), None).await?),
    })
}

/// The daily scrums that speak of a task, each with its lines alone. A chronicle that is away has nothing to tell.
async fn history(services: &Services, sprint_id: &str, task_id: &str) -> Vec<ScrumDay> {
    let mut days = days(services, sprint_id).await.unwrap_or_default();
    for day in &mut days {
        for (_, tasks) in &mut day.people {
            tasks.retain(|task| task.id == task_id);
        }
        day.people.retain(|(_, tasks)| !tasks.is_empty());
    }
    days.retain(|day| !day.people.is_empty());
    days
}

/// Changes that were committed and that the backlog has not applied: not published, not read, or not acknowledged yet.
fn on_their_way(snapshot: &Snapshot, outbox: &[OutboxState]) -> Result<u64, String> {
    let unsent: u64 = outbox.iter().map(|state| state.unsent).sum();
    let mut waiting = unsent;
    for stream in [keys::TASK_UPDATE_EVENTS, keys::DSM_EVENTS] {
        let groups = snapshot.stream(stream).into_iter().flat_map(|stream| &stream.groups);
        for group in groups.filter(|group| group.name == keys::BACKLOG_GROUP) {
            match group.lag.lower_bound() {
                Some(lag) => waiting += lag + group.pending,
                None => return Err(group.verdict.reason.clone()),
            }
        }
    }
    match &snapshot.error {
        // what Redis holds is old news then; what waits here is known
        Some(error) if unsent == 0 => Err(error.clone()),
        _ => Ok(waiting),
    }
}

#[cfg(test)]
mod tests {
    use domain::{
        Figure, Status, Timestamp,
        finding::Found,
        stream::{EntryId, GroupSample, History, RedisFacts, StreamSample, Verdict},
    };

    use super::*;

    fn snapshot(lag: Figure, pending: u64) -> Snapshot {
        let group = GroupSample {
            stream: keys::TASK_UPDATE_EVENTS.into(),
            name: keys::BACKLOG_GROUP.into(),
            lag,
            lag_reported: None,
            entries_read: None,
            pending,
            last_delivered_id: EntryId::ZERO,
            behind_ms: None,
            oldest_pending_ms: None,
            oldest_pending_id: None,
            oldest: vec![],
            consumers: vec![],
            dead_letters: Figure::Exact(0),
            lag_per_minute: None,
            drained_in_ms: None,
            lag_history: History::default(),
            read_per_second: None,
            handling: None,
            derived: domain::latency::Derived::default(),
            verdict: Verdict { status: Status::Unknown, word: String::new(), reason: "lag unknown".into() },
        };
        let stream = StreamSample {
            name: keys::TASK_UPDATE_EVENTS.into(),
            source: None,
            length: 0,
            first_id: None,
            last_id: EntryId::ZERO,
            entries_added: 0,
            max_deleted_id: EntryId::ZERO,
            memory_bytes: None,
            added_per_second: None,
            length_history: History::default(),
            groups: vec![group],
            dead_letters: 0,
            can_dead_letter: true,
        };
        Snapshot {
            at: Timestamp::from_millis(0),
            error: None,
            redis: RedisFacts::default(),
            streams: vec![stream],
            unread: vec![],
            found: Found::default(),
        }
    }

    fn unsent(unsent: u64) -> Vec<OutboxState> {
        vec![OutboxState { service: "sprint".into(), unsent, oldest: None, losses: Vec::new() }]
    }

    #[test]
    fn what_is_not_sent_not_read_or_not_acknowledged_is_on_its_way() {
        assert_eq!(on_their_way(&snapshot(Figure::Exact(2), 1), &unsent(4)), Ok(7));
        assert_eq!(on_their_way(&snapshot(Figure::Exact(0), 0), &unsent(0)), Ok(0));
    }

    #[test]
    fn an_unknown_lag_is_not_nothing() {
        assert_eq!(on_their_way(&snapshot(Figure::unknown("x"), 0), &unsent(0)), Err("lag unknown".into()));
    }

    #[test]
    fn without_redis_only_what_waits_here_is_known() {
        let away = Snapshot { error: Some("connection refused".into()), ..snapshot(Figure::Exact(0), 0) };
        assert_eq!(on_their_way(&away, &unsent(3)), Ok(3));
        assert_eq!(on_their_way(&away, &unsent(0)), Err("connection refused".into()));
    }

    #[test]
    fn every_tab_is_found_by_its_word() {
        assert!(Tab::ALL.into_iter().all(|tab| Tab::parse(tab.as_str()) == Some(tab)));
    }
}
