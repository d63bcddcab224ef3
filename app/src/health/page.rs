//! The page: every part with its state, why, and what still works.

use std::{sync::Arc, time::Duration};

use domain::{
    Refusal, Status,
    health::{OutboxState, Readiness},
    stream::{RedisFacts, Snapshot},
    time::humane,
};
use leptos::prelude::*;
use services::health::{Service, readiness};

use super::check::{self, Check};
use crate::{
    clock,
    context::{Context, context},
    part::{Page, StatusWord, bytes, loaded, number, sentence},
};

/// How long the audit log's database may take to answer, as long as the others.
const TIMEOUT: Duration = Duration::from_secs(2);

struct Measured {
    context: Context,
    snapshot: Arc<Snapshot>,
    /// Of the services; none where they are not.
    services: Vec<Readiness>,
    console_answers: bool,
    outboxes: Vec<OutboxState>,
}

#[component]
pub(crate) fn HealthPage() -> impl IntoView {
    let context = context();
    loaded(measure(context), |measured| show(&measured))
}

async fn measure(context: Context) -> Result<Measured, Refusal> {
    let outboxes = async {
        if !context.is_home() {
            return Vec::new();
        }
        let waiting = services::outbox::waiting(&context.services);
        tokio::time::timeout(TIMEOUT, waiting).await.unwrap_or_default()
    };
    let console = tokio::time::timeout(TIMEOUT, context.console.database().ready());
    let (services, console, outboxes) = tokio::join!(services_of(&context), console, outboxes);
    Ok(Measured {
        snapshot: context.snapshot(),
        services,
        console_answers: matches!(console, Ok(Ok(()))),
        outboxes,
        context,
    })
}

/// The services, where they are.
async fn services_of(context: &Context) -> Vec<Readiness> {
    if !context.is_home() {
        return Vec::new();
    }
    let ask = |service| readiness(&context.services, &context.redis, service);
    let (project, backlog, sprint, chronicle) =
        tokio::join!(ask(Service::Project), ask(Service::Backlog), ask(Service::Sprint), ask(Service::Chronicle),);
    vec![project, backlog, sprint, chronicle]
}

fn show(measured: &Measured) -> AnyView {
    let redis = redis_checks(&measured.snapshot, measured.context.is_home());
    let services: Vec<Check> = measured.services.iter().map(check::service).collect();
    let databases = database_checks(measured);
    let now = clock::now();
    let settings = &measured.context.settings;
    let outbox = measured.outboxes.iter().find(|outbox| outbox.service == "sprint");
    let of_services =
        measured.context.is_home().then(|| [check::outbox("sprint", outbox, now), check::losses(outbox, now)]);
    let sampler = check::sampler(measured.snapshot.at, now, settings.sample_every);
    let flow: Vec<Check> = of_services.into_iter().flatten().chain([sampler]).collect();
    let all: Vec<&Check> = [&redis, &services, &databases, &flow].into_iter().flatten().collect();
    let lede = check::summary(&all);
    let parts =
        [("Redis", "redis", &redis), ("Services", "services", &services), ("Databases", "databases", &databases)];
    let tables = parts.into_iter().filter(|(_, _, checks)| !checks.is_empty()).map(|(title, id, checks)| {
        let facts = (id == "redis").then(|| facts(&measured.snapshot.redis, settings.embedded_redis));
        section(title, id, checks, facts)
    });
    let tables = tables.collect_view();
    let flow = section("On the way", "flow", &flow, None);
    view! {
        <Page title="Health" lede=lede.into_any()>
            {tables}
            {flow}
        </Page>
    }
    .into_any()
}

fn redis_checks(snapshot: &Snapshot, is_home: bool) -> Vec<Check> {
    let redis = &snapshot.redis;
    let memory = check::memory(redis, &bytes(redis.used_memory_bytes), &bytes(redis.max_memory_bytes));
    vec![check::connection(snapshot, is_home), check::rights(&redis.rights), check::eviction(redis), memory]
}

fn database_checks(measured: &Measured) -> Vec<Check> {
    let kind = if measured.context.settings.embedded_databases { "an SQLite file" } else { "a schema in PostgreSQL" };
    let mut checks: Vec<Check> = measured
        .services
        .iter()
        .map(|readiness| {
            let name = readiness.service.trim_end_matches("-service");
            check::database(
                name,
                readiness.database == "ok",
                kind,
                "Streams, groups and dead letters, and the other services.",
            )
        })
        .collect();
    let still = "Looking at everything. Repairs are refused: what cannot be written to the audit log is not done.";
    checks.push(check::database("console (audit log)", measured.console_answers, kind, still));
    checks
}

fn facts(redis: &RedisFacts, embedded: bool) -> AnyView {
    if let Some(why) = &redis.untold {
        return view! { <p class="muted">{format!("It does not tell of itself: {why}.")}</p> }.into_any();
    }
    if redis.version.is_empty() {
        return view! { <p class="muted">"Never reached, so nothing is known about it."</p> }.into_any();
    }
    let facts = [
        ("Server", format!("{} {}", redis.product, redis.version)),
        ("Mode", redis.mode.clone()),
        ("Started", if embedded { "by this program, for itself".to_owned() } else { "elsewhere".to_owned() }),
        ("Up", humane(Duration::from_secs(redis.uptime_seconds))),
        ("Clients", number(Some(redis.connected_clients))),
        ("Policy", redis.eviction_policy.clone()),
    ];
    let facts = facts.map(|(name, value)| {
        view! {
            <div>
                <dt>{name}</dt>
                <dd>{value}</dd>
            </div>
        }
    });
    view! { <dl class="fact-line facts-before">{facts.into_iter().collect_view()}</dl> }.into_any()
}

fn section(title: &'static str, id: &'static str, checks: &[Check], facts: Option<AnyView>) -> AnyView {
    let rows = checks.iter().map(row);
    view! {
        <section aria-labelledby=id>
            <div class="section-head">
                <h2 id=id>{title}</h2>
            </div>
            {facts}
            <div class="table-wrap">
                <table class="table small checks">
                    <thead>
                        <tr>
                            <th scope="col">"Part"</th>
                            <th scope="col">"State"</th>
                            <th scope="col">"Why"</th>
                            <th scope="col">"What still works"</th>
                        </tr>
                    </thead>
                    <tbody>{rows.collect_view()}</tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}

fn row(check: &Check) -> AnyView {
    let well = matches!(check.status, Status::Ok | Status::Run | Status::Idle);
    let still = match check.still {
        "" if well => "Everything".to_owned(),
        "" => "–".to_owned(),
        still => still.to_owned(),
    };
    view! {
        <tr data-key=check.name.clone()>
            <th scope="row" class="lead name">
                {check.name.clone()}
            </th>
            <td class="lead">
                <StatusWord status=check.status word=check.word />
            </td>
            <td class="sub">{sentence(&check.reason)}</td>
            <td class="sub" class:muted=well>
                {still}
            </td>
        </tr>
    }
    .into_any()
}
