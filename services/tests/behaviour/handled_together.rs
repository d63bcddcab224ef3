//! Task updates that are handled in one transaction do what they would have done one by one.

use serde_json::{Value, json};
use services::backlog;
use streams::{Handler, Message};

use crate::world::{Away, is_outage, is_retry, message, on_both, without};

/// Times are ahead of the clock, so that they are newer than what `World::project` wrote.
const EARLY: &str = "2090-03-02T09:00:00.000000";
const LATE: &str = "2090-03-02T10:00:00.000000";

fn update(event_id: &str, task: u32, at: &str, progress: i64) -> Value {
    let task_id = format!("P-TASK{task:03}");
    json!({
        "event_id": event_id, "event_type": "TASK_UPDATED", "timestamp": at, "aggregate_id": task_id,
        "aggregate_type": "Task",
        "event_data": {"task_id": task_id, "project_id": "P", "sprint_id": "P-S01", "status": "in_progress",
            "progress_percentage": progress, "updated_at": at, "assigned_to": if task == 2 { None } else { Some("E017") }},
        "metadata": {"source_service": "SprintService", "correlation_id": "90aa"}
    })
}

fn messages(events: &[Value]) -> Vec<Message> {
    events.iter().map(message).collect()
}

#[tokio::test]
async fn task_updates_are_handled_together_with_the_effect_of_each() {
    on_both(async |world| {
        world.project("P", 0).await;
        let handler = backlog::tasks_handler(world.services.clone());
        let first = messages(&[update("a", 1, EARLY, 10), update("b", 2, EARLY, 20), update("c", 3, LATE, 30)]);
        handler.handle_together(&first.iter().collect::<Vec<_>>()).await.expect("handled");
        let task = world.task("P-TASK001").await;
        assert_eq!((task.progress_percentage, task.assigned_to.as_deref()), (10, Some("E017")));
        let task = world.task("P-TASK002").await;
        assert_eq!((task.progress_percentage, task.assigned_to.as_deref()), (20, None));
        assert_eq!(task.sprint_id.as_deref(), Some("P-S01"));
        // one is a repeat, one is older than what was applied, one is new
        let again = messages(&[update("b", 2, LATE, 99), update("d", 3, EARLY, 5), update("e", 1, LATE, 40)]);
        handler.handle_together(&again.iter().collect::<Vec<_>>()).await.expect("handled");
        let progress = [1, 2, 3].map(|n| format!("P-TASK{n:03}"));
        let mut seen = Vec::new();
        for id in progress {
            seen.push(world.task(&id).await.progress_percentage);
        }
        assert_eq!(seen, [40, 20, 30]);
    })
    .await;
}

#[tokio::test]
async fn an_unknown_task_or_two_updates_of_one_send_all_back_to_be_handled_one_by_one() {
    on_both(async |world| {
        world.project("P", 0).await;
        let handler = backlog::tasks_handler(world.services.clone());
        for spoiled in [
            [update("a", 1, EARLY, 10), update("x", 999, EARLY, 20)],
            [update("a", 1, EARLY, 10), update("x", 1, LATE, 20)],
            [update("a", 1, EARLY, 10), update("a", 2, LATE, 20)],
            [update("a", 1, EARLY, 10), update("x", 2, EARLY, 101)],
        ] {
            let spoiled = messages(&spoiled);
            handler.handle_together(&spoiled.iter().collect::<Vec<_>>()).await.expect_err("sent back");
            assert_eq!(world.task("P-TASK001").await.progress_percentage, 0, "nothing took effect");
        }
        // so that the good one has its effect when it comes alone
        handler.handle(&message(&update("a", 1, EARLY, 10))).await.expect("handled");
        assert_eq!(world.task("P-TASK001").await.progress_percentage, 10);
        assert!(is_retry(&handler.handle(&message(&update("x", 999, EARLY, 20))).await));
    })
    .await;
}

#[tokio::test]
async fn a_database_that_is_away_is_an_outage_for_all_that_are_handled_together() {
    without(Away::Backlog, async |world| {
        let handler = backlog::tasks_handler(world.services.clone());
        let both = messages(&[update("a", 1, EARLY, 10), update("b", 2, EARLY, 20)]);
        assert!(is_outage(&handler.handle_together(&both.iter().collect::<Vec<_>>()).await));
    })
    .await;
}
