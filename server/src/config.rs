//! What can be set, by option or environment variable; `--help` is made from these comments.

#![expect(clippy::doc_markdown, reason = "these comments are read in a terminal, where backticks and links are noise")]

mod alerts;
mod connections;
mod traces;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use app::EnvironmentKind;
use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use self::connections::Named;
use self::{alerts::AlertArguments, connections::ConnectionArguments, traces::TraceArguments};
use crate::cli;

/// See what happens on your Redis Streams, and repair it without making it worse.
#[derive(Debug, Parser)]
#[command(name = "dsm-console", version, about, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the console, the four services and their HTTP API on one address.
    Serve(Box<Serve>),
    #[command(flatten)]
    Cli(Box<cli::Command>),
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Serve {
    /// Address to listen on; port 0 takes a free one. Loopback only: until accounts exist, whoever reaches the address may
    /// do everything.
    #[arg(long, env = "LISTEN", default_value = "127.0.0.1:3000")]
    pub(crate) listen: SocketAddr,

    /// Folder for what this program keeps itself: SQLite files where DATABASE_URL is not set, the private Redis where
    /// REDIS_URL is not set. Made if it is not there.
    #[arg(long, env = "DATA", default_value = "./data")]
    pub(crate) data: PathBuf,

    /// The Redis or Valkey (7.0 or newer) to watch, which also carries the services' events: redis://, rediss:// (TLS) or
    /// unix://; through Sentinel redis-sentinel://user:password@host:port,host:port/service; a cluster
    /// redis-cluster://user:password@host:port,host:port (rediss-sentinel://, rediss-cluster:// with TLS).
    /// SSL_CERT_FILE names the certificates of an authority of your own.
    /// Not set: a private redis-server or valkey-server is run as a child.
    #[arg(long, env = "REDIS_URL", hide_env_values = true)]
    pub(crate) redis_url: Option<String>,

    /// PostgreSQL database in which each service has a schema: postgres://user:password@host/database, with ?sslmode=verify-full for TLS.
    /// Not set: a SQLite file for each service in the data folder.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,

    /// Folder with the browser half; default: `site` beside the program, else `target/site`.
    #[arg(long, env = "DSM_SITE")]
    pub(crate) site: Option<PathBuf>,

    /// A name under which a proxy reaches this program, beside loopback names; can be given several times. Requests for any
    /// other name are refused, so that no foreign page can reach it under a name of its own (DNS rebinding).
    #[arg(long = "host", env = "DSM_HOSTS", value_delimiter = ',')]
    pub(crate) host: Vec<String>,

    /// Stable name of this process among the consumers of its groups: after a restart it finds its own pending entries.
    #[arg(long, env = "DSM_INSTANCE", default_value = "dsm-1")]
    pub(crate) instance: String,

    /// Name of this environment in the top bar.
    #[arg(long, env = "DSM_ENVIRONMENT", default_value = "local")]
    pub(crate) environment: String,

    /// What is at stake here; gives the environment its colour.
    #[arg(long, env = "DSM_ENVIRONMENT_KIND", value_enum, default_value_t = Kind::Development)]
    pub(crate) environment_kind: Kind,

    /// How often Redis is looked at, in milliseconds (200 to 60000); every viewer shares one look.
    #[arg(long, env = "DSM_SAMPLE_MS", default_value = "1000", value_parser = clap::value_parser!(u64).range(200..=60_000))]
    pub(crate) sample_ms: u64,

    /// Groups of which Prometheus is told at /metrics at most, the worst first, and as many streams. How many are left out is
    /// told too (dsm_groups_left_out, dsm_streams_left_out).
    #[arg(long, env = "DSM_METRICS_GROUPS", default_value = "1000", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) metrics_groups: u32,

    /// Entries that a stream of the services keeps; more while a group still needs them.
    #[arg(long, env = "DSM_KEEP_ENTRIES", default_value = "10000", value_parser = clap::value_parser!(u64).range(100..))]
    pub(crate) keep_entries: u64,

    /// How long a shutdown may take to finish what was begun, in seconds.
    #[arg(long, env = "DSM_GRACE_SECONDS", default_value = "10", value_parser = clap::value_parser!(u64).range(1..=300))]
    pub(crate) grace_seconds: u64,

    /// Load the sample project and start its traffic.
    #[arg(long, env = "DSM_DEMO")]
    pub(crate) demo: bool,

    /// What is logged: error, warn, info, debug, or per module as in `info,streams=debug`.
    #[arg(long, env = "LOG_LEVEL", default_value = "info")]
    pub(crate) log: String,

    /// How a line of the log looks.
    #[arg(long, env = "LOG_FORMAT", value_enum, default_value_t = LogFormat::Text)]
    pub(crate) log_format: LogFormat,

    #[command(flatten)]
    pub(crate) several: ConnectionArguments,

    #[command(flatten)]
    pub(crate) alerts: AlertArguments,

    #[command(flatten)]
    pub(crate) traces: TraceArguments,
}

impl Serve {
    pub(crate) fn sample_every(&self) -> Duration {
        Duration::from_millis(self.sample_ms)
    }

    pub(crate) fn metrics_groups(&self) -> usize {
        usize::try_from(self.metrics_groups).expect("a hundred thousand fit")
    }

    pub(crate) fn grace(&self) -> Duration {
        Duration::from_secs(self.grace_seconds)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    Development,
    Staging,
    Production,
}

impl From<Kind> for EnvironmentKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Development => Self::Development,
            Kind::Staging => Self::Staging,
            Kind::Production => Self::Production,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// A JSON object a line.
    Json,
}
