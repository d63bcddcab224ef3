//! What is open beside a sprint: a daily scrum to run, the preview of its close, one of its tasks.

use domain::{
    Permission, Refusal, Status,
    backlog::TaskStatus,
    sprint::{BLOCKER_ONE_IN, Closing, DAILY_PROGRESS, SprintStatus, SprintTask},
};
use leptos::{either::Either, prelude::*};

use super::{data::Data, seen};
use crate::{
    address,
    backlog::Shown,
    chronicle::ScrumDay,
    clock,
    context::context,
    part::{Choice, Icon, Kept, NumberField, Panel, Person, Shape, Submit, TaskStatusWord, counted},
};

fn without_act() -> String {
    address::here_with(&[("act", None)])
}

/// What one simulated day does, before it does it.
pub(super) fn daily_scrum(data: &Data) -> AnyView {
    let unfinished = data.summary.pending_tasks;
    let reason = if unfinished == 0 {
        "Every task is finished: nobody would have anything to report. Close the sprint instead."
    } else {
        "Each run is one day of work. It cannot be taken back."
    };
    let (least, most) = (DAILY_PROGRESS.start(), DAILY_PROGRESS.end());
    let form = view! {
            <form method="post" action="/api/fn/sprint/run_daily_scrum">
                <input type="hidden" name="sprint_id" value=data.sprint.sprint_id.clone() />
                <div class="panel-body">
                    <section class="panel-section" aria-label="Outcome">
                        <div class="outcome">
                            <div>
                                <b>{unfinished}</b>
                                <span>"unfinished tasks move"</span>
                            </div>
                            <div>
                                <b>{format!("{least}–{most}")}</b>
                                <span>"percent each, drawn at random"</span>
                            </div>
                            <div>
                                <b>{data.days_worked() + 1}</b>
                                <span>"is the day of work this will be"</span>
                            </div>
                        </div>
                    </section>
                    <section class="panel-section">
                        <h3>"What a simulated day does"</h3>
                        <p>
                            {format!(
                                "Every unfinished task gains {least} to {most} percent, at most to 100; at 100 it is completed. \
                                 About one task in {BLOCKER_ONE_IN} meets a small impediment.",
                            )}
                        </p>
                    </section>
                    <section class="panel-section">
                        <h3>"Written and sent"</h3>
                        <dl class="facts">
                            <dt>"Events"</dt>
                            <dd>{format!("{unfinished} TASK_UPDATED, one for each task that moves")}</dd>
                            <dt>"Read by"</dt>
                            <dd>"backlog"</dd>
                            <dt>"Documents"</dt>
                            <dd>"1 daily scrum report, by person"</dd>
                            <dt>"Burndown"</dt>
                            <dd>"1 point"</dd>
                        </dl>
                    </section>
                </div>
                <footer class="panel-foot">
                    <p class="reason">
                        <Icon name="clock" />
                        <span>{reason}</span>
                    </p>
                    <Submit label="Run daily scrum" class="primary" needs=Permission::ManageSprints id="why-run" />
                    <a class="button" href=without_act()>
                        "Cancel"
                    </a>
                </footer>
            </form>
    };
    let title = format!("Daily scrum of {}", data.sprint.sprint_id);
    view! {
        <Panel kicker="Preview, nothing has happened yet" title=title.into_any() close=without_act()>
            {form}
        </Panel>
    }
    .into_any()
}

/// What closing would do now, or why it cannot be done.
pub(super) fn close(data: &Data, closing: &Result<Closing, Refusal>) -> AnyView {
    let id = data.sprint.sprint_id.clone();
    let body = match closing {
        Ok(closing) => Either::Left(close_form(data, closing)),
        Err(refusal) => Either::Right(view! {
            <div class="panel-body">
                <p class="panel-section">{refusal.message.clone()}</p>
                <p class="panel-section">
                    <a href=address::sprint_tab(&id, "retrospective")>"Read its retrospective"</a>
                </p>
            </div>
        }),
    };
    view! {
        <Panel
            kicker="Preview, nothing has happened yet"
            title=format!("Close {id} {}", data.sprint.sprint_name).into_any()
            close=without_act()
        >
            {body}
        </Panel>
    }
    .into_any()
}

