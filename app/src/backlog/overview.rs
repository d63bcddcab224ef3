//! The backlogs of all projects, where none was chosen.

use domain::{
    Refusal,
    backlog::{BacklogSummary, TaskStatus},
    project::Project,
};
use leptos::prelude::*;
use services::Services;

use crate::{
    address,
    part::{DemoMark, NoProject, Page, PageNumber, Slice, counted, number},
};

pub(super) struct Overview {
    rows: Vec<(Project, BacklogSummary)>,
    slice: Slice,
    total: u64,
}

pub(super) async fn load(services: &Services, projects: Vec<Project>, page: PageNumber) -> Result<Overview, Refusal> {
    // in the order of `projects`, which both services agree on; matched by id all the same
    let summaries = services::backlog::summaries(services).await?;
    let total = summaries.iter().map(|summary| summary.total_tasks).sum();
    let slice = page.of(projects.len());
    let rows = slice.of(projects).into_iter().filter_map(|project| {
        let summary = summaries.iter().find(|summary| summary.project_id == project.id)?;
        Some((project, summary.clone()))
    });
    Ok(Overview { rows: rows.collect(), slice, total })
}

pub(super) fn show(overview: Overview) -> AnyView {
    let lede = format!("{} in all backlogs. Choose one.", counted(overview.total, "task"));
    let rows = overview.rows.into_iter().map(|(project, summary)| row(&project, &summary)).collect_view();
    view! {
        <Page title="Backlog" lede=lede.into_any()>
            <section>
                <div class="table-wrap">
                    <table class="table tall">
                        <thead>
                            <tr>
                                <th scope="col">"Project"</th>
                                <th scope="col" class="num">"Tasks"</th>
                                <th scope="col" class="num">"For the next sprint"</th>
                                <th scope="col" class="num">"In a sprint"</th>
                                <th scope="col" class="num">"In progress"</th>
                                <th scope="col" class="num">"Completed"</th>
                            </tr>
                        </thead>
                        <tbody>{rows}</tbody>
                    </table>
                </div>
                {overview.slice.foot("Projects")}
            </section>
        </Page>
    }
    .into_any()
}

fn row(project: &Project, summary: &BacklogSummary) -> impl IntoView + use<> {
    let count = |status: TaskStatus| number(Some(summary.status_counts.get(status.as_str()).copied().unwrap_or(0)));
    view! {
        <tr data-key=project.id.clone()>
            <th scope="row" class="lead grow">
                <span class="two-lines">
                    <span class="name-line">
                        <a class="name" href=address::backlog(&project.id)>{project.name.clone()}</a>
                        <DemoMark project_id=project.id.clone() />
                    </span>
                    <small class="mono">{project.id.clone()}</small>
                </span>
            </th>
            <td class="num" data-label="Tasks">{number(Some(summary.total_tasks))}</td>
            <td class="num" data-label="For the next sprint">{number(Some(summary.unassigned_for_sprint_count))}</td>
            <td class="num" data-label="In a sprint">{count(TaskStatus::AssignedToSprint)}</td>
            <td class="num" data-label="In progress">{count(TaskStatus::InProgress)}</td>
            <td class="num" data-label="Completed">{count(TaskStatus::Completed)}</td>
        </tr>
    }
}

/// There is nothing to choose from.
pub(super) fn no_project() -> AnyView {
    view! {
        <Page title="Backlog" lede="The tasks of a project, waiting for a sprint or in one.".into_any()>
            <NoProject what="A backlog is the task list of a project; ten tasks to begin with are one click." />
        </Page>
    }
    .into_any()
}
