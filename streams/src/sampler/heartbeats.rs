//! What other processes measured, from the records they leave in Redis. Read in a bounded way, and whatever is in them.

use std::collections::HashMap;

use domain::{
    Timestamp,
    latency::{Heartbeats as Told, ProcessReport},
    stream::Handling,
};
use redis::{RedisResult, Value};

use crate::{
    Error, Metrics, Redis,
    handling::{self, Account, Types},
    heartbeat::{BYTES_AT_MOST, LIFETIME, Record},
    keys, reply,
};

/// Processes whose records are read.
const PROCESSES_AT_MOST: usize = 64;
/// Records asked for in one pipeline: together no more than two megabytes.
const AT_ONCE: usize = 8;
/// A beat so far ahead of the clock that it should be by is nobody's. Redis itself writes the time of a beat, so that only
/// a change of master shows such.
const FUTURE_MS: u64 = 5_000;
/// Reasons kept for people.
const REASONS_AT_MOST: usize = 5;
/// Bytes of a stranger's name in a reason.
const NAME_BYTES: usize = 60;

/// The records of all processes but this one.
#[derive(Default)]
pub(super) struct Heartbeats {
    /// By the id of the process.
    known: HashMap<String, Known>,
}

struct Known {
    /// When it beat: a record is read once.
    at_ms: u64,
    record: Result<Record, String>,
}

/// Who beat, and when; and how many say that they will.
struct Index {
    beats: Vec<(Vec<u8>, f64)>,
    future: u64,
}

impl Heartbeats {
    /// Reads the records that are new since the last look. What is wrong with them, or with reading them at all, is told and
    /// no reason for a look to fail; only that Redis is away is.
    pub(super) async fn refresh(&mut self, redis: &Redis, metrics: &Metrics, now_ms: u64) -> Result<(), Error> {
        let told = match self.read(redis, metrics, now_ms).await {
            Ok(told) => told,
            Err(error @ Error::Unavailable(_)) => return Err(error),
            Err(error) => {
                self.known.clear();
                Told { unread: Some(error.to_string()), ..Told::default() }
            }
        };
        metrics.note_heartbeats(|known| {
            match (&known.unread, &told.unread) {
                (None, Some(why)) => tracing::warn!(
                    error = why,
                    "what other processes measure cannot be read: allow this user to read the keys {}*",
                    keys::HEARTBEATS
                ),
                (Some(_), None) => tracing::info!("what other processes measure is read again"),
                _ => {}
            }
            if known.skipped == 0 && told.skipped > 0 {
                let why = told.why.join("; ");
                tracing::warn!(why, "what some other process measured could not be taken");
            }
            *known = Told { unshared: known.unshared.take(), ..told };
        });
        Ok(())
    }