fn close_form(data: &Data, closing: &Closing) -> impl IntoView + use<> {
    let id = data.sprint.sprint_id.clone();
    let stays = match closing.status {
        SprintStatus::Completed => "every task is finished",
        _ => "final",
    };
    let computed = format!(
        "Computed at {} from {}. If one of them is finished or reopened meanwhile, closing is refused and this preview is shown anew.",
        clock::now().clock(),
        counted(data.tasks.len() as u64, "task")
    );
    view! {
        <form class="confirm" method="post" action="/api/fn/sprint/close">
            <input type="hidden" name="sprint_id" value=id.clone() />
            <input type="hidden" name="seen" value=seen::of_closing(closing) />
            <div class="panel-body">
                {outcome(data, closing)}
                <section class="panel-section">
                    <h3>"Becomes"</h3>
                    <dl class="facts">
                        <dt>"Sprint"</dt>
                        <dd>
                            <span class="mono">{closing.status.as_str()}</span>
                            {format!(", {stays}")}
                        </dd>
                        <dt>"Project"</dt>
                        <dd>
                            {format!("{} leaves ", data.sprint.project_id)}
                            <span class="mono">"in_progress"</span>
                        </dd>
                        <dt>"Returned"</dt>
                        <dd>"status " <span class="mono">"unassigned"</span> ", sprint cleared, assignee kept"</dd>
                    </dl>
                </section>
                {returned(closing)}
                <section class="panel-section">
                    <h3>"Written and sent"</h3>
                    <dl class="facts">
                        <dt>"Events"</dt>
                        <dd>"1 SprintCompleted"</dd>
                        <dt>"Read by"</dt>
                        <dd>"backlog, project, chronicle"</dd>
                        <dt>"Documents"</dt>
                        <dd>{documents(&data.tasks)}</dd>
                    </dl>
                    {late(data)}
                </section>
            </div>
            <footer class="panel-foot">
                <p class="reason">
                    <Icon name="clock" />
                    <span>{computed}</span>
                </p>
                <p class="field-line">
                    <label class="field" for="typed">
                        {format!("Type {id} to confirm")}
                    </label>
                </p>
                <input
                    class="input"
                    id="typed"
                    name="typed"
                    value=Kept::here().or("typed", "")
                    required
                    pattern=literal(&id)
                    title=id.clone()
                    autocomplete="off"
                    spellcheck="false"
                />
                <Submit label="Close sprint" class="danger armed" needs=Permission::ManageSprints id="why-close-now" />
            </footer>
        </form>
    }
}

