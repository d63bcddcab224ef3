//! The sample project: loaded by a click, disturbed on purpose, removed without a trace.

use domain::{demo::PROJECT, refusal::RefusalKind};
use services::{backlog, chronicle, demo, keys, project, sprint};
use streams::{Handler, Redis};
use testkit::{redis::Server, wait};
use tokio_util::sync::CancellationToken;

use crate::{
    journey::{Consuming, until_settled},
    relay::Running,
    stream::{ask, events},
    world::{World, is_retry, kind, message, on_both},
};

#[tokio::test]
async fn the_sample_has_a_team_and_a_backlog_and_can_be_loaded_twice() {
    on_both(async |world| {
        let s = &world.services;
        assert!(!demo::state(s).await.expect("a state").loaded);
        for _ in 0..2 {
            demo::load_sample(s).await.expect("a sample");
        }
        assert!(demo::state(s).await.expect("a state").loaded);
        assert_eq!(project::get(s, PROJECT).await.expect("a project").name, "Acme Web Shop");
        assert_eq!(project::team(s, PROJECT).await.expect("a team").team_members.len(), 5);
        assert_eq!(backlog::list(s, PROJECT, None).await.expect("tasks").len(), 14);
        let plan = sprint::plan(s, PROJECT, 2).await.expect("a plan");
        assert!(plan.warnings.is_empty() && plan.tasks.iter().all(|task| task.assigned_to.is_some()));
    })
    .await;
}

#[tokio::test]
async fn traffic_needs_the_sample() {
    on_both(async |world| {
        assert_eq!(kind(demo::start_traffic(&world.services).await), RefusalKind::Conflict);
    })
    .await;
}

#[tokio::test]
async fn failing_handling_hits_only_the_sample_and_is_mended_by_the_switch() {
    on_both(async |world| {
        let s = &world.services;
        demo::load_sample(s).await.expect("a sample");
        world.project("P", 1).await;
        demo::set_failing(s, true).await.expect("a switch");
        world.start(PROJECT).await;
        world.start("P").await;
        // enough days that some event is among the failing ones
        for _ in 0..10 {
            for sprint_id in ["DEMO-S01", "P-S01"] {
                sprint::run_daily_scrum(s, sprint_id).await.expect("a scrum");
            }
        }
        let handler = backlog::handler(s.clone());
        let mut failed = Vec::new();
        for event in world.committed_events().await {
            if event["event_type"] != "TASK_UPDATED" {
                continue;
            }
            let result = tokio::time::timeout(std::time::Duration::from_millis(5), handler.handle(&message(&event)));
            match result.await {
                Ok(result) if is_retry(&result) => failed.push(event),
                Ok(result) => result.expect("handled"),
                // slow on purpose: only the sample may be
                Err(_) => assert_eq!(event["event_data"]["project_id"], PROJECT),
            }
        }
        assert!(!failed.is_empty());
        assert!(failed.iter().all(|event| event["event_data"]["project_id"] == PROJECT));
        demo::set_failing(s, false).await.expect("a switch");
        for event in &failed {
            handler.handle(&message(event)).await.expect("mended");
        }
    })
    .await;
}

async fn rows_of_the_demo(world: &World) -> i64 {
    let databases = world.services.databases();
    let mut rows = 0;
    for (database, conditions) in [
        (
            &databases.project,
            &[
                "projects where prjid = 'DEMO'",
                "project_team_mapping where project_id = 'DEMO'",
                "teams where id like 'DEMO-%'",
                "processed_events where project_id = 'DEMO'",
            ][..],
        ),
        (&databases.backlog, &["tasks where project_id = 'DEMO'", "processed_events where project_id = 'DEMO'"]),
        (
            &databases.sprint,
            &[
                "sprints where project_id = 'DEMO'",
                "sprint_numbers where project_id = 'DEMO'",
                "tasks where sprint_id like 'DEMO-%'",
                "burndown where sprint_id like 'DEMO-%'",
                "outbox where project_id = 'DEMO'",
            ],
        ),
        (
            &databases.chronicle,
            &[
                "chronicle_notes where project_id = 'DEMO'",
                "sprint_retrospectives where project_id = 'DEMO'",
                "processed_events where project_id = 'DEMO'",
            ],
        ),
    ] {
        let mut connection = database.connection().await.expect("a connection");
        for condition in conditions {
            let count = format!("select cast(count(*) as bigint) from {condition}");
            let (found,): (i64,) =
                sqlx::query_as(sqlx::AssertSqlSafe(count)).fetch_one(&mut *connection).await.expect("a count");
            rows += found;
        }
    }
    rows
}

