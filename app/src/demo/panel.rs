//! What the overview says about the sample project: how to begin, what runs, what removing it costs.

use domain::{
    Permission, Status,
    demo::{DemoState, PROJECT},
    figure::grouped,
};
use leptos::prelude::*;

use crate::{
    address,
    context::context,
    part::{Badge, Icon, Panel, act_button, act_link, redis_answers},
};

/// Nothing is here yet: what this is, and the one thing to do next.
#[component]
pub(crate) fn FirstRun() -> impl IntoView {
    let context = context();
    let load = act_button(
        "off-load",
        "button primary",
        "Load the sample project",
        "/api/fn/demo/load",
        vec![],
        context.may(Permission::ManageSprints),
    );
    let start = act_button(
        "off-start",
        "button",
        "Start demo traffic",
        "/api/fn/demo/start",
        vec![],
        Err("Load the sample project first: the traffic is daily scrums on it.".to_owned()),
    );
    view! {
        <section class="first-run" aria-labelledby="first-run">
            <div class="empty">
                <h2 id="first-run">"Nothing has happened on this Redis yet"</h2>
                <p>
                    "This page shows every consumer group, worst first: how far behind it is, what is stuck, what died and why. \
                     It has nothing to show, because no stream holds an entry and there is no project."
                </p>
                <p>
                    "See it at work: the sample project is a web shop with a team and a backlog. Demo traffic then runs daily \
                     scrums on it, with some handling slow and some failing on purpose, so that there is lag to watch and a \
                     dead letter to repair. Both are marked as demo and can be removed without a trace."
                </p>
                <div class="button-row">{load} {start}</div>
                <p>
                    "Or begin for real: "<a href="/projects?new=project">"create a project"</a>
                    ", or let your programs write to this Redis; streams appear here by themselves."
                </p>
            </div>
        </section>
    }
    .into_any()
}

/// The sample project is loaded: what of it runs, and the way to stop, mend and remove it.
#[component]
pub(crate) fn Running(demo: DemoState) -> impl IntoView {
    let context = context();
    let operate = || context.may(Permission::Operate);
    let button = |id, class, label, action| act_button(id, class, label, action, vec![], operate());
    let traffic = if demo.traffic {
        button("off-traffic", "button", "Stop traffic", "/api/fn/demo/stop")
    } else {
        button("off-traffic", "button primary", "Start demo traffic", "/api/fn/demo/start")
    };
    let failing = match (demo.failing, demo.traffic) {
        (true, _) => Some(button("off-failing", "button", "Mend handling", "/api/fn/demo/mend")),
        (false, true) => Some(button("off-failing", "button", "Let handling fail", "/api/fn/demo/fail")),
        (false, false) => None,
    };
    let may_remove = context.may(Permission::Destroy).and_then(|()| redis_answers(&context.snapshot()));
    let remove =
        act_link("off-remove", "Remove the demo…", address::here_with(&[("act", Some("remove-demo"))]), may_remove);
    view! {
        <section class="demo" id="demo" aria-label="Demo">
            <Badge status=Status::Run word="Demo" />
            <p>{words(demo)} " " <a href=address::project(PROJECT)>{format!("Project {PROJECT}")}</a></p>
            <div class="button-row">{traffic} {failing} {remove}</div>
        </section>
    }
    .into_any()
}

fn words(demo: DemoState) -> &'static str {
    match (demo.traffic, demo.failing) {
        (true, true) => {
            "Daily scrums run on the sample project, one after the other. On purpose, one event in five is handled slowly, \
             one in ten fails twice before it succeeds, and one in thirteen fails for good and becomes a dead letter; a report \
             on the same events is too slow and falls behind. Mend the handling: it catches up, and what died can be replayed."
        }
        (true, false) => {
            "Daily scrums run on the sample project, one after the other. Its handling is mended: nothing fails."
        }
        (false, true) => {
            "The sample project is loaded and its traffic is stopped. Handling of its events still fails on purpose."
        }
        (false, false) => {
            "The sample project is loaded. Start demo traffic to see streams, lag and dead letters at work."
        }
    }
}

/// What removing the demo costs, before it is done.
#[component]
pub(crate) fn RemovalPanel(
    /// Tasks and sprints that go, where they could be counted.
    tasks: Option<u64>,
    sprints: Option<u64>,
) -> impl IntoView {
    let counted = |count: Option<u64>, noun: &str| match count {
        None => format!("all its {noun}s"),
        Some(1) => format!("1 {noun}"),
        Some(count) => format!("{} {noun}s", grouped(count)),
    };
    let close = address::here_with(&[("act", None)]);
    view! {
        <Panel kicker="Preview, nothing has happened yet" title="Remove the demo".into_any() close=close.clone()>
            <form class="confirm" method="post" action="/api/fn/demo/remove" data-needs-redis="">
                <div class="panel-body">
                    <section class="panel-section">
                        <h3>"Goes"</h3>
                        <dl class="facts">
                            <dt>"Project"</dt>
                            <dd class="mono">{PROJECT}</dd>
                            <dt>"Backlog"</dt>
                            <dd>{counted(tasks, "task")}</dd>
                            <dt>"Sprints"</dt>
                            <dd>{format!("{}, with their reports", counted(sprints, "sprint"))}</dd>
                            <dt>"Events"</dt>
                            <dd>"every entry of the project on the services' streams, and its dead letters"</dd>
                        </dl>
                    </section>
                    <section class="panel-section">
                        <h3>"Stays"</h3>
                        <p>"Every other project, every other entry, every other program's stream, and the audit log."</p>
                    </section>
                </div>
                <footer class="panel-foot">
                    <p class="reason">
                        <Icon name="clock" />
                        <span>
                            "Its traffic is stopped first, and what is under way is handled to its end: that can take up to twenty \
                             seconds. It cannot be taken back, but the sample can be loaded again."
                        </span>
                    </p>
                    <button class="button danger armed">"Remove the demo"</button>
                    <a class="button quiet" href=close>"Keep it"</a>
                </footer>
            </form>
        </Panel>
    }
    .into_any()
}
