//! Traffic on the sample project: one daily scrum after the other, closing and starting sprints as they end.

use std::time::Duration;

use domain::{
    backlog::{ChangeTask, TaskStatus},
    demo::PROJECT,
    sprint::StartSprint,
};
use tokio_util::sync::CancellationToken;

use crate::{Error, Services, backlog, sprint};

/// Time between two acts: long enough to watch one, short enough that a visitor sees several.
const EVERY: Duration = Duration::from_secs(3);
/// Names of the sprints, in turn.
const SPRINT_NAMES: [&str; 4] = ["From cart to order", "Paying made easy", "Delivered on time", "Happy returns"];

/// Acts on the sample project while traffic is switched on.
pub struct Traffic(Services);

impl Traffic {
    pub fn new(services: Services) -> Self {
        Self(services)
    }

    pub async fn run(self, stop: CancellationToken) {
        let switches = self.0.demo();
        loop {
            if switches.is_traffic_on() {
                let acting = switches.acting.lock().await;
                // a removal may have switched it off while we waited
                if switches.is_traffic_on()
                    && let Err(error) = self.act().await
                {
                    tracing::warn!(%error, "demo traffic could not act");
                }
                drop(acting);
            }
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                () = switches.switched.notified() => {}
                () = stop.cancelled() => return,
            }
        }
    }

    async fn act(&self) -> Result<(), Error> {
        let sprint_id = match sprint::active(&self.0, Some(PROJECT)).await {
            Ok(active) => active.sprint_id,
            Err(error) if error.is_not_found() => return self.start_sprint().await,
            Err(error) => return Err(error),
        };
        if sprint::task_summary(&self.0, &sprint_id).await?.pending_tasks == 0 {
            sprint::close(&self.0, &sprint_id).await?;
        } else {
            sprint::run_daily_scrum(&self.0, &sprint_id).await?;
        }
        Ok(())
    }

    async fn start_sprint(&self) -> Result<(), Error> {
        let tasks = backlog::list(&self.0, PROJECT, None).await?;
        if !tasks.iter().any(|task| task.status == TaskStatus::Unassigned) {
            return self.reopen_finished_tasks(&tasks).await;
        }
        let number = sprint::by_project(&self.0, PROJECT, None).await?.len();
        let start =
            StartSprint { sprint_name: SPRINT_NAMES[number % SPRINT_NAMES.len()].to_owned(), duration_weeks: 2 };
        sprint::start(&self.0, PROJECT, start).await.map(drop)
    }

    /// A demo must not run out of work.
    async fn reopen_finished_tasks(&self, tasks: &[domain::backlog::Task]) -> Result<(), Error> {
        for task in tasks.iter().filter(|task| task.status == TaskStatus::Completed) {
            let reopen = ChangeTask {
                status: Some(Some(TaskStatus::Unassigned.as_str().to_owned())),
                progress_percentage: Some(Some(0)),
                ..ChangeTask::default()
            };
            backlog::change(&self.0, &task.task_id, reopen).await?;
        }
        Ok(())
    }
}
