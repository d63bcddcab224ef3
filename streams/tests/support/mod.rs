//! What every behaviour test needs: a private Redis, a handler made of a closure, a consumer that runs.

#![allow(dead_code, reason = "each test file uses its part")]

pub(crate) mod eye;

use std::{
    collections::HashMap,
    future::Future,
    sync::{Arc, Mutex},
    time::Duration,
};

use domain::{
    dead_letter::Filter,
    stream::{GroupSample, Snapshot},
};
use streams::{
    Backoff, Consumer, ConsumerSettings, Failure, Handler, Message, Metrics, Outgoing, Redis, dead_letter::Shelf,
};
use testkit::{
    redis::{Cluster, Sentinel, Server},
    wait,
};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(crate) const STREAM: &str = "events";
pub(crate) const GROUP: &str = "workers";

/// What Redis is made of in a test.
pub(crate) enum Servers {
    One(Server),
    Cluster(Cluster),
    Sentinel(Sentinel),
}

impl Servers {
    fn one(&mut self) -> &mut Server {
        if let Self::One(server) = self { server } else { panic!("a test of one server") }
    }

    pub(crate) fn url(&self) -> String {
        match self {
            Self::One(server) => server.url(),
            Self::Cluster(cluster) => cluster.url(),
            Self::Sentinel(sentinel) => sentinel.url(),
        }
    }

    pub(crate) async fn start_again(&mut self) {
        self.one().start_again().await;
    }

    pub(crate) fn kill(&mut self) {
        self.one().kill();
    }

    pub(crate) fn pause(&mut self) {
        self.one().pause();
    }

    pub(crate) fn resume(&mut self) {
        self.one().resume();
    }
}

/// Redis with both ways in: our client and a raw one for what only tests do.
pub(crate) struct Room {
    pub(crate) server: Servers,
    pub(crate) redis: Redis,
    pub(crate) raw: redis::Client,
    pub(crate) metrics: Metrics,
}

impl Room {
    /// An empty Redis. The same behaviour is tested over every transport: `cluster.rs` and `sentinel.rs` have tests of
    /// other files as modules, which find theirs here.
    pub(crate) async fn new() -> Self {
        match env!("CARGO_CRATE_NAME") {
            "cluster" => Self::on_cluster(Cluster::start().await).await,
            "sentinel" => Self::on_sentinel(Sentinel::start().await),
            _ => Self::with(Server::start().await),
        }
    }

    pub(crate) fn with(server: Server) -> Self {
        let raw = server.url();
        Self::on(Servers::One(server), &raw)
    }

    /// The raw client is at the node that has [`STREAM`].
    pub(crate) async fn on_cluster(cluster: Cluster) -> Self {
        let raw = cluster.url_of(cluster.home(STREAM).await);
        Self::on(Servers::Cluster(cluster), &raw)
    }

    pub(crate) fn on_sentinel(sentinel: Sentinel) -> Self {
        let raw = sentinel.url_of(0);
        Self::on(Servers::Sentinel(sentinel), &raw)
    }

    fn on(server: Servers, raw: &str) -> Self {
        let redis = Redis::new(&server.url()).unwrap();
        Self { server, redis, raw: redis::Client::open(raw).unwrap(), metrics: Metrics::default() }
    }

    /// Runs one command as `redis-cli` would: words separated by spaces.
    pub(crate) async fn cli<T: redis::FromRedisValue>(&self, words: &str) -> T {
        self.try_cli(words).await.unwrap_or_else(|error| panic!("{words}: {error}"))
    }

    pub(crate) async fn try_cli<T: redis::FromRedisValue>(&self, words: &str) -> redis::RedisResult<T> {
        let mut words = words.split(' ');
        let mut command = redis::cmd(words.next().unwrap());
        for word in words {
            command.arg(word);
        }
        command.query_async(&mut self.connection().await?).await
    }

    /// One command of words with any signs in them.
    pub(crate) async fn words(&self, words: &[&str]) -> redis::Value {
        let mut command = redis::cmd(words[0]);
        command.arg(&words[1..]);
        let answer = command.query_async(&mut self.connection().await.unwrap()).await;
        answer.unwrap_or_else(|error| panic!("{words:?}: {error}"))
    }

    /// The raw way in, which waits as long as a slow machine needs.
    pub(crate) async fn connection(&self) -> redis::RedisResult<redis::aio::MultiplexedConnection> {
        let patient = Some(Duration::from_secs(30));
        let config = redis::AsyncConnectionConfig::new().set_response_timeout(patient).set_connection_timeout(patient);
        self.raw.get_multiplexed_async_connection_with_config(&config).await
    }

    pub(crate) async fn add(&self, data: &str) -> String {
        let sent = streams::publish(&self.redis, &[Outgoing { stream: STREAM.into(), data: data.into() }]).await;
        sent.unwrap().remove(0).to_string()
    }

    pub(crate) async fn add_event(&self, key: &str, n: u32) -> String {
        self.add(&event(key, n)).await
    }

    /// How many entries pend; `None` where there is no such group (yet).
    pub(crate) async fn pending(&self, group: &str) -> Option<u64> {
        type Summary = (u64, Option<String>, Option<String>, Option<Vec<(String, u64)>>);
        self.try_cli::<Summary>(&format!("XPENDING {STREAM} {group}")).await.ok().map(|summary| summary.0)
    }

