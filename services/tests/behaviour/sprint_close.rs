//! Closing a sprint.

use domain::{
    refusal::RefusalKind,
    sprint::{SetProgress, SprintStatus},
};
use serde_json::json;
use services::{chronicle, sprint};

use crate::world::{Away, kind, on_both, without};

async fn finish(services: &services::Services, task_id: &str) {
    let done = SetProgress { status: None, progress_percentage: Some(100) };
    sprint::set_progress(services, task_id, done).await.expect("progress");
}

/// faults 20, 21
#[tokio::test]
async fn a_closed_sprint_keeps_its_tasks_and_returns_the_unfinished_by_an_event() {
    on_both(async |world| {
        let s = &world.services;
        world.project("P", 2).await;
        world.start("P").await;
        finish(s, "P-TASK001").await;
        let closed = sprint::close(s, "P-S01").await.expect("a close");
        assert_eq!(closed.status_updated_to, SprintStatus::ClosedWithPendingTasks);
        assert_eq!((closed.completed_tasks_count, closed.uncompleted_tasks_moved_to_backlog_count), (1, 9));
        let summary = sprint::task_summary(s, "P-S01").await.expect("a summary");
        assert_eq!((summary.total_tasks, summary.completed_tasks, summary.pending_tasks), (10, 1, 9));

        let event = world.committed_events().await.pop().expect("an event");
        assert_eq!(event["event_type"], "SprintCompleted");
        assert_eq!(event["payload"]["status"], "closed_with_pending_tasks");
        assert_eq!(event["payload"]["completed_task_ids"], json!(["P-TASK001"]));
        assert_eq!(event["payload"]["pending_task_ids"].as_array().expect("ids").len(), 9);
        assert_eq!(event["payload"]["velocity"], 1);
    })
    .await;
}

#[tokio::test]
async fn a_sprint_with_all_tasks_finished_closes_as_completed() {
    on_both(async |world| {
        let s = &world.services;
        world.project("P", 1).await;
        world.start("P").await;
        for n in 1..=10 {
            finish(s, &format!("P-TASK{n:03}")).await;
        }
        assert_eq!(sprint::close(s, "P-S01").await.expect("a close").status_updated_to, SprintStatus::Completed);
    })
    .await;
}

#[tokio::test]
async fn the_retrospective_counts_what_was_and_names_every_task() {
    on_both(async |world| {
        let s = &world.services;
        world.project("P", 2).await;
        world.start("P").await;
        finish(s, "P-TASK001").await;
        let closed = sprint::close(s, "P-S01").await.expect("a close");
        let stored = chronicle::retrospectives(s, Some("P-S01"), None).await.expect("retrospectives").swap_remove(0);
        assert_eq!(closed.retrospective_report_id.as_deref(), Some(stored.retrospective_id.as_str()));
        assert_eq!(stored.body.tasks_summary.len(), 10);
        assert_eq!(stored.body.attendees, ["E001", "E002"]);
        assert_eq!(stored.body.action_items.len(), 2);
        let velocity = chronicle::velocity(s, "P").await.expect("a velocity");
        assert_eq!(velocity.velocity_trend_data[0].completed_tasks, 1);
    })
    .await;
}

/// fault 22
#[tokio::test]
async fn closing_an_unknown_sprint_is_not_found_and_a_closed_one_a_conflict() {
    on_both(async |world| {
        let s = &world.services;
        assert_eq!(kind(sprint::close(s, "P-S01").await), RefusalKind::NotFound);
        assert_eq!(kind(sprint::closing(s, "P-S01").await), RefusalKind::NotFound);
        world.project("P", 1).await;
        world.start("P").await;
        sprint::close(s, "P-S01").await.expect("a close");
        assert_eq!(kind(sprint::close(s, "P-S01").await), RefusalKind::Conflict);
        assert_eq!(kind(sprint::closing(s, "P-S01").await), RefusalKind::Conflict);
    })
    .await;
}

/// fault 22
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_ten_closes_at_once_one_runs_and_nine_conflict() {
    on_both(async |world| {
        world.project("P", 1).await;
        world.start("P").await;
        let closes: Vec<_> = (0..10)
            .map(|_| {
                let services = world.services.clone();
                tokio::spawn(async move { sprint::close(&services, "P-S01").await })
            })
            .collect();
        let mut ran = 0;
        for close in closes {
            match close.await.expect("no panic") {
                Ok(_) => ran += 1,
                refused => assert_eq!(kind(refused), RefusalKind::Conflict),
            }
        }
        assert_eq!(ran, 1);
        let events = world.committed_events().await;
        assert_eq!(events.iter().filter(|event| event["event_type"] == "SprintCompleted").count(), 1);
    })
    .await;
}

#[tokio::test]
async fn without_the_chronicle_the_sprint_closes_and_the_retrospective_id_is_null() {
    without(Away::Chronicle, async |world| {
        world.project("P", 1).await;
        world.start("P").await;
        let closed = sprint::close(&world.services, "P-S01").await.expect("a close");
        assert_eq!(closed.retrospective_report_id, None);
    })
    .await;
}

#[tokio::test]
async fn the_preview_is_what_the_close_then_does() {
    on_both(async |world| {
        let s = &world.services;
        world.project("P", 1).await;
        world.start("P").await;
        finish(s, "P-TASK004").await;
        let closing = sprint::closing(s, "P-S01").await.expect("a preview");
        let closed = sprint::close(s, "P-S01").await.expect("a close");
        assert_eq!(closing.status, closed.status_updated_to);
        assert_eq!(closing.completed.iter().map(|t| t.task_id.as_str()).collect::<Vec<_>>(), ["P-TASK004"]);
        assert_eq!(closing.returned.len(), closed.uncompleted_tasks_moved_to_backlog_count);
    })
    .await;
}
