//! Starts the parts, waits for the signal, ends them in order.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, ensure};
use app::{Connection, Connections, Context, Settings};
use console::{Actor, Console};
use server::{
    api,
    guard::{Hosts, table},
};
use services::{Databases, Services, demo, keys, relay::Relay};
use store::Database;
use streams::{Metrics, Redis, Reporter, Trimmer, embedded::EmbeddedRedis, heartbeat::Identity, sampler::sampler};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use tokio_util::sync::CancellationToken;

use crate::{
    config::Serve,
    export::Export,
    further,
    site::{self, Parts},
    stage::Stage,
};

/// How often streams of the services are trimmed: often enough that a burst does not pile up, far from every entry.
const TRIM_EVERY: Duration = Duration::from_secs(10);
/// How long the sample project is tried to be loaded at start, while databases come up.
const DEMO_WITHIN: Duration = Duration::from_mins(1);
const DEMO_RETRY: Duration = Duration::from_millis(250);

/// Serves until SIGTERM or SIGINT, then drains: first requests, then consumers, then the relay, then what lies below. A
/// second signal ends at once.
pub(crate) async fn serve(serve: Serve) -> anyhow::Result<()> {
    ensure!(
        serve.listen.ip().is_loopback(),
        "refusing to listen on {}: until accounts exist, whoever reaches the address may do everything. Listen on a \
         loopback address (--listen 127.0.0.1:3000) and put a proxy that signs people in before it",
        serve.listen
    );
    let site = site::folder(serve.site.as_deref())?;
    let named = serve.several.read()?;
    let channels = serve.alerts.channels(&serve.environment, "")?;
    let export = Export::begin(&serve)?;
    std::fs::create_dir_all(&serve.data).with_context(|| format!("cannot use {}", serve.data.display()))?;
    let listener =
        TcpListener::bind(serve.listen).await.with_context(|| format!("cannot listen on {}", serve.listen))?;
    let address = listener.local_addr()?;

    let (below, workers, requests) = (Stage::new(), Stage::new(), Stage::new());
    let relay = Stage::new();
    let redis = if let Some(url) = &serve.redis_url {
        Redis::new(url)?
    } else {
        let embedded = EmbeddedRedis::start(&serve.data).await?;
        let redis = Redis::new(&embedded.url())?;
        below.run(|stop| embedded.run(stop));
        redis
    };
    let (databases, console_database) = databases(&serve)?;
    below.run(|stop| databases.clone().run(stop));
    below.run(|stop| console_database.clone().run(stop));

    let services = Services::new(databases);
    let metrics = Metrics::default();
    let identity = Identity::new(&serve.instance, env!("CARGO_PKG_VERSION"));
    let reporter = Reporter::new(redis.clone(), metrics.clone(), identity);
    let (sampler, snapshots) = sampler(redis.clone(), metrics.clone(), serve.sample_every());
    below.run(|stop| sampler.run(stop));
    relay.run(|stop| Relay::new(&services, redis.clone()).run(stop));
    // with the relay, after the consumers whose figures it tells: Redis is still there for the record to be removed
    relay.run(|stop| reporter.run(stop));
    for consumer in services::consumers(&services, &redis, &metrics, &serve.instance) {
        workers.run(|stop| consumer.run(stop));
    }
    let streams = [keys::TASK_UPDATE_EVENTS, keys::DSM_EVENTS].map(str::to_owned).to_vec();
    workers.run(|stop| Trimmer::new(redis.clone(), streams, serve.keep_entries, TRIM_EVERY).run(stop));
    workers.run(|stop| demo::Traffic::new(services.clone()).run(stop));
    let report = demo::Report {
        services: services.clone(),
        redis: redis.clone(),
        metrics: metrics.clone(),
        instance: serve.instance.clone(),
    };
    workers.run(|stop| report.run(stop));
    if serve.demo {
        workers.run(|stop| start_demo(services.clone(), stop));
    }

    let (api, document) = api::router(requests.stop.clone());
    let settings = Settings {
        environment: serve.environment.clone(),
        kind: serve.environment_kind.into(),
        version: env!("CARGO_PKG_VERSION"),
        sample_every: serve.sample_every(),
        metrics_groups: serve.metrics_groups(),
        embedded_redis: serve.redis_url.is_none(),
        embedded_databases: serve.database_url.is_none(),
        openapi: serde_json::to_value(document)?,
        guard: table::rows(),
    };
    let console = Console::telling(console_database, redis.clone(), metrics, snapshots, channels);
    further::keep(&console, &below, &workers);
    let home = Connection::home(serve.several.colour, serve.environment_kind.into(), console.clone(), redis.clone());
    let mut others = Vec::with_capacity(named.len());
    for named in named {
        others.push(further::watch(named, &serve, &below, &workers)?);
    }
    let connections = Connections::new(home.clone(), others.clone());
    let settling: Vec<Console> = connections.iter().map(|one| one.console().clone()).collect();
    let settings = Arc::new(settings);
    let actor = Actor::local();
    let context = Context { services, console, redis, connection: home, connections, actor, settings };
    let others = others.into_iter().map(|other| context.of(other)).collect();
    let hosts = Hosts::of(address.ip(), serve.host.clone());
    let router = site::router(&context, &site, Parts { api, hosts, acts: requests.tasks.clone(), others });

    println!("listening on http://{address}");
    let hurry = CancellationToken::new();
    signals(&requests.stop, &hurry)?;
    requests.run(|stop| async move {
        let served = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await;
        if let Err(error) = served {
            tracing::error!(%error, "the address cannot be served any more");
        }
    });
    requests.stop.cancelled().await;
    tracing::info!("ending: requests first, then consumers, then the relay");
    let orderly = async {
        // a client that reads slowly must not cost the consumers their time
        if tokio::time::timeout(serve.grace() / 2, requests.end()).await.is_err() {
            tracing::warn!("some requests were cut off");
        }
        // a repair goes on without its caller
        futures::future::join_all(settling.iter().map(Console::settle)).await;
        workers.end().await;
        relay.end().await;
        below.end().await;
        if let Some(export) = export {
            export.end().await;
        }
    };
    tokio::select! {
        () = orderly => tracing::info!("ended in order"),
        () = tokio::time::sleep(serve.grace()) => tracing::warn!(grace_seconds = serve.grace_seconds, "the grace time is over"),
        () = hurry.cancelled() => tracing::warn!("ended at once"),
    }
    Ok(())
}

