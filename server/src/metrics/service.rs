//! This program: its databases, what its services have still to publish, and which build it is.

use app::Context;
use domain::health::OutboxState;
use services::health;

use super::{
    PATIENCE,
    family::{Family, Kind, Subject, Value, count, seconds, yes},
};

/// Whether a database answers.
#[derive(Debug)]
pub(super) struct DatabaseState {
    service: &'static str,
    up: bool,
}

/// Asks all at once. One that does not answer in time is away. Those of the services are told at home alone.
pub(super) async fn databases(context: &Context) -> Vec<DatabaseState> {
    let of_console = async {
        let ready = tokio::time::timeout(PATIENCE, context.console.database().ready()).await;
        DatabaseState { service: "console", up: matches!(ready, Ok(Ok(()))) }
    };
    if !context.is_home() {
        return vec![of_console.await];
    }
    let (of_services, of_console) = tokio::join!(health::databases(&context.services), of_console);
    let of_services = of_services.into_iter().map(|(service, up)| DatabaseState { service: service.as_str(), up });
    of_services.chain([of_console]).collect()
}

impl Subject for DatabaseState {
    const LABELS: &'static [&'static str] = &["service"];

    fn labels(&self) -> Vec<&str> {
        vec![self.service]
    }
}

pub(super) const DATABASES: &[Family<DatabaseState>] = &[Family {
    name: "dsm_database_up",
    kind: Kind::Gauge,
    unit: "0 or 1",
    help: "1 where the database of the service answered within two seconds. The service console is the console itself.",
    read: |database, _| Some(yes(database.up)),
}];

impl Subject for OutboxState {
    const LABELS: &'static [&'static str] = &["service"];

    fn labels(&self) -> Vec<&str> {
        vec![&self.service]
    }
}

pub(super) const OUTBOXES: &[Family<OutboxState>] = &[
    Family {
        name: "dsm_outbox_waiting_events",
        kind: Kind::Gauge,
        unit: "events",
        help: "Events that the service has committed and that are not published yet. Absent while its database is away.",
        read: |outbox, _| Some(count(outbox.unsent)),
    },
    Family {
        name: "dsm_outbox_oldest_waiting_seconds",
        kind: Kind::Gauge,
        unit: "seconds",
        help: "Time since the oldest event was committed that waits in the outbox. Absent while nothing waits, and while the \
               database is away.",
        read: |outbox, at| outbox.oldest.map(|oldest| seconds(at.since(oldest))),
    },
];

/// Which build of the program runs.
#[derive(Debug)]
pub(super) struct Build {
    pub(super) version: &'static str,
}

impl Subject for Build {
    const LABELS: &'static [&'static str] = &["version"];

    fn labels(&self) -> Vec<&str> {
        vec![self.version]
    }
}

pub(super) const BUILD: &[Family<Build>] = &[Family {
    name: "dsm_build_info",
    kind: Kind::Info,
    unit: "1",
    help: "Version of this program.",
    read: |_, _| Some(Value::Number(1.0)),
}];
