//! Where the lines of the timeline come from. Events and plannings are asked for as a whole, as their rows are small;
//! reports and retrospectives only of sprints whose time lies in the page.

use domain::{
    Refusal, Timestamp,
    chronicle::{EventNote, Retrospective, SprintPlanning},
    refusal::RefusalKind,
};
use services::{Error, Services, chronicle};

use super::{
    ScrumDay, scrum_days,
    timeline::{Filter, Item, Kind, Span, newest_first, of_event, of_planning, of_retrospective, of_scrum_day, spans},
};

/// Lines of a page.
const LINES: usize = 40;
/// Closed sprints whose documents are looked through for one page; a rare word may need several pages.
const SPRINTS_READ: usize = 40;

/// A page of the timeline.
pub(super) struct Lines {
    pub(super) items: Vec<Item>,
    /// Cursor (exclusive) for what is older; `None` at the beginning of time.
    pub(super) older: Option<Timestamp>,
    /// All sprints that are told of within project and sprint, newest first.
    pub(super) sprints: Vec<String>,
}

pub(super) async fn lines(services: &Services, filter: &Filter) -> Result<Lines, Refusal> {
    let (sprint_id, project_id) = (filter.sprint.as_deref(), filter.project.as_deref());
    let events = chronicle::events(services, sprint_id, project_id).await?;
    let plannings = chronicle::sprint_plannings(services, sprint_id, project_id).await?;
    let spans = spans(&events, &plannings);
    let told = events.iter().map(of_event).chain(plannings.iter().map(of_planning));
    let mut items: Vec<Item> = told.filter(|item| filter.lets_through(item)).collect();
    newest_first(&mut items);
    let unread_until = read_spans(services, filter, &spans, &mut items).await?;
    let sprints = spans.into_iter().map(|span| span.sprint_id).collect();
    let (items, older) = cut(items, unread_until);
    Ok(Lines { items, older, sprints })
}

/// Adds the documents of sprints until a page is full. Answers up to when documents may be missing.
async fn read_spans(
    services: &Services,
    filter: &Filter,
    spans: &[Span],
    items: &mut Vec<Item>,
) -> Result<Option<Timestamp>, Refusal> {
    if !filter.wants(Kind::Scrum) && !filter.wants(Kind::Retrospective) {
        return Ok(None);
    }
    let in_time = |span: &&Span| filter.before.is_none_or(|before| span.from < before);
    let mut closed_read = 0;
    for span in spans.iter().filter(in_time) {
        if items.get(LINES).is_some_and(|first_hidden| first_hidden.at > span.until) {
            return Ok(None);
        }
        if closed_read == SPRINTS_READ {
            return Ok(Some(span.until));
        }
        closed_read += usize::from(span.is_closed());
        let found = documents(services, filter, span).await?;
        items.extend(found.into_iter().filter(|item| filter.lets_through(item)));
        newest_first(items);
        items.truncate(LINES + 1);
    }
    Ok(None)
}

async fn documents(services: &Services, filter: &Filter, span: &Span) -> Result<Vec<Item>, Refusal> {
    let mut items = Vec::new();
    if filter.wants(Kind::Scrum) {
        let days = days(services, &span.sprint_id).await?;
        items.extend(days.iter().map(|day| of_scrum_day(day, &span.project_id, &span.sprint_id)));
    }
    if filter.wants(Kind::Retrospective) {
        items.extend(retrospective(services, &span.sprint_id).await?.as_ref().map(of_retrospective));
    }
    Ok(items)
}

/// The first lines, and where the next page begins.
fn cut(mut items: Vec<Item>, unread_until: Option<Timestamp>) -> (Vec<Item>, Option<Timestamp>) {
    if let Some(until) = unread_until {
        items.retain(|item| item.at > until);
        if items.len() <= LINES {
            return (items, Some(Timestamp::from_micros(until.micros().saturating_add(1))));
        }
    }
    let older = (items.len() > LINES).then(|| Timestamp::from_micros(items[LINES].at.micros().saturating_add(1)));
    items.truncate(LINES);
    (items, older)
}

/// The daily scrums of a sprint, newest first.
pub(crate) async fn days(services: &Services, sprint_id: &str) -> Result<Vec<ScrumDay>, Refusal> {
    let report = chronicle::daily_scrum_report(services, Some(sprint_id), None, None).await;
    Ok(if_there(report)?.map(scrum_days).unwrap_or_default())
}

/// The retrospective of a sprint, if it has one.
pub(crate) async fn retrospective(services: &Services, sprint_id: &str) -> Result<Option<Retrospective>, Refusal> {
    let found = chronicle::retrospectives(services, Some(sprint_id), None).await;
    Ok(if_there(found)?.and_then(|found| found.into_iter().next()))
}

/// Planning notes of a sprint, newest first.
pub(crate) async fn plannings(services: &Services, sprint_id: &str) -> Result<Vec<SprintPlanning>, Refusal> {
    Ok(chronicle::sprint_plannings(services, Some(sprint_id), None).await?)
}

pub(super) async fn event(services: &Services, note_id: &str) -> Result<Option<EventNote>, Refusal> {
    let events = chronicle::events(services, None, None).await?;
    Ok(events.into_iter().find(|note| note.note_id == note_id))
}

/// That nothing was told yet is no error on a page.
fn if_there<T>(answer: Result<T, Error>) -> Result<Option<T>, Refusal> {
    match answer.map_err(Refusal::from) {
        Ok(found) => Ok(Some(found)),
        Err(refusal) if refusal.kind == RefusalKind::NotFound => Ok(None),
        Err(refusal) => Err(refusal),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(count: i64) -> Vec<Item> {
        let note = |second: i64| EventNote {
            note_id: second.to_string(),
            event_id: String::new(),
            event_type: "SprintStarted".into(),
            project_id: None,
            sprint_id: None,
            note_content: String::new(),
            correlation_id: None,
            created_at: Timestamp::from_millis(second * 1_000),
        };
        (0..count).rev().map(|second| of_event(&note(second))).collect()
    }

    #[test]
    fn the_next_page_begins_with_the_first_line_that_was_left_out() {
        let (shown, older) = cut(items(41), None);
        assert_eq!(shown.len(), LINES);
        let older = older.expect("one line is left");
        let next = Filter { before: Some(older), ..Filter::default() };
        let left: Vec<_> = items(41).into_iter().filter(|item| next.lets_through(item)).collect();
        assert_eq!(left.len(), 1);
        assert_eq!(cut(items(40), None).1, None);
    }

    #[test]
    fn lines_are_not_shown_before_documents_that_were_not_read() {
        let (shown, older) = cut(items(10), Some(Timestamp::from_millis(7_000)));
        assert_eq!(shown.len(), 2);
        assert_eq!(older, Some(Timestamp::from_micros(7_000_001)));
    }
}
