//! Sprints of a project, newest first, or the newest of all projects; and the plan of the next one.

use domain::{
    Permission, Refusal,
    project::Project,
    sprint::{Plan, Sprint, SprintStatus},
};
use leptos::{either::Either, prelude::*};
use services::{Services, project, sprint};

use super::{
    act::read_weeks,
    plan::{self, WEEKS},
    table::{SprintRow, sprint_rows, sprint_table},
};
use crate::{
    address::{self, Parameters},
    context::context,
    part::{
        ActLink, DemoMark, Empty, NoProject, Off, Page, PageNumber, People, Slice, Split, choices, counted, loaded,
    },
};

/// Sprints of each project that are shown where none was chosen.
const NEWEST: usize = 4;

#[derive(Clone)]
struct Query {
    project: Option<String>,
    wants_plan: bool,
    weeks: String,
    page: PageNumber,
}

/// The newest sprints of one of several projects.
struct Section {
    project: Project,
    /// How many there are in all.
    count: usize,
    rows: Vec<SprintRow>,
}

enum Shown {
    All(Vec<Section>),
    One(Box<One>),
}

/// The sprints of the project that was chosen.
struct One {
    project: Project,
    running: Option<Sprint>,
    rows: Vec<SprintRow>,
    plan: Option<(Result<Plan, Refusal>, People)>,
    /// Why a sprint cannot be started, in the words of the code that starts one.
    off: Option<String>,
}

struct Data {
    projects: Vec<Project>,
    slice: Slice,
    shown: Shown,
}

#[component]
pub(crate) fn SprintsPage() -> impl IntoView {
    let query = Parameters::here();
    let query = Query {
        project: query.get("project").filter(|id| !id.is_empty()),
        wants_plan: query.get("start").is_some_and(|start| start == "preview"),
        weeks: query.get("weeks").unwrap_or_else(|| WEEKS.to_string()),
        page: PageNumber::here(),
    };
    let services = context().services;
    let asked = query.clone();
    loaded(async move { load(&services, &asked).await }, move |data| show(&query, data))
}

async fn load(services: &Services, query: &Query) -> Result<Data, Refusal> {
    let projects = project::list(services).await?;
    let id = match (&query.project, projects.as_slice()) {
        (Some(id), _) => id.clone(),
        (None, [only]) => only.id.clone(),
        (None, _) => return load_all(services, projects, query.page).await,
    };
    let chosen = project::get(services, &id).await?;
    let sprints = sprint::by_project(services, &id, None).await?;
    let planned = match read_weeks(&query.weeks) {
        Ok(weeks) => sprint::plan(services, &id, weeks).await.map_err(Refusal::from),
        Err(refusal) => Err(refusal),
    };
    // the reason of the button is the reason of the act
    let off = planned.as_ref().err().map(|refusal| refusal.message.clone());
    let plan = if query.wants_plan { Some((planned, People::of(&project::team(services, &id).await?))) } else { None };
    let running = sprints.iter().find(|sprint| sprint.status == SprintStatus::InProgress).cloned();
    let slice = query.page.of(sprints.len());
    let rows = sprint_rows(services, slice.of(sprints)).await;
    Ok(Data { projects, slice, shown: Shown::One(Box::new(One { project: chosen, running, rows, plan, off })) })
}

async fn load_all(services: &Services, projects: Vec<Project>, page: PageNumber) -> Result<Data, Refusal> {
    let slice = page.of(projects.len());
    let mut sections = Vec::new();
    for project in slice.of(projects.clone()) {
        let sprints = sprint::by_project(services, &project.id, None).await?;
        let count = sprints.len();
        let rows = sprint_rows(services, sprints.into_iter().take(NEWEST).collect()).await;
        sections.push(Section { project, count, rows });
    }
    Ok(Data { projects, slice, shown: Shown::All(sections) })
}

fn show(query: &Query, data: Data) -> AnyView {
    let Data { projects, slice, shown } = data;
    match shown {
        Shown::All(sections) if sections.is_empty() => no_project(),
        Shown::All(sections) => all(query, &projects, sections, slice),
        Shown::One(shown) => {
            let panel = shown.plan.as_ref();
            let panel = panel.map(|(plan, people)| plan::panel(&shown.project, plan, &query.weeks, people));
            let page = one(query, &projects, *shown, slice);
            view! { <Split panel=panel>{page}</Split> }.into_any()
        }
    }
}

