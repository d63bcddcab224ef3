//! The backlog of one project: counts, filter, every task.

use domain::{
    Permission, Refusal,
    backlog::{BacklogSummary, Task, TaskStatus},
    project::Project,
};
use leptos::{either::EitherOf3, prelude::*};
use services::{Services, project};

use super::{
    overview::{self, Overview},
    task,
};
use crate::{
    address::{self, Parameters},
    context::context,
    part::{
        ActLink, DemoMark, Empty, Page, PageNumber, People, Person, Progress, Slice, Split, Submit, TaskStatusWord,
        choices, counted, loaded, number,
    },
};

#[derive(Clone)]
struct Query {
    project: Option<String>,
    status: Option<TaskStatus>,
    text: String,
    open: Option<String>,
    page: PageNumber,
}

struct Backlog {
    project: Project,
    projects: Vec<Project>,
    summary: BacklogSummary,
    tasks: Vec<Task>,
    slice: Slice,
    open: Option<Result<Task, String>>,
    people: People,
}

enum Data {
    NoProject,
    Overview(Overview),
    Backlog(Box<Backlog>),
}

#[component]
pub(crate) fn BacklogPage() -> impl IntoView {
    let query = Parameters::here();
    let query = Query {
        project: query.get("project").filter(|id| !id.is_empty()),
        status: query.get("status").as_deref().and_then(TaskStatus::parse),
        text: query.get("q").unwrap_or_default().trim().to_owned(),
        open: query.get("open").filter(|id| !id.is_empty()),
        page: PageNumber::here(),
    };
    let services = context().services;
    let asked = query.clone();
    loaded(async move { load(&services, asked).await }, move |data| match data {
        Data::NoProject => overview::no_project(),
        Data::Overview(all) => overview::show(all),
        Data::Backlog(backlog) => show(&query, *backlog),
    })
}

async fn load(services: &Services, query: Query) -> Result<Data, Refusal> {
    let projects = project::list(services).await?;
    let chosen = match (&query.project, projects.as_slice()) {
        (None, []) => return Ok(Data::NoProject),
        (None, [only]) => only.clone(),
        (None, _) => return Ok(Data::Overview(overview::load(services, projects, query.page).await?)),
        (Some(id), _) => project::get(services, id).await?,
    };
    let all = services::backlog::list(services, &chosen.id, None).await?;
    let open = query.open.map(|id| all.iter().find(|task| task.task_id == id).cloned().ok_or(id));
    let text = query.text.to_lowercase();
    let tasks: Vec<Task> = all
        .into_iter()
        .filter(|task| query.status.is_none_or(|status| task.status == status) && has_text(task, &text))
        .collect();
    let slice = query.page.of(tasks.len());
    Ok(Data::Backlog(Box::new(Backlog {
        summary: services::backlog::summary(services, &chosen.id).await?,
        people: People::of(&project::team(services, &chosen.id).await?),
        tasks: slice.of(tasks),
        slice,
        open,
        projects,
        project: chosen,
    })))
}

/// `text` is in lower case.
fn has_text(task: &Task, text: &str) -> bool {
    let parts = [Some(&task.task_id), Some(&task.title), task.description.as_ref(), task.assigned_to.as_ref()];
    parts.into_iter().flatten().any(|part| part.to_lowercase().contains(text))
}

fn show(query: &Query, backlog: Backlog) -> AnyView {
    let panel = backlog.open.as_ref().map(|open| match open {
        Ok(task) => task::panel(task, &backlog.people),
        Err(task_id) => task::missing(task_id),
    });
    let id = backlog.project.id.clone();
    let is_empty = backlog.summary.total_tasks == 0;
    let lede = view! {
        <a href=address::project(&id)>{backlog.project.name.clone()}</a>
        " "
        <DemoMark project_id=id.clone() />
        {format!(
            " · {}, {} for the next sprint",
            counted(backlog.summary.total_tasks, "task"),
            backlog.summary.unassigned_for_sprint_count,
        )}
    };
    let actions = (!is_empty).then(|| actions(&id, &backlog.summary));
    let open = query.open.clone();
    let body = match (is_empty, backlog.tasks.is_empty()) {
        (true, _) => EitherOf3::A(empty(&id)),
        (false, true) => EitherOf3::B(no_match(&id)),
        (false, false) => EitherOf3::C(view! {
            {table(backlog.tasks, &backlog.people, open.as_deref())}
            {backlog.slice.foot("Tasks")}
        }),
    };
    let filters = filters(query, &backlog.project, &backlog.projects, &backlog.summary);
    view! {
        <Split panel=panel>
            <Page
                title="Backlog"
                lede=lede.into_any()
                crumbs=vec![
                    ("/projects".to_owned(), "Projects".to_owned()),
                    (address::project(&id), id.clone()),
                ]
                actions=actions.into_any()
            >
                <section aria-label="Tasks">{filters} {body}</section>
            </Page>
        </Split>
    }
    .into_any()
}