    async fn read(&mut self, redis: &Redis, metrics: &Metrics, now_ms: u64) -> Result<Told, Error> {
        let index = ask_index(redis, now_ms).await?;
        let mut skipped = index.future;
        let mut why = Vec::new();
        if index.future > 0 {
            why.push(format!("{} of them are from the future", index.future));
        }
        let own = metrics.identity().map(|identity| identity.id().to_owned());
        let too_many = index.beats.len() > PROCESSES_AT_MOST;
        if too_many {
            why.push(format!(
                "more than {PROCESSES_AT_MOST} processes share their figures; those of the others are not read"
            ));
            skipped += 1;
        }
        let mut living = HashMap::new();
        for (id, at_ms) in index.beats.into_iter().take(PROCESSES_AT_MOST) {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "it was asked for by its bounds"
            )]
            let at_ms = at_ms as u64;
            match String::from_utf8(id) {
                Ok(id) if Some(&id) != own.as_ref() => drop(living.insert(id, at_ms)),
                Ok(_) => {}
                Err(_) => {
                    skipped += 1;
                    why.push("the name of one is not text".to_owned());
                }
            }
        }
        self.known.retain(|id, known| living.get(id) == Some(&known.at_ms));
        let news: Vec<_> = living.into_iter().filter(|(id, _)| !self.known.contains_key(id)).collect();
        for chunk in news.chunks(AT_ONCE) {
            for ((id, at_ms), answer) in chunk.iter().zip(ask_records(redis, chunk).await?) {
                // it may have expired, or been removed, since the index was read
                if !answer.is_empty() {
                    self.known.insert(id.clone(), Known { at_ms: *at_ms, record: Record::read(&answer) });
                }
            }
        }
        let mut refused: Vec<_> =
            self.known.iter().filter_map(|(id, known)| Some((id, known.record.as_ref().err()?))).collect();
        refused.sort();
        skipped += refused.len() as u64;
        why.extend(refused.iter().map(|(id, reason)| format!("{}: {reason}", clipped(id))));
        why.truncate(REASONS_AT_MOST);
        let others = self.known.values().filter(|known| known.record.is_ok()).count() as u64;
        Ok(Told { others, skipped, why, ..Told::default() })
    }

    /// The last minute of a group over all processes; this one's figures come from memory.
    pub(super) fn handling(&self, metrics: &Metrics, stream: &str, group: &str, now_ms: u64) -> Option<Handling> {
        let own = metrics.measured(stream, group);
        let mut accounts: Vec<Account<'_>> = Vec::new();
        if let Some(own) = &own {
            accounts
                .push(Account { report: metrics.report(moment(now_ms), own.paused), types: Types::Here(&own.types) });
        }
        for known in self.known.values() {
            let Ok(record) = &known.record else { continue };
            let Some(told) = record.group(stream, group) else { continue };
            let report: ProcessReport = record.report(moment(known.at_ms), told.paused);
            accounts.push(Account { report, types: Types::Told(&told.types) });
        }
        handling::sum(accounts)
    }
}

/// The newest beats first: what is left out is what would expire next.
async fn ask_index(redis: &Redis, now_ms: u64) -> Result<Index, Error> {
    let lifetime_ms = u64::try_from(LIFETIME.as_millis()).expect("seconds fit");
    let (oldest, newest) = (now_ms.saturating_sub(lifetime_ms), now_ms + FUTURE_MS);
    let mut pipeline = redis::pipe();
    pipeline.cmd("ZREVRANGEBYSCORE").arg(keys::HEARTBEATS).arg(newest).arg(oldest).arg("WITHSCORES");
    pipeline.arg("LIMIT").arg(0).arg(PROCESSES_AT_MOST + 1);
    pipeline.cmd("ZCOUNT").arg(keys::HEARTBEATS).arg(format!("({newest}")).arg("+inf");
    let (beats, future) = redis.pipeline(&pipeline).await?;
    Ok(Index { beats, future })
}

/// The text of each, empty where it is gone; of one that is too long, enough to see that it is.
async fn ask_records(redis: &Redis, of: &[(String, u64)]) -> Result<Vec<Vec<u8>>, Error> {
    let mut pipeline = redis::pipe();
    pipeline.ignore_errors();
    for (id, _) in of {
        pipeline.cmd("GETRANGE").arg(keys::heartbeat(id)).arg(0).arg(BYTES_AT_MOST);
    }
    let answers = redis.pipeline::<Vec<RedisResult<Value>>>(&pipeline).await?;
    if answers.len() != of.len() {
        return Err(reply::unexpected("too few answers"));
    }
    // another kind of key in the place of a record is no record
    let text = |answer: RedisResult<Value>| answer.ok().and_then(|answer| redis::from_redis_value(answer).ok());
    Ok(answers.into_iter().map(|answer| text(answer).unwrap_or_else(|| b"?".to_vec())).collect())
}

fn moment(at_ms: u64) -> Timestamp {
    Timestamp::from_millis(i64::try_from(at_ms).unwrap_or(i64::MAX / 1_000))
}

fn clipped(name: &str) -> &str {
    &name[..name.floor_char_boundary(NAME_BYTES)]
}
