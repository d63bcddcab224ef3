//! All projects: where each stands.

use domain::{
    Figure, Permission, Refusal,
    backlog::{BacklogSummary, TaskStatus},
    project::Project,
};
use leptos::{either::EitherOf3, prelude::*};
use services::Services;

use super::{
    data::{Row, Running, row},
    panel::new_project,
};
use crate::{
    address::{self, Parameters},
    context::context,
    part::{
        DemoMark, Empty, FigureText, NoProject, Off, Page, PageNumber, Progress, ProjectStatusWord, Slice, Split,
        StatusWord, counted, loaded,
    },
};

/// How the address narrows the list.
struct Query {
    text: String,
    is_new: bool,
}

struct Data {
    rows: Vec<Row>,
    slice: Slice,
    known: usize,
}

#[component]
pub(crate) fn ProjectsPage() -> impl IntoView {
    let query = Parameters::here();
    let query = Query {
        text: query.get("q").unwrap_or_default().trim().to_owned(),
        is_new: query.get("new").is_some_and(|new| new == "project"),
    };
    let services = context().services;
    let text = query.text.clone();
    let page = PageNumber::here();
    loaded(async move { load(&services, &text, page).await }, move |data| show(&query, data))
}

async fn load(services: &Services, text: &str, page: PageNumber) -> Result<Data, Refusal> {
    let projects = services::project::list(services).await?;
    let known = projects.len();
    let found: Vec<Project> = projects.into_iter().filter(|project| matches(project, text)).collect();
    let slice = page.of(found.len());
    let mut rows = Vec::new();
    for project in slice.of(found) {
        rows.push(row(services, project).await);
    }
    Ok(Data { rows, slice, known })
}

fn matches(project: &Project, text: &str) -> bool {
    let text = text.to_lowercase();
    [&project.id, &project.name, &project.description, &project.status]
        .iter()
        .any(|part| part.to_lowercase().contains(&text))
}

fn show(query: &Query, data: Data) -> AnyView {
    let panel = query.is_new.then(new_project);
    let lede = lede(&data).into_any();
    let body = match (data.known, data.rows.is_empty()) {
        (0, _) => EitherOf3::A(view! {
            <NoProject what="A project has a team, a backlog of tasks, and sprints that work on them." />
        }),
        (_, true) => EitherOf3::B(no_match(&query.text)),
        _ => EitherOf3::C(view! {
            {table(data.rows)}
            {data.slice.foot("Projects")}
        }),
    };
    let filter = (data.known > 1).then(|| filter(query));
    view! {
        <Split panel=panel>
            <Page title="Projects" lede=lede actions=actions()>
                <section>{filter} {body}</section>
            </Page>
        </Split>
    }
    .into_any()
}

fn no_match(text: &str) -> impl IntoView + use<> {
    let said = format!("No id, name, description or status contains “{text}”.");
    view! {
        <Empty title="No project matches">
            <p>{said}</p>
            <p><a href="/projects">"Show all projects"</a></p>
        </Empty>
    }
}

fn lede(data: &Data) -> String {
    if data.known == 0 {
        return "Teams, their backlogs and their sprints.".to_owned();
    }
    let known = counted(data.known as u64, "project");
    // what is not on this page was not asked whether a sprint runs
    if data.rows.len() < data.known {
        return format!("{known}.");
    }
    let running = data.rows.iter().filter(|row| row.running.sprint().is_some()).count() as u64;
    format!("{known}; {} in progress.", counted(running, "sprint"))
}

pub(super) fn actions() -> AnyView {
    match context().may(Permission::ManageSprints) {
        Ok(()) => view! { <a class="button primary" href=address::NEW_PROJECT>"New project…"</a> }.into_any(),
        Err(why) => view! { <Off label="New project…" why=why id="why-new-project" /> }.into_any(),
    }
}

fn filter(query: &Query) -> impl IntoView + use<> {
    let text = query.text.clone();
    view! {
        <form class="filters" method="get" action="/projects" role="search" data-autosubmit="">
            <input class="input" type="search" name="q" value=text placeholder="Id, name, status" aria-label="Filter projects" />
            <button class="button">"Filter"</button>
        </form>
    }
}

