//! Setting the progress of a task by hand.

use domain::{backlog::TaskStatus, refusal::RefusalKind, sprint::SetProgress};
use services::sprint;

use crate::world::{kind, on_both};

fn set(status: Option<&str>, progress_percentage: Option<i64>) -> SetProgress {
    SetProgress { status: status.map(str::to_owned), progress_percentage }
}

/// fault 28
#[tokio::test]
async fn status_or_progress_alone_sets_both_and_both_are_sent() {
    on_both(async |world| {
        let s = &world.services;
        world.project("P", 1).await;
        world.start("P").await;
        for (given, status, progress) in [
            (set(None, Some(42)), TaskStatus::InProgress, 42),
            (set(Some("completed"), None), TaskStatus::Completed, 100),
            (set(Some("in_progress"), None), TaskStatus::InProgress, 99),
            (set(None, Some(100)), TaskStatus::Completed, 100),
        ] {
            sprint::set_progress(s, "P-TASK001", given).await.expect("progress");
            let task = sprint::tasks(s, "P-S01").await.expect("tasks").swap_remove(0);
            assert_eq!((task.status, task.progress_percentage), (status, progress));
            let event = world.committed_events().await.pop().expect("an event");
            assert_eq!(event["event_data"]["status"], status.as_str());
            assert_eq!(event["event_data"]["progress_percentage"], progress);
        }
    })
    .await;
}

/// fault 29
#[tokio::test]
async fn nothing_given_or_out_of_range_is_invalid_and_sends_nothing() {
    on_both(async |world| {
        world.project("P", 1).await;
        world.start("P").await;
        for wrong in [set(None, None), set(None, Some(150)), set(None, Some(-1)), set(Some("done"), None)] {
            assert_eq!(kind(sprint::set_progress(&world.services, "P-TASK001", wrong).await), RefusalKind::Invalid);
        }
        assert_eq!(world.committed_events().await.len(), 11);
    })
    .await;
}

/// fault 27
#[tokio::test]
async fn the_project_of_an_event_is_the_sprints_even_where_its_id_has_a_dash() {
    on_both(async |world| {
        world.project("TEST-001", 1).await;
        world.start("TEST-001").await;
        sprint::set_progress(&world.services, "TEST-001-TASK001", set(None, Some(10))).await.expect("progress");
        let event = world.committed_events().await.pop().expect("an event");
        assert_eq!(event["event_data"]["project_id"], "TEST-001");
    })
    .await;
}

#[tokio::test]
async fn only_the_sprint_in_progress_counts() {
    on_both(async |world| {
        let s = &world.services;
        world.project("P", 1).await;
        assert_eq!(kind(sprint::set_progress(s, "P-TASK001", set(None, Some(1))).await), RefusalKind::NotFound);
        world.start("P").await;
        sprint::set_progress(s, "P-TASK001", set(None, Some(30))).await.expect("progress");
        sprint::close(s, "P-S01").await.expect("a close");
        assert_eq!(kind(sprint::set_progress(s, "P-TASK001", set(None, Some(40))).await), RefusalKind::NotFound);
        world.deliver_all().await;
        // carried over: the task is in two sprints, and only the new one moves
        world.start("P").await;
        sprint::set_progress(s, "P-TASK001", set(None, Some(50))).await.expect("progress");
        let of = async |sprint_id| sprint::tasks(s, sprint_id).await.expect("tasks")[0].progress_percentage;
        assert_eq!((of("P-S01").await, of("P-S02").await), (30, 50));
    })
    .await;
}
