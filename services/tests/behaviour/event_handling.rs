//! What each service does with events, whatever their order and however often they come.

use domain::backlog::TaskStatus;
use serde_json::{Value, json};
use services::{backlog, chronicle, project, sprint};
use streams::Handler;

use crate::world::{Away, handlers, is_outage, is_reject, is_retry, message, on_both, without};

fn task_updated(event_id: &str, at: &str, status: &str, progress: i64) -> Value {
    json!({
        "event_id": event_id, "event_type": "TASK_UPDATED", "timestamp": at, "aggregate_id": "P-TASK001",
        "aggregate_type": "Task",
        "event_data": {"task_id": "P-TASK001", "project_id": "P", "sprint_id": "P-S01", "status": status,
            "progress_percentage": progress, "updated_at": at, "assigned_to": "E017"},
        "metadata": {"source_service": "SprintService", "correlation_id": "90aa"}
    })
}

/// Times are ahead of the clock, so that they are newer than what `World::project` wrote.
const EARLY: &str = "2090-03-02T09:00:00.000000";
const LATE: &str = "2090-03-02T10:00:00.000000";

fn sprint_started(event_id: &str, at: &str, tasks: &[&str]) -> Value {
    json!({
        "event_id": event_id, "event_type": "SprintStarted", "aggregate_id": "P-S01",
        "payload": {"sprint_id": "P-S01", "project_id": "P", "sprint_name": "Checkout", "start_date": "2026-03-02",
            "end_date": "2026-03-16", "tasks": tasks},
        "timestamp": at, "correlation_id": "90aa"
    })
}

fn sprint_completed(event_id: &str, at: &str, completed: &[&str], pending: &[&str]) -> Value {
    json!({
        "event_id": event_id, "event_type": "SprintCompleted", "aggregate_id": "P-S01",
        "payload": {"sprint_id": "P-S01", "project_id": "P", "sprint_name": "Checkout", "start_date": "2026-03-02",
            "end_date": "2026-03-16", "status": "closed_with_pending_tasks",
            "total_tasks": completed.len() + pending.len(), "completed_tasks": completed.len(),
            "completed_task_ids": completed, "pending_task_ids": pending, "velocity": completed.len()},
        "timestamp": at, "correlation_id": "90aa"
    })
}

/// fault 32
#[tokio::test]
async fn a_task_update_sets_status_progress_assignee_and_sprint() {
    on_both(async |world| {
        world.project("P", 0).await;
        let handler = backlog::handler(world.services.clone());
        handler.handle(&message(&task_updated("e1", EARLY, "in_progress", 42))).await.expect("handled");
        let task = world.task("P-TASK001").await;
        assert_eq!((task.status, task.progress_percentage), (TaskStatus::InProgress, 42));
        assert_eq!((task.assigned_to.as_deref(), task.sprint_id.as_deref()), (Some("E017"), Some("P-S01")));
    })
    .await;
}

/// fault 30
#[tokio::test]
async fn an_older_task_update_never_overwrites_a_newer_one() {
    on_both(async |world| {
        world.project("P", 0).await;
        let handler = backlog::handler(world.services.clone());
        handler.handle(&message(&task_updated("late", LATE, "in_progress", 80))).await.expect("handled");
        handler.handle(&message(&task_updated("early", EARLY, "in_progress", 20))).await.expect("handled");
        assert_eq!(world.task("P-TASK001").await.progress_percentage, 80);
    })
    .await;
}

/// fault 30: the two streams have no common order
#[tokio::test]
async fn a_sprint_start_that_comes_after_the_first_progress_does_not_take_it_back() {
    on_both(async |world| {
        world.project("P", 0).await;
        let handler = backlog::handler(world.services.clone());
        handler.handle(&message(&task_updated("t", LATE, "in_progress", 20))).await.expect("handled");
        let start = sprint_started("s", EARLY, &["P-TASK001", "P-TASK002"]);
        handler.handle(&message(&start)).await.expect("handled");
        let (first, second) = (world.task("P-TASK001").await, world.task("P-TASK002").await);
        assert_eq!((first.status, first.progress_percentage), (TaskStatus::InProgress, 20));
        assert_eq!((second.status, second.sprint_id.as_deref()), (TaskStatus::AssignedToSprint, Some("P-S01")));
    })
    .await;
}

/// fault 30
#[tokio::test]
async fn a_task_update_that_comes_after_the_close_changes_nothing() {
    on_both(async |world| {
        world.project("P", 0).await;
        let handler = backlog::handler(world.services.clone());
        let start = sprint_started("s", "2090-03-02T08:00:00", &["P-TASK001", "P-TASK002"]);
        handler.handle(&message(&start)).await.expect("handled");
        let close = sprint_completed("c", LATE, &["P-TASK002"], &["P-TASK001"]);
        handler.handle(&message(&close)).await.expect("handled");
        handler.handle(&message(&task_updated("t", EARLY, "in_progress", 60))).await.expect("handled");
        let (returned, finished) = (world.task("P-TASK001").await, world.task("P-TASK002").await);
        assert_eq!((returned.status, returned.sprint_id), (TaskStatus::Unassigned, None));
        assert_eq!((finished.status, finished.progress_percentage), (TaskStatus::Completed, 100));
        assert_eq!(finished.sprint_id.as_deref(), Some("P-S01"));
        // plannable again
        assert_eq!(backlog::list(&world.services, "P", Some("unassigned")).await.expect("tasks").len(), 9);
    })
    .await;
}