fn table(rows: Vec<Row>) -> impl IntoView + use<> {
    let rows = rows.into_iter().map(table_row).collect_view();
    view! {
        <div class="table-wrap">
            <table class="table tall projects">
                <thead>
                    <tr>
                        <th scope="col">"Project"</th>
                        <th scope="col">"Status"</th>
                        <th scope="col">"Sprint in progress"</th>
                        <th scope="col">"Progress"</th>
                        <th scope="col" class="num second">"Unassigned"</th>
                        <th scope="col" class="num second">"Assigned"</th>
                        <th scope="col" class="num second">"In progress"</th>
                        <th scope="col" class="num second">"Completed"</th>
                        <th scope="col" class="num">"Team"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

fn table_row(row: Row) -> impl IntoView + use<> {
    let Row { project, running, tasks, team } = row;
    let (sprint, progress) = running_cells(&running);
    let count = |status: TaskStatus| view! { <FigureText figure=count_of(&tasks, status) /> };
    let team = view! { <FigureText figure=team.map_or_else(Figure::unknown, Figure::Exact) /> };
    view! {
        <tr data-key=project.id.clone()>
            <th scope="row" class="lead grow">
                <span class="two-lines">
                    <span class="name-line">
                        <a class="name" href=address::project(&project.id)>
                            {project.name.clone()}
                        </a>
                        <DemoMark project_id=project.id.clone() />
                    </span>
                    <small class="mono">{project.id.clone()}</small>
                </span>
            </th>
            <td class="status-cell" data-label="Status"><ProjectStatusWord status=project.status.clone() /></td>
            <td class="wide sprint-cell" data-label="Sprint in progress">{sprint}</td>
            <td class="wide" data-label="Progress">{progress}</td>
            <td class="num second" data-label="Unassigned">{count(TaskStatus::Unassigned)}</td>
            <td class="num second" data-label="Assigned">{count(TaskStatus::AssignedToSprint)}</td>
            <td class="num second" data-label="In progress">{count(TaskStatus::InProgress)}</td>
            <td class="num second" data-label="Completed">{count(TaskStatus::Completed)}</td>
            <td class="num" data-label="Team">{team}</td>
        </tr>
    }
}

fn running_cells(running: &Running) -> (AnyView, AnyView) {
    match running {
        Running::Sprint { sprint, progress, .. } => (
            view! {
                <span class="two-lines">
                    <a href=address::sprint(&sprint.sprint_id)>{sprint.sprint_name.clone()}</a>
                    <small class="mono">{sprint.sprint_id.clone()}</small>
                </span>
            }
            .into_any(),
            view! { <Progress percent=*progress of=sprint.sprint_id.clone() /> }.into_any(),
        ),
        Running::Nothing => {
            (view! { <span class="muted">"–"</span> }.into_any(), view! { <span class="muted">"–"</span> }.into_any())
        }
        Running::Unknown(why) => (
            view! { <StatusWord status=domain::Status::Unknown word="unknown" reason=why.clone() /> }.into_any(),
            view! { <FigureText figure=Figure::unknown(why.clone()) /> }.into_any(),
        ),
    }
}

/// Tasks of a status; a project without such tasks has zero of them, a backlog that is away has an unknown number.
pub(super) fn count_of(tasks: &Result<BacklogSummary, String>, status: TaskStatus) -> Figure {
    match tasks {
        Ok(summary) => Figure::Exact(summary.status_counts.get(status.as_str()).copied().unwrap_or(0)),
        Err(why) => Figure::unknown(why.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backlog_that_is_away_is_unknown_and_not_zero() {
        let away = Err("the backlog database is away".to_owned());
        assert_eq!(count_of(&away, TaskStatus::Completed), Figure::unknown("the backlog database is away"));
        let summary = BacklogSummary {
            project_id: "P".into(),
            total_tasks: 2,
            status_counts: [("completed".to_owned(), 2)].into(),
            unassigned_for_sprint_count: 0,
        };
        assert_eq!(count_of(&Ok(summary.clone()), TaskStatus::Completed), Figure::Exact(2));
        assert_eq!(count_of(&Ok(summary), TaskStatus::Unassigned), Figure::Exact(0));
    }

    #[test]
    fn a_project_is_found_by_any_of_its_words() {
        let project = Project {
            id: "ACM-7".into(),
            name: "Web shop".into(),
            description: "Checkout".into(),
            status: "active".into(),
        };
        for text in ["acm", "SHOP", "check", "active", ""] {
            assert!(matches(&project, text), "{text}");
        }
        assert!(!matches(&project, "warehouse"));
    }
}
