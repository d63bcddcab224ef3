//! The master task list.

use domain::{
    backlog::{ChangeTask, TaskStatus},
    refusal::RefusalKind,
};
use services::backlog;

use crate::world::{Away, kind, on_both, without};

#[tokio::test]
async fn a_new_backlog_has_ten_tasks_in_order() {
    on_both(async |world| {
        world.project("TEST-001", 0).await;
        let tasks = backlog::list(&world.services, "TEST-001", None).await.expect("tasks");
        let ids: Vec<_> = tasks.iter().map(|task| task.task_id.clone()).collect();
        assert_eq!(ids, (1..=10).map(|n| format!("TEST-001-TASK{n:03}")).collect::<Vec<_>>());
        assert!(tasks.iter().all(|task| task.status == TaskStatus::Unassigned && task.progress_percentage == 0));
    })
    .await;
}

/// fault 42
#[tokio::test]
async fn generating_again_leaves_the_tasks_of_a_running_sprint_alone() {
    on_both(async |world| {
        world.project("P", 1).await;
        let change = ChangeTask { progress_percentage: Some(Some(40)), ..ChangeTask::default() };
        backlog::change(&world.services, "P-TASK003", change).await.expect("a change");
        let answer = backlog::generate(&world.services, "P").await.expect("a backlog");
        assert_eq!(answer.tasks_count, 10);
        let task = world.task("P-TASK003").await;
        assert_eq!((task.status, task.progress_percentage), (TaskStatus::InProgress, 40));
    })
    .await;
}

/// fault 24
#[tokio::test]
async fn generating_for_an_unknown_project_is_not_found() {
    on_both(async |world| {
        assert_eq!(kind(backlog::generate(&world.services, "no").await), RefusalKind::NotFound);
        assert!(backlog::list(&world.services, "no", None).await.expect("a list").is_empty());
    })
    .await;
}

/// faults 24, 25: asking for what does not exist blocks nobody
#[tokio::test]
async fn looking_up_missing_projects_does_not_block_existing_ones() {
    on_both(async |world| {
        world.project("P", 0).await;
        for _ in 0..5 {
            assert_eq!(kind(backlog::generate(&world.services, "no").await), RefusalKind::NotFound);
        }
        backlog::generate(&world.services, "P").await.expect("a backlog");
    })
    .await;
}

/// fault 24
#[tokio::test]
async fn without_the_project_service_generating_and_summaries_are_unavailable_until_it_is_back() {
    without(Away::Project, async |world| {
        assert_eq!(kind(backlog::generate(&world.services, "P").await), RefusalKind::Unavailable);
        assert_eq!(kind(backlog::summaries(&world.services).await), RefusalKind::Unavailable);
        world.bring_back().await;
        testkit::wait::until("summaries", || async { backlog::summaries(&world.services).await.ok() }).await;
    })
    .await;
}

#[tokio::test]
async fn summaries_count_by_status_and_include_projects_without_tasks() {
    on_both(async |world| {
        let s = &world.services;
        world.project("A", 0).await;
        let empty = domain::project::CreateProject {
            id: "B".into(),
            name: "Empty".into(),
            description: String::new(),
            status: "inactive".into(),
        };
        services::project::create(s, empty).await.expect("a project");
        let done = ChangeTask { status: Some(Some("completed".into())), ..ChangeTask::default() };
        backlog::change(s, "A-TASK001", done).await.expect("a change");
        let parked = ChangeTask { sprint_id: Some(Some("A-S09".into())), ..ChangeTask::default() };
        backlog::change(s, "A-TASK002", parked).await.expect("a change");

        let summaries = backlog::summaries(s).await.expect("summaries");
        assert_eq!(
            summaries.iter().map(|s| (s.project_id.as_str(), s.total_tasks)).collect::<Vec<_>>(),
            [("A", 10), ("B", 0)]
        );
        let a = backlog::summary(s, "A").await.expect("a summary");
        assert_eq!(a, summaries[0]);
        assert_eq!(a.status_counts["completed"], 1);
        assert_eq!(a.status_counts["unassigned"], 9);
        assert_eq!(a.unassigned_for_sprint_count, 8);
    })
    .await;
}

#[tokio::test]
async fn tasks_can_be_listed_by_status() {
    on_both(async |world| {
        let s = &world.services;
        world.project("P", 0).await;
        let done = ChangeTask { progress_percentage: Some(Some(100)), ..ChangeTask::default() };
        backlog::change(s, "P-TASK010", done).await.expect("a change");
        let completed = backlog::list(s, "P", Some("completed")).await.expect("tasks");
        assert_eq!(completed.iter().map(|t| t.task_id.as_str()).collect::<Vec<_>>(), ["P-TASK010"]);
        assert_eq!(backlog::list(s, "P", Some("unassigned")).await.expect("tasks").len(), 9);
        assert!(backlog::list(s, "P", Some("no such status")).await.expect("tasks").is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_change_follows_the_rules_of_the_contract() {
    on_both(async |world| {
        let s = &world.services;
        world.project("P", 0).await;
        let change = |json: &str| {
            let change: ChangeTask = serde_json::from_str(json).expect("a change");
            async move {
                backlog::change(s, "P-TASK001", change).await?;
                backlog::get(s, "P-TASK001").await
            }
        };
        let task = change(r#"{"assigned_to":"E7","sprint_id":"P-S01","status":"in_progress"}"#).await.expect("a task");
        assert_eq!((task.assigned_to.as_deref(), task.sprint_id.as_deref()), (Some("E7"), Some("P-S01")));
        // null elsewhere leaves things untouched
        let task = change(r#"{"title":null,"status":null,"progress_percentage":null}"#).await.expect("a task");
        assert_eq!((task.status, task.assigned_to.as_deref()), (TaskStatus::InProgress, Some("E7")));
        // completed sets 100
        let task = change(r#"{"status":"completed"}"#).await.expect("a task");
        assert_eq!(task.progress_percentage, 100);
        // unassigned without a sprint clears it and keeps the assignee
        let task = change(r#"{"status":"unassigned"}"#).await.expect("a task");
        assert_eq!((task.sprint_id, task.assigned_to.as_deref()), (None, Some("E7")));
        // an explicit null clears the assignee
        assert_eq!(change(r#"{"assigned_to":null}"#).await.expect("a task").assigned_to, None);
        for wrong in [
            "{}",
            r#"{"status":"done"}"#,
            r#"{"progress_percentage":101}"#,
            r#"{"progress_percentage":-1}"#,
            r#"{"title":""}"#,
        ] {
            assert_eq!(kind(change(wrong).await), RefusalKind::Invalid, "{wrong}");
        }
        assert_eq!(
            kind(backlog::change(s, "no", ChangeTask { title: Some(Some("t".into())), ..ChangeTask::default() }).await),
            RefusalKind::NotFound
        );
    })
    .await;
}
