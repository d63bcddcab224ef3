//! One sprint: where it stands, what can be done, its board and its documents.

use domain::{Permission, Status, sprint::SprintStatus};
use leptos::{
    either::{Either, EitherOf3},
    prelude::*,
};

use super::{
    board::board,
    charts::charts,
    data::{Act, Data, Query, Tab, load},
    panel,
    tab::{documents, list, tabs},
};
use crate::{
    address,
    address::{Parameters, segment_after},
    clock,
    context::context,
    part::{ActLink, DemoMark, Page, Shape, Split, SprintStatusWord, counted, loaded, mean_progress},
};

#[component]
pub(crate) fn SprintPage() -> impl IntoView {
    let address = Parameters::here();
    let query = Query {
        sprint_id: segment_after("sprints"),
        tab: address.get("tab").as_deref().and_then(Tab::parse).unwrap_or(Tab::Board),
        act: match address.get("act").as_deref() {
            Some("daily-scrum") => Some(Act::DailyScrum),
            Some("close") => Some(Act::Close),
            _ => None,
        },
        open: address.get("open").filter(|id| !id.is_empty()),
    };
    let context = context();
    let asked = query.clone();
    loaded(async move { load(&context.services, &context.snapshot(), &asked).await }, move |data| show(&query, &data))
}

fn show(query: &Query, data: &Data) -> AnyView {
    let panel = match (query.act, &data.closing, &query.open) {
        (Some(Act::DailyScrum), ..) if data.is_in_progress() => Some(panel::daily_scrum(data)),
        (Some(Act::Close), Some(closing), _) => Some(panel::close(data, closing)),
        (_, _, Some(task_id)) => Some(panel::task(data, task_id)),
        _ => None,
    };
    let id = data.sprint.sprint_id.clone();
    let project_id = data.sprint.project_id.clone();
    let project = data.project.as_ref().map_or(project_id.clone(), |project| format!("{project_id} {}", project.name));
    let may_move = context().may(Permission::ManageSprints).is_ok();
    let body = match query.tab {
        Tab::Board => EitherOf3::A(view! {
            {board(data, may_move)}
            {charts(data)}
        }),
        Tab::List => EitherOf3::B(view! {
            {list(data)}
            {charts(data)}
        }),
        _ => EitherOf3::C(documents(data)),
    };
    let (title, lede, actions) =
        (format!("{id} {}", data.sprint.sprint_name), lede(data).into_any(), actions(query, data));
    let inside = view! {
        {way(data)}
        {tabs(data, query.tab)}
        {body}
    };
    view! {
        <Split panel=panel>
            <Page
                title=title
                lede=lede

                crumbs=vec![
                    ("/projects".to_owned(), "Projects".to_owned()),
                    (address::project(&project_id), project),
                    (address::sprints(&project_id), "Sprints".to_owned()),
                ]
                actions=actions
            >
                {inside}
            </Page>
        </Split>
    }
    .into_any()
}

fn lede(data: &Data) -> impl IntoView + use<> {
    let sprint = &data.sprint;
    let mut facts = vec![format!("{} to {}", sprint.start_date, sprint.end_date)];
    if data.is_in_progress() {
        facts.extend(past_end(clock::now().date().days_since(sprint.end_date)));
        facts.push(format!("{} of {} days worked", data.days_worked(), sprint.working_days()));
        let percent = mean_progress(data.tasks.iter().map(|task| task.progress_percentage));
        facts.push(format!("{}, {percent}\u{202f}% done", counted(data.summary.total_tasks, "task")));
    } else {
        facts.push(format!("{} worked", counted(data.days_worked() as u64, "day")));
        facts.push(format!("{} of {} tasks finished", data.summary.completed_tasks, data.summary.total_tasks));
    }
    let retrospective = (!data.is_in_progress()).then(|| {
        view! {
            " · "
            <a href=address::sprint_tab(&sprint.sprint_id, "retrospective")>"Retrospective"</a>
        }
    });
    view! {
        <SprintStatusWord status=sprint.status />
        " "
        <DemoMark project_id=sprint.project_id.clone() />
        {format!(" · {}", facts.join(" · "))}
        {retrospective}
    }
}

/// By how many days its last day was passed.
fn past_end(days: i64) -> Option<String> {
    (days > 0).then(|| format!("{} past its end", counted(days.unsigned_abs(), "day")))
}

/// Whether the backlog knows what happened here: one line, always there, so that nothing below it moves.
fn way(data: &Data) -> impl IntoView + use<> {
    let group = address::group(services::keys::TASK_UPDATE_EVENTS, services::keys::BACKLOG_GROUP);
    let (status, words) = match &data.on_their_way {
        Ok(0) => (Status::Ok, Either::Left("The backlog has every change".to_owned())),
        Ok(1) => (Status::Run, Either::Left("1 change is on its way to the backlog".to_owned())),
        Ok(count) => (Status::Run, Either::Left(format!("{count} changes are on their way to the backlog"))),
        Err(why) => (Status::Unknown, Either::Right(format!("Not known whether the backlog has every change: {why}"))),
    };
    view! {
        <p class="reason way" data-status=status.as_str()>
            <Shape status=status />
            <a href=group>{words}</a>
        </p>
    }
}

fn actions(query: &Query, data: &Data) -> AnyView {
    let id = &data.sprint.sprint_id;
    let closed = (data.sprint.status != SprintStatus::InProgress)
        .then(|| format!("{id} is {}, which is final.", data.sprint.status.as_str()));
    let running =
        data.is_in_progress().then(|| format!("{id} is in progress. A project has one active sprint; close it first."));
    let act = |act: &str| address::with_query(&address::sprint(id), [("act", Some(act.to_owned()))]);
    view! {
        <ActLink
            label="Start sprint…"
            href=address::plan(&data.sprint.project_id)
            needs=Permission::ManageSprints
            off=running
            id="why-start"
        />
        <ActLink
            label="Run daily scrum…"
            href=act("daily-scrum")
            needs=Permission::ManageSprints
            off=closed.clone()
            is_open=query.act == Some(Act::DailyScrum)
            id="why-scrum"
        />
        <ActLink
            label="Close sprint…"
            href=act("close")
            needs=Permission::ManageSprints
            off=closed
            is_open=query.act == Some(Act::Close)
            id="why-close"
        />
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_day_is_a_day_of_the_sprint() {
        assert_eq!(past_end(-14), None);
        assert_eq!(past_end(0), None);
        assert_eq!(past_end(1).as_deref(), Some("1 day past its end"));
    }
}
