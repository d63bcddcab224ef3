//! One look at the whole server per tick, shared by everybody who watches: ten thousand viewers cost Redis nothing.

mod directory;
mod history;
mod lag;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

use domain::{
    Figure, Status, Timestamp,
    stream::{ConsumerSample, EntryId, GroupSample, RedisFacts, Snapshot, StreamSample, Verdict, judge},
};
use redis::{RedisResult, Value};
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

use self::{
    directory::{Directory, Graves},
    history::{Minute, Ring, drained_in_ms},
    lag::{COUNT_AT_MOST, Decision, Lag, Ledger},
};
use crate::{
    Error, Metrics, Redis, keys,
    reply::{self, GroupFacts, StreamFacts},
};

/// Streams or groups asked about in one pipeline: others get their turn between two.
const AT_ONCE: usize = 10;
/// Memory of a stream is measured every so many looks: it walks over samples of the stream.
const MEMORY_EVERY: u64 = 10;
/// Ids below this (September 2001) are no times: somebody chose them freely, and no age can be told from them.
const FIRST_PLAUSIBLE_MS: u64 = 1_000_000_000_000;

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
    streams: HashMap<String, StreamMemory>,
    groups: HashMap<(String, String), GroupMemory>,
}

#[derive(Default)]
struct StreamMemory {
    length: Ring,
    added: Minute,
    memory_bytes: Option<u64>,
}

#[derive(Default)]
struct GroupMemory {
    ledger: Ledger,
    lag: Ring,
    lag_minute: Minute,
    read_minute: Minute,
}

/// Makes the loop and the place where its newest snapshot is found. Until the first look has succeeded the snapshot is
/// empty and says so in `error`.
pub fn sampler(redis: Redis, metrics: Metrics, every: Duration) -> (Sampler, watch::Receiver<Arc<Snapshot>>) {
    let nothing_yet = Snapshot {
        at: Timestamp::default(),
        error: Some("redis has not been asked yet".to_owned()),
        redis: RedisFacts::default(),
        streams: Vec::new(),
    };
    let (snapshots, latest) = watch::channel(Arc::new(nothing_yet));
    let sampler = Sampler {
        redis,
        metrics,
        every,
        snapshots,
        started: Instant::now(),
        looks: 0,
        directory: Directory::default(),
        graves: Graves::default(),
        streams: HashMap::new(),
        groups: HashMap::new(),
    };
    (sampler, latest)
}

