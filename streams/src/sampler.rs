//! One look at the whole server per tick, shared by everybody who watches: ten thousand viewers cost Redis nothing.

mod directory;
mod group;
mod heartbeats;
mod history;
mod lag;
mod oldest;
mod rights;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

use domain::{
    Figure, Status, Timestamp,
    finding::{Found, Limits, Watch},
    latency::Derived,
    stream::{EntryId, GroupSample, RedisFacts, Snapshot, StreamSample, Unread, Verdict, judge},
};
use futures::future::try_join_all;
use redis::{RedisResult, Value};
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

use self::{
    directory::{Directory, Graves},
    group::{Answers, GroupMemory, Learned, Questions},
    heartbeats::Heartbeats,
    history::{Minute, Ring, drained_in_ms},
    lag::{Decision, Lag},
    rights::Asked,
};
use crate::{
    Error, Metrics, Redis,
    client::Node,
    clock, keys,
    reply::{self, GroupFacts, StreamFacts},
    server::Mode,
};

/// Streams asked about in one pipeline: others get their turn between two.
const AT_ONCE: usize = 10;
/// Memory of a stream is measured every so many looks: it walks over samples of the stream.
const MEMORY_EVERY: u64 = 10;

/// The loop that looks.
pub struct Sampler {
    redis: Redis,
    metrics: Metrics,
    every: Duration,
    snapshots: watch::Sender<Arc<Snapshot>>,
    started: Instant,
    looks: u64,
    directory: Directory,
    graves: Graves,
    heartbeats: Heartbeats,
    streams: HashMap<String, StreamMemory>,
    groups: HashMap<(String, String), GroupMemory>,
    watch: Watch,
    rights: Asked,
    is_cluster: bool,
}

#[derive(Default)]
struct StreamMemory {
    length: Ring,
    added: Minute,
    memory_bytes: Option<u64>,
}

