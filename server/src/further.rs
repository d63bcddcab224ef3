//! What watches the connections beside home: a sampler, a console with a database of its own, and its loops. None of it
//! writes to Redis; consumers, relay, trimmer, reporter and demo are home's alone (docs/adr/0021).

use app::Connection;
use console::{Console, alert, recovery};
use store::Database;
use streams::{Metrics, sampler::sampler};

use crate::{
    config::{Named, Serve},
    stage::Stage,
};

/// Starts what watches a connection.
pub(crate) fn watch(named: Named, serve: &Serve, below: &Stage, workers: &Stage) -> anyhow::Result<Connection> {
    let Named { name, colour, kind, redis } = named;
    let database = database(serve, &name)?;
    below.run(|stop| database.clone().run(stop));
    let metrics = Metrics::default();
    let (sampler, snapshots) = sampler(redis.clone(), metrics.clone(), serve.sample_every());
    below.run(|stop| sampler.run(stop));
    let channels = serve.alerts.channels(&name, &app::address::prefix_of(&name))?;
    let console = Console::telling(database, redis.clone(), metrics, snapshots, channels);
    keep(&console, below, workers);
    Ok(Connection::new(&name, colour, kind, console, redis))
}

/// Starts the loops of a console: history, alerts and who is told of them, recovery jobs.
pub(crate) fn keep(console: &Console, below: &Stage, workers: &Stage) {
    below.run(|stop| console.recorder().run(stop));
    workers.run(|stop| alert::Watcher::new(console).run(stop));
    workers.run(|stop| recovery::Runner::new(console).run(stop));
    // what the watcher finds at the end is told by the next process: the queue keeps it
    workers.run(|stop| alert::Notifier::new(console).run(stop));
}

/// The file `console-NAME` or the schema `console_NAME`, beside those of home.
fn database(serve: &Serve, name: &str) -> anyhow::Result<Database> {
    let url = match &serve.database_url {
        Some(url) => url.clone(),
        None => store::sqlite_url(&serve.data.canonicalize()?, &format!("console-{name}")),
    };
    Ok(console::database_of(&url, name)?)
}
