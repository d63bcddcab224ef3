//! Sprints in a table: where each stands or how it ended.

use domain::{
    Figure,
    sprint::{Sprint, SprintStatus, TaskSummary, summarise},
};
use leptos::{either::Either, prelude::*};
use services::{Services, sprint};

use crate::{
    address,
    part::{FigureText, Progress, SprintStatusWord, mean_progress, number},
};

/// A sprint with what became of its tasks, as far as is known.
pub(crate) struct SprintRow {
    pub(crate) sprint: Sprint,
    tasks: Result<(TaskSummary, i64), String>,
}

pub(crate) async fn sprint_rows(services: &Services, sprints: Vec<Sprint>) -> Vec<SprintRow> {
    let mut rows = Vec::with_capacity(sprints.len());
    for sprint in sprints {
        let tasks = sprint::tasks(services, &sprint.sprint_id).await;
        let tasks = tasks
            .map(|tasks| (summarise(&tasks), mean_progress(tasks.iter().map(|task| task.progress_percentage))))
            .map_err(|error| domain::Refusal::from(error).message);
        rows.push(SprintRow { sprint, tasks });
    }
    rows
}

pub(crate) fn sprint_table(rows: Vec<SprintRow>) -> impl IntoView {
    let rows = rows.into_iter().map(row).collect_view();
    view! {
        <div class="table-wrap">
            <table class="table tall sprints">
                <thead>
                    <tr>
                        <th scope="col">"Sprint"</th>
                        <th scope="col">"Status"</th>
                        <th scope="col" class="second">"Dates"</th>
                        <th scope="col">"Progress"</th>
                        <th scope="col" class="num">"Finished"</th>
                        <th scope="col" class="num">"Velocity"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

fn row(row: SprintRow) -> impl IntoView {
    let SprintRow { sprint, tasks } = row;
    let (finished, progress) = match &tasks {
        Ok((summary, progress)) => (
            Either::Left(format!("{} of {}", summary.completed_tasks, summary.total_tasks)),
            Either::Left(view! { <Progress percent=*progress of=sprint.sprint_id.clone() /> }),
        ),
        Err(why) => {
            let unknown = || view! { <FigureText figure=Figure::unknown(why.clone()) /> };
            (Either::Right(unknown()), Either::Right(unknown()))
        }
    };
    let velocity = tasks
        .as_ref()
        .ok()
        .filter(|_| sprint.status != SprintStatus::InProgress)
        .map(|(summary, _)| summary.completed_tasks);
    view! {
        <tr data-key=sprint.sprint_id.clone()>
            <th scope="row" class="lead grow">
                <span class="two-lines">
                    <a class="name" href=address::sprint(&sprint.sprint_id)>
                        {sprint.sprint_name.clone()}
                    </a>
                    <small class="mono">{sprint.sprint_id.clone()}</small>
                </span>
            </th>
            <td class="wide" data-label="Status">
                <SprintStatusWord status=sprint.status />
            </td>
            <td class="second wide" data-label="Dates">
                {format!("{} to {}", sprint.start_date, sprint.end_date)}
            </td>
            <td class="wide" data-label="Progress">
                {progress}
            </td>
            <td class="num" data-label="Finished">
                {finished}
            </td>
            <td class="num" data-label="Velocity">
                {number(velocity)}
            </td>
        </tr>
    }
}
