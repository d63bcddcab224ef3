//! Redis as its operator has it: damages it on purpose, noting in the same step what is destroyed, and reads its end.

use std::{collections::HashMap, time::Duration};

use anyhow::{Context, Result, ensure};
use redis::{
    AsyncConnectionConfig, Client, Cmd, FromRedisValue, Pipeline, Value, aio::MultiplexedConnection, cmd,
    streams::StreamRangeReply,
};
use streams::keys;
use tokio::time::timeout;

use crate::{
    STREAM,
    faults::Fault,
    history::{DeadLetter, Group},
    journal::{Journal, Note},
    tables::{GROUPS, event_of},
    worker::consumer_name,
};

/// How long Redis may take for one command of ours; it may be stopped.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long it may take for the last look at everything, on a machine that is busy with other histories.
const LAST_PATIENCE: Duration = Duration::from_secs(30);

/// A consumer that has this many pending has them in memory: it holds 500 at most, but for those behind a failure. What
/// DELCONSUMER takes from one that has more is beyond every consumer's reach.
const MEMORY: usize = 400;

/// Access to Redis past the proxies.
pub struct Keeper {
    client: Client,
}

/// How far a group is.
#[derive(Debug, Clone, Default)]
pub struct Place {
    pub pending: u64,
    pub unread: u64,
    pub consumers: Vec<String>,
}

impl Keeper {
    pub fn new(url: &str) -> Result<Self> {
        Ok(Self { client: Client::open(url)? })
    }

    async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T> {
        self.ask_within(PATIENCE, command).await
    }

    async fn ask_within<T: FromRedisValue>(&self, patience: Duration, command: &Cmd) -> Result<T> {
        let asked = async { command.query_async(&mut self.connect(patience).await?).await };
        Ok(timeout(patience, asked).await.context("redis is silent")??)
    }

    async fn ask_all<T: FromRedisValue>(&self, pipeline: &Pipeline) -> Result<T> {
        let asked = async { pipeline.query_async(&mut self.connect(PATIENCE).await?).await };
        Ok(timeout(PATIENCE, asked).await.context("redis is silent")??)
    }

    async fn connect(&self, patience: Duration) -> redis::RedisResult<MultiplexedConnection> {
        let config = AsyncConnectionConfig::new().set_response_timeout(Some(patience));
        self.client.get_multiplexed_async_connection_with_config(&config).await
    }

