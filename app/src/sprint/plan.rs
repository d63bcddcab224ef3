//! The preview of a start: what `services::sprint::plan` would do now, as `start` does it.

use domain::{
    Permission, Refusal, Status,
    project::Project,
    sprint::{MAX_DURATION_WEEKS, Plan, PlannedTask},
};
use leptos::{either::Either, prelude::*};

use super::seen;
use crate::{
    address,
    part::{Kept, NumberField, Off, Panel, People, Person, Shape, Submit, TextField, counted},
};

/// How long a sprint is where nobody says.
pub(super) const WEEKS: i64 = 2;

/// The panel with the plan, or why there is none.
pub(super) fn panel(project: &Project, plan: &Result<Plan, Refusal>, weeks: &str, people: &People) -> AnyView {
    let close = address::sprints(&project.id);
    let kept = Kept::here();
    let outcome = match plan {
        Ok(plan) => Either::Left(planned(plan, people)),
        Err(refusal) => Either::Right(refused(project, refusal)),
    };
    let seen = plan.as_ref().ok().map(|plan| view! { <input type="hidden" name="seen" value=seen::of_plan(plan) /> });
    let button = match plan {
        Ok(_) => Either::Left(
            view! { <Submit label="Start sprint" class="primary" needs=Permission::ManageSprints id="why-start-sprint" /> },
        ),
        Err(refusal) => {
            Either::Right(view! { <Off label="Start sprint" why=refusal.message.clone() id="why-start-sprint" /> })
        }
    };
    let form = view! {
            <form method="post" action="/api/fn/sprint/start">
                <input type="hidden" name="project" value=project.id.clone() />
                <input type="hidden" name="start" value="preview" />
                {seen}
                <div class="panel-body">
                    <div class="panel-section fields two">
                        <TextField label="Name" name="name" value=kept.or("name", "") required=true hint="What it is about" />
                        <NumberField
                            label="Weeks"
                            name="weeks"
                            value=kept.or("weeks", weeks)
                            min=1
                            max=MAX_DURATION_WEEKS
                        />
                    </div>
                    {outcome}
                </div>
                <footer class="panel-foot">
                    <p class="reason">
                        <Shape status=Status::Idle />
                        <span>"If the plan changes before you start, starting is refused and the new plan is shown."</span>
                    </p>
                    {button}
                    <button class="button" type="submit" formmethod="get" formaction="/sprints" formnovalidate>
                        "Preview again"
                    </button>
                </footer>
            </form>
    };
    let title = format!("Start a sprint of {}", project.name);
    view! { <Panel kicker="Preview, nothing has happened yet" title=title.into_any() close=close>{form}</Panel> }
        .into_any()
}

fn planned(plan: &Plan, people: &People) -> impl IntoView + use<> {
    let lines = plan.tasks.iter().map(|task| task_line(task, people)).collect_view();
    let warnings = plan.warnings.iter().map(|warning| {
        view! {
            <p class="reason" data-status="warn">
                <Shape status=Status::Warn />
                <span>{warning.clone()}</span>
            </p>
        }
    });
    let warnings = (!plan.warnings.is_empty())
        .then(|| view! { <section class="panel-section">{warnings.collect_view()}</section> });
    let days = plan.end_date.days_since(plan.start_date);
    view! {
        <section class="panel-section" aria-label="Outcome">
            <div class="outcome">
                <div>
                    <b>{plan.tasks.len()}</b>
                    <span>"tasks, every unassigned one"</span>
                </div>
                <div>
                    <b>{workers(plan)}</b>
                    <span>"people work on them"</span>
                </div>
                <div>
                    <b>{days}</b>
                    <span>{format!("days, {} to {}", plan.start_date.short(), plan.end_date.short())}</span>
                </div>
            </div>
        </section>
        {warnings}
        <section class="panel-section">
            <h3>"Tasks" <span class="end muted">{counted(plan.tasks.len() as u64, "task")}</span></h3>
            <ul class="change">{lines}</ul>
        </section>
        <section class="panel-section">
            <h3>"Written and sent"</h3>
            <dl class="facts">
                <dt>"Sprint"</dt>
                <dd>"in_progress, with its own copy of the tasks"</dd>
                <dt>"Events"</dt>
                <dd>{format!("1 SprintStarted, {} TASK_UPDATED", plan.tasks.len())}</dd>
                <dt>"Read by"</dt>
                <dd>"backlog, project, chronicle"</dd>
                <dt>"Documents"</dt>
                <dd>"1 planning"</dd>
            </dl>
        </section>
    }
}

fn workers(plan: &Plan) -> usize {
    plan.tasks.iter().filter_map(|task| task.assigned_to.as_ref()).collect::<std::collections::BTreeSet<_>>().len()
}

fn task_line(task: &PlannedTask, people: &People) -> impl IntoView + use<> {
    view! {
        <li data-key=task.task_id.clone()>
            <span class="two-lines">
                <span>{task.title.clone()}</span>
                <small class="mono muted">{task.task_id.clone()}</small>
            </span>
            <span class="to">
                <Person id=task.assigned_to.clone() people=people.clone() />
            </span>
        </li>
    }
}

fn refused(project: &Project, refusal: &Refusal) -> impl IntoView + use<> {
    view! {
        <section class="panel-section">
            <p class="reason" data-status="warn">
                <Shape status=Status::Warn />
                <span>{refusal.message.clone()}</span>
            </p>
        </section>
        <section class="panel-section">
            <p>
                "A sprint takes every unassigned task of the backlog, and a project has one sprint at a time."
            </p>
            <p class="button-row top-gap">
                <a class="button" href=address::backlog(&project.id)>"Open the backlog"</a>
                <a class="button" href=address::sprints(&project.id)>"Sprints"</a>
            </p>
        </section>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_works_on_two_tasks_is_one_person() {
        let day = "2026-03-02".parse().expect("a date");
        let task = |who: Option<&str>| PlannedTask {
            task_id: "T".into(),
            title: "t".into(),
            assigned_to: who.map(str::to_owned),
        };
        let tasks = vec![task(Some("E1")), task(Some("E1")), task(Some("E2")), task(None)];
        assert_eq!(workers(&Plan { tasks, start_date: day, end_date: day, warnings: vec![] }), 2);
    }
}
