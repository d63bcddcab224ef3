//! A transport in memory, right or with one fault.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::ensure;
use testkit::conformance::{Answer, Features, Handling, Letter, Order, Transport};
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

pub(crate) const EVERYTHING: Features = Features {
    consumer_groups: true,
    begins_at_the_oldest: true,
    order: Order::OfTheGroup,
    persistent: true,
    once_while_calm: true,
    redelivery_after_crash: true,
    dead_letters: true,
    binary_bodies: true,
};

/// Attempts before a message is set aside.
const ATTEMPTS: usize = 5;
/// Handlers of one consumer at the same time.
const AT_ONCE: usize = 16;
/// Publishes that are refused after a restart.
const REFUSED: usize = 20;
/// Pause of a consumer that finds nothing.
const LOOK_EVERY: Duration = Duration::from_millis(1);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    LosesEachTenth,
    CutsBodiesAtNul,
    HandsOutTwice,
    MixesTopics,
    SharesBetweenGroups,
    BeginsAtTheNewest,
    SwapsTwoOfAKey,
    AcknowledgesBefore,
    PassesOverWhatFails,
    TakesFromTheLiving,
    NeverGivesUp,
    LosesWhatNobodyHears,
    ForgetsAtRestart,
}

pub(crate) struct Memory {
    fault: Fault,
    features: Features,
    broker: Arc<Mutex<Broker>>,
}

#[derive(Default)]
struct Broker {
    next_topic: usize,
    accepted: usize,
    refuses: usize,
    topics: HashMap<String, Topic>,
}

#[derive(Default)]
struct Topic {
    log: Vec<Letter>,
    groups: HashMap<String, Group>,
    dead: Vec<Vec<u8>>,
}

/// Messages in the order of their keys. A key is in the hands of one consumer at a time.
#[derive(Default)]
struct Group {
    keys: HashMap<String, VecDeque<(Letter, usize)>>,
    ready: VecDeque<String>,
    held: HashMap<String, String>,
    consumers: HashSet<String>,
}

impl Group {
    fn push(&mut self, letter: Letter) {
        let queue = self.keys.entry(letter.key.clone()).or_default();
        if queue.is_empty() {
            self.ready.push_back(letter.key.clone());
        }
        queue.push_back((letter, 0));
    }

    fn take(&mut self, consumer: &str, fault: Fault) -> Option<Letter> {
        if fault == Fault::TakesFromTheLiving {
            let stolen = self.held.iter().find(|(_, owner)| *owner != consumer).map(|(key, _)| key.clone());
            if let Some(key) = stolen {
                self.held.insert(key.clone(), consumer.to_owned());
                return self.keys[&key].front().map(|(letter, _)| letter.clone());
            }
        }
        let key = self.ready.pop_front()?;
        self.held.insert(key.clone(), consumer.to_owned());
        let queue = self.keys.get_mut(&key)?;
        let letter = queue.front()?.0.clone();
        if fault == Fault::AcknowledgesBefore {
            queue.pop_front();
        }
        Some(letter)
    }

    /// Gives the body of what is set aside.
    fn settle(&mut self, letter: &Letter, answer: Answer, fault: Fault) -> Option<Vec<u8>> {
        self.held.remove(&letter.key);
        let queue = self.keys.get_mut(&letter.key)?;
        let mut dead = None;
        if fault != Fault::AcknowledgesBefore && queue.front().is_some_and(|(first, _)| first == letter) {
            let (first, attempts) = queue.pop_front()?;
            let gives_up = attempts + 1 >= ATTEMPTS && fault != Fault::NeverGivesUp;
            match answer {
                Answer::Done => {}
                Answer::Again if gives_up => dead = Some(first.body),
                Answer::Again if fault == Fault::PassesOverWhatFails => queue.push_back((first, attempts + 1)),
                Answer::Again => queue.push_front((first, attempts + 1)),
                Answer::Never => dead = Some(first.body),
            }
        }
        if !queue.is_empty() {
            self.ready.push_back(letter.key.clone());
        }
        dead
    }

    /// What a consumer held is free again.
    fn release(&mut self, consumer: &str) {
        self.consumers.remove(consumer);
        let keys: Vec<String> =
            self.held.iter().filter(|(_, owner)| *owner == consumer).map(|(k, _)| k.clone()).collect();
        for key in keys {
            self.held.remove(&key);
            if !self.keys[&key].is_empty() {
                self.ready.push_front(key);
            }
        }
    }
}

impl Broker {
    fn group(&mut self, topic: &str, group: &str) -> &mut Group {
        self.topics.entry(topic.to_owned()).or_default().groups.entry(group.to_owned()).or_default()
    }

    fn accept(&mut self, topic: &str, mut letter: Letter, fault: Fault) {
        self.accepted += 1;
        if fault == Fault::LosesEachTenth && self.accepted.is_multiple_of(10) {
            return;
        }
        if fault == Fault::CutsBodiesAtNul
            && let Some(end) = letter.body.iter().position(|byte| *byte == 0)
        {
            letter.body.truncate(end);
        }
        let topic = self.topics.entry(topic.to_owned()).or_default();
        topic.log.push(letter.clone());
        for group in topic.groups.values_mut() {
            if fault == Fault::LosesWhatNobodyHears && group.consumers.is_empty() {
                continue;
            }
            group.push(letter.clone());
            if fault == Fault::HandsOutTwice && self.accepted.is_multiple_of(10) {
                group.push(letter.clone());
            }
        }
    }
}

