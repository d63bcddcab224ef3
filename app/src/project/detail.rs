//! One project: its facts, its team, its sprints.

use domain::{
    Figure, Permission, Refusal,
    backlog::{BacklogSummary, TaskStatus},
    chronicle::Velocity,
    demo,
    project::{Project, Team},
    sprint::Sprint,
};
use leptos::{
    either::{Either, EitherOf3},
    prelude::*,
};
use services::{Services, backlog, chronicle, project, sprint};

use super::{
    data::{Running, running, why},
    page::count_of,
    panel,
};
use crate::{
    address::{self, Parameters, segment_after},
    chronicle::velocity_chart,
    context::context,
    part::{
        ActLink, DemoMark, Empty, FigureText, Id, Page, People, Person, ProjectStatusWord, Split, Submit, counted,
        loaded,
    },
    sprint::{SprintRow, sprint_rows, sprint_table},
};

/// Sprints that are listed here; the others are on the page of sprints.
const SPRINTS_SHOWN: usize = 6;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Act {
    None,
    Status,
    Team,
}

struct Data {
    project: Project,
    team: Team,
    tasks: Result<BacklogSummary, String>,
    running: Running,
    sprints: Result<Vec<Sprint>, String>,
    newest: Vec<SprintRow>,
    velocity: Result<Velocity, String>,
    /// Who works elsewhere; only asked for where they can be chosen.
    others: People,
}

#[component]
pub(crate) fn ProjectPage() -> impl IntoView {
    let project_id = segment_after("projects");
    let act = match Parameters::here().get("act").as_deref() {
        Some("status") => Act::Status,
        Some("team") => Act::Team,
        _ => Act::None,
    };
    let services = context().services;
    loaded(async move { load(&services, &project_id, act).await }, move |data| show(act, data))
}

async fn load(services: &Services, project_id: &str, act: Act) -> Result<Data, Refusal> {
    let project = project::get(services, project_id).await?;
    let team = project::team(services, project_id).await?;
    let sprints = sprint::by_project(services, project_id, None).await.map_err(why);
    let newest = sprints.as_ref().map(|all| all.iter().take(SPRINTS_SHOWN).cloned().collect()).unwrap_or_default();
    Ok(Data {
        tasks: backlog::summary(services, project_id).await.map_err(why),
        running: running(services, project_id).await,
        newest: sprint_rows(services, newest).await,
        sprints,
        velocity: chronicle::velocity(services, project_id).await.map_err(why),
        others: if act == Act::Team { others(services, &team).await? } else { People::default() },
        project,
        team,
    })
}

/// People of other projects who are not on this one.
async fn others(services: &Services, team: &Team) -> Result<People, Refusal> {
    /// Projects that are asked: suggestions, not a directory.
    const ASKED: usize = 20;
    let mut people = People::default();
    for other in project::list(services).await?.into_iter().take(ASKED) {
        people.add(&project::team(services, &other.id).await?);
    }
    people.remove(team);
    Ok(people)
}

fn show(act: Act, data: Data) -> AnyView {
    let panel = match act {
        Act::None => None,
        Act::Status => Some(panel::status(&data.project)),
        Act::Team => Some(panel::team(&data.project, &data.others)),
    };
    let id = data.project.id.clone();
    let description = data.project.description.clone();
    let lede = view! {
        <DemoMark project_id=id.clone() />
        " "
        <ProjectStatusWord status=data.project.status.clone() />
        " · "
        <Id text=id.clone() />
        {(!description.trim().is_empty()).then(|| format!(" · {description}"))}
    };
    let people = People::of(&data.team);
    let demo = (id == demo::PROJECT)
        .then(|| view! { <p class="muted">"This is the sample project; the Overview removes it without a trace."</p> });
    view! {
        <Split panel=panel>
            <Page
                title=data.project.name.clone()
                lede=lede.into_any()
                crumbs=vec![("/projects".to_owned(), "Projects".to_owned())]
                actions=actions(act, &data)
            >
                {demo}
                {metrics(&data)}
                {sprints(&id, data.sprints, data.newest)}
                <div class="columns">
                    {team(&id, &data.team, &people)}
                    {velocity(&data.velocity, &data.running)}
                </div>
            </Page>
        </Split>
    }
    .into_any()
}