fn actions(project_id: &str, summary: &BacklogSummary) -> AnyView {
    let off = (summary.unassigned_for_sprint_count == 0)
        .then(|| "No task is unassigned, and a sprint plans only those.".to_owned());
    view! {
        <form method="post" action="/api/fn/backlog/generate">
            <input type="hidden" name="project_id" value=project_id.to_owned() />
            <Submit label="Generate ten tasks" needs=Permission::ManageSprints id="why-generate" />
        </form>
        <ActLink label="Start sprint…" href=address::plan(project_id) needs=Permission::ManageSprints off=off id="why-start" />
    }
    .into_any()
}

fn empty(project_id: &str) -> impl IntoView + use<> {
    let project_id = project_id.to_owned();
    view! {
        <Empty title="No task yet">
            <p>
                "A sprint takes the unassigned tasks of this backlog. Begin with ten tasks that most software projects have; each can be edited.
                Rows that exist always stay as they are."
            </p>
            <form method="post" action="/api/fn/backlog/generate">
                <input type="hidden" name="project_id" value=project_id />
                <Submit label="Generate ten tasks" class="primary" needs=Permission::ManageSprints id="why-generate" />
            </form>
        </Empty>
    }
}

fn no_match(project_id: &str) -> impl IntoView + use<> {
    let all = address::backlog(project_id);
    view! {
        <Empty title="No task matches">
            <p>"No task of this backlog has this status and these words."</p>
            <p><a href=all>"Show all tasks"</a></p>
        </Empty>
    }
}

fn filters(query: &Query, project: &Project, projects: &[Project], summary: &BacklogSummary) -> impl IntoView + use<> {
    let options =
        projects.iter().map(|project| (project.id.clone(), format!("{} {}", project.id, project.name))).collect();
    let mut statuses = vec![(String::new(), "All statuses".to_owned())];
    statuses.extend(TaskStatus::ALL.map(|status| {
        let count = summary.status_counts.get(status.as_str()).copied().unwrap_or(0);
        (status.as_str().to_owned(), format!("{status} ({})", number(Some(count))))
    }));
    let status = query.status.map(TaskStatus::as_str).unwrap_or_default();
    view! {
        <form class="filters" method="get" action="/backlog" role="search" data-autosubmit="">
            <select class="input" name="project" aria-label="Project">{choices(&project.id, options)}</select>
            <select class="input" name="status" aria-label="Status">{choices(status, statuses)}</select>
            <input class="input" type="search" name="q" value=query.text.clone() placeholder="Id, words, assignee" aria-label="Filter tasks" />
            <button class="button">"Filter"</button>
        </form>
    }
}

fn table(tasks: Vec<Task>, people: &People, open: Option<&str>) -> impl IntoView + use<> {
    let rows = tasks.into_iter().map(|task| row(task, people, open)).collect_view();
    view! {
        <div class="table-wrap">
            <table class="table tasks">
                <thead>
                    <tr>
                        <th scope="col">"Task"</th>
                        <th scope="col">"Title"</th>
                        <th scope="col">"Assignee"</th>
                        <th scope="col">"Status"</th>
                        <th scope="col" class="second">"Sprint"</th>
                        <th scope="col">"Progress"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

fn row(task: Task, people: &People, open: Option<&str>) -> impl IntoView + use<> {
    let is_open = open == Some(task.task_id.as_str());
    let href = address::here_with(&[("open", Some(&task.task_id))]);
    let sprint = match task.sprint_id {
        Some(id) => view! { <a class="mono" href=address::sprint(&id)>{id.clone()}</a> }.into_any(),
        None => view! { <span class="muted">"–"</span> }.into_any(),
    };
    view! {
        <tr data-key=task.task_id.clone() aria-current=is_open.then_some("true")>
            <td class="mono sub" data-label="Task">{task.task_id.clone()}</td>
            <th scope="row" class="lead grow"><a class="name" href=href>{task.title}</a></th>
            <td class="who-cell wide" data-label="Assignee"><Person id=task.assigned_to people=people.clone() /></td>
            <td class="wide" data-label="Status"><TaskStatusWord status=task.status /></td>
            <td class="second" data-label="Sprint">{sprint}</td>
            <td class="wide" data-label="Progress"><Progress percent=task.progress_percentage of=task.task_id.clone() /></td>
        </tr>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_found_by_its_words_and_its_people() {
        let task = Task {
            task_id: "ACM-7-TASK001".into(),
            project_id: "ACM-7".into(),
            title: "Cart keeps its items".into(),
            description: None,
            status: TaskStatus::Unassigned,
            assigned_to: Some("E017".into()),
            sprint_id: None,
            progress_percentage: 0,
        };
        assert!(["task001", "cart", "e017", ""].iter().all(|text| has_text(&task, text)));
        assert!(!has_text(&task, "voucher"));
    }
}
