//! Projects, employees, teams.

use domain::{
    project::{AssignTeamMembers, CreateProject, SetProjectStatus},
    refusal::RefusalKind,
};
use services::project;

use crate::world::{Away, employee, kind, on_both, without};

fn create(id: &str) -> CreateProject {
    CreateProject { id: id.into(), name: "Name".into(), description: "Codename".into(), status: "inactive".into() }
}

/// fault 23
#[tokio::test]
async fn a_second_project_with_the_same_id_is_a_conflict_and_changes_nothing() {
    on_both(async |world| {
        project::create(&world.services, create("TEST-001")).await.expect("a project");
        let again = CreateProject { name: "Other".into(), ..create("TEST-001") };
        assert_eq!(kind(project::create(&world.services, again).await), RefusalKind::Conflict);
        let stored = project::get(&world.services, "TEST-001").await.expect("a project");
        assert_eq!((stored.name.as_str(), stored.description.as_str()), ("Name", "Codename"));
    })
    .await;
}

#[tokio::test]
async fn an_empty_or_overlong_id_is_invalid_and_nothing_is_written() {
    on_both(async |world| {
        for id in ["", "  ", &"x".repeat(256)] {
            assert_eq!(kind(project::create(&world.services, create(id)).await), RefusalKind::Invalid);
        }
        assert!(project::list(&world.services).await.expect("a list").is_empty());
    })
    .await;
}

#[tokio::test]
async fn projects_are_listed_by_id() {
    on_both(async |world| {
        for id in ["b", "a-2", "B", "a-10"] {
            project::create(&world.services, create(id)).await.expect("a project");
        }
        let ids: Vec<_> = project::list(&world.services).await.expect("a list").into_iter().map(|p| p.id).collect();
        assert_eq!(ids, ["B", "a-10", "a-2", "b"]);
    })
    .await;
}

/// fault 23
#[tokio::test]
async fn whatever_is_asked_of_an_unknown_project_is_not_found() {
    on_both(async |world| {
        let s = &world.services;
        let set = SetProjectStatus { status: "active".into() };
        let assign = AssignTeamMembers { employee_ids: vec!["E001".into()] };
        assert_eq!(kind(project::get(s, "no").await), RefusalKind::NotFound);
        assert_eq!(kind(project::team(s, "no").await), RefusalKind::NotFound);
        assert_eq!(kind(project::set_status(s, "no", set).await), RefusalKind::NotFound);
        assert_eq!(kind(project::assign_team(s, "no", assign).await), RefusalKind::NotFound);
    })
    .await;
}

#[tokio::test]
async fn a_status_is_free_text_and_stays_as_it_was_set() {
    on_both(async |world| {
        project::create(&world.services, create("P")).await.expect("a project");
        let set = SetProjectStatus { status: "on hold until März".into() };
        let answer = project::set_status(&world.services, "P", set).await.expect("a status");
        assert_eq!(answer.status, "on hold until März");
        assert_eq!(project::get(&world.services, "P").await.expect("a project").status, "on hold until März");
    })
    .await;
}

#[tokio::test]
async fn a_team_is_ordered_by_employee_id_skips_the_unknown_and_can_be_assigned_twice() {
    on_both(async |world| {
        let s = &world.services;
        project::create(s, create("P")).await.expect("a project");
        for id in ["E010", "E002", "E001"] {
            project::create_employee(s, employee(id)).await.expect("an employee");
        }
        for _ in 0..2 {
            let employee_ids = ["E010", "nobody", "E001", "E002"].map(str::to_owned).to_vec();
            project::assign_team(s, "P", AssignTeamMembers { employee_ids }).await.expect("a team");
        }
        project::assign_team(s, "P", AssignTeamMembers { employee_ids: vec![] }).await.expect("an empty list");
        let team = project::team(s, "P").await.expect("a team").team_members;
        assert_eq!(team.iter().map(|member| member.id.as_str()).collect::<Vec<_>>(), ["E001", "E002", "E010"]);
    })
    .await;
}

#[tokio::test]
async fn an_employee_who_exists_stays_as_stored() {
    on_both(async |world| {
        let s = &world.services;
        project::create_employee(s, employee("E001")).await.expect("an employee");
        let other = domain::project::CreateEmployee { name: "Somebody Else".into(), ..employee("E001") };
        let answer = project::create_employee(s, other).await.expect("an answer");
        assert_eq!(answer.employee_name, "Employee E001");
        let nameless = domain::project::CreateEmployee { name: String::new(), ..employee("E002") };
        assert_eq!(kind(project::create_employee(s, nameless).await), RefusalKind::Invalid);
    })
    .await;
}

/// fault 13
#[tokio::test]
async fn a_database_that_is_absent_at_start_is_unavailable_and_serves_when_it_comes() {
    without(Away::Project, async |world| {
        assert_eq!(kind(project::list(&world.services).await), RefusalKind::Unavailable);
        world.bring_back().await;
        testkit::wait::until("the project database comes", || async {
            project::create(&world.services, create("P")).await.ok()
        })
        .await;
    })
    .await;
}
