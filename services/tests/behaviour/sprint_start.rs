//! Starting a sprint, in the order of the contract (§2.3).

use domain::{
    backlog::{ChangeTask, TaskStatus},
    refusal::RefusalKind,
    sprint::{SprintStatus, StartSprint},
};
use serde_json::json;
use services::{backlog, chronicle, project, sprint};

use crate::world::{Away, a_sprint, kind, on_both, without};

#[tokio::test]
async fn a_sprint_takes_every_unassigned_task_and_deals_them_out_by_employee_id() {
    on_both(async |world| {
        let s = &world.services;
        world.project("TEST-001", 3).await;
        let keep = ChangeTask { assigned_to: Some(Some("E999".into())), ..ChangeTask::default() };
        backlog::change(s, "TEST-001-TASK002", keep).await.expect("a change");
        let started = sprint::start(s, "TEST-001", a_sprint()).await.expect("a sprint");
        assert_eq!((started.sprint_id.as_str(), started.assigned_tasks_count), ("TEST-001-S01", 10));
        assert!(started.warnings.is_empty(), "{:?}", started.warnings);

        let detail = sprint::get(s, "TEST-001-S01").await.expect("a sprint");
        assert_eq!(detail.sprint.status, SprintStatus::InProgress);
        assert_eq!(detail.sprint.end_date.days_since(detail.sprint.start_date), 14);
        let assignees: Vec<_> = detail.tasks.iter().take(5).filter_map(|task| task.assigned_to.as_deref()).collect();
        assert_eq!(assignees, ["E001", "E999", "E002", "E003", "E001"]);
        assert!(detail.tasks.iter().all(|t| t.status == TaskStatus::AssignedToSprint && t.progress_percentage == 0));
        assert_eq!(sprint::active(s, Some("TEST-001")).await.expect("active").sprint_id, "TEST-001-S01");
        assert_eq!(sprint::active(s, None).await.expect("active").sprint_id, "TEST-001-S01");
        let burndown = sprint::burndown(s, "TEST-001-S01").await.expect("a burndown");
        assert_eq!(burndown.iter().map(|p| (p.day, p.tasks_left)).collect::<Vec<_>>(), [(0, 10)]);
    })
    .await;
}

/// faults 6, 16: the ids are sent, and committed together with the rows
#[tokio::test]
async fn the_events_of_a_start_are_the_sprint_with_its_task_ids_then_each_task_under_one_correlation_id() {
    on_both(async |world| {
        world.project("ACM-7", 2).await;
        world.start("ACM-7").await;
        let events = world.committed_events().await;
        assert_eq!(events.len(), 11);
        let started = &events[0];
        assert_eq!(started["event_type"], "SprintStarted");
        assert_eq!(started["aggregate_id"], "ACM-7-S01");
        assert_eq!(started["payload"]["project_id"], "ACM-7");
        let ids: Vec<_> = (1..=10).map(|n| format!("ACM-7-TASK{n:03}")).collect();
        assert_eq!(started["payload"]["tasks"], json!(ids));
        for (event, id) in events[1..].iter().zip(&ids) {
            assert_eq!(event["event_type"], "TASK_UPDATED");
            assert_eq!(event["aggregate_id"], json!(id));
            assert_eq!(event["metadata"]["correlation_id"], started["correlation_id"]);
            assert_eq!(event["event_data"]["status"], "assigned_to_sprint");
            assert_eq!(event["event_data"]["progress_percentage"], 0);
            assert_eq!(event["event_data"]["sprint_id"], "ACM-7-S01");
        }
        let mut event_ids: Vec<_> = events.iter().map(|event| event["event_id"].to_string()).collect();
        event_ids.sort();
        event_ids.dedup();
        assert_eq!(event_ids.len(), 11);
    })
    .await;
}

