//! The timeline of everything that was told, newest first; each line opens as a document.

use domain::{
    Refusal, Timestamp,
    chronicle::{EventNote, Retrospective, SprintPlanning, Velocity},
    project::Project,
};
use leptos::{either::Either, prelude::*};
use services::{Services, project, sprint};

use super::{
    ScrumDay, Titles, document,
    source::{self, Lines, lines},
    timeline::{Filter, Item, Kind},
    velocity_chart,
};
use crate::{
    address::{self, Parameters},
    context::context,
    part::{Clock, DemoMark, Empty, Page, Panel, People, Shape, Split, choices, loaded},
};

/// Projects whose velocity is shown beside the timeline of all.
const VELOCITIES: usize = 8;
/// Sprints that can be chosen; older ones are found by their address or by a search.
const SPRINTS_OFFERED: usize = 30;

/// What is open, read.
enum Document {
    Event(EventNote),
    Planning(Vec<SprintPlanning>),
    Scrum(ScrumDay, String),
    Retrospective(Retrospective),
    /// The address names something that is not there.
    Missing,
}

struct Data {
    lines: Lines,
    projects: Vec<Project>,
    velocities: Vec<Velocity>,
    open: Option<(Document, People, Titles)>,
}

#[component]
pub(crate) fn ChroniclePage() -> impl IntoView {
    let query = Parameters::here();
    let text = |name: &str| query.get(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let filter = Filter {
        project: text("project"),
        sprint: text("sprint"),
        kind: text("kind").as_deref().and_then(Kind::parse),
        text: text("q").unwrap_or_default(),
        before: text("before").and_then(|micros| micros.parse().ok()).map(Timestamp::from_micros),
    };
    let open = text("open");
    let services = context().services;
    let asked = (filter.clone(), open.clone());
    loaded(async move { load(&services, &asked.0, asked.1.as_deref()).await }, move |data| {
        show(&filter, open.as_deref(), data)
    })
}

async fn load(services: &Services, filter: &Filter, open: Option<&str>) -> Result<Data, Refusal> {
    let projects = project::list(services).await?;
    let chosen = |project: &&Project| filter.project.as_ref().is_none_or(|id| *id == project.id);
    let mut velocities = Vec::new();
    for project in projects.iter().filter(chosen).take(VELOCITIES) {
        velocities.push(services::chronicle::velocity(services, &project.id).await?);
    }
    let open = match open {
        Some(open) => Some(read(services, open).await?),
        None => None,
    };
    Ok(Data { lines: lines(services, filter).await?, projects, velocities, open })
}

/// Reads what `open` names.
async fn read(services: &Services, open: &str) -> Result<(Document, People, Titles), Refusal> {
    let (kind, id) = open.split_once('/').unwrap_or((open, ""));
    let document = match Kind::parse(kind) {
        Some(Kind::Event) => source::event(services, id).await?.map(Document::Event),
        Some(Kind::Planning) => {
            Some(source::plannings(services, id).await?).filter(|notes| !notes.is_empty()).map(Document::Planning)
        }
        Some(Kind::Retrospective) => source::retrospective(services, id).await?.map(Document::Retrospective),
        Some(Kind::Scrum) => {
            let (number, sprint_id) = id.split_once('/').unwrap_or_default();
            let days = source::days(services, sprint_id).await?;
            let day = days.into_iter().find(|day| number.parse() == Ok(day.number));
            day.map(|day| Document::Scrum(day, sprint_id.to_owned()))
        }
        None => None,
    };
    let document = document.unwrap_or(Document::Missing);
    let sprint_id = match &document {
        Document::Planning(notes) => notes.first().map(|note| note.sprint_id.clone()),
        Document::Scrum(_, sprint_id) => Some(sprint_id.clone()),
        Document::Retrospective(retrospective) => Some(retrospective.body.sprint_id.clone()),
        Document::Event(_) | Document::Missing => None,
    };
    let (people, titles) = match sprint_id {
        Some(sprint_id) => names(services, &sprint_id).await,
        None => (People::default(), Titles::default()),
    };
    Ok((document, people, titles))
}

/// Names of people and titles of tasks. A document can be read without them.
async fn names(services: &Services, sprint_id: &str) -> (People, Titles) {
    let Ok(detail) = sprint::get(services, sprint_id).await else { return Default::default() };
    let people = project::team(services, &detail.sprint.project_id).await.map(|team| People::of(&team));
    (people.unwrap_or_default(), detail.tasks.into_iter().map(|task| (task.task_id, task.title)).collect())
}

fn show(filter: &Filter, open: Option<&str>, data: Data) -> AnyView {
    let panel = data.open.map(|(document, people, titles)| panel(&document, &people, &titles));
    let body = if data.lines.items.is_empty() {
        Either::Left(empty(filter, data.lines.older.is_some()))
    } else {
        Either::Right(timeline(data.lines.items, open))
    };
    let older = data.lines.older.map(|older| older.micros().to_string());
    let newer = filter
        .before
        .map(|_| view! { <a class="button quiet" href=address::here_with(&[("before", None)])>"Newest"</a> });
    let older = older.map(|older| {
        view! { <a class="button quiet" href=address::here_with(&[("before", Some(&older)), ("open", None)])>"Older"</a> }
    });
    let inside = view! {
                <section aria-label="Timeline">
                    {filters(filter, &data.projects, &data.lines.sprints)}
                    <div class="chronicle">
                        <div class="chronicle-lines">
                            {body}
                            <nav class="button-row" aria-label="Pages of the timeline">{newer} {older}</nav>
                        </div>
                        {velocities(&data.projects, &data.velocities)}
                    </div>
                </section>
    };
    view! {
        <Split panel=panel>
            <Page title="Chronicle" lede="What happened and what was told of it, newest first.".into_any()>
                {inside}
            </Page>
        </Split>
    }
    .into_any()
}

fn filters(filter: &Filter, projects: &[Project], sprints: &[String]) -> impl IntoView + use<> {
    let any = |words: &str| vec![(String::new(), words.to_owned())];
    let mut of_projects = any("All projects");
    of_projects.extend(projects.iter().map(|project| (project.id.clone(), format!("{} {}", project.id, project.name))));
    let mut of_kinds = any("All kinds");
    of_kinds.extend(Kind::ALL.map(|kind| (kind.as_str().to_owned(), kind.words().to_owned())));
    let mut of_sprints = any("All sprints");
    of_sprints.extend(sprints.iter().take(SPRINTS_OFFERED).map(|id| (id.clone(), id.clone())));
    let kind = filter.kind.map(Kind::as_str).unwrap_or_default();
    let (project, sprint) = (filter.project.clone().unwrap_or_default(), filter.sprint.clone().unwrap_or_default());
    view! {
        <form class="filters" method="get" action="/chronicle" role="search" data-autosubmit="">
            <input
                class="input"
                type="search"
                name="q"
                value=filter.text.clone()
                placeholder="Words, ids, tasks"
                aria-label="Search the chronicle"
            />
            <select class="input" name="project" aria-label="Project">{choices(&project, of_projects)}</select>
            <select class="input" name="sprint" aria-label="Sprint">{choices(&sprint, of_sprints)}</select>
            <select class="input" name="kind" aria-label="Kind">{choices(kind, of_kinds)}</select>
            <button class="button">"Filter"</button>
        </form>
    }
}

fn timeline(items: Vec<Item>, open: Option<&str>) -> impl IntoView + use<> {
    let mut days: Vec<(domain::Date, Vec<Item>)> = Vec::new();
    for item in items {
        match days.last_mut() {
            Some((day, lines)) if *day == item.at.date() => lines.push(item),
            _ => days.push((item.at.date(), vec![item])),
        }
    }
    let open = open.map(str::to_owned);
    days.into_iter()
        .map(|(day, items)| {
            let lines = items.into_iter().map(|item| line(item, open.as_deref())).collect_view();
            view! {
                <section class="chronicle-day" data-key=day.to_string() aria-labelledby=format!("day-{day}")>
                    <h2 id=format!("day-{day}")>{day.to_string()}</h2>
                    <ol class="timeline on-page">{lines}</ol>
                </section>
            }
        })
        .collect_view()
}

fn line(item: Item, open: Option<&str>) -> impl IntoView + use<> {
    let is_open = open == Some(item.open.as_str());
    let href = address::here_with(&[("open", Some(&item.open))]);
    let sprint = (!item.sprint_id.is_empty()).then(|| {
        view! {
            <a href=address::sprint(&item.sprint_id)>{item.sprint_id.clone()}</a>
            " · "
        }
    });
    view! {
        <li data-key=item.open.clone() data-status=item.status.as_str() aria-current=is_open.then_some("true")>
            <Shape status=item.status />
            <span>
                <a class="line-title" href=href>{item.title}</a>
                " "
                <DemoMark project_id=item.project_id />
            </span>
            <Clock at=item.at />
            <small>{sprint} {item.text}</small>
        </li>
    }
}

fn empty(filter: &Filter, goes_on: bool) -> impl IntoView + use<> {
    let is_narrowed = *filter != Filter::default();
    match (goes_on, is_narrowed) {
        (true, _) => view! {
            <Empty title="Nothing found so far">
                <p>"The newest sprints were looked through. The search goes on with Older; a project or a sprint makes it faster."</p>
            </Empty>
        }
        .into_any(),
        (false, true) => view! {
            <Empty title="Nothing was told of this">
                <p>"No event, report or note matches what is asked for."</p>
                <p><a href="/chronicle">"Show everything"</a></p>
            </Empty>
        }
        .into_any(),
        (false, false) => view! {
            <Empty title="Nothing has happened yet">
                <p>"The chronicle hears of sprints by their events, and keeps every planning, daily scrum and retrospective. Start a sprint, and it begins."</p>
                <p class="button-row"><a class="button primary" href="/sprints">"Sprints"</a></p>
            </Empty>
        }
        .into_any(),
    }
}

fn panel(document: &Document, people: &People, titles: &Titles) -> AnyView {
    let close = address::here_with(&[("open", None)]);
    let (kind, title, body) = match document {
        Document::Event(note) => ("Event".to_owned(), note.event_type.clone(), document::event(note)),
        Document::Planning(notes) => {
            let sprint_id = notes.first().map(|note| note.sprint_id.clone()).unwrap_or_default();
            let notes = notes.iter().map(|note| document::planning(note, titles)).collect_view();
            (sprint_id, "Planning".to_owned(), notes.into_any())
        }
        Document::Scrum(day, sprint_id) => {
            let body = view! {
                <p class="muted document-lede">
                    <a href=address::sprint_tab(sprint_id, "scrums")>"All daily scrums"</a>
                    " · "
                    <Clock at=day.at />
                </p>
                {document::scrum_day(day, people, titles)}
            };
            (sprint_id.clone(), format!("Daily scrum, day {}", day.number), body.into_any())
        }
        Document::Retrospective(found) => {
            let body = document::retrospective(found, people);
            (found.body.sprint_id.clone(), "Retrospective".to_owned(), body)
        }
        Document::Missing => (
            "Not found".to_owned(),
            "Nothing is open".to_owned(),
            view! { <p class="muted document-lede">"What the address names was removed, or never told."</p> }
                .into_any(),
        ),
    };
    view! {
        <Panel kicker=kind title=title.into_any() close=close>
            <div class="panel-body">{body}</div>
        </Panel>
    }
    .into_any()
}

/// One project's velocity as a chart, those of several as a list.
fn velocities(projects: &[Project], velocities: &[Velocity]) -> impl IntoView + use<> {
    let known = velocities.iter().filter(|velocity| !velocity.velocity_trend_data.is_empty());
    let body = match velocities {
        [] => return ().into_any(),
        [one] => velocity_chart(one, None),
        _ => {
            let rows = known.map(|velocity| {
                let name = projects.iter().find(|project| project.id == velocity.project_id);
                view! {
                    <li data-key=velocity.project_id.clone()>
                        <a href=address::chronicle(&velocity.project_id)>{name.map(|project| project.name.clone())}</a>
                        <b>{velocity.average_velocity.to_string()}</b>
                        <small>{velocity.velocity_analysis.clone()}</small>
                    </li>
                }
            });
            let rows: Vec<_> = rows.collect();
            let none = rows.is_empty().then(|| view! { <p class="muted">"Known once a sprint is closed."</p> });
            view! {
                <section aria-labelledby="velocity-heading">
                    <div class="section-head">
                        <h2 id="velocity-heading">"Velocity"</h2>
                        <span class="note">"finished tasks per sprint"</span>
                    </div>
                    <ul class="velocities">{rows}</ul>
                    {none}
                </section>
            }
            .into_any()
        }
    };
    view! { <div class="chronicle-velocity">{body}</div> }.into_any()
}
