//! Several Redis, each watched by a console of its own, told apart by name and colour (docs/adr/0021).

mod page;
mod rights;
mod switch;

use std::sync::Arc;

use console::Console;
use domain::{
    Status,
    alert::Severity,
    connection::{Colour, HOME, Seen, Watched, worst},
};
use streams::Redis;

use crate::{address, context::EnvironmentKind};

pub(crate) use self::{page::ConnectionsPage, switch::Switch};

/// One Redis and what watches it. Cheap to clone.
#[derive(Clone)]
pub struct Connection(Arc<Inner>);

struct Inner {
    name: String,
    /// Before every address of it.
    prefix: String,
    colour: Colour,
    kind: EnvironmentKind,
    console: Console,
    redis: Redis,
}

impl Connection {
    pub fn new(name: &str, colour: Colour, kind: EnvironmentKind, console: Console, redis: Redis) -> Self {
        let (name, prefix) = (name.to_owned(), address::prefix_of(name));
        Self(Arc::new(Inner { name, prefix, colour, kind, console, redis }))
    }

    /// The one that carries the services' events.
    pub fn home(colour: Colour, kind: EnvironmentKind, console: Console, redis: Redis) -> Self {
        Self::new(HOME, colour, kind, console, redis)
    }

    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// `/at/orders`; nothing for home.
    pub fn prefix(&self) -> &str {
        &self.0.prefix
    }

    /// Whether the services' events are here; the pages and loops of the scrum are nowhere else.
    pub fn is_home(&self) -> bool {
        self.0.prefix.is_empty()
    }

    pub(crate) fn colour(&self) -> Colour {
        self.0.colour
    }

    pub fn kind(&self) -> EnvironmentKind {
        self.0.kind
    }

    pub(crate) fn redis(&self) -> &Redis {
        &self.0.redis
    }

    pub fn console(&self) -> &Console {
        &self.0.console
    }

    /// The worst of what is seen, found and firing; bad where Redis is away, unknown before it was asked.
    pub(crate) fn status(&self) -> Status {
        let console = &self.0.console;
        let snapshot = console.snapshot();
        if snapshot.error.is_some() {
            return if console.has_asked() { Status::Bad } else { Status::Unknown };
        }
        let of_alerts = console.firing().worst().map(Severity::status);
        of_alerts.into_iter().fold(worst(&snapshot), Status::min)
    }

    /// Whether Redis does not answer.
    pub(crate) fn is_away(&self) -> bool {
        self.0.console.has_asked() && self.0.console.snapshot().error.is_some()
    }

    /// How it is, as far as its own sampler and watcher know: nothing is asked, so that one that is away holds up nobody.
    pub fn watched(&self) -> Watched {
        let Inner { name, prefix, colour, kind, console, redis } = &*self.0;
        let (snapshot, firing, way) = (console.snapshot(), console.firing(), redis.way());
        let seen = Seen::of(&snapshot);
        Watched {
            name: name.clone(),
            prefix: prefix.clone(),
            colour: *colour,
            environment: kind.as_str().to_owned(),
            kind: way.kind.to_owned(),
            tls: way.tls,
            user: way.user,
            status: self.status(),
            error: snapshot.error.clone(),
            looked_at: seen.is_some().then_some(snapshot.at),
            seen,
            firing: firing.all(),
        }
    }
}

/// All connections, home first. Cheap to clone.
#[derive(Clone)]
pub struct Connections(Arc<[Connection]>);

impl Connections {
    pub fn new(home: Connection, others: impl IntoIterator<Item = Connection>) -> Self {
        Self(std::iter::once(home).chain(others).collect())
    }

    pub fn iter(&self) -> impl Iterator<Item = &Connection> {
        self.0.iter()
    }

    /// Whether there is but home.
    pub(crate) fn are_one(&self) -> bool {
        self.0.len() == 1
    }
}
