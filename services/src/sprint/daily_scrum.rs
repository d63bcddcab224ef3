//! The daily scrum: each call is one simulated day (contract §4).

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Timestamp,
    chronicle::{CreateDailyScrumReport, ScrumEntry, ScrumTask, SummaryMetrics},
    sprint::{BLOCKER_ONE_IN, BLOCKERS, DAILY_PROGRESS, DailyScrumRun, Sprint, SprintTask, summarise, work_a_day},
};
use rand::Rng;

use super::{event::Act, store, unknown};
use crate::{Error, Services, clock, outbox, peer};

/// A task before and after the day.
struct Day {
    before: SprintTask,
    after: SprintTask,
    impediment: Option<&'static str>,
}

/// Works a day on every unfinished task, tells the backlog, and posts the report.
pub async fn run_daily_scrum(services: &Services, sprint_id: &str) -> Result<DailyScrumRun, Error> {
    let (sprint, at, days, tasks) = work(services, sprint_id).await?;
    services.committed().notify_one();
    let team = peer::team(services, &sprint.project_id).await.ok().map(|team| team.team_members.len());
    let report = report(&sprint, at, &days, &tasks, team);
    let report_id = match peer::report_daily_scrum(services, report).await {
        Ok(created) => Some(created.note_id),
        Err(error) => {
            tracing::warn!(sprint.id = sprint_id, %error, "daily scrum report was not written");
            None
        }
    };
    Ok(DailyScrumRun {
        message: "Daily scrum done".to_owned(),
        sprint_id: sprint_id.to_owned(),
        tasks_updated_count: days.len(),
        report_id,
    })
}

async fn work(services: &Services, sprint_id: &str) -> Result<(Sprint, Timestamp, Vec<Day>, Vec<SprintTask>), Error> {
    let mut transaction = services.databases().sprint.begin().await?;
    let Some((sprint, at)) = store::lock_active(&mut transaction, sprint_id, clock::now()).await? else {
        return Err(match store::find(&mut transaction, sprint_id).await? {
            Some(_) => Error::not_found(format!("sprint {sprint_id} is not in progress")),
            None => unknown(sprint_id),
        });
    };
    let mut tasks = store::tasks(&mut transaction, sprint_id).await?;
    let days = live_a_day(&mut tasks, &mut rand::rng());
    let worked_on: Vec<SprintTask> = days.iter().map(|day| day.after.clone()).collect();
    store::put_tasks(&mut transaction, &worked_on).await?;
    store::record_burndown(&mut transaction, sprint_id, at).await?;
    let act = Act::new(&sprint.project_id, at);
    let events = worked_on.iter().map(|task| act.task_updated(task)).collect::<Result<Vec<_>, _>>()?;
    outbox::append(&mut transaction, &events, at).await?;
    transaction.commit().await?;
    Ok((sprint, at, days, tasks))
}

fn live_a_day(tasks: &mut [SprintTask], random: &mut impl Rng) -> Vec<Day> {
    tasks
        .iter_mut()
        .filter(|task| task.progress_percentage < 100)
        .map(|task| {
            let before = task.clone();
            *task = work_a_day(task, random.random_range(DAILY_PROGRESS));
            let blocked = random.random_range(0..BLOCKER_ONE_IN) == 0;
            let impediment = blocked.then(|| BLOCKERS[random.random_range(0..BLOCKERS.len())]);
            Day { before, after: task.clone(), impediment }
        })
        .collect()
}

/// One entry per assignee, one line per task worked on.
fn report(
    sprint: &Sprint,
    at: Timestamp,
    days: &[Day],
    tasks: &[SprintTask],
    team: Option<usize>,
) -> CreateDailyScrumReport {
    let mut entries = BTreeMap::<String, Vec<ScrumTask>>::new();
    for day in days {
        let (from, to) = (day.before.progress_percentage, day.after.progress_percentage);
        let today = if to == 100 { "Finished".to_owned() } else { format!("Continue: {}", day.after.title) };
        let assignee = day.after.assigned_to.clone().unwrap_or_else(|| "unassigned".to_owned());
        entries.entry(assignee).or_default().push(ScrumTask {
            id: day.after.task_id.clone(),
            yesterday_work: Some(format!("{}: from {from} % to {to} %", day.after.title)),
            today_work: Some(today),
            impediments: day.impediment.map(str::to_owned),
            created_at: at,
        });
    }
    let summary = summarise(tasks);
    // without the project service the people with a task are the team we know
    let team =
        team.unwrap_or_else(|| tasks.iter().filter_map(|t| t.assigned_to.as_ref()).collect::<BTreeSet<_>>().len());
    let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let reports = entries.into_iter().map(|(employee_id, tasks)| ScrumEntry { employee_id, tasks }).collect();
    CreateDailyScrumReport {
        project_id: sprint.project_id.clone(),
        sprint_id: Some(sprint.sprint_id.clone()),
        report_date: Some(at.date()),
        summary: Some(format!(
            "{} tasks moved forward; {} of {} are finished.",
            days.len(),
            summary.completed_tasks,
            summary.total_tasks
        )),
        summary_metrics: Some(SummaryMetrics {
            total_team_members: i64::try_from(team).unwrap_or(i64::MAX),
            total_tasks: count(summary.total_tasks),
            completed_tasks: count(summary.completed_tasks),
            pending_tasks: count(summary.pending_tasks),
        }),
        reports: BTreeMap::from([(at.date().to_string(), reports)]),
        orchestration_decision_details: None,
    }
}