    /// Does what an operator should not.
    pub async fn damage(&self, fault: &Fault, journal: &Journal) -> Result<()> {
        let mut step = redis::pipe();
        step.atomic().cmd("XRANGE").arg(STREAM).arg("-").arg("+");
        match fault {
            Fault::FlushAll => {
                step.cmd("XRANGE").arg(keys::dead_letter_stream(STREAM)).arg("-").arg("+");
                step.cmd("FLUSHALL").ignore();
                let (entries, records): (StreamRangeReply, StreamRangeReply) = self.ask_all(&step).await?;
                note_entries(&entries, journal);
                journal.note(Note::Wiped);
                for (group, record) in records.ids.iter().map(|entry| dead_letter(&entry.map)) {
                    let DeadLetter { entry, event, error, .. } = record;
                    journal.note(Note::LostRecord { group, entry, event, error });
                }
            }
            Fault::DeleteStream => {
                step.cmd("DEL").arg(STREAM).ignore();
                let (entries,): (StreamRangeReply,) = self.ask_all(&step).await?;
                note_entries(&entries, journal);
                journal.note(Note::Wiped);
            }
            Fault::Trim { keep } => {
                step.cmd("XTRIM").arg(STREAM).arg("MAXLEN").arg(*keep).ignore();
                let (entries,): (StreamRangeReply,) = self.ask_all(&step).await?;
                note_entries(&entries, journal);
            }
            Fault::DeleteConsumer { slot, group } => {
                let consumer = consumer_name(*slot);
                let pending: Vec<Value> = self
                    .ask(cmd("XPENDING").arg(STREAM).arg(*group).arg("-").arg("+").arg(MEMORY + 1).arg(&consumer))
                    .await?;
                ensure!(pending.len() <= MEMORY, "it has more pending than it can have in memory");
                step.cmd("XPENDING").arg(STREAM).arg(*group).arg("-").arg("+").arg(100_000).arg(&consumer);
                step.cmd("XGROUP").arg("DELCONSUMER").arg(STREAM).arg(*group).arg(&consumer).ignore();
                let (entries, pending): (StreamRangeReply, Vec<(String, Value, Value, Value)>) =
                    self.ask_all(&step).await?;
                note_entries(&entries, journal);
                let entries = pending.into_iter().map(|(id, ..)| id).collect();
                journal.note(Note::Disowned { slot: *slot, group: (*group).to_owned(), entries });
            }
            Fault::SendTwice { from_newest, count } => {
                let mut newest = cmd("XREVRANGE");
                newest.arg(STREAM).arg("+").arg("-").arg("COUNT").arg(*from_newest);
                let newest: StreamRangeReply = self.ask(&newest).await?;
                let mut again = redis::pipe();
                // the oldest of them, in their order, as a producer that missed an answer would
                let count = usize::try_from(*count)?.min(newest.ids.len());
                for data in newest.ids.iter().rev().take(count).filter_map(|entry| entry.get::<Vec<u8>>(keys::DATA)) {
                    again.cmd("XADD").arg(STREAM).arg("*").arg(keys::DATA).arg(data).ignore();
                }
                let () = self.ask_all(&again).await?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Where the groups are, of those that are there; `None` where Redis or the stream is not.
    pub async fn places(&self) -> Option<HashMap<&'static str, Place>> {
        let stream: HashMap<String, Value> = self.ask(cmd("XINFO").arg("STREAM").arg(STREAM)).await.ok()?;
        let newest: String = redis::from_redis_value(stream.get("last-generated-id")?.clone()).ok()?;
        let groups: Vec<HashMap<String, Value>> = self.ask(cmd("XINFO").arg("GROUPS").arg(STREAM)).await.ok()?;
        let mut places = HashMap::new();
        for name in GROUPS {
            let text = |facts: &HashMap<String, Value>, field: &str| {
                redis::from_redis_value::<String>(facts.get(field)?.clone()).ok()
            };
            let Some(facts) = groups.iter().find(|facts| text(facts, "name").as_deref() == Some(name)) else {
                continue;
            };
            let pending: u64 = redis::from_redis_value(facts.get("pending")?.clone()).ok()?;
            let delivered = text(facts, "last-delivered-id")?;
            let unread = if delivered == newest {
                0
            } else {
                let mut rest = cmd("XRANGE");
                rest.arg(STREAM).arg(format!("({delivered}")).arg("+").arg("COUNT").arg(1_000);
                self.ask::<StreamRangeReply>(&rest).await.ok()?.ids.len() as u64
            };
            let consumers: Vec<HashMap<String, Value>> =
                self.ask(cmd("XINFO").arg("CONSUMERS").arg(STREAM).arg(name)).await.ok()?;
            let consumers = consumers.iter().filter_map(|facts| text(facts, "name")).collect();
            places.insert(name, Place { pending, unread, consumers });
        }
        Some(places)
    }

    /// Notes what the stream holds, and gives the groups as Redis has them in the end.
    pub async fn end(&self, journal: &Journal) -> Result<HashMap<String, Group>> {
        let entries: StreamRangeReply =
            self.ask_within(LAST_PATIENCE, cmd("XRANGE").arg(STREAM).arg("-").arg("+")).await?;
        note_entries(&entries, journal);
        let mut groups: HashMap<String, Group> = HashMap::new();
        for (name, place) in self.places().await.unwrap_or_default() {
            let Place { pending, unread, consumers } = place;
            groups.insert(name.to_owned(), Group { is_there: true, pending, unread, consumers, ..Group::default() });
        }
        let graves = keys::dead_letter_stream(STREAM);
        let records: StreamRangeReply =
            self.ask_within(LAST_PATIENCE, cmd("XRANGE").arg(graves).arg("-").arg("+")).await?;
        for (group, record) in records.ids.iter().map(|entry| dead_letter(&entry.map)) {
            groups.entry(group).or_default().dead_letters.push(record);
        }
        Ok(groups)
    }
}

fn note_entries(entries: &StreamRangeReply, journal: &Journal) {
    for entry in &entries.ids {
        if let Some(event) = entry.get::<Vec<u8>>(keys::DATA).and_then(|data| event_of(&data).ok()) {
            journal.note(Note::Held { entry: entry.id.clone(), event });
        }
    }
}

/// A dead letter and the group that gave up on it.
fn dead_letter(fields: &HashMap<String, Value>) -> (String, DeadLetter) {
    let text = |name: &str| {
        fields.get(name).and_then(|value| redis::from_redis_value::<String>(value.clone()).ok()).unwrap_or_default()
    };
    let event = text("dlq.event_id").parse().ok();
    (text("dlq.group"), DeadLetter { entry: text("dlq.source_id"), event, error: text("dlq.error"), lost: false })
}