    pub(crate) async fn wait_until_nothing_pends(&self, group: &str) {
        wait::until("nothing pends", || async { (self.pending(group).await == Some(0)).then_some(()) }).await;
    }

    pub(crate) async fn dead_letters(&self) -> Vec<domain::dead_letter::DeadLetter> {
        let shelf = Shelf::new(self.redis.clone());
        let page = shelf.list(&[STREAM.into()], &Filter::default(), None, 500).await;
        page.unwrap().records
    }

    pub(crate) async fn wait_for_dead_letters(&self, count: usize) -> Vec<domain::dead_letter::DeadLetter> {
        wait::until("dead letters", || async {
            let records = self.dead_letters().await;
            (records.len() == count).then_some(records)
        })
        .await
    }

    /// Starts a consumer with a handler; short waits, so that failing costs no time.
    pub(crate) fn consume<F, Fut>(&self, settings: ConsumerSettings, handle: F) -> Running
    where
        F: Fn(Message) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        self.consume_as(&self.metrics, settings, handle)
    }

    /// As a process of its own would, which has its own measurements.
    pub(crate) fn consume_as<F, Fut>(&self, metrics: &Metrics, settings: ConsumerSettings, handle: F) -> Running
    where
        F: Fn(Message) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        let stop = CancellationToken::new();
        let consumer = Consumer::new(self.redis.clone(), settings, Closure(handle), metrics.clone());
        let task = tokio::spawn(consumer.run(stop.clone()));
        Running { stop, task }
    }

    /// The newest look of a sampler that runs for this call only.
    pub(crate) async fn sample(&self) -> Arc<Snapshot> {
        self.sample_as(&self.redis, &self.metrics).await
    }

    /// As a process of its own would see it.
    pub(crate) async fn sample_as(&self, redis: &Redis, metrics: &Metrics) -> Arc<Snapshot> {
        let (sampler, latest) = streams::sampler::sampler(redis.clone(), metrics.clone(), Duration::from_millis(20));
        let stop = CancellationToken::new();
        let task = tokio::spawn(sampler.run(stop.clone()));
        let snapshot = wait::until("a snapshot", || async {
            Some(Arc::clone(&latest.borrow())).filter(|snapshot| snapshot.error.is_none())
        })
        .await;
        stop.cancel();
        task.await.unwrap();
        snapshot
    }

    pub(crate) async fn sample_group(&self, stream: &str, group: &str) -> GroupSample {
        let snapshot = self.sample().await;
        let stream = snapshot.stream(stream).expect("the stream is seen");
        stream.groups.iter().find(|g| g.name == group).expect("the group is seen").clone()
    }
}

pub(crate) fn event(key: &str, n: u32) -> String {
    format!(r#"{{"event_id":"{key}-{n}","event_type":"Counted","aggregate_id":"{key}","payload":{{"n":{n}}}}}"#)
}

/// Settings with waits of milliseconds.
pub(crate) fn quick(group: &str, consumer: &str) -> ConsumerSettings {
    ConsumerSettings {
        backoff: Backoff { first: Duration::from_millis(10), cap: Duration::from_millis(40) },
        probe: Backoff { first: Duration::from_millis(20), cap: Duration::from_millis(40) },
        reclaim_every: Duration::from_millis(50),
        ..ConsumerSettings::new(STREAM, group, consumer)
    }
}

struct Closure<F>(F);

impl<F, Fut> Handler for Closure<F>
where
    F: Fn(Message) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), Failure>> + Send,
{
    async fn handle(&self, message: &Message) -> Result<(), Failure> {
        (self.0)(message.clone()).await
    }
}

/// A consumer that runs.
pub(crate) struct Running {
    pub(crate) stop: CancellationToken,
    pub(crate) task: JoinHandle<()>,
}

impl Running {
    /// Ends it in an orderly way.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }

    /// Ends it as a crash would: nothing is finished, nothing is handed over.
    pub(crate) async fn crash(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}

/// What a handler saw, in order.
#[derive(Clone, Default)]
pub(crate) struct Diary(Arc<Mutex<Vec<String>>>);

impl Diary {
    pub(crate) fn note(&self, message: &Message) {
        let id = message.envelope.event_id.clone().unwrap_or_default();
        self.0.lock().unwrap().push(id);
    }

    pub(crate) fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    pub(crate) async fn wait_for(&self, count: usize) -> Vec<String> {
        wait::until(&format!("{count} handled"), || async { Some(self.all()).filter(|all| all.len() >= count) }).await
    }

    /// Notes of one key, in order.
    pub(crate) fn of_key(&self, key: &str) -> Vec<String> {
        let prefix = format!("{key}-");
        self.all().into_iter().filter(|id| id.starts_with(&prefix)).collect()
    }

    pub(crate) fn counts(&self) -> HashMap<String, usize> {
        self.all().into_iter().fold(HashMap::new(), |mut counts, id| {
            *counts.entry(id).or_default() += 1;
            counts
        })
    }
}

pub(crate) fn retry(why: &'static str) -> Result<(), Failure> {
    Err(Failure::Retry(anyhow::anyhow!(why)))
}
