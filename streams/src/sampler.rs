//! One look at the whole server per tick, shared by everybody who watches: ten thousand viewers cost Redis nothing.

mod directory;
mod group;
mod heartbeats;
mod history;
mod lag;
mod oldest;
mod questions;
mod rights;
mod round;
mod sample;

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use domain::{
    Timestamp,
    finding::{Found, Limits, Watch},
    stream::{RedisFacts, Snapshot, StreamSample, Unread},
};
use futures::future::try_join_all;
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

use self::{
    directory::{Directory, Graves},
    group::GroupMemory,
    heartbeats::Heartbeats,
    history::{Minute, Ring},
    rights::Asked,
};
use crate::{
    Error, Metrics, Redis,
    client::{Node, Wire},
    clock, keys,
    server::Mode,
};

/// The loop that looks.
pub struct Sampler {
    redis: Redis,
    wire: Wire,
    metrics: Metrics,
    every: Duration,
    snapshots: watch::Sender<Arc<Snapshot>>,
    /// The last look that succeeded.
    before: Option<Arc<Snapshot>>,
    started: Instant,
    looks: u64,
    directory: Directory,
    graves: Graves,
    heartbeats: Heartbeats,
    streams: HashMap<String, StreamMemory>,
    watch: Watch,
    rights: Asked,
    is_cluster: bool,
}

/// What is remembered of one stream from look to look.
#[derive(Default)]
struct StreamMemory {
    /// Which look has met it last, whether it let itself be looked at or not.
    met_at: u64,
    /// In the order in which Redis has them.
    groups: Vec<GroupMemory>,
    length: Ring,
    added: Minute,
    memory_bytes: Option<u64>,
}

/// Makes the loop and the place where its newest snapshot is found. Until the first look has succeeded the snapshot is
/// empty and says so in `error`.
pub fn sampler(redis: Redis, metrics: Metrics, every: Duration) -> (Sampler, watch::Receiver<Arc<Snapshot>>) {
    let (snapshots, latest) = watch::channel(Arc::new(Snapshot::not_asked()));
    let sampler = Sampler {
        wire: Wire::new(&redis),
        redis,
        metrics,
        every,
        snapshots,
        before: None,
        started: Instant::now(),
        looks: 0,
        directory: Directory::default(),
        graves: Graves::default(),
        heartbeats: Heartbeats::default(),
        streams: HashMap::new(),
        watch: Watch::default(),
        rights: Asked::default(),
        is_cluster: false,
    };
    (sampler, latest)
}

impl Sampler {
    /// Draws the lines of the detectors elsewhere.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.watch = Watch::new(limits);
        self
    }

    /// Looks every tick until `stop`. While Redis is away the last snapshot stays, with `error` set.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut ticks = interval(self.every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = stop.cancelled() => return,
            }
            let began = Instant::now();
            let looked = tokio::select! {
                looked = self.look() => looked,
                () = stop.cancelled() => return,
            };
            match looked {
                Ok(snapshot) => {
                    self.metrics.look_succeeded(began.elapsed());
                    let before = self.snapshots.send_replace(snapshot);
                    if before.error.is_some() {
                        tracing::info!("redis answers; figures are live");
                    }
                }
                Err(error) => {
                    self.metrics.look_failed();
                    self.note_failure(&error);
                }
            }
        }
    }

    fn note_failure(&self, error: &Error) {
        self.snapshots.send_modify(|snapshot| {
            if snapshot.error.is_none() {
                tracing::warn!(%error, "redis cannot be asked; the last figures stay");
            }
            let text = error.to_string();
            if snapshot.error.as_ref() != Some(&text) {
                Arc::make_mut(snapshot).error = Some(text);
            }
        });
    }

    /// One look. [`Sampler::run`] publishes what it finds; who only measures asks for it here.
    pub async fn look(&mut self) -> Result<Arc<Snapshot>, Error> {
        self.looks += 1;
        let masters = self.redis.masters().await?;
        let now_ms = self.server_time_ms(&masters).await?;
        let infos = self.ask_servers(&masters).await;
        let (infos, untold) = may_be_refused(infos)?;
        let mode = self.redis.server().await?.mode;
        self.is_cluster = mode == Mode::Cluster;
        self.directory.refresh(&self.redis, &masters).await?;
        self.heartbeats.refresh(&self.redis, &self.metrics, now_ms).await?;
        let (mut streams, unread) = self.go_round(now_ms).await?;
        self.tell_dead_letters(&mut streams, &unread).await?;
        self.forget_what_is_gone();
        let at = Timestamp::from_millis(i64::try_from(now_ms).unwrap_or(i64::MAX / 1_000));
        let any = streams.first().map(|stream| stream.name.as_str());
        let rights = self.rights.of(&self.redis, any).await;
        let redis = RedisFacts { untold, rights, ..directory::facts(&infos, mode) };
        let mut snapshot = Snapshot { at, error: None, redis, streams, unread, found: Found::default() };
        // the last one that succeeded stays while looks fail; before the first there is none
        snapshot.found = self.watch.look(self.before.as_deref(), &snapshot);
        let snapshot = Arc::new(snapshot);
        self.before = Some(Arc::clone(&snapshot));
        Ok(snapshot)
    }

    /// The time by the first server: ids are made by the clocks of all, which no cluster lets drift far apart.
    async fn server_time_ms(&self, masters: &[Option<Node>]) -> Result<u64, Error> {
        let first = masters.first().and_then(Option::as_ref);
        let asked = clock::now();
        let now_ms = directory::server_time_ms(&self.redis.query_on(first, &redis::cmd("TIME")).await?)?;
        self.metrics.note_time(now_ms, asked, clock::now());
        Ok(now_ms)
    }

    /// INFO of every server.
    async fn ask_servers(&self, masters: &[Option<Node>]) -> Result<Vec<String>, Error> {
        let mut info = redis::cmd("INFO");
        info.arg(&["server", "memory", "clients", "stats", "replication"]);
        try_join_all(masters.iter().map(|node| self.redis.query_on(node.as_ref(), &info))).await
    }

    /// Counts the dead letters of every stream and group, where the look has shown that they are others than before.
    async fn tell_dead_letters(&mut self, streams: &mut [StreamSample], unread: &[Unread]) -> Result<(), Error> {
        let mut lengths = HashMap::new();
        for stream in streams.iter() {
            if let Some(source) = &stream.source {
                self.graves.refresh(&self.redis, source, (stream.length, stream.last_id)).await?;
                lengths.insert(source.clone(), stream.length);
            }
        }
        for one in unread.iter().filter(|one| one.group.is_none()) {
            if let Some(source) = keys::source_of(&one.stream) {
                self.graves.unknown(source, one.why.clone());
            }
        }
        for stream in streams {
            stream.dead_letters = lengths.get(&stream.name).copied().unwrap_or(0);
            for group in &mut stream.groups {
                group.dead_letters = self.graves.of(&group.stream, &group.name);
            }
        }
        Ok(())
    }

    fn forget_what_is_gone(&mut self) {
        for (name, _) in self.streams.extract_if(|_, memory| memory.met_at != self.looks) {
            if let Some(source) = keys::source_of(&name) {
                self.graves.forget(source);
            }
        }
    }
}

/// What the servers say of themselves, or why they do not: no reason for a look to fail.
fn may_be_refused(infos: Result<Vec<String>, Error>) -> Result<(Vec<String>, Option<String>), Error> {
    match infos {
        Ok(infos) => Ok((infos, None)),
        Err(error @ Error::Refused(_)) => Ok((Vec::new(), Some(format!("{error}: allow this user +info")))),
        Err(error) => Err(error),
    }
}
