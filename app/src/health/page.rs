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
    services: [Readiness; 4],
    console_answers: bool,
    outboxes: Vec<OutboxState>,
}

#[component]
pub(crate) fn HealthPage() -> impl IntoView {
    let context = context();
    loaded(measure(context), |measured| show(&measured))
}

async fn measure(context: Context) -> Result<Measured, Refusal> {
    let ask = |service| readiness(&context.services, &context.redis, service);
    let (project, backlog, sprint, chronicle, console, outboxes) = tokio::join!(
        ask(Service::Project),
        ask(Service::Backlog),
        ask(Service::Sprint),
        ask(Service::Chronicle),
        tokio::time::timeout(TIMEOUT, context.console.database().ready()),
        tokio::time::timeout(TIMEOUT, services::outbox::waiting(&context.services)),
    );
    Ok(Measured {
        snapshot: context.snapshot(),
        services: [project, backlog, sprint, chronicle],
        console_answers: matches!(console, Ok(Ok(()))),
        outboxes: outboxes.unwrap_or_default(),
        context,
    })
}

fn show(measured: &Measured) -> AnyView {
    let redis = redis_checks(&measured.snapshot);
    let services: Vec<Check> = measured.services.iter().map(check::service).collect();
    let databases = database_checks(measured);
    let now = clock::now();
    let settings = &measured.context.settings;
    let outbox = measured.outboxes.iter().find(|outbox| outbox.service == "sprint");
    let flow = vec![
        check::outbox("sprint", outbox, now),
        check::losses(outbox, now),
        check::sampler(measured.snapshot.at, now, settings.sample_every),
    ];
    let all: Vec<&Check> = [&redis, &services, &databases, &flow].into_iter().flatten().collect();
    let lede = check::summary(&all);
    let parts =
        [("Redis", "redis", &redis), ("Services", "services", &services), ("Databases", "databases", &databases)];
    let tables = parts.map(|(title, id, checks)| {
        let facts = (id == "redis").then(|| facts(&measured.snapshot.redis, settings.embedded_redis));
        section(title, id, checks, facts)
    });
    let flow = section("On the way", "flow", &flow, None);
    view! {
        <Page title="Health" lede=lede.into_any()>
            {tables.into_iter().collect_view()}
            {flow}
        </Page>
    }
    .into_any()
}

fn redis_checks(snapshot: &Snapshot) -> Vec<Check> {
    let redis = &snapshot.redis;
    let memory = check::memory(redis, &bytes(redis.used_memory_bytes), &bytes(redis.max_memory_bytes));
    vec![check::connection(snapshot), check::eviction(redis), memory]
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