#[tokio::test]
async fn a_returned_task_keeps_its_assignee() {
    on_both(async |world| {
        world.project("P", 0).await;
        let handler = backlog::handler(world.services.clone());
        handler.handle(&message(&task_updated("t", EARLY, "in_progress", 60))).await.expect("handled");
        handler.handle(&message(&sprint_completed("c", LATE, &[], &["P-TASK001"]))).await.expect("handled");
        assert_eq!(world.task("P-TASK001").await.assigned_to.as_deref(), Some("E017"));
    })
    .await;
}

/// fault 31
#[tokio::test]
async fn an_event_delivered_twice_has_one_effect_in_every_service() {
    on_both(async |world| {
        let s = &world.services;
        world.project("P", 0).await;
        let start = sprint_started("s", EARLY, &["P-TASK001"]);
        for _ in 0..3 {
            for handler in handlers(s) {
                handler.handle(&message(&start)).await.expect("handled");
            }
        }
        let notes = chronicle::events(s, Some("P-S01"), Some("P")).await.expect("notes");
        assert_eq!(notes.len(), 1);
        assert_eq!((notes[0].event_id.as_str(), notes[0].correlation_id.as_deref()), ("s", Some("90aa")));
        assert_eq!(notes[0].created_at.to_string(), EARLY);

        // what was done by hand since is not undone by a repeat
        let task_updated = task_updated("t", EARLY, "in_progress", 10);
        let handler = backlog::handler(s.clone());
        handler.handle(&message(&task_updated)).await.expect("handled");
        let change = domain::backlog::ChangeTask { assigned_to: Some(None), ..Default::default() };
        backlog::change(s, "P-TASK001", change).await.expect("a change");
        handler.handle(&message(&task_updated)).await.expect("handled");
        assert_eq!(world.task("P-TASK001").await.assigned_to, None);
    })
    .await;
}

/// fault 31: where times cannot tell, only the inbox knows a repeat
#[tokio::test]
async fn a_repeat_does_not_overwrite_what_another_event_of_the_same_moment_did() {
    on_both(async |world| {
        world.project("P", 0).await;
        let handler = backlog::handler(world.services.clone());
        let update = task_updated("t", EARLY, "in_progress", 20);
        let start = sprint_started("s", EARLY, &["P-TASK001"]);
        for event in [&update, &start, &update] {
            handler.handle(&message(event)).await.expect("handled");
        }
        let task = world.task("P-TASK001").await;
        assert_eq!((task.status, task.progress_percentage), (TaskStatus::AssignedToSprint, 0));
    })
    .await;
}

/// faults 1, 2, 3
#[tokio::test]
async fn a_project_is_in_progress_while_its_sprint_is_whatever_comes_late() {
    on_both(async |world| {
        let s = &world.services;
        world.project("P", 0).await;
        let handler = project::handler(s.clone());
        let status = async || project::get(s, "P").await.expect("a project").status;
        handler.handle(&message(&sprint_started("s1", EARLY, &[]))).await.expect("handled");
        assert_eq!(status().await, "in_progress");
        handler.handle(&message(&sprint_completed("c1", LATE, &[], &[]))).await.expect("handled");
        assert_eq!(status().await, "active");
        handler.handle(&message(&sprint_started("s1-late", EARLY, &[]))).await.expect("handled");
        assert_eq!(status().await, "active");
    })
    .await;
}

#[tokio::test]
async fn a_status_set_by_hand_survives_the_end_of_a_sprint() {
    on_both(async |world| {
        let s = &world.services;
        world.project("P", 0).await;
        let set = domain::project::SetProjectStatus { status: "archived".into() };
        project::set_status(s, "P", set).await.expect("a status");
        let handler = project::handler(s.clone());
        handler.handle(&message(&sprint_completed("c", LATE, &[], &[]))).await.expect("handled");
        assert_eq!(project::get(s, "P").await.expect("a project").status, "archived");
    })
    .await;
}

/// faults 4, 5
#[tokio::test]
async fn the_chronicle_records_the_start_and_the_end_of_a_sprint() {
    on_both(async |world| {
        let s = &world.services;
        let handler = chronicle::handler(s.clone());
        handler.handle(&message(&sprint_started("s", EARLY, &["P-TASK001"]))).await.expect("handled");
        handler.handle(&message(&sprint_completed("c", LATE, &["P-TASK001"], &[]))).await.expect("handled");
        let notes = chronicle::events(s, None, Some("P")).await.expect("notes");
        let types: Vec<_> = notes.iter().map(|note| note.event_type.as_str()).collect();
        assert_eq!(types, ["SprintCompleted", "SprintStarted"]);
        assert!(notes[1].note_content.contains("Checkout"), "{}", notes[1].note_content);
    })
    .await;
}

