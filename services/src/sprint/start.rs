//! Starting a sprint, in the order the contract requires (§2.3): everything that can refuse comes before the first
//! write, no peer is called while a transaction is open, and Redis plays no part in the answer.

use domain::{
    chronicle::CreateSprintPlanning,
    sprint::{
        Plan, PlannedTask, Sprint, SprintStarted, SprintStatus, SprintTask, StartSprint, end_date, plan as plan_tasks,
        sprint_id, validate,
    },
};

use super::{event::Act, store};
use crate::{
    Error, Services, clock, outbox,
    peer::{self, PeerError},
};

/// What [`start`] would do now. Refuses for the reasons for which `start` would.
pub async fn plan(services: &Services, project_id: &str, duration_weeks: i64) -> Result<Plan, Error> {
    // only the duration is judged here; a name is asked for when the sprint is started
    validate(&StartSprint { sprint_name: "a sprint".to_owned(), duration_weeks })?;
    if let Some(active) = active(services, project_id).await? {
        return Err(already_active(project_id, &active));
    }
    let mut warnings = Vec::new();
    match peer::project(services, project_id).await {
        Ok(_) => {}
        Err(PeerError::NotFound(message)) => return Err(Error::not_found(message)),
        Err(error) => warnings.push(format!("the project was not checked: {error}")),
    }
    let tasks = peer::plannable_tasks(services, project_id).await?;
    if tasks.is_empty() {
        return Err(Error::conflict(format!("project {project_id} has no unassigned task to plan")));
    }
    let team: Vec<String> = match peer::team(services, project_id).await {
        Ok(team) => team.team_members.into_iter().map(|member| member.id).collect(),
        Err(error) => {
            warnings.push(format!("the team could not be read: {error}"));
            Vec::new()
        }
    };
    let tasks = plan_tasks(&tasks, &team);
    let without_assignee = tasks.iter().filter(|task| task.assigned_to.is_none()).count();
    if without_assignee > 0 {
        warnings.push(format!("{without_assignee} tasks have no assignee, because the project has no team"));
    }
    let start_date = clock::now().date();
    Ok(Plan { tasks, start_date, end_date: end_date(start_date, duration_weeks), warnings })
}

/// Starts the project's next sprint with every unassigned task of its backlog.
pub async fn start(services: &Services, project_id: &str, start: StartSprint) -> Result<SprintStarted, Error> {
    validate(&start)?;
    crate::error::required("sprint_name", &start.sprint_name)?;
    let plan = plan(services, project_id, start.duration_weeks).await?;
    let sprint = write(services, project_id, &start, &plan).await?;
    services.committed().notify_one();

    let note = CreateSprintPlanning {
        project_id: project_id.to_owned(),
        sprint_id: sprint.sprint_id.clone(),
        sprint_goal: format!("Finish {} planned tasks in {}", plan.tasks.len(), sprint.sprint_name),
        planned_tasks: plan.tasks.iter().map(|task| task.task_id.clone()).collect(),
        sprint_name: Some(sprint.sprint_name),
        start_date: Some(sprint.start_date),
        end_date: Some(sprint.end_date),
        duration_weeks: Some(sprint.duration_weeks),
    };
    if let Err(error) = peer::note_planning(services, note).await {
        tracing::warn!(sprint.id = sprint.sprint_id, %error, "planning note was not written");
    }
    Ok(SprintStarted {
        message: "Sprint started".to_owned(),
        sprint_id: sprint.sprint_id,
        assigned_tasks_count: plan.tasks.len(),
        warnings: plan.warnings,
    })
}

async fn active(services: &Services, project_id: &str) -> Result<Option<String>, Error> {
    let mut connection = services.databases().sprint.connection().await?;
    let active = store::list(&mut connection, Some(project_id), Some(SprintStatus::InProgress.as_str())).await?;
    Ok(active.into_iter().next().map(|sprint| sprint.sprint_id))
}

fn already_active(project_id: &str, sprint_id: &str) -> Error {
    Error::conflict(format!("project {project_id} has sprint {sprint_id} in progress; close it first"))
}

/// Sprint, tasks, first point of the burndown and outgoing events, or nothing of it.
async fn write(services: &Services, project_id: &str, start: &StartSprint, plan: &Plan) -> Result<Sprint, Error> {
    let mut transaction = services.databases().sprint.begin().await?;
    let (number, last_change) = store::next_number(&mut transaction, project_id).await?;
    let at = clock::now().max(clock::just_after(last_change));
    let sprint = Sprint {
        sprint_id: sprint_id(project_id, number),
        project_id: project_id.to_owned(),
        sprint_name: start.sprint_name.trim().to_owned(),
        start_date: plan.start_date,
        end_date: plan.end_date,
        duration_weeks: start.duration_weeks,
        status: SprintStatus::InProgress,
    };
    if !store::insert(&mut transaction, &sprint, number, at).await? {
        // another start was faster since we looked: the index knows
        return Err(Error::conflict(format!("project {project_id} has a sprint in progress; close it first")));
    }
    let tasks: Vec<SprintTask> = plan.tasks.iter().map(|task| sprint_task(&sprint.sprint_id, task)).collect();
    store::put_tasks(&mut transaction, &tasks).await?;
    store::record_burndown(&mut transaction, &sprint.sprint_id, at).await?;

    let act = Act::new(project_id, at);
    let mut events = vec![act.sprint_started(&sprint, tasks.iter().map(|task| task.task_id.clone()).collect())?];
    for task in &tasks {
        events.push(act.task_updated(task)?);
    }
    outbox::append(&mut transaction, &events, at).await?;
    transaction.commit().await?;
    Ok(sprint)
}

fn sprint_task(sprint_id: &str, task: &PlannedTask) -> SprintTask {
    SprintTask {
        task_id: task.task_id.clone(),
        title: task.title.clone(),
        status: domain::backlog::TaskStatus::AssignedToSprint,
        sprint_id: sprint_id.to_owned(),
        progress_percentage: 0,
        assigned_to: task.assigned_to.clone(),
    }
}
