//! What pages and server functions are given: the doors to the rest of the program.

use std::{sync::Arc, time::Duration};

use console::{Actor, Console};
use domain::{Permission, Refusal, stream::Snapshot};
use leptos::prelude::*;
use services::Services;
use streams::Redis;

use crate::connection::{Connection, Connections};

/// The running program, as a page or a route of the API sees it. Cheap to clone.
#[derive(Clone)]
pub struct Context {
    pub services: Services,
    pub console: Console,
    pub redis: Redis,
    /// Which Redis this is about; `console` and `redis` are its own.
    pub connection: Connection,
    /// All that are watched.
    pub connections: Connections,
    /// Who asks. Until accounts exist that is the person at the machine, [`Actor::local`].
    pub actor: Actor,
    pub settings: Arc<Settings>,
}

/// What is the same for everybody while the process lives.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Name of the place, as the operator calls it: `local`, `eu-1`.
    pub environment: String,
    pub kind: EnvironmentKind,
    pub version: &'static str,
    /// How often the sampler looks.
    pub sample_every: Duration,
    /// Groups that Prometheus is told of at most, and streams.
    pub metrics_groups: usize,
    /// Whether Redis is our own child process.
    pub embedded_redis: bool,
    /// Whether the databases are SQLite files.
    pub embedded_databases: bool,
    /// The OpenAPI document of the HTTP API.
    pub openapi: serde_json::Value,
    /// Every way in and the permission it needs.
    pub guard: Vec<GuardRow>,
}

/// One way in, as the guard has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuardRow {
    /// `api`, `function` or `page`.
    pub surface: &'static str,
    pub method: &'static str,
    pub path: &'static str,
    /// `None`: anybody may.
    pub permission: Option<Permission>,
}

/// What is at stake where this program runs; gives the place its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnvironmentKind {
    Development,
    Staging,
    Production,
}

impl EnvironmentKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Staging => "staging",
            Self::Production => "production",
        }
    }
}

impl Context {
    /// What the sampler saw last.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.console.snapshot()
    }

    /// The same at another connection. What the operator calls the place is there the connection itself.
    #[must_use]
    pub fn of(&self, connection: Connection) -> Self {
        let settings = Settings {
            environment: connection.name().to_owned(),
            kind: connection.kind(),
            embedded_redis: false,
            ..(*self.settings).clone()
        };
        Self {
            console: connection.console().clone(),
            redis: connection.redis().clone(),
            settings: Arc::new(settings),
            connection,
            ..self.clone()
        }
    }

    /// Whether the services are here: their pages, loops and events.
    pub fn is_home(&self) -> bool {
        self.connection.is_home()
    }

    /// Who asks.
    pub fn actor(&self) -> Actor {
        self.actor.clone()
    }

    /// Whether who asks may do what needs `permission`, and if not, the sentence for the button that is off.
    pub fn may(&self, permission: Permission) -> Result<(), String> {
        let refusal = |error: console::Error| Refusal::from(error).message;
        self.actor().require(permission).map_err(refusal)
    }

    /// The same for an act that sends these commands to Redis (see [`domain::connection::needs`]): whether the console's
    /// own user may send them, as far as the last look knows.
    pub(crate) fn may_send(&self, permission: Permission, commands: &[&str]) -> Result<(), String> {
        self.may(permission)?;
        self.snapshot().redis.rights.allow(commands)
    }
}

/// The context of the request that is being answered.
pub(crate) fn context() -> Context {
    expect_context()
}