impl Memory {
    pub(crate) fn new(fault: Fault, features: Features) -> Self {
        Self { fault, features, broker: Arc::default() }
    }

    fn broker(&self) -> MutexGuard<'_, Broker> {
        self.broker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) struct Subscription {
    topic: String,
    group: String,
    consumer: String,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Transport for Memory {
    type Subscription = Subscription;

    // nothing here takes long, so what does not come within this is lost
    const PATIENCE: Duration = Duration::from_secs(6);

    fn features(&self) -> Features {
        self.features
    }

    async fn topic(&self) -> String {
        let mut broker = self.broker();
        broker.next_topic += 1;
        if self.fault == Fault::MixesTopics { "the only one".to_owned() } else { format!("topic{}", broker.next_topic) }
    }

    async fn publish(&self, topic: &str, batch: &[Letter]) -> anyhow::Result<()> {
        let mut broker = self.broker();
        if broker.refuses > 0 {
            broker.refuses -= 1;
            anyhow::bail!("not now");
        }
        let text = batch.iter().all(|letter| std::str::from_utf8(&letter.body).is_ok());
        ensure!(text || self.features.binary_bodies, "no text");
        let mut batch = batch.to_vec();
        if self.fault == Fault::SwapsTwoOfAKey
            && let Some(second) = batch.iter().skip(1).position(|letter| letter.key == batch[0].key)
        {
            batch.swap(0, second + 1);
        }
        for letter in batch {
            broker.accept(topic, letter, self.fault);
        }
        Ok(())
    }

    async fn subscribe(&self, topic: &str, group: &str, consumer: &str, handling: Handling) -> Subscription {
        let group = if self.fault == Fault::SharesBetweenGroups { "the only one" } else { group };
        {
            let mut broker = self.broker();
            let topic = broker.topics.entry(topic.to_owned()).or_default();
            let old = topic.log.clone();
            let is_new = !topic.groups.contains_key(group);
            let group = topic.groups.entry(group.to_owned()).or_default();
            group.consumers.insert(consumer.to_owned());
            if is_new && self.fault != Fault::BeginsAtTheNewest {
                for letter in old {
                    group.push(letter);
                }
            }
        }
        let stop = CancellationToken::new();
        let consuming = Consuming {
            fault: self.fault,
            broker: Arc::clone(&self.broker),
            topic: topic.to_owned(),
            group: group.to_owned(),
            consumer: consumer.to_owned(),
        };
        let task = tokio::spawn(consuming.run(handling, stop.clone()));
        let (topic, group, consumer) = (topic.to_owned(), group.to_owned(), consumer.to_owned());
        Subscription { topic, group, consumer, stop, task }
    }

    async fn stop(&self, subscription: Subscription) {
        subscription.stop.cancel();
        subscription.task.await.unwrap();
        self.broker().group(&subscription.topic, &subscription.group).release(&subscription.consumer);
    }

    async fn crash(&self, subscription: Subscription) {
        subscription.task.abort();
        let _ = subscription.task.await;
        self.broker().group(&subscription.topic, &subscription.group).release(&subscription.consumer);
    }

    async fn restart_broker(&self) {
        let mut broker = self.broker();
        broker.refuses = REFUSED;
        if self.fault == Fault::ForgetsAtRestart {
            for group in broker.topics.values_mut().flat_map(|topic| topic.groups.values_mut()) {
                group.keys.values_mut().for_each(VecDeque::clear);
                group.ready.clear();
            }
            for topic in broker.topics.values_mut() {
                topic.log.clear();
            }
        }
    }

    async fn dead_letters(&self, topic: &str) -> Vec<Vec<u8>> {
        self.broker().topics[topic].dead.clone()
    }
}

struct Consuming {
    fault: Fault,
    broker: Arc<Mutex<Broker>>,
    topic: String,
    group: String,
    consumer: String,
}

impl Consuming {
    async fn run(self, handling: Handling, stop: CancellationToken) {
        let mut running = JoinSet::new();
        while !stop.is_cancelled() {
            let taken = (running.len() < AT_ONCE).then(|| self.take()).flatten();
            if let Some(letter) = taken {
                let answering = handling(letter.clone());
                running.spawn(async move { (letter, answering.await) });
                continue;
            }
            tokio::select! {
                Some(Ok((letter, answer))) = running.join_next() => self.settle(&letter, answer),
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = stop.cancelled() => {}
            }
        }
        while let Some(Ok((letter, answer))) = running.join_next().await {
            self.settle(&letter, answer);
        }
    }

    fn broker(&self) -> MutexGuard<'_, Broker> {
        self.broker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Option<Letter> {
        self.broker().group(&self.topic, &self.group).take(&self.consumer, self.fault)
    }

    fn settle(&self, letter: &Letter, answer: Answer) {
        let mut broker = self.broker();
        let dead = broker.group(&self.topic, &self.group).settle(letter, answer, self.fault);
        let topic = broker.topics.get_mut(&self.topic).unwrap();
        topic.dead.extend(dead);
    }
}
