//! What the first page shows. It must show something whatever is away, so each part is loaded by itself.

use std::sync::Arc;

use domain::{
    Refusal, Timestamp,
    audit::AuditEntry,
    dead_letter::{Cause, Filter},
    demo::{DemoState, PROJECT},
    health::OutboxState,
    sprint::{BurndownPoint, SprintDetail},
    stream::Snapshot,
};
use services::{Services, keys};

use crate::context::Context;

/// Acts shown under *What changed*.
const CHANGES: usize = 8;

pub(super) struct Overview {
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) causes: Result<Vec<Cause>, String>,
    pub(super) changes: Result<Vec<AuditEntry>, String>,
    pub(super) scrum: Scrum,
}

/// What the services tell.
#[derive(Default)]
pub(super) struct Scrum {
    /// `None` = the project service's database is away, or the services are elsewhere.
    pub(super) demo: Option<DemoState>,
    pub(super) projects: Option<usize>,
    pub(super) sprint: Option<ActiveSprint>,
    /// Services whose events wait to be published.
    pub(super) outbox: Vec<OutboxState>,
    pub(super) removal: Option<Removal>,
}

/// The sprint in progress that was started last.
pub(super) struct ActiveSprint {
    pub(super) detail: SprintDetail,
    pub(super) burndown: Vec<BurndownPoint>,
}

/// What goes with the demo, where it could be counted.
#[derive(Clone, Copy)]
pub(super) struct Removal {
    pub(super) tasks: Option<u64>,
    pub(super) sprints: Option<u64>,
}

impl Overview {
    /// Whether there is nothing to show but how to begin.
    pub(super) fn is_first_run(&self) -> bool {
        let is_empty_and_ours =
            |name: &str, length: u64| length == 0 && [keys::TASK_UPDATE_EVENTS, keys::DSM_EVENTS].contains(&name);
        self.is_live()
            && self.scrum.projects == Some(0)
            && self.snapshot.streams.iter().all(|stream| is_empty_and_ours(&stream.name, stream.length))
    }

    /// Whether Redis answers.
    fn is_live(&self) -> bool {
        self.snapshot.error.is_none()
    }

    /// Whether Redis has ever answered; before that every figure is unknown.
    pub(super) fn is_known(&self) -> bool {
        self.snapshot.at != Timestamp::default()
    }
}

/// Loads the page; `removing` asks for what goes with the demo too.
pub(super) async fn load(context: Context, removing: bool) -> Result<Overview, Refusal> {
    let snapshot = context.snapshot();
    let (scrum, causes, changes) = tokio::join!(
        scrum(&context, removing),
        causes(&context, &snapshot),
        console::audit::list(&context.console, None, None, CHANGES),
    );
    Ok(Overview {
        snapshot,
        causes: causes.map_err(|refusal| refusal.message),
        changes: changes.map(|page| page.entries).map_err(|error| Refusal::from(error).message),
        scrum,
    })
}

/// What the services tell; nothing where they are not.
async fn scrum(context: &Context, removing: bool) -> Scrum {
    if !context.is_home() {
        return Scrum::default();
    }
    let services = &context.services;
    let (demo, projects, sprint, outbox, removal) = tokio::join!(
        services::demo::state(services),
        services::project::list(services),
        active_sprint(services),
        services::outbox::waiting(services),
        removal(services, removing),
    );
    Scrum {
        demo: demo.ok(),
        projects: projects.ok().map(|projects| projects.len()),
        sprint,
        outbox: outbox.into_iter().filter(|state| state.unsent > 0).collect(),
        removal,
    }
}

/// Redis is asked only if it answers, and only if the sampler has seen a dead letter.
async fn causes(context: &Context, snapshot: &Snapshot) -> Result<Vec<Cause>, Refusal> {
    if snapshot.error.is_some() {
        return Err(Refusal::unavailable("Redis does not answer"));
    }
    if snapshot.dead_letters() == 0 {
        return Ok(Vec::new());
    }
    Ok(console::dead_letter::causes(&context.console, &Filter::default()).await?)
}

async fn active_sprint(services: &Services) -> Option<ActiveSprint> {
    let sprint_id = services::sprint::active(services, None).await.ok()?.sprint_id;
    let detail = services::sprint::get(services, &sprint_id).await.ok()?;
    let burndown = services::sprint::burndown(services, &sprint_id).await.unwrap_or_default();
    Some(ActiveSprint { detail, burndown })
}

async fn removal(services: &Services, removing: bool) -> Option<Removal> {
    if !removing {
        return None;
    }
    let tasks = services::backlog::list(services, PROJECT, None).await;
    let sprints = services::sprint::by_project(services, PROJECT, None).await;
    Some(Removal {
        tasks: tasks.ok().map(|tasks| tasks.len() as u64),
        sprints: sprints.ok().map(|sprints| sprints.len() as u64),
    })
}
