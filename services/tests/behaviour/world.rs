//! What a test needs to start with: services on one of the two databases, a project with a team and a backlog.

use std::path::PathBuf;

use domain::{
    backlog::Task,
    project::{AssignTeamMembers, CreateEmployee, CreateProject},
    refusal::RefusalKind,
    sprint::StartSprint,
    stream::EntryId,
};
use serde_json::Value;
use services::{Databases, Error, Services, backlog, project, sprint};
use streams::{Failure, Handler, Message};
use testkit::postgres::{Postgres, Sqlite};

/// A service whose database can be away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Away {
    Nobody,
    Project,
    Backlog,
    Sprint,
    Chronicle,
}

/// The services, and what lies below them.
pub(crate) struct World {
    pub(crate) services: Services,
    below: Below,
}

enum Below {
    Sqlite {
        /// Where the database that is away will be.
        later: PathBuf,
        _folder: Sqlite,
    },
    Postgres {
        away: Option<Postgres>,
        _rest: Postgres,
    },
}

/// Runs `test` on SQLite, then on PostgreSQL.
pub(crate) async fn on_both(test: impl AsyncFn(World)) {
    without(Away::Nobody, test).await;
}

/// Runs `test` on both databases, with that of one service away until [`World::bring_back`].
pub(crate) async fn without(away: Away, test: impl AsyncFn(World)) {
    eprintln!("on SQLite");
    test(World::on_sqlite(away)).await;
    eprintln!("on PostgreSQL");
    test(World::on_postgres(away).await).await;
}

impl World {
    pub(crate) fn on_sqlite(away: Away) -> Self {
        let folder = Sqlite::new().expect("a folder");
        let later = folder.folder().join("later");
        let url = |service: Away, name: &str| {
            let folder = if service == away { &later } else { folder.folder() };
            format!("sqlite://{}/{name}.db?mode=rwc", folder.display())
        };
        let services = open(url);
        Self { services, below: Below::Sqlite { later, _folder: folder } }
    }

    pub(crate) async fn on_postgres(away: Away) -> Self {
        let rest = Postgres::new().await.expect("a PostgreSQL server");
        let mut gone = None;
        if away != Away::Nobody {
            let database = Postgres::new().await.expect("a PostgreSQL server");
            database.cut().await.expect("a cut");
            gone = Some(database);
        }
        let url = |service| gone.as_ref().filter(|_| service == away).unwrap_or(&rest).url();
        let services = open(|service, _| url(service));
        Self { services, below: Below::Postgres { away: gone, _rest: rest } }
    }

    /// Ends the absence of the database that was away.
    pub(crate) async fn bring_back(&self) {
        match &self.below {
            Below::Sqlite { later, .. } => std::fs::create_dir(later).expect("a folder"),
            Below::Postgres { away, .. } => {
                away.as_ref().expect("a database that is away").restore().await.expect("a restore");
            }
        }
    }

    /// A project with `team` employees `E001`…, and its ten generic tasks.
    pub(crate) async fn project(&self, id: &str, team: usize) {
        let create = CreateProject {
            id: id.to_owned(),
            name: format!("Project {id}"),
            description: "a project of a test".to_owned(),
            status: "inactive".to_owned(),
        };
        project::create(&self.services, create).await.expect("a new project");
        let employee_ids: Vec<String> = (1..=team).map(|n| format!("E{n:03}")).collect();
        for employee_id in &employee_ids {
            project::create_employee(&self.services, employee(employee_id)).await.expect("an employee");
        }
        project::assign_team(&self.services, id, AssignTeamMembers { employee_ids }).await.expect("a team");
        backlog::generate(&self.services, id).await.expect("a backlog");
    }

    /// A task in the backlog of a project that need not exist.
    pub(crate) async fn put_task(&self, project_id: &str, task_id: &str) {
        let mut transaction = self.services.databases().backlog.begin().await.expect("a transaction");
        sqlx::query("insert into tasks (task_id, project_id, title) values ($1, $2, 'a task')")
            .bind(task_id)
            .bind(project_id)
            .execute(&mut *transaction)
            .await
            .expect("an insert");
        transaction.commit().await.expect("a commit");
    }

    /// The project's next sprint.
    pub(crate) async fn start(&self, project_id: &str) -> String {
        sprint::start(&self.services, project_id, a_sprint()).await.expect("a sprint").sprint_id
    }

    /// Every event that was committed, in order.
    pub(crate) async fn committed_events(&self) -> Vec<Value> {
        let mut connection = self.services.databases().sprint.connection().await.expect("a connection");
        let rows: Vec<(String,)> = sqlx::query_as("select data from outbox order by id")
            .fetch_all(&mut *connection)
            .await
            .expect("the outbox");
        rows.into_iter().map(|(data,)| serde_json::from_str(&data).expect("an event is JSON")).collect()
    }

    /// Hands every committed event to the three services, as the streams would.
    pub(crate) async fn deliver_all(&self) {
        for event in self.committed_events().await {
            for handler in handlers(&self.services) {
                handler.handle(&message(&event)).await.expect("an event that can be handled");
            }
        }
    }

    pub(crate) async fn task(&self, task_id: &str) -> Task {
        backlog::get(&self.services, task_id).await.expect("a task")
    }
}

fn open(url: impl Fn(Away, &str) -> String) -> Services {
    Services::new(Databases {
        project: Databases::project(&url(Away::Project, "project")).expect("a URL"),
        backlog: Databases::backlog(&url(Away::Backlog, "backlog")).expect("a URL"),
        sprint: Databases::sprint(&url(Away::Sprint, "sprint")).expect("a URL"),
        chronicle: Databases::chronicle(&url(Away::Chronicle, "chronicle")).expect("a URL"),
    })
}

pub(crate) fn handlers(services: &Services) -> [impl Handler + use<>; 3] {
    [
        services::backlog::handler(services.clone()),
        services::project::handler(services.clone()),
        services::chronicle::handler(services.clone()),
    ]
}

pub(crate) fn employee(id: &str) -> CreateEmployee {
    CreateEmployee { employee_id: id.to_owned(), name: format!("Employee {id}"), gender: None, state: None, age: None }
}

pub(crate) fn a_sprint() -> StartSprint {
    StartSprint { sprint_name: "Checkout".to_owned(), duration_weeks: 2 }
}

/// An event as a consumer's first attempt would see it.
pub(crate) fn message(event: &Value) -> Message {
    Message::new("a stream", "a group", EntryId::ZERO, event.to_string()).expect("an event")
}

/// How a service refused.
pub(crate) fn kind<T: std::fmt::Debug>(result: Result<T, Error>) -> RefusalKind {
    domain::Refusal::from(result.expect_err("a refusal")).kind
}

pub(crate) fn is_retry(result: &Result<(), Failure>) -> bool {
    matches!(result, Err(Failure::Retry(_)))
}

pub(crate) fn is_reject(result: &Result<(), Failure>) -> bool {
    matches!(result, Err(Failure::Reject(_)))
}

pub(crate) fn is_outage(result: &Result<(), Failure>) -> bool {
    matches!(result, Err(Failure::Outage(_)))
}
