//! A group whose handler can be broken and mended, and jobs that repair what it failed on.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use console::{Console, Error, recovery};
use domain::{
    dead_letter::Filter,
    recovery::{Item, Job, Order, Selection, State, Terms, Word},
};
use serde_json::json;
use streams::{Consumer, ConsumerSettings, Failure, Handler, Message, Outgoing};
use testkit::wait;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::world::{World, local};

pub(crate) const STREAM: &str = "sales";
pub(crate) const GROUP: &str = "billing";
/// Reads nothing; everything it sees is a mistake.
pub(crate) const BYSTANDER: &str = "bystander";

/// What the handler did: key and number of each event, in order.
type Handled = Arc<Mutex<Vec<(String, u64)>>>;

pub(crate) struct Shop {
    pub(crate) world: World,
    handler: Billing,
    stop: CancellationToken,
}

#[derive(Clone)]
struct Billing {
    /// Events with these numbers fail; `None`: all do.
    broken: Arc<Mutex<Option<BTreeSet<u64>>>>,
    handled: Handled,
}

impl Handler for Billing {
    async fn handle(&self, message: &Message) -> Result<(), Failure> {
        let event: serde_json::Value = serde_json::from_slice(message.data()).expect("json");
        let number = event["n"].as_u64().expect("a number");
        let broken = self.broken.lock().expect("a lock").clone();
        if broken.is_none_or(|numbers| numbers.contains(&number)) {
            return Err(Failure::Reject(anyhow::anyhow!("no price for article")));
        }
        let key = message.envelope.aggregate_id.clone().expect("a key");
        self.handled.lock().expect("a lock").push((key, number));
        Ok(())
    }
}

impl Shop {
    /// A stream with a consumer that fails on everything, and a group that is not to be bothered.
    pub(crate) fn open(world: World) -> Self {
        world.ask(&format!("xgroup create {STREAM} {GROUP} 0 mkstream"));
        world.ask(&format!("xgroup create {STREAM} {BYSTANDER} 0"));
        let handler = Billing { broken: Arc::default(), handled: Handled::default() };
        let stop = CancellationToken::new();
        let mut settings = ConsumerSettings::new(STREAM, GROUP, "here");
        settings.reclaim_every = Duration::from_millis(50);
        // what it was given by an answer that was lost it takes up again soon
        settings.claim_after = Duration::from_secs(2);
        let consumer = Consumer::new(world.redis.clone(), settings, handler.clone(), world.metrics.clone());
        tokio::spawn(consumer.run(stop.clone()));
        Self { world, handler, stop }
    }

    /// From now on only these numbers fail.
    pub(crate) fn mend_but(&self, numbers: impl IntoIterator<Item = u64>) {
        *self.handler.broken.lock().expect("a lock") = Some(numbers.into_iter().collect());
    }

    pub(crate) fn mend(&self) {
        self.mend_but([]);
    }

    /// Publishes events with these numbers, of `keys` keys in turn, and waits until they are dead letters.
    pub(crate) async fn fail(&self, numbers: std::ops::Range<u64>, keys: u64) {
        let dead = self.dead_letters().len() as u64 + (numbers.end - numbers.start);
        self.publish(numbers, keys).await;
        let all = async || (self.dead_letters().len() as u64 == dead).then_some(());
        wait::until("all of them are dead letters", all).await;
    }

    pub(crate) async fn publish(&self, numbers: std::ops::Range<u64>, keys: u64) {
        let event = |n: u64| {
            Outgoing {
            stream: STREAM.to_owned(),
            data: json!({"event_id": format!("e{n}"), "event_type": "Sold", "aggregate_id": format!("k{}", n % keys), "n": n})
                .to_string(),
        }
        };
        let events: Vec<Outgoing> = numbers.map(event).collect();
        for part in events.chunks(500) {
            streams::publish(&self.world.redis, part).await.expect("published");
        }
    }

    pub(crate) fn dead_letters(&self) -> Vec<String> {
        crate::redis::ids(&self.world.server, &format!("{{{STREAM}}}:dlq"))
    }

    pub(crate) fn handled(&self) -> Vec<(String, u64)> {
        self.handler.handled.lock().expect("a lock").clone()
    }

    /// A job of all dead letters.
    pub(crate) async fn job(&self, order: Order, canary: u64) -> i64 {
        let terms = Terms { canary, ..all(order) };
        recovery::create(&self.world.console, &local(), terms).await.expect("a job")
    }

    pub(crate) async fn say(&self, id: i64, word: Word) -> Result<(), Error> {
        recovery::say(&self.world.console, &local(), id, word, None).await
    }

    pub(crate) async fn get(&self, id: i64) -> Job {
        recovery::get(&self.world.console, id).await.expect("the job")
    }

    pub(crate) async fn until(&self, id: i64, state: State) -> Job {
        let last = Mutex::new(None);
        let look = async || {
            let job = self.get(id).await;
            if job.state == state {
                return Some(job);
            }
            // what a failed test shows
            let seen = (job.state, job.counts, job.note);
            let mut last = last.lock().expect("a lock");
            if last.as_ref() != Some(&seen) {
                eprintln!("the job is {seen:?}");
                *last = Some(seen);
            }
            None
        };
        wait::until(&format!("the job is {}", state.as_str()), look).await
    }

    pub(crate) async fn items(&self, id: i64) -> Vec<Item> {
        let (mut items, mut after) = (Vec::new(), 0);
        loop {
            let page = recovery::items(&self.world.console, id, None, after, 500).await.expect("a page");
            items.extend(page.items);
            match page.after {
                Some(next) => after = next,
                None => return items,
            }
        }
    }

    /// Entries that were added to the stream, and what others than the group have seen of them: nothing.
    pub(crate) fn entries_added(&self) -> u64 {
        let facts = self.world.ask(&format!("xinfo stream {STREAM}"));
        facts["entries-added"].as_u64().expect("a number")
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// All dead letters of the shop, as fast as it goes.
pub(crate) fn all(order: Order) -> Terms {
    Terms {
        selection: Selection::DeadLettersThat(Filter { stream: Some(STREAM.to_owned()), ..Filter::default() }),
        order,
        rate_per_second: 100_000,
        canary: 0,
        reason: Some("the price list is there again".to_owned()),
    }
}

/// What works on jobs, until it is dropped as by a kill.
pub(crate) struct Worker {
    task: JoinHandle<()>,
    stop: CancellationToken,
}

impl Worker {
    pub(crate) fn start(console: &Console) -> Self {
        let stop = CancellationToken::new();
        let task = tokio::spawn(recovery::Runner::new(console).run(stop.clone()));
        Self { task, stop }
    }

    /// As kill -9: nothing that it was at is finished, and its right to the jobs is not given back.
    pub(crate) async fn kill(self, world: &World) {
        self.task.abort();
        let _ = self.task.await;
        // what a clock does to a lease in a quarter of a minute
        world.sql("update recovery_jobs set until_us = 0").await;
    }

    pub(crate) async fn end(self) {
        self.stop.cancel();
        self.task.await.expect("an orderly end");
    }
}
