//! Notes, reports, retrospectives, velocity.

use domain::{
    chronicle::{CreateDailyScrumReport, CreateRetrospective, CreateSprintPlanning},
    refusal::RefusalKind,
};
use serde_json::{Value, json};
use services::chronicle;

use crate::world::{kind, on_both};

fn report(value: Value) -> CreateDailyScrumReport {
    serde_json::from_value(value).expect("a report")
}

fn line(id: &str, work: &str) -> Value {
    json!({"id": id, "yesterday_work": work, "today_work": null, "impediments": null,
           "created_at": "2026-03-02T09:15:04.120331"})
}

/// fault 36
#[tokio::test]
async fn a_daily_scrum_report_is_read_as_it_was_written() {
    on_both(async |world| {
        let s = &world.services;
        let reports = json!({"2026-03-02": [{"assigned_to": "E001", "tasks": [line("P-TASK001", "a lot")]}]});
        let metrics = json!({"total_team_members": 5, "total_tasks": 10, "completed_tasks": 3, "pending_tasks": 7});
        let created = report(json!({"project_id": "P", "sprint_id": "P-S01", "report_date": "2026-03-02",
            "summary": "Well on the way", "summary_metrics": metrics, "reports": reports}));
        chronicle::create_daily_scrum_report(s, created.clone()).await.expect("a note");
        let read = chronicle::daily_scrum_report(s, Some("P-S01"), Some("P"), None).await.expect("a report");
        assert_eq!(read.reports.0, created.reports);
        assert_eq!(read.summary_metrics, created.summary_metrics);
        let wire = serde_json::to_value(&read).expect("json");
        assert_eq!(wire["reports"]["2026-03-02"][0]["employee_id"], "E001");
        assert_eq!(wire["reports"]["2026-03-02"][0]["tasks"][0]["created_at"], "2026-03-02T09:15:04.120331");
    })
    .await;
}

/// fault 36
#[tokio::test]
async fn a_report_without_date_and_sprint_can_be_read() {
    on_both(async |world| {
        let s = &world.services;
        let bare = report(json!({"project_id": "P", "reports": {}}));
        chronicle::create_daily_scrum_report(s, bare).await.expect("a note");
        let read = chronicle::daily_scrum_report(s, None, Some("P"), None).await.expect("a report");
        assert_eq!((read.sprint_id, read.summary_metrics), (None, None));
    })
    .await;
}

