//! The master task list (contract §2.2).

pub(crate) mod handler;
pub(crate) mod store;

use domain::{
    backlog::{
        BacklogGenerated, BacklogSummary, ChangeTask, GENERIC_TASKS, Standing, Task, TaskStatus, change_standing,
        task_id,
    },
    project::Done,
};

use crate::{Error, Services, clock, consumer::EventHandler, error::required, peer};

fn unknown(task_id: &str) -> Error {
    Error::not_found(format!("task {task_id} does not exist"))
}

/// Gives a project the ten generic tasks; those it has already stay as they are.
pub async fn generate(services: &Services, project_id: &str) -> Result<BacklogGenerated, Error> {
    peer::project(services, project_id).await?;
    let tasks: Vec<Task> = (1..)
        .zip(GENERIC_TASKS)
        .map(|(number, (title, description))| Task {
            task_id: task_id(project_id, number),
            project_id: project_id.to_owned(),
            title: title.to_owned(),
            description: Some(description.to_owned()),
            status: TaskStatus::Unassigned,
            assigned_to: None,
            sprint_id: None,
            progress_percentage: 0,
        })
        .collect();
    add_missing(services, &tasks).await?;
    Ok(BacklogGenerated { message: "Backlog generated".to_owned(), tasks_count: tasks.len() })
}

/// Adds those tasks whose ids are free, all or none.
pub(crate) async fn add_missing(services: &Services, tasks: &[Task]) -> Result<(), Error> {
    let mut transaction = services.databases().backlog.begin().await?;
    store::insert_missing(&mut transaction, tasks).await?;
    transaction.commit().await?;
    Ok(())
}

/// Tasks of a project, by number; none for a project nobody knows. A status no task can have matches none.
pub async fn list(services: &Services, project_id: &str, status: Option<&str>) -> Result<Vec<Task>, Error> {
    let mut connection = services.databases().backlog.connection().await?;
    store::list(&mut connection, project_id, status).await
}

pub async fn get(services: &Services, task_id: &str) -> Result<Task, Error> {
    let mut connection = services.databases().backlog.connection().await?;
    store::find(&mut connection, task_id).await?.ok_or_else(|| unknown(task_id))
}

pub async fn summary(services: &Services, project_id: &str) -> Result<BacklogSummary, Error> {
    let mut connection = services.databases().backlog.connection().await?;
    let mut counts = store::counts(&mut connection, Some(project_id)).await?;
    Ok(counts.remove(project_id).unwrap_or_else(|| empty(project_id)))
}

/// A summary for every project that the project service knows, also those without a task.
pub async fn summaries(services: &Services) -> Result<Vec<BacklogSummary>, Error> {
    let projects = peer::projects(services).await?;
    let mut connection = services.databases().backlog.connection().await?;
    let mut counts = store::counts(&mut connection, None).await?;
    Ok(projects.into_iter().map(|p| counts.remove(&p.id).unwrap_or_else(|| empty(&p.id))).collect())
}

fn empty(project_id: &str) -> BacklogSummary {
    BacklogSummary {
        project_id: project_id.to_owned(),
        total_tasks: 0,
        status_counts: std::collections::BTreeMap::new(),
        unassigned_for_sprint_count: 0,
    }
}

/// Changes a task. An explicit null clears assignee and sprint, and is ignored elsewhere; status `unassigned` alone
/// also takes the task out of its sprint.
pub async fn change(services: &Services, task_id: &str, change: ChangeTask) -> Result<Done, Error> {
    if change.is_empty() {
        return Err(Error::invalid("nothing to change was given"));
    }
    if let Some(Some(title)) = &change.title {
        required("title", title)?;
    }
    let mut transaction = services.databases().backlog.begin().await?;
    let (before, changed_at) = store::lock(&mut transaction, task_id).await?.ok_or_else(|| unknown(task_id))?;
    let after = apply(&before, change)?;
    // a change of words is no change of standing: it must not make the backlog skip an event that comes late
    let only_words = Task { title: after.title.clone(), description: after.description.clone(), ..before } == after;
    let changed_at = if only_words { changed_at } else { clock::now().max(clock::just_after(changed_at)) };
    store::update(&mut transaction, &after, changed_at).await?;
    transaction.commit().await?;
    Ok(Done::new("Task updated"))
}

fn apply(before: &Task, change: ChangeTask) -> Result<Task, Error> {
    let status = change.status.flatten();
    let now = Standing { status: before.status, progress: before.progress_percentage };
    let standing = change_standing(now, status.as_deref(), change.progress_percentage.flatten())?;
    let sprint_id = match change.sprint_id {
        Some(given) => given,
        None if status.as_deref() == Some(TaskStatus::Unassigned.as_str()) => None,
        None => before.sprint_id.clone(),
    };
    Ok(Task {
        task_id: before.task_id.clone(),
        project_id: before.project_id.clone(),
        title: change.title.flatten().unwrap_or_else(|| before.title.clone()),
        description: change.description.flatten().or_else(|| before.description.clone()),
        status: standing.status,
        assigned_to: change.assigned_to.unwrap_or_else(|| before.assigned_to.clone()),
        sprint_id,
        progress_percentage: standing.progress,
    })
}

/// Handles the events this service consumes: tasks follow their sprint.
pub fn handler(services: Services) -> EventHandler {
    EventHandler::backlog(services)
}

/// The same for the stream of task updates, which are handled many at a time.
pub fn tasks_handler(services: Services) -> EventHandler {
    EventHandler::tasks(services)
}