/// Makes the loop and the place where its newest snapshot is found. Until the first look has succeeded the snapshot is
/// empty and says so in `error`.
pub fn sampler(redis: Redis, metrics: Metrics, every: Duration) -> (Sampler, watch::Receiver<Arc<Snapshot>>) {
    let (snapshots, latest) = watch::channel(Arc::new(Snapshot::not_asked()));
    let sampler = Sampler {
        redis,
        metrics,
        every,
        snapshots,
        started: Instant::now(),
        looks: 0,
        directory: Directory::default(),
        graves: Graves::default(),
        heartbeats: Heartbeats::default(),
        streams: HashMap::new(),
        groups: HashMap::new(),
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
                    let before = self.snapshots.send_replace(Arc::new(snapshot));
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
    pub async fn look(&mut self) -> Result<Snapshot, Error> {
        self.looks += 1;
        let masters = self.redis.masters().await?;
        let now_ms = self.server_time_ms(&masters).await?;
        let infos = self.ask_servers(&masters).await;
        let (infos, untold) = may_be_refused(infos)?;
        let mode = self.redis.server().await?.mode;
        self.is_cluster = mode == Mode::Cluster;
        self.directory.refresh(&self.redis, &masters).await?;
        self.heartbeats.refresh(&self.redis, &self.metrics, now_ms).await?;
        let (seen, mut unread) = self.ask_streams().await?;
        for (name, facts, _) in &seen {
            if let Some(source) = keys::source_of(name) {
                self.graves.refresh(&self.redis, source, facts).await?;
            }
        }
        for one in &unread {
            if let Some(source) = keys::source_of(&one.stream) {
                self.graves.unknown(source, one.why.clone());
            }
        }
        let lengths: HashMap<&str, u64> = seen.iter().map(|(name, facts, _)| (name.as_str(), facts.length)).collect();
        let mut streams = Vec::with_capacity(seen.len());
        let mut samples = self.ask_groups(&seen, now_ms, &mut unread).await?;
        for (name, facts, _) in &seen {
            let dead_letters = lengths.get(keys::dead_letter_stream(name).as_str()).copied().unwrap_or(0);
            let groups = samples.remove(name).unwrap_or_default();
            streams.push(self.stream_sample(name, facts, groups, dead_letters));
        }
        self.forget_what_is_gone(&seen, &unread);
        let at = Timestamp::from_millis(i64::try_from(now_ms).unwrap_or(i64::MAX / 1_000));
        let any = seen.first().map(|(name, ..)| name.as_str());
        let rights = self.rights.of(&self.redis, any).await;
        let redis = RedisFacts { untold, rights, ..directory::facts(&infos, mode) };
        let mut snapshot = Snapshot { at, error: None, redis, streams, unread, found: Found::default() };
        let before = Arc::clone(&self.snapshots.borrow());
        // the last one that succeeded stays while looks fail; before the first there is none
        let before = before.was_looked().then_some(before);
        snapshot.found = self.watch.look(before.as_deref(), &snapshot);
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

    /// XINFO of every stream, in the order of their names; and what did not let us ask.
    async fn ask_streams(&mut self) -> Result<(Vec<(String, StreamFacts, Vec<GroupFacts>)>, Vec<Unread>), Error> {
        let names: Vec<String> = self.directory.names().cloned().collect();
        let measure_memory = self.looks % MEMORY_EVERY == 1;
        let (mut seen, mut unread) = (Vec::with_capacity(names.len()), Vec::new());
        for chunk in names.chunks(AT_ONCE) {
            let mut pipeline = redis::pipe();
            pipeline.ignore_errors();
            for name in chunk {
                pipeline.cmd("XINFO").arg("STREAM").arg(name).cmd("XINFO").arg("GROUPS").arg(name);
                if measure_memory {
                    pipeline.cmd("MEMORY").arg("USAGE").arg(name);
                }
            }
            let mut answers = self.redis.pipeline::<Vec<RedisResult<Value>>>(&pipeline).await?.into_iter();
            for name in chunk {
                let mut next = || answers.next().ok_or_else(|| reply::unexpected("too few answers"));
                let (facts, groups) = (next()?, next()?);
                let memory = if measure_memory { next()?.ok() } else { None };
                let (facts, groups) = match read_stream(facts, groups) {
                    Ok(read) => read,
                    Err(Error::NotFound(_)) => {
                        self.directory.forget(name);
                        continue;
                    }
                    Err(error) => {
                        unread.push(Unread { stream: name.clone(), group: None, why: error.to_string() });
                        continue;
                    }
                };
                if let Some(memory) = memory {
                    let memory_bytes = redis::from_redis_value(memory).unwrap_or_default();
                    self.streams.entry(name.clone()).or_default().memory_bytes = memory_bytes;
                }
                seen.push((name.clone(), facts, groups));
            }
        }
        Ok((seen, unread))
    }

    /// Consumers, pending entries and lag of every group, by stream.
    async fn ask_groups(
        &mut self,
        seen: &[(String, StreamFacts, Vec<GroupFacts>)],
        now_ms: u64,
        unread: &mut Vec<Unread>,
    ) -> Result<HashMap<String, Vec<GroupSample>>, Error> {
        let all: Vec<(&String, &StreamFacts, &GroupFacts)> = seen
            .iter()
            .flat_map(|(name, facts, groups)| groups.iter().map(move |group| (name, facts, group)))
            .collect();
        let mut all = all.into_iter().peekable();
        let mut samples: HashMap<String, Vec<GroupSample>> = HashMap::new();
        while all.peek().is_some() {
            let (mut questions, mut asked) = (Questions::new(), Vec::new());
            while !questions.enough()
                && let Some((name, facts, group)) = all.next()
            {
                let memory = self.groups.entry((name.clone(), group.name.clone())).or_default();
                let asking = questions.ask(name, facts, group, memory);
                asked.push((name, facts, group, asking));
            }
            // a group without consumers that has nothing to read leaves nothing to ask
            let answers: Vec<RedisResult<Value>> =
                if questions.none() { Vec::new() } else { self.redis.pipeline(&questions.pipeline).await? };
            let mut answers = Answers::read(&questions, answers);
            let mut learned = Vec::with_capacity(asked.len());
            for (name, facts, group, asking) in asked {
                let memory = self.groups.entry((name.clone(), group.name.clone())).or_default();
                match answers.learn(facts, group, asking, memory) {
                    Ok(one) => learned.push((name, facts, group, one)),
                    // it, or its stream, went away while it was looked at
                    Err(Error::NotFound(_)) => {}
                    Err(error) => unread.push(Unread {
                        stream: name.clone(),
                        group: Some(group.name.clone()),
                        why: error.to_string(),
                    }),
                }
            }
            self.ask_for_bodies(&learned).await?;
            for (name, facts, group, learned) in learned {
                let sample = self.group_sample(name, facts, group, learned, now_ms);
                samples.entry(name.clone()).or_default().push(sample);
            }
        }
        Ok(samples)
    }

    /// Whether pending entries that may have been deleted are there; nothing is asked where none can have been.
    async fn ask_for_bodies(&mut self, learned: &[(&String, &StreamFacts, &GroupFacts, Learned)]) -> Result<(), Error> {
        let mut wanted = Vec::new();
        for (place, (name, facts, group, learned)) in
            learned.iter().enumerate().filter(|(_, one)| !one.3.oldest.is_empty())
        {
            let memory = self.groups.entry(((*name).clone(), group.name.clone())).or_default();
            let unknown = memory.bodies.unknown(facts, &learned.oldest);
            wanted.extend(unknown.into_iter().map(|id| (place, name.as_str(), id)));
        }
        for (place, id, has_body) in oldest::ask(&self.redis, &wanted).await? {
            let (name, _, group, _) = &learned[place];
            let memory = self.groups.entry(((*name).clone(), group.name.clone())).or_default();
            memory.bodies.learn(id, has_body);
        }
        Ok(())
    }

    fn group_sample(
        &mut self,
        stream: &str,
        facts: &StreamFacts,
        group: &GroupFacts,
        learned: Learned,
        now_ms: u64,
    ) -> GroupSample {
        let Learned { consumers, oldest: listed, unread, counted, decision } = learned;
        let oldest = listed.first().map(|(id, _, idle_ms, _)| (*id, *idle_ms));
        let at = self.started.elapsed();
        let memory = self.groups.entry((stream.to_owned(), group.name.clone())).or_default();
        let lag = match (decision, counted) {
            (Decision::Known(lag), _) => lag,
            (Decision::Count, Some(found)) => memory.ledger.counted(facts, group, found),
            (Decision::Count, None) => Lag::unknown(group.lag),
        };
        let exact = if let Figure::Exact(lag) = lag.figure { Some(lag) } else { None };
        memory.lag.record(at, exact);
        if !memory.lag_moved_by_reading(exact, facts, group) {
            // trimmed, or passed over by a move: no rate at which it drains
            memory.lag_minute.record(at, None);
        }
        memory.lag_minute.record(at, exact);
        memory.read_minute.record_counter(at, group.entries_read);
        let acknowledged = group.entries_read.and_then(|read| read.checked_sub(group.pending));
        memory.acknowledged_minute.record_counter(at, acknowledged);
        let derived = Derived {
            acknowledged_per_second: memory.acknowledged_minute.per_second(),
            oldest_delivery_ms: oldest.map(|(_, idle_ms)| idle_ms),
        };
        let lag_per_second = memory.lag_minute.per_second();
        let behind_ms = match (&lag.figure, unread) {
            (Figure::Exact(0), _) => Some(0),
            (_, Some(first)) => age_ms(first, now_ms),
            (_, None) => None,
        };
        let mut sample = GroupSample {
            stream: stream.to_owned(),
            name: group.name.clone(),
            lag: lag.figure,
            lag_reported: lag.reported,
            entries_read: group.entries_read,
            pending: group.pending,
            last_delivered_id: group.last_delivered_id,
            behind_ms,
            // where the id is no time, the time since the last delivery is the best that is known
            oldest_pending_ms: oldest.map(|(id, idle_ms)| age_ms(id, now_ms).unwrap_or(idle_ms)),
            oldest_pending_id: oldest.map(|(id, _)| id),
            oldest: memory.bodies.told(facts, listed),
            consumers,
            dead_letters: self.graves.of(stream, &group.name),
            lag_per_minute: lag_per_second.map(|rate| rate * 60.0),
            drained_in_ms: exact.zip(lag_per_second).and_then(|(lag, rate)| drained_in_ms(lag, rate)),
            lag_history: memory.lag.values(),
            read_per_second: memory.read_minute.per_second(),
            handling: self.heartbeats.handling(&self.metrics, stream, &group.name, now_ms),
            derived,
            verdict: Verdict { status: Status::Unknown, word: String::new(), reason: String::new() },
        };
        sample.verdict = judge(&sample);
        sample
    }

    fn stream_sample(
        &mut self,
        name: &str,
        facts: &StreamFacts,
        groups: Vec<GroupSample>,
        dead_letters: u64,
    ) -> StreamSample {
        let at = self.started.elapsed();
        let memory = self.streams.entry(name.to_owned()).or_default();
        memory.length.record(at, Some(facts.length));
        memory.added.record_counter(at, Some(facts.entries_added));
        StreamSample {
            name: name.to_owned(),
            source: keys::source_of(name).map(str::to_owned),
            length: facts.length,
            first_id: facts.first_id,
            last_id: facts.last_id,
            entries_added: facts.entries_added,
            max_deleted_id: facts.max_deleted_id,
            memory_bytes: memory.memory_bytes,
            added_per_second: memory.added.per_second(),
            length_history: memory.length.values(),
            groups,
            dead_letters,
            can_dead_letter: !self.is_cluster || keys::can_dead_letter_in_a_cluster(name),
        }
    }

    /// What could not be looked at is not gone: its past goes on when it can be again.
    fn forget_what_is_gone(&mut self, seen: &[(String, StreamFacts, Vec<GroupFacts>)], unread: &[Unread]) {
        let unread: HashSet<&str> = unread.iter().map(|unread| unread.stream.as_str()).collect();
        let streams: HashSet<&str> =
            seen.iter().map(|(name, ..)| name.as_str()).chain(unread.iter().copied()).collect();
        let groups: HashSet<(&str, &str)> = seen
            .iter()
            .flat_map(|(name, _, groups)| groups.iter().map(move |group| (name.as_str(), group.name.as_str())))
            .collect();
        self.groups.retain(|(stream, group), _| {
            unread.contains(stream.as_str()) || groups.contains(&(stream.as_str(), group.as_str()))
        });
        let gone: Vec<String> = self.streams.keys().filter(|name| !streams.contains(name.as_str())).cloned().collect();
        for name in gone {
            self.streams.remove(&name);
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

/// [`Error::NotFound`] only where the stream went away: whatever else Redis says does not mean that.
fn read_stream(facts: RedisResult<Value>, groups: RedisResult<Value>) -> Result<(StreamFacts, Vec<GroupFacts>), Error> {
    let facts = StreamFacts::read(facts?)?;
    let groups = reply::items(groups?)?;
    // a name that is not text cannot be shown or asked for by anybody here
    Ok((facts, groups.into_iter().filter_map(|group| GroupFacts::read(group).ok()).collect()))
}

/// How long ago an entry was added, by the server's clock.
fn age_ms(id: EntryId, now_ms: u64) -> Option<u64> {
    id.tells_time().then(|| now_ms.saturating_sub(id.ms))
}
