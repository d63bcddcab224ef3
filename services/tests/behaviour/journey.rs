//! From a call to its effects in the other services: outbox, relay, Redis, consumers, inbox.

use domain::{backlog::TaskStatus, sprint::SetProgress};
use serde_json::Value;
use services::{Services, backlog, chronicle, consumers, keys, project, sprint};
use streams::{Metrics, Redis};
use testkit::{redis::Server, wait};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{
    relay::{Running, until_outbox_is_empty},
    stream::{ask, events},
    world::{Away, World, on_both, without},
};

const GROUPS: [(&str, &str); 4] = [
    (keys::TASK_UPDATE_EVENTS, keys::BACKLOG_GROUP),
    (keys::DSM_EVENTS, keys::BACKLOG_GROUP),
    (keys::DSM_EVENTS, keys::PROJECT_GROUP),
    (keys::DSM_EVENTS, keys::CHRONICLE_GROUP),
];

/// The consumers of a process.
pub(crate) struct Consuming {
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

impl Consuming {
    pub(crate) fn start(services: &Services, server: &Server) -> Self {
        let stop = CancellationToken::new();
        let redis = Redis::new(&server.url()).expect("a URL");
        let mut tasks = JoinSet::new();
        for consumer in consumers(services, &redis, &Metrics::default(), "test-1") {
            tasks.spawn(consumer.run(stop.clone()));
        }
        Self { stop, tasks }
    }