fn actions(act: Act, data: &Data) -> AnyView {
    let here = address::project(&data.project.id);
    let start_off = match (&data.running, &data.tasks) {
        (Running::Sprint { sprint, .. }, _) => {
            Some(format!("{} is in progress. A project has one active sprint; close it first.", sprint.sprint_id))
        }
        (_, Ok(tasks)) if tasks.unassigned_for_sprint_count == 0 => {
            Some("The backlog has no unassigned task, and a sprint plans only those.".to_owned())
        }
        _ => None,
    };
    view! {
        <ActLink
            label="Start sprint…"
            href=address::plan(&data.project.id)
            needs=Permission::ManageSprints
            off=start_off
            id="why-start"
        />
        <ActLink
            label="Add people…"
            href=address::with_query(&here, [("act", Some("team".to_owned()))])
            needs=Permission::ManageSprints
            is_open=act == Act::Team
            id="why-team"
        />
        <ActLink
            label="Change status…"
            href=address::with_query(&here, [("act", Some("status".to_owned()))])
            needs=Permission::ManageSprints
            is_open=act == Act::Status
            id="why-status"
        />
    }
    .into_any()
}

fn metrics(data: &Data) -> impl IntoView + use<> {
    let total = data.tasks.as_ref().map_or_else(Figure::unknown, |tasks| Figure::Exact(tasks.total_tasks));
    let plannable = match &data.tasks {
        Ok(tasks) => format!("{} for the next sprint", tasks.unassigned_for_sprint_count),
        Err(_) => String::new(),
    };
    let is_empty = total == Figure::Exact(0);
    let sprints = data.sprints.as_ref().map_or_else(Figure::unknown, |all| Figure::Exact(all.len() as u64));
    let progress = match &data.running {
        Running::Sprint { sprint, progress, summary } => EitherOf3::A(view! {
            <span class="value">{*progress}<span class="unit">"%"</span></span>
            <span class="delta">
                <a href=address::sprint(&sprint.sprint_id)>{sprint.sprint_id.clone()}</a>
                {format!(" · {} of {} finished", summary.completed_tasks, summary.total_tasks)}
            </span>
        }),
        Running::Nothing => EitherOf3::B(view! {
            <span class="value muted">"–"</span>
            <span class="delta">"none"</span>
        }),
        Running::Unknown(why) => EitherOf3::C(view! { <FigureText figure=Figure::unknown(why.clone()) /> }),
    };
    let backlog = if is_empty {
        Either::Left(view! { <span class="delta">"none yet"</span> })
    } else {
        Either::Right(
            view! { <span class="delta"><a href=address::backlog(&data.project.id)>"Backlog"</a>{format!(" · {plannable}")}</span> },
        )
    };
    let generate = is_empty.then(|| generate(&data.project.id));
    view! {
        <section aria-label="Facts">
            <dl class="metrics">
                <div class="metric"><dt>"Sprint in progress"</dt><dd>{progress}</dd></div>
                <div class="metric"><dt>"Tasks"</dt><dd><FigureText figure=total />{backlog}</dd></div>
                <div class="metric">
                    <dt>"Completed"</dt>
                    <dd><FigureText figure=count_of(&data.tasks, TaskStatus::Completed) /><span class="delta">"tasks of the backlog"</span></dd>
                </div>
                <div class="metric"><dt>"Team"</dt><dd><FigureText figure=Figure::Exact(data.team.team_members.len() as u64) /><span class="delta">"people"</span></dd></div>
                <div class="metric"><dt>"Sprints"</dt><dd><FigureText figure=sprints /><span class="delta"><a href=address::chronicle(&data.project.id)>"Chronicle"</a></span></dd></div>
            </dl>
        </section>
        {generate}
    }
}