#[tokio::test]
async fn a_bad_name_or_duration_is_invalid_before_anything_else() {
    on_both(async |world| {
        for (sprint_name, duration_weeks) in [("", 2), ("Checkout", 0), ("Checkout", -1), ("Checkout", 53)] {
            let start = StartSprint { sprint_name: sprint_name.into(), duration_weeks };
            assert_eq!(kind(sprint::start(&world.services, "no", start).await), RefusalKind::Invalid);
        }
    })
    .await;
}

/// fault 17
#[tokio::test]
async fn an_unknown_project_is_not_found_and_nothing_is_written() {
    on_both(async |world| {
        assert_eq!(kind(sprint::start(&world.services, "no", a_sprint()).await), RefusalKind::NotFound);
        assert!(sprint::by_project(&world.services, "no", None).await.expect("a list").is_empty());
        assert!(world.committed_events().await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_backlog_without_unassigned_tasks_is_a_conflict_and_the_number_is_not_used_up() {
    on_both(async |world| {
        let s = &world.services;
        world.project("P", 1).await;
        world.start("P").await;
        assert_eq!(kind(sprint::start(s, "P", a_sprint()).await), RefusalKind::Conflict);
        world.deliver_all().await;
        sprint::close(s, "P-S01").await.expect("a close");
        // the backlog has not heard of the close yet
        assert_eq!(kind(sprint::start(s, "P", a_sprint()).await), RefusalKind::Conflict);
        world.deliver_all().await;
        assert_eq!(world.start("P").await, "P-S02");
    })
    .await;
}

#[tokio::test]
async fn without_the_project_service_a_sprint_starts_with_warnings_and_without_assignees() {
    without(Away::Project, async |world| {
        world.put_task("P", "P-TASK001").await;
        let started = sprint::start(&world.services, "P", a_sprint()).await.expect("a sprint");
        assert_eq!(started.warnings.len(), 3, "{:?}", started.warnings);
        let tasks = sprint::tasks(&world.services, "P-S01").await.expect("tasks");
        assert_eq!(tasks[0].assigned_to, None);
        assert_eq!(world.committed_events().await[1]["event_data"]["assigned_to"], json!(null));
    })
    .await;
}

#[tokio::test]
async fn without_the_backlog_a_start_is_unavailable_and_nothing_is_written() {
    without(Away::Backlog, async |world| {
        let s = &world.services;
        let create = domain::project::CreateProject {
            id: "P".into(),
            name: "P".into(),
            description: String::new(),
            status: "inactive".into(),
        };
        project::create(s, create).await.expect("a project");
        assert_eq!(kind(sprint::start(s, "P", a_sprint()).await), RefusalKind::Unavailable);
        assert!(sprint::by_project(s, "P", None).await.expect("a list").is_empty());
        world.bring_back().await;
        testkit::wait::until("the backlog", || async { backlog::generate(s, "P").await.ok() }).await;
        assert_eq!(world.start("P").await, "P-S01");
    })
    .await;
}

#[tokio::test]
async fn without_the_chronicle_a_sprint_starts_all_the_same() {
    without(Away::Chronicle, async |world| {
        world.project("P", 1).await;
        assert_eq!(world.start("P").await, "P-S01");
    })
    .await;
}

#[tokio::test]
async fn the_planning_note_has_name_dates_and_tasks() {
    on_both(async |world| {
        world.project("P", 1).await;
        world.start("P").await;
        let notes = chronicle::sprint_plannings(&world.services, Some("P-S01"), None).await.expect("notes");
        assert_eq!(notes.len(), 1);
        assert_eq!(notes[0].sprint_name.as_deref(), Some("Checkout"));
        assert_eq!(notes[0].duration_weeks, Some(2));
        assert_eq!(notes[0].planned_tasks.len(), 10);
    })
    .await;
}

/// faults 19, 51
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_twenty_starts_at_once_one_wins_and_nineteen_conflict() {
    on_both(async |world| {
        world.project("P", 3).await;
        let starts: Vec<_> = (0..20)
            .map(|_| {
                let services = world.services.clone();
                tokio::spawn(async move { sprint::start(&services, "P", a_sprint()).await })
            })
            .collect();
        let mut won = 0;
        for start in starts {
            match start.await.expect("no panic") {
                Ok(started) => {
                    won += 1;
                    assert_eq!(started.sprint_id, "P-S01");
                }
                refused => assert_eq!(kind(refused), RefusalKind::Conflict),
            }
        }
        assert_eq!(won, 1);
        assert_eq!(sprint::by_project(&world.services, "P", None).await.expect("sprints").len(), 1);
        assert_eq!(world.committed_events().await.len(), 11);
    })
    .await;
}

/// fault 19
#[tokio::test]
async fn numbers_are_never_used_twice_and_projects_count_for_themselves() {
    on_both(async |world| {
        let s = &world.services;
        for project_id in ["A", "A-S01"] {
            world.project(project_id, 1).await;
        }
        for expected in ["A-S01", "A-S02", "A-S03"] {
            assert_eq!(world.start("A").await, expected);
            sprint::close(s, expected).await.expect("a close");
            world.deliver_all().await;
        }
        assert_eq!(world.start("A-S01").await, "A-S01-S01");
        let listed = sprint::list_projects(s).await.expect("a list");
        assert_eq!(
            listed.iter().map(|p| (p.project_id.as_str(), p.sprints.len())).collect::<Vec<_>>(),
            [("A", 3), ("A-S01", 1)]
        );
        let newest_first = sprint::by_project(s, "A", None).await.expect("sprints");
        assert_eq!(newest_first.iter().map(|s| s.sprint_id.as_str()).collect::<Vec<_>>(), ["A-S03", "A-S02", "A-S01"]);
        let closed = sprint::by_project(s, "A", Some("closed_with_pending_tasks")).await.expect("sprints");
        assert_eq!(closed.len(), 3);
    })
    .await;
}

#[tokio::test]
async fn the_preview_is_what_the_start_then_does_and_refuses_alike() {
    on_both(async |world| {
        let s = &world.services;
        assert_eq!(kind(sprint::plan(s, "P", 2).await), RefusalKind::NotFound);
        world.project("P", 3).await;
        assert_eq!(kind(sprint::plan(s, "P", 0).await), RefusalKind::Invalid);
        let plan = sprint::plan(s, "P", 2).await.expect("a plan");
        world.start("P").await;
        let detail = sprint::get(s, "P-S01").await.expect("a sprint");
        let done: Vec<_> = detail.tasks.iter().map(|t| (&t.task_id, &t.title, &t.assigned_to)).collect();
        let planned: Vec<_> = plan.tasks.iter().map(|t| (&t.task_id, &t.title, &t.assigned_to)).collect();
        assert_eq!(done, planned);
        assert_eq!((detail.sprint.start_date, detail.sprint.end_date), (plan.start_date, plan.end_date));
        assert_eq!(kind(sprint::plan(s, "P", 2).await), RefusalKind::Conflict);
    })
    .await;
}

/// fault 47
#[tokio::test]
async fn reading_works_before_the_first_sprint() {
    on_both(async |world| {
        let s = &world.services;
        assert!(sprint::list_projects(s).await.expect("a list").is_empty());
        assert_eq!(kind(sprint::active(s, None).await), RefusalKind::NotFound);
        assert_eq!(kind(sprint::active(s, Some("P")).await), RefusalKind::NotFound);
        assert_eq!(kind(sprint::get(s, "P-S01").await), RefusalKind::NotFound);
        assert_eq!(kind(sprint::tasks(s, "P-S01").await), RefusalKind::NotFound);
        assert_eq!(kind(sprint::task_summary(s, "P-S01").await), RefusalKind::NotFound);
        assert_eq!(kind(sprint::burndown(s, "P-S01").await), RefusalKind::NotFound);
    })
    .await;
}