/// `text` as a regular expression that only it fits: an id is any text.
fn literal(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for c in text.chars() {
        if r"\^$.*+?()[]{}|/".contains(c) {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

fn outcome(data: &Data, closing: &Closing) -> impl IntoView + use<> {
    let finished = closing.completed.len();
    let mean = data.velocity.as_ref().ok().map(|velocity| {
        let past: u64 = velocity.velocity_trend_data.iter().map(|point| point.completed_tasks).sum();
        let sprints = velocity.velocity_trend_data.len() + 1;
        let mean = (past + finished as u64) as f64 / sprints as f64;
        format!("velocity; the mean becomes {}", (mean * 10.0).round() / 10.0)
    });
    view! {
        <section class="panel-section" aria-label="Outcome">
            <div class="outcome">
                <div>
                    <b>{finished}</b>
                    <span>"completed, stay with the sprint"</span>
                </div>
                <div>
                    <b>{closing.returned.len()}</b>
                    <span>"returned to the backlog"</span>
                </div>
                <div>
                    <b>{finished}</b>
                    <span>{mean.unwrap_or_else(|| "velocity".to_owned())}</span>
                </div>
            </div>
        </section>
    }
}

fn returned(closing: &Closing) -> impl IntoView + use<> {
    let lines = closing.returned.iter().map(|task| {
        let kept = match task.progress_percentage {
            0 => "not started".to_owned(),
            percent => format!("{percent}\u{202f}% kept"),
        };
        view! {
            <li data-key=task.task_id.clone()>
                <span>{task.title.clone()}</span>
                <span class="to">{kept}</span>
            </li>
        }
    });
    (!closing.returned.is_empty()).then(|| {
        view! {
            <section class="panel-section">
                <h3>
                    "Returned to the backlog"
                    <span class="end muted">{counted(closing.returned.len() as u64, "task")}</span>
                </h3>
                <ul class="change">{lines.collect_view()}</ul>
            </section>
        }
    })
}

/// By the rule that writes it.
fn documents(tasks: &[SprintTask]) -> String {
    let items = domain::sprint::retrospect(tasks).action_items.len() as u64;
    format!("1 retrospective with {}", counted(items, "action item"))
}

/// Late news of these tasks does no harm, and the person who closes should know.
fn late(data: &Data) -> impl IntoView + use<> {
    data.on_their_way.clone().ok().filter(|count| *count > 0).map(|count| {
        view! {
            <p class="reason top-gap" data-status="warn">
                <Shape status=Status::Warn />
                <span>
                    {format!(
                        "{} on the way to the backlog. What comes late for these tasks is skipped as older; nothing is lost.",
                        if count == 1 { "1 change is".to_owned() } else { format!("{count} changes are") },
                    )}
                </span>
            </p>
        }
    })
}

/// One task of the sprint: its standing to set, and what was reported of it.
pub(super) fn task(data: &Data, task_id: &str) -> AnyView {
    let close = address::here_with(&[("open", None)]);
    let Some(task) = data.tasks.iter().find(|task| task.task_id == task_id) else {
        return view! {
            <Panel kicker="Not found" title=task_id.to_owned().into_any() close=close>
                <div class="panel-body">
                    <p class="panel-section muted">"This sprint has no such task."</p>
                </div>
            </Panel>
        }
        .into_any();
    };
    let form = if data.is_in_progress() {
        Either::Left(progress_form(task))
    } else {
        Either::Right(view! {
            <p class="panel-section muted">"The sprint is closed: what became of its tasks is final."</p>
        })
    };
    let body = view! {
            <div class="panel-body">
                <section class="panel-section" aria-label="Facts">
                    <dl class="facts">
                        <dt>"Status"</dt>
                        <dd>
                            <TaskStatusWord status=task.status />
                        </dd>
                        <dt>"Progress"</dt>
                        <dd>{format!("{}\u{202f}%", task.progress_percentage)}</dd>
                        <dt>"Assignee"</dt>
                        <dd>
                            <Person id=task.assigned_to.clone() people=data.people.clone() />
                        </dd>
                        <dt>"Backlog"</dt>
                        <dd>
                            <a href=address::task(&data.sprint.project_id, &task.task_id)>
                                "Title, description, assignee"
                            </a>
                        </dd>
                    </dl>
                </section>
                {form}
                {history(&data.history, task)}
            </div>
    };
    view! { <Panel kicker=task.task_id.clone() title=task.title.clone().into_any() close=close>{body}</Panel> }.into_any()
}

fn progress_form(task: &SprintTask) -> impl IntoView + use<> {
    let kept = Kept::here();
    let shown =
        Shown { status: task.status.as_str().to_owned(), progress: task.progress_percentage, assigned_to: None };
    let statuses = [TaskStatus::AssignedToSprint, TaskStatus::InProgress, TaskStatus::Completed];
    let statuses = statuses.map(|status| (status.as_str().to_owned(), status.as_str().to_owned())).to_vec();
    let why_off = context().may(Permission::ManageSprints).err();
    view! {
        <form class="panel-section fields two" method="post" action="/api/fn/sprint/set_progress" aria-labelledby="set-progress">
            <h3 id="set-progress">"Set progress"</h3>
            <input type="hidden" name="task_id" value=task.task_id.clone() />
            <input type="hidden" name="sprint_id" value=task.sprint_id.clone() />
            <input type="hidden" name="shown" value=kept.or("shown", shown.text()) />
            <NumberField
                label="Progress, %"
                name="progress"
                value=kept.or("progress", task.progress_percentage.to_string())
                min=0
                max=100
            />
            <Choice label="Status" name="status" chosen=kept.or("status", task.status.as_str()) options=statuses />
            <p class="hint">
                "Status follows progress: 1 to 99 is in_progress, 100 is completed. The backlog hears of it by one TASK_UPDATED."
            </p>
            <p>
                <Submit label="Set progress" class="primary" needs=Permission::ManageSprints id="why-set" />
                {why_off.map(|why| view! { <small class="hint">{why}</small> })}
            </p>
        </form>
    }
}

fn history(days: &[ScrumDay], task: &SprintTask) -> impl IntoView + use<> {
    let prefix = format!("{}: ", task.title);
    let lines = days
        .iter()
        .flat_map(|day| day.people.iter().flat_map(move |(_, tasks)| tasks.iter().map(move |line| (day, line))));
    let lines: Vec<_> = lines
        .map(|(day, line)| {
            let work = line.yesterday_work.clone().unwrap_or_default();
            let work = work.strip_prefix(&prefix).map_or(work.clone(), str::to_owned);
            let impediment = line.impediments.clone();
            let status = if impediment.is_some() { Status::Warn } else { Status::Idle };
            view! {
                <li data-status=status.as_str() data-key=day.number.to_string()>
                    <Shape status=status />
                    <span>{work}</span>
                    <span class="muted">{format!("day {}", day.number)}</span>
                    {impediment.map(|text| view! { <small>{text}</small> })}
                </li>
            }
        })
        .collect();
    (!lines.is_empty()).then(|| {
        view! {
            <section class="panel-section">
                <h3>"What was reported"</h3>
                <ol class="timeline">{lines}</ol>
            </section>
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_typed_as_it_is_and_not_as_a_pattern() {
        assert_eq!(literal("ACM-7-S05"), "ACM-7-S05");
        assert_eq!(literal("a.b (c)"), r"a\.b \(c\)");
        assert_eq!(literal("[x]|y"), r"\[x\]\|y");
    }
}
