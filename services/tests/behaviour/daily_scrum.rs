//! The daily scrum: each call is one simulated day.

use std::collections::BTreeMap;

use domain::{refusal::RefusalKind, sprint::SetProgress};
use serde_json::json;
use services::{chronicle, sprint};

use crate::world::{Away, kind, on_both, without};

#[tokio::test]
async fn a_day_moves_every_unfinished_task_by_5_to_30_and_tells_the_backlog() {
    on_both(async |world| {
        let s = &world.services;
        world.project("P", 2).await;
        world.start("P").await;
        let run = sprint::run_daily_scrum(s, "P-S01").await.expect("a scrum");
        assert_eq!(run.tasks_updated_count, 10);
        let events = world.committed_events().await.split_off(11);
        assert_eq!(events.len(), 10);
        for (task, event) in sprint::tasks(s, "P-S01").await.expect("tasks").iter().zip(&events) {
            assert!((5..=30).contains(&task.progress_percentage), "{task:?}");
            assert_eq!(event["event_data"]["task_id"], json!(task.task_id));
            assert_eq!(event["event_data"]["progress_percentage"], json!(task.progress_percentage));
            assert_eq!(event["event_data"]["status"], "in_progress");
            assert_eq!(event["metadata"]["correlation_id"], events[0]["metadata"]["correlation_id"]);
        }
    })
    .await;
}

#[tokio::test]
async fn days_go_on_until_all_is_finished_and_then_only_report() {
    on_both(async |world| {
        let s = &world.services;
        world.project("P", 2).await;
        world.start("P").await;
        let mut days = 0;
        while sprint::run_daily_scrum(s, "P-S01").await.expect("a scrum").tasks_updated_count > 0 {
            days += 1;
            assert!(days <= 20, "5 % a day finish a task within 20 days");
        }
        assert!(days >= 4, "30 % a day need four days");
        assert_eq!(sprint::task_summary(s, "P-S01").await.expect("a summary").pending_tasks, 0);
        let idle = sprint::run_daily_scrum(s, "P-S01").await.expect("a scrum");
        assert_eq!(idle.tasks_updated_count, 0);
        assert!(idle.report_id.is_some());
        let burndown = sprint::burndown(s, "P-S01").await.expect("a burndown");
        assert_eq!((burndown[0].tasks_left, burndown.last().expect("a point").tasks_left), (10, 0));
        assert!(burndown.windows(2).all(|two| two[1].tasks_left <= two[0].tasks_left && two[1].day == two[0].day + 1));
    })
    .await;
}

/// fault 34
#[tokio::test]
async fn the_report_id_is_the_note_the_chronicle_stored_with_one_line_per_task() {
    on_both(async |world| {
        let s = &world.services;
        world.project("P", 3).await;
        world.start("P").await;
        let run = sprint::run_daily_scrum(s, "P-S01").await.expect("a scrum");
        let report_id = run.report_id.expect("a report");
        let mut connection = s.databases().chronicle.connection().await.expect("a connection");
        let (kind_of_note,): (String,) = sqlx::query_as("select event_type from chronicle_notes where id = $1")
            .bind(&report_id)
            .fetch_one(&mut *connection)
            .await
            .expect("the note of that id");
        assert_eq!(kind_of_note, "daily_scrum_report");
        let report = chronicle::daily_scrum_report(s, Some("P-S01"), None, None).await.expect("a report");
        let metrics = report.summary_metrics.expect("metrics");
        assert_eq!((metrics.total_team_members, metrics.total_tasks, metrics.pending_tasks), (3, 10, 10));
        let (_, entries) = report.reports.0.iter().next().expect("a day");
        let people: Vec<_> = entries.iter().map(|e| (e.employee_id.as_str(), e.tasks.len())).collect();
        assert_eq!(people, [("E001", 4), ("E002", 3), ("E003", 3)]);
    })
    .await;
}

/// fault 33
#[tokio::test]
async fn a_task_without_assignee_is_null_in_events_and_unassigned_in_the_report() {
    on_both(async |world| {
        world.project("P", 0).await;
        world.start("P").await;
        sprint::run_daily_scrum(&world.services, "P-S01").await.expect("a scrum");
        let events = world.committed_events().await;
        assert!(events[1..].iter().all(|event| event["event_data"]["assigned_to"].is_null()));
        let report = chronicle::daily_scrum_report(&world.services, None, Some("P"), None).await.expect("a report");
        let (_, entries) = report.reports.0.iter().next().expect("a day");
        assert_eq!(entries.iter().map(|e| e.employee_id.as_str()).collect::<Vec<_>>(), ["unassigned"]);
    })
    .await;
}

#[tokio::test]
async fn without_chronicle_or_project_service_the_day_counts_and_the_report_id_is_null() {
    without(Away::Chronicle, async |world| {
        world.project("P", 1).await;
        world.start("P").await;
        let run = sprint::run_daily_scrum(&world.services, "P-S01").await.expect("a scrum");
        assert_eq!((run.tasks_updated_count, run.report_id), (10, None));
    })
    .await;
    without(Away::Project, async |world| {
        world.put_task("P", "P-TASK001").await;
        world.start("P").await;
        let run = sprint::run_daily_scrum(&world.services, "P-S01").await.expect("a scrum");
        assert_eq!(run.tasks_updated_count, 1);
        assert!(run.report_id.is_some());
    })
    .await;
}

#[tokio::test]
async fn an_unknown_or_closed_sprint_has_no_daily_scrum() {
    on_both(async |world| {
        let s = &world.services;
        assert_eq!(kind(sprint::run_daily_scrum(s, "P-S01").await), RefusalKind::NotFound);
        world.project("P", 1).await;
        world.start("P").await;
        sprint::close(s, "P-S01").await.expect("a close");
        assert_eq!(kind(sprint::run_daily_scrum(s, "P-S01").await), RefusalKind::NotFound);
    })
    .await;
}

/// fault 35
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn parallel_scrums_lose_no_progress() {
    on_both(async |world| {
        let s = &world.services;
        world.project("P", 2).await;
        world.start("P").await;
        let runs: Vec<_> = (0..8)
            .map(|_| {
                let services = s.clone();
                tokio::spawn(async move { sprint::run_daily_scrum(&services, "P-S01").await })
            })
            .collect();
        for run in runs {
            run.await.expect("no panic").expect("a scrum");
        }
        // each event builds on the one before: no run worked from a stale reading
        let mut last = BTreeMap::<String, i64>::new();
        for event in world.committed_events().await.split_off(11) {
            let id = event["event_data"]["task_id"].as_str().expect("an id").to_owned();
            let progress = event["event_data"]["progress_percentage"].as_i64().expect("a number");
            let before = last.insert(id, progress).unwrap_or(0);
            assert!((5..=30).contains(&(progress - before)) || progress == 100, "from {before} to {progress}");
        }
        for task in sprint::tasks(s, "P-S01").await.expect("tasks") {
            assert_eq!(last[&task.task_id], task.progress_percentage);
        }
        assert_eq!(sprint::burndown(s, "P-S01").await.expect("a burndown").len(), 9);
    })
    .await;
}

#[tokio::test]
async fn finished_tasks_are_left_alone() {
    on_both(async |world| {
        let s = &world.services;
        world.project("P", 1).await;
        world.start("P").await;
        let done = SetProgress { status: None, progress_percentage: Some(100) };
        sprint::set_progress(s, "P-TASK001", done).await.expect("progress");
        assert_eq!(sprint::run_daily_scrum(s, "P-S01").await.expect("a scrum").tasks_updated_count, 9);
    })
    .await;
}