impl Sampler {
    /// Looks every tick until `stop`. While Redis is away the last snapshot stays, with `error` set.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut ticks = interval(self.every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = stop.cancelled() => return,
            }
            let looked = tokio::select! {
                looked = self.look() => looked,
                () = stop.cancelled() => return,
            };
            match looked {
                Ok(snapshot) => {
                    let before = self.snapshots.send_replace(Arc::new(snapshot));
                    if before.error.is_some() {
                        tracing::info!("redis answers; figures are live");
                    }
                }
                Err(error) => self.note_failure(&error),
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

    async fn look(&mut self) -> Result<Snapshot, Error> {
        self.looks += 1;
        let (time, info): (Value, String) = {
            let mut pipeline = redis::pipe();
            pipeline.cmd("TIME").cmd("INFO").arg(&["server", "memory", "clients", "stats"]);
            self.redis.pipeline(&pipeline).await?
        };
        let now_ms = directory::server_time_ms(&time)?;
        self.directory.refresh(&self.redis).await?;
        let seen = self.ask_streams().await?;
        for (name, facts, _) in &seen {
            if let Some(source) = keys::source_of(name) {
                self.graves.refresh(&self.redis, source, Some(facts)).await?;
            }
        }
        let lengths: HashMap<&str, u64> = seen.iter().map(|(name, facts, _)| (name.as_str(), facts.length)).collect();
        let mut streams = Vec::with_capacity(seen.len());
        let mut samples = self.ask_groups(&seen, now_ms).await?;
        for (name, facts, _) in &seen {
            let dead_letters = lengths.get(keys::dead_letter_stream(name).as_str()).copied().unwrap_or(0);
            let groups = samples.remove(name).unwrap_or_default();
            streams.push(self.stream_sample(name, facts, groups, dead_letters));
        }
        self.forget_what_is_gone(&seen).await?;
        let at = Timestamp::from_millis(i64::try_from(now_ms).unwrap_or(i64::MAX / 1_000));
        Ok(Snapshot { at, error: None, redis: directory::facts(&info), streams })
    }

    /// XINFO of every stream, in the order of their names.
    async fn ask_streams(&mut self) -> Result<Vec<(String, StreamFacts, Vec<GroupFacts>)>, Error> {
        let names: Vec<String> = self.directory.names().cloned().collect();
        let measure_memory = self.looks % MEMORY_EVERY == 1;
        let mut seen = Vec::with_capacity(names.len());
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
                let Some((facts, groups)) = read_stream(facts, groups) else {
                    self.directory.forget(name);
                    continue;
                };
                if let Some(memory) = memory {
                    let memory_bytes = redis::from_redis_value(memory).unwrap_or_default();
                    self.streams.entry(name.clone()).or_default().memory_bytes = memory_bytes;
                }
                seen.push((name.clone(), facts, groups));
            }
        }
        Ok(seen)
    }

    /// Consumers, pending entries and lag of every group, by stream.
    async fn ask_groups(
        &mut self,
        seen: &[(String, StreamFacts, Vec<GroupFacts>)],
        now_ms: u64,
    ) -> Result<HashMap<String, Vec<GroupSample>>, Error> {
        let all: Vec<(&String, &StreamFacts, &GroupFacts)> = seen
            .iter()
            .flat_map(|(name, facts, groups)| groups.iter().map(move |group| (name, facts, group)))
            .collect();
        let mut samples: HashMap<String, Vec<GroupSample>> = HashMap::new();
        for chunk in all.chunks(AT_ONCE) {
            let mut pipeline = redis::pipe();
            pipeline.ignore_errors();
            let mut decisions = Vec::with_capacity(chunk.len());
            for (name, facts, group) in chunk {
                let memory = self.groups.entry(((*name).clone(), group.name.clone())).or_default();
                let decision = memory.ledger.look(facts, group);
                // the first unread entry tells how far behind the group is; one more than the limit, that it was hit
                let count = if decision == Decision::Count { COUNT_AT_MOST + 1 } else { 1 };
                decisions.push(decision);
                pipeline.cmd("XINFO").arg("CONSUMERS").arg(*name).arg(&group.name);
                pipeline.cmd("XPENDING").arg(*name).arg(&group.name).arg("-").arg("+").arg(1);
                let after = format!("({}", group.last_delivered_id);
                pipeline.cmd("XRANGE").arg(*name).arg(after).arg("+").arg("COUNT").arg(count);
            }
            let mut answers = self.redis.pipeline::<Vec<RedisResult<Value>>>(&pipeline).await?.into_iter();
            for ((name, facts, group), decision) in chunk.iter().zip(decisions) {
                let mut next = || answers.next().ok_or_else(|| reply::unexpected("too few answers"));
                let answer = Answer { consumers: next()?, pending: next()?, unread: next()? };
                if let Some(sample) = self.group_sample(name, facts, group, decision, answer, now_ms) {
                    samples.entry((*name).clone()).or_default().push(sample);
                }
            }
        }
        Ok(samples)
    }

    /// `None` where the group went away while it was looked at.
    fn group_sample(
        &mut self,
        stream: &str,
        facts: &StreamFacts,
        group: &GroupFacts,
        decision: Decision,
        answer: Answer,
        now_ms: u64,
    ) -> Option<GroupSample> {
        let consumers = reply::items(answer.consumers.ok()?).ok()?;
        let consumers: Vec<ConsumerSample> = consumers.into_iter().filter_map(|c| reply::consumer(c).ok()).collect();
        let oldest: Vec<(String, String, u64, u64)> = redis::from_redis_value(answer.pending.ok()?).ok()?;
        let oldest = oldest.first().and_then(|(id, _, idle_ms, _)| Some((id.parse::<EntryId>().ok()?, *idle_ms)));
        let unread = answer.unread.ok().and_then(|unread| reply::entries(unread).ok());
        let at = self.started.elapsed();
        let memory = self.groups.entry((stream.to_owned(), group.name.clone())).or_default();
        let lag = match (decision, &unread) {
            (Decision::Known(lag), _) => lag,
            (Decision::Count, Some(unread)) => memory.ledger.counted(facts, group, unread.len()),
            (Decision::Count, None) => Lag::unknown(group.lag),
        };
        let exact = if let Figure::Exact(lag) = lag.figure { Some(lag) } else { None };
        memory.lag.record(at, exact);
        memory.lag_minute.record(at, exact);
        memory.read_minute.record_counter(at, group.entries_read);
        let lag_per_second = memory.lag_minute.per_second();
        let behind_ms = match (&lag.figure, unread.as_ref().and_then(|unread| unread.first())) {
            (Figure::Exact(0), _) => Some(0),
            (_, Some(first)) => age_ms(first.id, now_ms),
            (_, None) => None,
        };
        let mut sample = GroupSample {
            stream: stream.to_owned(),
            name: group.name.clone(),
            lag: lag.figure,
            lag_reported: lag.reported,
            pending: group.pending,
            last_delivered_id: group.last_delivered_id,
            behind_ms,
            // where the id is no time, the time since the last delivery is the best that is known
            oldest_pending_ms: oldest.map(|(id, idle_ms)| age_ms(id, now_ms).unwrap_or(idle_ms)),
            oldest_pending_id: oldest.map(|(id, _)| id),
            consumers,
            dead_letters: self.graves.of(stream, &group.name),
            lag_per_minute: lag_per_second.map(|rate| rate * 60.0),
            drained_in_ms: exact.zip(lag_per_second).and_then(|(lag, rate)| drained_in_ms(lag, rate)),
            lag_history: memory.lag.values(),
            read_per_second: memory.read_minute.per_second(),
            handling: self.metrics.handling(stream, &group.name),
            verdict: Verdict { status: Status::Unknown, word: String::new(), reason: String::new() },
        };
        sample.verdict = judge(&sample);
        Some(sample)
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
        }
    }

    async fn forget_what_is_gone(&mut self, seen: &[(String, StreamFacts, Vec<GroupFacts>)]) -> Result<(), Error> {
        let streams: HashSet<&str> = seen.iter().map(|(name, ..)| name.as_str()).collect();
        let groups: HashSet<(&str, &str)> = seen
            .iter()
            .flat_map(|(name, _, groups)| groups.iter().map(move |group| (name.as_str(), group.name.as_str())))
            .collect();
        self.groups.retain(|(stream, group), _| groups.contains(&(stream.as_str(), group.as_str())));
        let gone: Vec<String> = self.streams.keys().filter(|name| !streams.contains(name.as_str())).cloned().collect();
        for name in gone {
            self.streams.remove(&name);
            if let Some(source) = keys::source_of(&name) {
                self.graves.refresh(&self.redis, source, None).await?;
            }
        }
        Ok(())
    }
}

/// What Redis said about one group.
struct Answer {
    consumers: RedisResult<Value>,
    pending: RedisResult<Value>,
    unread: RedisResult<Value>,
}

/// `None` where the stream went away.
fn read_stream(facts: RedisResult<Value>, groups: RedisResult<Value>) -> Option<(StreamFacts, Vec<GroupFacts>)> {
    let facts = StreamFacts::read(facts.ok()?).ok()?;
    let groups = reply::items(groups.ok()?).ok()?;
    Some((facts, groups.into_iter().filter_map(|group| GroupFacts::read(group).ok()).collect()))
}

/// How long ago an entry was added, by the server's clock.
fn age_ms(id: EntryId, now_ms: u64) -> Option<u64> {
    (id.ms >= FIRST_PLAUSIBLE_MS).then(|| now_ms.saturating_sub(id.ms))
}