fn one(query: &Query, projects: &[Project], shown: One, slice: Slice) -> AnyView {
    let One { project, running, rows, off, .. } = shown;
    let id = project.id.clone();
    let running = match running {
        Some(sprint) => Either::Left(view! {
            <a href=address::sprint(&sprint.sprint_id)>{format!("{} {}", sprint.sprint_id, sprint.sprint_name)}</a>
            " is in progress."
        }),
        None => Either::Right("No sprint is in progress."),
    };
    let lede = view! {
        <a href=address::project(&id)>{project.name.clone()}</a>
        " "
        <DemoMark project_id=id.clone() />
        " · "
        {running}
    };
    let actions = view! {
        <ActLink
            label="Start sprint…"
            class="primary"
            href=address::plan(&id)
            needs=Permission::ManageSprints
            off=off.clone()
            is_open=query.wants_plan
            id="why-start"
        />
    };
    let backlog = address::backlog(&id);
    let body = if rows.is_empty() {
        Either::Left(view! {
            <Empty title="No sprint yet">
                <p>"A sprint takes the unassigned tasks of the backlog and deals them out to the team. Its plan is shown first."</p>
                {off.map(|why| view! { <p>{format!("Not now: {why}.")}</p> })}
                <p><a href=backlog>"Open the backlog"</a></p>
            </Empty>
        })
    } else {
        Either::Right(view! {
            {sprint_table(rows)}
            {slice.foot("Sprints")}
        })
    };
    let filters = filters(Some(&id), projects);
    view! {
        <Page
            title="Sprints"
            lede=lede.into_any()
            crumbs=vec![("/projects".to_owned(), "Projects".to_owned()), (address::project(&id), id.clone())]
            actions=actions.into_any()
        >
            <section aria-label="Sprints">{filters} {body}</section>
        </Page>
    }
    .into_any()
}

fn all(query: &Query, projects: &[Project], sections: Vec<Section>, slice: Slice) -> AnyView {
    let is_running = |row: &SprintRow| row.sprint.status == SprintStatus::InProgress;
    let running = sections.iter().flat_map(|section| &section.rows).filter(|row| is_running(row)).count();
    let choose = query.wants_plan.then_some(" Choose the project whose next sprint to plan.");
    let lede = view! { {format!("{} in progress.", counted(running as u64, "sprint"))} {choose} };
    let actions = view! { <Off label="Start sprint…" why="Choose a project first: a sprint is of one project." id="why-start" /> };
    let sections = sections.into_iter().map(section).collect_view();
    let filters = filters(None, projects);
    view! {
        <Page title="Sprints" lede=lede.into_any() actions=actions.into_any()>
            {filters} {sections} {slice.foot("Projects")}
        </Page>
    }
    .into_any()
}

fn section(section: Section) -> impl IntoView {
    let Section { project, count, rows } = section;
    let heading = format!("sprints-of-{}", project.id);
    let more = (count > rows.len())
        .then(|| view! { <a class="end" href=address::sprints(&project.id)>{format!("All {count}")}</a> });
    let body = if rows.is_empty() {
        Either::Left(
            view! { <p class="muted">"No sprint yet. " <a href=address::plan(&project.id)>"Plan the first one"</a></p> },
        )
    } else {
        Either::Right(sprint_table(rows))
    };
    view! {
        <section aria-labelledby=heading.clone() data-key=project.id.clone()>
            <div class="section-head">
                <h2 id=heading.clone()>
                    <a href=address::sprints(&project.id)>{project.name.clone()}</a>
                </h2>
                <span class="note mono">{project.id.clone()}</span>
                <DemoMark project_id=project.id.clone() />
                {more}
            </div>
            {body}
        </section>
    }
}

fn filters(chosen: Option<&str>, projects: &[Project]) -> impl IntoView + use<> {
    let mut options = vec![(String::new(), "All projects".to_owned())];
    options.extend(projects.iter().map(|project| (project.id.clone(), format!("{} {}", project.id, project.name))));
    (projects.len() > 1).then(|| {
        view! {
            <form class="filters" method="get" action="/sprints" data-autosubmit="">
                <select class="input" name="project" aria-label="Project">
                    {choices(chosen.unwrap_or_default(), options)}
                </select>
                <button class="button">"Show"</button>
            </form>
        }
    })
}

fn no_project() -> AnyView {
    view! {
        <Page title="Sprints" lede="A few weeks of a team on the tasks of a backlog.".into_any()>
            <NoProject what="A sprint is a few weeks of a team on the tasks of a project." />
        </Page>
    }
    .into_any()
}