#[tokio::test]
async fn the_sample_is_removed_without_a_trace_and_nothing_else_is_touched() {
    on_both(async |world| {
        let s = &world.services;
        let server = Server::start().await;
        let redis = Redis::new(&server.url()).expect("a URL");
        let (relay, consuming) = (Running::start(s, &server), Consuming::start(s, &server));
        demo::load_sample(s).await.expect("a sample");
        world.project("P", 1).await;
        world.start("P").await;
        demo::start_traffic(s).await.expect("traffic");
        let stop = CancellationToken::new();
        let traffic = tokio::spawn(demo::Traffic::new(s.clone()).run(stop.clone()));
        wait::until("the traffic runs", || async {
            let sprint_id = sprint::active(s, Some(PROJECT)).await.ok()?.sprint_id;
            (sprint::burndown(s, &sprint_id).await.ok()?.len() > 1).then_some(())
        })
        .await;
        // a dead letter of the demo
        let poison = r#"{"event_type":"TASK_UPDATED","aggregate_id":"DEMO-TASK001"}"#;
        ask(&server, &["xadd", keys::TASK_UPDATE_EVENTS, "*", "data", poison]);
        let dead = streams::keys::dead_letter_stream(keys::TASK_UPDATE_EVENTS);
        wait::until("the dead letter", || async { (ask(&server, &["xlen", &dead]) != 0).then_some(()) }).await;

        demo::remove(s, &redis).await.expect("a removal");
        until_settled(&world, &server).await;
        let state = demo::state(s).await.expect("a state");
        assert!(!state.loaded && !state.traffic && !state.failing);
        assert_eq!(rows_of_the_demo(&world).await, 0);
        assert_eq!(ask(&server, &["xlen", &dead]), 0);
        for stream in [keys::TASK_UPDATE_EVENTS, keys::DSM_EVENTS] {
            let left = events(&server, stream);
            assert!(!left.is_empty());
            assert!(left.iter().all(|event| event["aggregate_id"].as_str().expect("a key").starts_with("P-")));
        }
        assert_eq!(sprint::tasks(s, "P-S01").await.expect("tasks").len(), 10);
        assert_eq!(chronicle::events(s, None, Some("P")).await.expect("notes").len(), 1);
        // and can be loaded again
        demo::load_sample(s).await.expect("a sample");
        assert_eq!(world.start(PROJECT).await, "DEMO-S01");
        until_settled(&world, &server).await;
        assert_eq!(world.task("DEMO-TASK001").await.sprint_id.as_deref(), Some("DEMO-S01"));
        stop.cancel();
        traffic.await.expect("the traffic ends");
        consuming.stop().await;
        relay.stop().await;
    })
    .await;
}

#[tokio::test]
async fn without_redis_the_sample_stays() {
    on_both(async |world| {
        let mut server = Server::start().await;
        server.stop();
        let redis = Redis::new(&server.url()).expect("a URL");
        demo::load_sample(&world.services).await.expect("a sample");
        assert_eq!(kind(demo::remove(&world.services, &redis).await), RefusalKind::Unavailable);
        assert!(demo::state(&world.services).await.expect("a state").loaded);
    })
    .await;
}