    pub(crate) async fn stop(mut self) {
        self.stop.cancel();
        while let Some(ended) = self.tasks.join_next().await {
            ended.expect("a consumer ends");
        }
    }
}

/// Waits until everything committed was published, read and acknowledged by every group.
pub(crate) async fn until_settled(world: &World, server: &Server) {
    until_outbox_is_empty(&world.services).await;
    wait::until("every group has handled everything", || async {
        let settled = GROUPS.iter().all(|(stream, group)| {
            let groups = ask(server, &["xinfo", "groups", stream]);
            groups.as_array().is_some_and(|groups| {
                groups.iter().any(|found| found["name"] == *group && found["pending"] == 0 && found["lag"] == 0)
            })
        });
        settled.then_some(())
    })
    .await;
}

fn dead_letters(server: &Server, stream: &str) -> Value {
    ask(server, &["xlen", &streams::keys::dead_letter_stream(stream)])
}

async fn set_progress(services: &Services, task_id: &str, progress: i64) {
    let set = SetProgress { status: None, progress_percentage: Some(progress) };
    sprint::set_progress(services, task_id, set).await.expect("progress");
}

/// faults 1 to 6, 20, 21
#[tokio::test]
async fn a_sprint_from_start_to_close_is_seen_by_every_service() {
    on_both(async |world| {
        let s = &world.services;
        let server = Server::start().await;
        let (relay, consuming) = (Running::start(s, &server), Consuming::start(s, &server));
        world.project("TEST-001", 2).await;
        world.start("TEST-001").await;
        until_settled(&world, &server).await;
        assert_eq!(project::get(s, "TEST-001").await.expect("a project").status, "in_progress");
        let task = world.task("TEST-001-TASK002").await;
        assert_eq!((task.status, task.sprint_id.as_deref()), (TaskStatus::AssignedToSprint, Some("TEST-001-S01")));
        assert_eq!(task.assigned_to.as_deref(), Some("E002"));

        set_progress(s, "TEST-001-TASK001", 100).await;
        sprint::run_daily_scrum(s, "TEST-001-S01").await.expect("a scrum");
        until_settled(&world, &server).await;
        for task in sprint::tasks(s, "TEST-001-S01").await.expect("tasks") {
            let listed = world.task(&task.task_id).await;
            assert_eq!((listed.status, listed.progress_percentage), (task.status, task.progress_percentage));
        }

        sprint::close(s, "TEST-001-S01").await.expect("a close");
        until_settled(&world, &server).await;
        assert_eq!(project::get(s, "TEST-001").await.expect("a project").status, "active");
        let (finished, returned) = (world.task("TEST-001-TASK001").await, world.task("TEST-001-TASK002").await);
        assert_eq!((finished.status, finished.sprint_id.as_deref()), (TaskStatus::Completed, Some("TEST-001-S01")));
        assert_eq!((returned.status, returned.sprint_id), (TaskStatus::Unassigned, None));
        let notes = chronicle::events(s, Some("TEST-001-S01"), None).await.expect("notes");
        assert_eq!(
            notes.iter().map(|note| note.event_type.as_str()).collect::<Vec<_>>(),
            ["SprintCompleted", "SprintStarted"]
        );
        // the unfinished ones can be planned again
        assert_eq!(sprint::plan(s, "TEST-001", 2).await.expect("a plan").tasks.len(), 9);
        assert_eq!(dead_letters(&server, keys::TASK_UPDATE_EVENTS), 0);
        assert_eq!(dead_letters(&server, keys::DSM_EVENTS), 0);
        consuming.stop().await;
        relay.stop().await;
    })
    .await;
}

/// faults 12, 14
#[tokio::test]
async fn redis_gone_in_the_middle_loses_nothing_and_all_services_catch_up() {
    on_both(async |world| {
        let s = &world.services;
        let mut server = Server::start_durable().await;
        let (relay, consuming) = (Running::start(s, &server), Consuming::start(s, &server));
        world.project("P", 2).await;
        world.start("P").await;
        until_settled(&world, &server).await;
        server.kill();
        for _ in 0..3 {
            sprint::run_daily_scrum(s, "P-S01").await.expect("a scrum");
        }
        sprint::close(s, "P-S01").await.expect("a close");
        server.start_again().await;
        until_settled(&world, &server).await;
        assert_eq!(project::get(s, "P").await.expect("a project").status, "active");
        assert!(backlog::list(s, "P", Some("in_progress")).await.expect("tasks").is_empty());
        consuming.stop().await;
        relay.stop().await;
    })
    .await;
}

/// faults 10, 49
#[tokio::test]
async fn consumers_that_were_down_catch_up() {
    on_both(async |world| {
        let s = &world.services;
        let server = Server::start().await;
        let relay = Running::start(s, &server);
        world.project("P", 2).await;
        world.start("P").await;
        let consuming = Consuming::start(s, &server);
        until_settled(&world, &server).await;
        consuming.stop().await;
        sprint::run_daily_scrum(s, "P-S01").await.expect("a scrum");
        sprint::close(s, "P-S01").await.expect("a close");
        until_outbox_is_empty(s).await;
        assert_eq!(world.task("P-TASK001").await.status, TaskStatus::AssignedToSprint);
        let consuming = Consuming::start(s, &server);
        until_settled(&world, &server).await;
        assert_eq!(world.task("P-TASK001").await.status, TaskStatus::Unassigned);
        consuming.stop().await;
        relay.stop().await;
    })
    .await;
}

/// fault 31, promise P2
#[tokio::test]
async fn an_event_published_twice_has_one_effect() {
    on_both(async |world| {
        let s = &world.services;
        let server = Server::start().await;
        let (relay, consuming) = (Running::start(s, &server), Consuming::start(s, &server));
        world.project("P", 2).await;
        world.start("P").await;
        until_settled(&world, &server).await;
        for event in events(&server, keys::DSM_EVENTS) {
            ask(&server, &["xadd", keys::DSM_EVENTS, "*", "data", &event.to_string()]);
        }
        until_settled(&world, &server).await;
        assert_eq!(events(&server, keys::DSM_EVENTS).len(), 2);
        assert_eq!(chronicle::events(s, None, Some("P")).await.expect("notes").len(), 1);
        consuming.stop().await;
        relay.stop().await;
    })
    .await;
}

/// fault 30
#[tokio::test]
async fn a_task_update_that_arrives_after_the_close_changes_nothing() {
    on_both(async |world| {
        let s = &world.services;
        let server = Server::start().await;
        let (relay, consuming) = (Running::start(s, &server), Consuming::start(s, &server));
        world.project("P", 2).await;
        world.start("P").await;
        sprint::run_daily_scrum(s, "P-S01").await.expect("a scrum");
        let mut late = world.committed_events().await.pop().expect("an event");
        sprint::close(s, "P-S01").await.expect("a close");
        until_settled(&world, &server).await;
        // the same news under another id, so that only its time can betray it
        late["event_id"] = "late".into();
        let task_id = late["event_data"]["task_id"].as_str().expect("an id").to_owned();
        ask(&server, &["xadd", keys::TASK_UPDATE_EVENTS, "*", "data", &late.to_string()]);
        until_settled(&world, &server).await;
        let task = world.task(&task_id).await;
        assert_eq!((task.status, task.sprint_id), (TaskStatus::Unassigned, None));
        consuming.stop().await;
        relay.stop().await;
    })
    .await;
}

/// fault 9
#[tokio::test]
async fn malformed_entries_become_dead_letters_at_once_and_the_others_go_on() {
    on_both(async |world| {
        let s = &world.services;
        let server = Server::start().await;
        let (relay, consuming) = (Running::start(s, &server), Consuming::start(s, &server));
        world.project("P", 2).await;
        ask(&server, &["xadd", keys::TASK_UPDATE_EVENTS, "*", "data", "not json"]);
        ask(&server, &["xadd", keys::TASK_UPDATE_EVENTS, "*", "payload", "{}"]);
        ask(&server, &["xadd", keys::TASK_UPDATE_EVENTS, "*", "data", r#"{"event_type":"TASK_UPDATED"}"#]);
        ask(&server, &["xadd", keys::TASK_UPDATE_EVENTS, "*", "data", r#"{"event_type":"SOMETHING_ELSE"}"#]);
        world.start("P").await;
        until_settled(&world, &server).await;
        assert_eq!(dead_letters(&server, keys::TASK_UPDATE_EVENTS), 3);
        assert_eq!(world.task("P-TASK010").await.status, TaskStatus::AssignedToSprint);
        consuming.stop().await;
        relay.stop().await;
    })
    .await;
}

/// faults 7, 8: an outage costs no attempts, so nothing becomes a dead letter
#[tokio::test]
async fn a_database_that_is_away_for_a_while_makes_no_dead_letters() {
    without(Away::Chronicle, async |world| {
        let s = &world.services;
        let server = Server::start().await;
        let (relay, consuming) = (Running::start(s, &server), Consuming::start(s, &server));
        world.project("P", 2).await;
        world.start("P").await;
        wait::until("the backlog has heard of the start", || async {
            (world.task("P-TASK010").await.status == TaskStatus::AssignedToSprint).then_some(())
        })
        .await;
        world.bring_back().await;
        until_settled(&world, &server).await;
        assert_eq!(chronicle::events(s, None, Some("P")).await.expect("notes").len(), 1);
        assert_eq!(dead_letters(&server, keys::DSM_EVENTS), 0);
        consuming.stop().await;
        relay.stop().await;
    })
    .await;
}