/// fault 32
#[tokio::test]
async fn an_event_about_an_unknown_task_or_project_is_tried_again_and_succeeds_when_it_exists() {
    on_both(async |world| {
        let s = &world.services;
        let (tasks, projects) = (backlog::handler(s.clone()), project::handler(s.clone()));
        let update = message(&task_updated("t", EARLY, "in_progress", 10));
        let start = message(&sprint_started("s", LATE, &["P-TASK001"]));
        assert!(is_retry(&tasks.handle(&update).await));
        assert!(is_retry(&tasks.handle(&start).await));
        assert!(is_retry(&projects.handle(&start).await));
        world.project("P", 0).await;
        // a failed attempt left no mark in the inbox
        tasks.handle(&update).await.expect("handled");
        tasks.handle(&start).await.expect("handled");
        projects.handle(&start).await.expect("handled");
        assert_eq!(world.task("P-TASK001").await.status, TaskStatus::AssignedToSprint);
    })
    .await;
}

/// fault 18: all tasks of an event or none
#[tokio::test]
async fn an_event_of_which_one_task_is_unknown_changes_no_task() {
    on_both(async |world| {
        world.project("P", 0).await;
        let handler = backlog::handler(world.services.clone());
        let start = sprint_started("s", EARLY, &["P-TASK001", "P-TASK999"]);
        assert!(is_retry(&handler.handle(&message(&start)).await));
        assert_eq!(world.task("P-TASK001").await.status, TaskStatus::Unassigned);
    })
    .await;
}

/// fault 9
#[tokio::test]
async fn a_known_type_without_its_fields_or_out_of_range_is_rejected_at_once() {
    on_both(async |world| {
        let s = &world.services;
        let handler = backlog::handler(s.clone());
        let mut without_progress = task_updated("t", EARLY, "in_progress", 10);
        without_progress["event_data"].as_object_mut().expect("an object").remove("progress_percentage");
        let mut null_progress = task_updated("t", EARLY, "in_progress", 10);
        null_progress["event_data"]["progress_percentage"] = Value::Null;
        for malformed in [
            without_progress,
            null_progress,
            task_updated("t", EARLY, "in_progress", 150),
            task_updated("t", EARLY, "done", 10),
            task_updated("t", "yesterday", "in_progress", 10),
            json!({"event_type": "TASK_UPDATED"}),
            json!({"event_type": "SprintStarted", "event_id": "x"}),
        ] {
            assert!(is_reject(&handler.handle(&message(&malformed)).await), "{malformed}");
        }
        let bare = json!({"event_type": "SprintStarted"});
        assert!(is_reject(&project::handler(s.clone()).handle(&message(&bare)).await));
        assert!(is_reject(&chronicle::handler(s.clone()).handle(&message(&bare)).await));
    })
    .await;
}

#[tokio::test]
async fn other_types_are_none_of_our_business() {
    on_both(async |world| {
        for handler in handlers(&world.services) {
            let event = json!({"event_type": "TASK_PROGRESSED"});
            handler.handle(&message(&event)).await.expect("acknowledged");
        }
    })
    .await;
}

/// faults 7, 8
#[tokio::test]
async fn a_database_that_is_away_is_an_outage_and_the_event_has_its_effect_later() {
    without(Away::Backlog, async |world| {
        let s = &world.services;
        let handler = backlog::handler(s.clone());
        let update = message(&task_updated("t", EARLY, "in_progress", 10));
        assert!(is_outage(&handler.handle(&update).await));
        world.bring_back().await;
        testkit::wait::until("the backlog", || async { backlog::list(s, "P", None).await.ok() }).await;
        world.put_task("P", "P-TASK001").await;
        handler.handle(&update).await.expect("handled");
        assert_eq!(world.task("P-TASK001").await.progress_percentage, 10);
    })
    .await;
    without(Away::Chronicle, async |world| {
        let handler = chronicle::handler(world.services.clone());
        assert!(is_outage(&handler.handle(&message(&sprint_started("s", EARLY, &[]))).await));
    })
    .await;
}

#[tokio::test]
async fn backlog_and_sprint_agree_after_every_event_was_handled_in_any_order() {
    on_both(async |world| {
        let s = &world.services;
        world.project("P", 3).await;
        world.start("P").await;
        for _ in 0..3 {
            sprint::run_daily_scrum(s, "P-S01").await.expect("a scrum");
        }
        let mut events = world.committed_events().await;
        events.reverse();
        let handler = backlog::handler(s.clone());
        for event in &events {
            handler.handle(&message(event)).await.expect("handled");
        }
        for task in sprint::tasks(s, "P-S01").await.expect("tasks") {
            let listed = world.task(&task.task_id).await;
            assert_eq!(
                (listed.status, listed.progress_percentage, listed.assigned_to, listed.sprint_id),
                (task.status, task.progress_percentage, task.assigned_to, Some(task.sprint_id))
            );
        }
    })
    .await;
}