/// fault 37
#[tokio::test]
async fn reports_are_merged_with_the_newest_words_at_their_stored_time_and_the_newest_day_first() {
    on_both(async |world| {
        let s = &world.services;
        for (day, summary, work) in
            [("2026-03-02", "first", "one"), ("2026-03-03", "second", "two"), ("2026-03-03", "third", "three")]
        {
            let reports = json!({day: [{"employee_id": "E001", "tasks": [line("P-TASK001", work)]}]});
            let created = report(json!({"project_id": "P", "sprint_id": "P-S01", "report_date": day,
                "summary": summary, "reports": reports}));
            chronicle::create_daily_scrum_report(s, created).await.expect("a note");
        }
        let read = chronicle::daily_scrum_report(s, Some("P-S01"), None, None).await.expect("a report");
        assert_eq!(read.summary.as_deref(), Some("third"));
        let text = serde_json::to_string(&read).expect("json");
        assert!(text.find("2026-03-03") < text.find("\"2026-03-02\""), "{text}");
        let works: Vec<_> = read.reports.0["2026-03-03"][0].tasks.iter().map(|t| t.yesterday_work.clone()).collect();
        assert_eq!(works, [Some("two".to_owned()), Some("three".to_owned())]);
        let again = chronicle::daily_scrum_report(s, Some("P-S01"), None, None).await.expect("a report");
        assert_eq!(again.created_at, read.created_at);

        let date = Some("2026-03-02".parse().expect("a date"));
        let one_day = chronicle::daily_scrum_report(s, Some("P-S01"), None, date).await.expect("a report");
        assert_eq!(one_day.summary.as_deref(), Some("first"));
        assert_eq!(one_day.reports.0.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn what_is_not_there_is_not_found_and_a_day_that_is_none_is_invalid() {
    on_both(async |world| {
        let s = &world.services;
        assert_eq!(kind(chronicle::daily_scrum_report(s, None, Some("no"), None).await), RefusalKind::NotFound);
        assert_eq!(kind(chronicle::retrospectives(s, None, Some("no")).await), RefusalKind::NotFound);
        assert!(chronicle::sprint_plannings(s, None, Some("no")).await.expect("a list").is_empty());
        assert!(chronicle::events(s, None, Some("no")).await.expect("a list").is_empty());
        let wrong = report(json!({"project_id": "P", "reports": {"yesterday": []}}));
        assert_eq!(kind(chronicle::create_daily_scrum_report(s, wrong).await), RefusalKind::Invalid);
    })
    .await;
}

/// fault 39
#[tokio::test]
async fn a_planning_note_keeps_name_dates_and_duration_and_the_newest_comes_first() {
    on_both(async |world| {
        let s = &world.services;
        for goal in ["the first", "the second"] {
            let create: CreateSprintPlanning = serde_json::from_value(json!({
                "project_id": "P", "sprint_id": "P-S01", "sprint_goal": goal, "planned_tasks": ["P-TASK001"],
                "sprint_name": "Checkout", "start_date": "2026-03-02", "end_date": "2026-03-16", "duration_weeks": 2
            }))
            .expect("a planning");
            chronicle::create_sprint_planning(s, create).await.expect("a note");
        }
        let notes = chronicle::sprint_plannings(s, Some("P-S01"), Some("P")).await.expect("notes");
        assert_eq!(notes.iter().map(|n| n.sprint_goal.as_str()).collect::<Vec<_>>(), ["the second", "the first"]);
        assert_eq!(notes[0].sprint_name.as_deref(), Some("Checkout"));
        assert_eq!(notes[0].end_date.map(|d| d.to_string()).as_deref(), Some("2026-03-16"));
        assert_eq!(notes[0].planned_tasks, ["P-TASK001"]);
    })
    .await;
}

fn retrospective(sprint_id: &str, start: &str, finished: usize) -> CreateRetrospective {
    let tasks: Vec<Value> = (0..3)
        .map(|n| {
            json!({"description": format!("task {n}"), "status": "in_progress", "task_id": format!("P-TASK00{n}"),
                   "employee_id": "E001", "progress_percentage": if n < finished { 100 } else { 50 }})
        })
        .collect();
    serde_json::from_value(json!({
        "sprint_id": sprint_id, "project_id": "P", "sprint_name": "Checkout", "start_date": start,
        "what_went_well": "much", "what_could_be_improved": "little", "facilitator_id": "E009",
        "action_items": [{"description": "talk:: more"}, {"description": "talk:: more", "status": "closed"}],
        "attendees": ["E002", "E001", "E002"], "tasks_summary": tasks
    }))
    .expect("a retrospective")
}

/// fault 38
#[tokio::test]
async fn a_second_retrospective_is_a_conflict_and_rows_are_read_faithfully() {
    on_both(async |world| {
        let s = &world.services;
        let create = retrospective("P-S01", "2026-03-02", 1);
        chronicle::create_retrospective(s, create.clone()).await.expect("a retrospective");
        assert_eq!(kind(chronicle::create_retrospective(s, create.clone()).await), RefusalKind::Conflict);
        let read = chronicle::retrospectives(s, Some("P-S01"), None).await.expect("retrospectives");
        assert_eq!(read.len(), 1);
        assert_eq!(read[0].body.action_items, create.action_items);
        assert_eq!(read[0].body.attendees, ["E002", "E001"]);
        assert_eq!(read[0].body.tasks_summary, create.tasks_summary);
    })
    .await;
}

/// fault 40
#[tokio::test]
async fn velocity_is_read_anew_and_by_start() {
    on_both(async |world| {
        let s = &world.services;
        assert!(chronicle::velocity(s, "P").await.expect("a velocity").velocity_trend_data.is_empty());
        for (sprint_id, start, finished) in [("P-S02", "2026-03-16", 2), ("P-S01", "2026-03-02", 1)] {
            chronicle::create_retrospective(s, retrospective(sprint_id, start, finished)).await.expect("created");
        }
        let velocity = chronicle::velocity(s, "P").await.expect("a velocity");
        let points: Vec<_> =
            velocity.velocity_trend_data.iter().map(|p| (p.sprint_id.as_str(), p.completed_tasks)).collect();
        assert_eq!(points, [("P-S01", 1), ("P-S02", 2)]);
        assert!((velocity.average_velocity - 1.5).abs() < 1e-9);
    })
    .await;
}