fn generate(project_id: &str) -> impl IntoView + use<> {
    let project_id = project_id.to_owned();
    view! {
        <Empty title="The backlog is empty">
            <p>"A sprint takes the unassigned tasks of the backlog. Begin with ten tasks that most software projects have; each can be edited."</p>
            <form method="post" action="/api/fn/backlog/generate">
                <input type="hidden" name="project_id" value=project_id />
                <Submit label="Generate backlog" class="primary" needs=Permission::ManageSprints id="why-generate" />
            </form>
        </Empty>
    }
}

fn sprints(project_id: &str, all: Result<Vec<Sprint>, String>, newest: Vec<SprintRow>) -> impl IntoView + use<> {
    let (note, more, body) = match all {
        Err(why) => (String::new(), None, view! { <p class="muted">{why}</p> }.into_any()),
        Ok(all) if all.is_empty() => (
            String::new(),
            None,
            view! { <p class="muted">"None yet. Starting one shows its plan first: which tasks, who."</p> }.into_any(),
        ),
        Ok(all) => {
            let link = view! { <a class="end" href=address::sprints(project_id)>"All sprints"</a> };
            let more = (all.len() > newest.len()).then_some(link);
            (counted(all.len() as u64, "sprint"), more, sprint_table(newest).into_any())
        }
    };
    view! {
        <section aria-labelledby="sprints-heading">
            <div class="section-head">
                <h2 id="sprints-heading">"Sprints"</h2>
                <span class="note">{note}</span>
                {more}
            </div>
            {body}
        </section>
    }
}

fn team(project_id: &str, team: &Team, people: &People) -> impl IntoView + use<> {
    let rows = team.team_members.iter().map(|member| {
        let facts = [member.state.clone(), member.age.map(|age| age.to_string())];
        let facts: Vec<String> = facts.into_iter().flatten().collect();
        view! {
            <tr data-key=member.id.clone()>
                <th scope="row" class="lead"><Person id=member.id.clone() people=people.clone() /></th>
                <td data-label="Id"><Id text=member.id.clone() /></td>
                <td class="muted second" data-label="State, age">{if facts.is_empty() { "–".to_owned() } else { facts.join(", ") }}</td>
            </tr>
        }
    });
    let body = if team.team_members.is_empty() {
        let href = address::with_query(&address::project(project_id), [("act", Some("team".to_owned()))]);
        Either::Left(view! {
            <p class="muted">"Nobody yet: the tasks of a sprint would have no assignee. " <a href=href>"Add people"</a></p>
        })
    } else {
        Either::Right(view! {
            <div class="table-wrap">
                <table class="table small">
                    <thead><tr><th scope="col">"Name"</th><th scope="col">"Id"</th><th scope="col" class="second">"State, age"</th></tr></thead>
                    <tbody>{rows.collect_view()}</tbody>
                </table>
            </div>
        })
    };
    view! {
        <section aria-labelledby="team-heading">
            <div class="section-head">
                <h2 id="team-heading">"Team"</h2>
                <span class="note">"Planning deals out tasks in this order"</span>
            </div>
            {body}
        </section>
    }
}

fn velocity(velocity: &Result<Velocity, String>, running: &Running) -> impl IntoView + use<> {
    let now = match running {
        Running::Sprint { sprint, summary, .. } => Some((sprint.sprint_id.clone(), summary.completed_tasks)),
        Running::Nothing | Running::Unknown(_) => None,
    };
    match velocity {
        Ok(velocity) => velocity_chart(velocity, now),
        Err(why) => view! { <section><h2>"Velocity"</h2><p class="muted">{why.clone()}</p></section> }.into_any(),
    }
}