/// The first SIGTERM or SIGINT asks to stop, the second to hurry.
fn signals(stop: &CancellationToken, hurry: &CancellationToken) -> anyhow::Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let (stop, hurry) = (stop.clone(), hurry.clone());
    tokio::spawn(async move {
        for token in [stop, hurry] {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            token.cancel();
        }
    });
    Ok(())
}

fn databases(serve: &Serve) -> anyhow::Result<(Databases, Database)> {
    if let Some(url) = &serve.database_url {
        return Ok((Databases::postgres(url)?, console::database(url)?));
    }
    let folder = serve.data.canonicalize()?;
    Ok((Databases::sqlite(&folder)?, console::database(&store::sqlite_url(&folder, "console"))?))
}

/// Loads the sample project and starts its traffic as soon as the databases are there.
async fn start_demo(services: Services, stop: CancellationToken) {
    let tried = async {
        loop {
            let started = async {
                if !demo::state(&services).await?.loaded {
                    demo::load_sample(&services).await?;
                }
                demo::start_traffic(&services).await
            };
            match started.await {
                Ok(_) => return,
                Err(services::Error::Unavailable(_)) => tokio::time::sleep(DEMO_RETRY).await,
                Err(error) => return tracing::error!(%error, "the demo could not be started"),
            }
        }
    };
    tokio::select! {
        () = tried => {}
        () = tokio::time::sleep(DEMO_WITHIN) => tracing::warn!("the demo was not started: the databases did not come up"),
        () = stop.cancelled() => {}
    }
}
