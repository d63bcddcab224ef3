//! The sample project: loaded by a click, disturbed on purpose, removed without a trace.

use std::time::Duration;

use domain::{demo::PROJECT, refusal::RefusalKind};
use serde_json::Value;
use services::{backlog, chronicle, demo, keys, project, sprint};
use streams::{Handler, Metrics, Redis};
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
        let events = world.committed_events().await;
        let update_of = |project_id: &str| {
            let of_project = |event: &&Value| event["event_data"]["project_id"] == project_id;
            events.iter().find(of_project).cloned().expect("a task update")
        };
        let handler = backlog::handler(s.clone());
        // how an event fares depends on its id, so enough ids meet every fate
        let renamed = |mut event: Value| {
            event["event_id"] = uuid::Uuid::new_v4().to_string().into();
            message(&event)
        };
        for _ in 0..200 {
            handler.handle(&renamed(update_of("P"))).await.expect("another project's events fare well");
        }
        let mut failed = None;
        for _ in 0..1_000 {
            let message = renamed(update_of(PROJECT));
            let slow_ones_are_not_waited_for = Duration::from_millis(100);
            if let Ok(result) = tokio::time::timeout(slow_ones_are_not_waited_for, handler.handle(&message)).await
                && is_retry(&result)
            {
                failed = Some(message);
                break;
            }
        }
        let failed = failed.expect("one of a thousand events fails");
        demo::set_failing(s, false).await.expect("a switch");
        handler.handle(&failed).await.expect("mended");
    })
    .await;
}

/// What XINFO says of the demo's own group: unread and pending entries; `None` where it is not there.
fn report(server: &Server) -> Option<(u64, u64)> {
    if ask(server, &["exists", keys::TASK_UPDATE_EVENTS]) == 0 {
        return None;
    }
    let groups = ask(server, &["xinfo", "groups", keys::TASK_UPDATE_EVENTS]);
    let facts = groups.as_array()?.iter().find(|group| group["name"] == keys::DEMO_REPORT_GROUP)?;
    Some((facts["lag"].as_u64()?, facts["pending"].as_u64()?))
}

#[tokio::test]
async fn the_report_falls_behind_while_handling_is_disturbed_and_catches_up_when_it_is_mended() {
    on_both(async |world| {
        let s = &world.services;
        let server = Server::start().await;
        let redis = Redis::new(&server.url()).expect("a URL");
        let (relay, consuming) = (Running::start(s, &server), Consuming::start(s, &server));
        let stop = CancellationToken::new();
        let reporting = demo::Report {
            services: s.clone(),
            redis: redis.clone(),
            metrics: Metrics::default(),
            instance: "test".to_owned(),
        };
        let reporting = tokio::spawn(reporting.run(stop.clone()));
        assert_eq!(report(&server), None, "before the sample is loaded nothing of it is there");
        demo::load_sample(s).await.expect("a sample");
        demo::set_failing(s, true).await.expect("a switch");
        world.start(PROJECT).await;
        wait::until("lag", || async { report(&server).filter(|(lag, _)| *lag > 0) }).await;
        demo::set_failing(s, false).await.expect("a switch");
        wait::until("nothing waits", || async { report(&server).filter(|waiting| *waiting == (0, 0)) }).await;
        demo::remove(s, &redis).await.expect("a removal");
        assert_eq!(report(&server), None, "removed with the sample");
        stop.cancel();
        reporting.await.expect("the report ends");
        consuming.stop().await;
        relay.stop().await;
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
        (&databases.backlog, &["tasks where project_id = 'DEMO'", "processed_events where project_id = 'DEMO'"][..]),
        (
            &databases.sprint,
            &[
                "sprints where project_id = 'DEMO'",
                "sprint_numbers where project_id = 'DEMO'",
                "tasks where sprint_id like 'DEMO-%'",
                "burndown where sprint_id like 'DEMO-%'",
                "outbox where project_id = 'DEMO'",
            ][..],
        ),
        (
            &databases.chronicle,
            &[
                "chronicle_notes where project_id = 'DEMO'",
                "sprint_retrospectives where project_id = 'DEMO'",
                "processed_events where project_id = 'DEMO'",
            ][..],
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
        // a dead letter of the demo, and one that is none of its business; both in lanes that no failing event holds
        for key in ["DEMO-TASK999", "DEMO-S-TASK001"] {
            let poison = format!(r#"{{"event_type":"TASK_UPDATED","aggregate_id":"{key}"}}"#);
            ask(&server, &["xadd", keys::TASK_UPDATE_EVENTS, "*", "data", &poison]);
        }
        let dead = streams::keys::dead_letter_stream(keys::TASK_UPDATE_EVENTS);
        wait::until("dead letters", || async { ask(&server, &["xlen", &dead]).as_u64().filter(|n| *n >= 2) }).await;

        demo::remove(s, &redis).await.expect("a removal");
        until_settled(&world, &server).await;
        let state = demo::state(s).await.expect("a state");
        assert!(!state.loaded && !state.traffic && !state.failing);
        assert_eq!(rows_of_the_demo(&world).await, 0);
        assert_eq!(ask(&server, &["xlen", &dead]), 1);
        for stream in [keys::TASK_UPDATE_EVENTS, keys::DSM_EVENTS] {
            let left = events(&server, stream);
            assert!(!left.is_empty());
            let keys = left.iter().map(|event| event["aggregate_id"].as_str().expect("a key"));
            assert!(keys.clone().all(|key| key.starts_with("P-") || key == "DEMO-S-TASK001"), "{left:?}");
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
