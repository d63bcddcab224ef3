//! Giving entries back to the group that failed, many in one step.

use std::time::Duration;

use domain::{dead_letter::Cursor, stream::EntryId};
use serde_json::json;

use crate::{Error, Redis, keys, reply, script};

/// How long Redis remembers what a job has sent, after the last of it: a console that was away for a week still knows.
const REMEMBERED_FOR: Duration = Duration::from_hours(14 * 24);

/// An entry that is to be given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resend {
    /// Its dead letter, which goes; `None` where it was none.
    pub record: Option<EntryId>,
    pub source_id: EntryId,
}

/// What became of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// It waits in the group's pending list; nobody else sees it.
    ToGroup,
    /// It was added again under this id, with a mark for the group.
    Added(EntryId),
    Not(Why),
}

/// Why one is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    Gone,
    Foreign,
    BodyLost,
    Pending,
    Unread,
    NoGroup,
}

impl Why {
    pub fn sentence(self, stream: &str, group: &str) -> String {
        match self {
            Self::Gone => "it is gone: replayed or discarded meanwhile".to_owned(),
            Self::Foreign => "it does not say which group it belongs to: another program put it here".to_owned(),
            Self::BodyLost => "its body was lost before it could be handled: there is nothing to send".to_owned(),
            Self::Pending => format!("its entry already waits in {group}"),
            Self::Unread => format!("{group} has not read that far: it will be given the entry anyway"),
            Self::NoGroup => format!("group {group} does not exist on {stream}: start its consumer first"),
        }
    }
}

/// Gives entries back, in one step and in this order; an answer for each. With a `job`, Redis remembers what was sent: to
/// ask again for the same gives the same answer, and sends nothing.
pub async fn send(
    redis: &Redis,
    job: Option<i64>,
    stream: &str,
    group: &str,
    entries: &[Resend],
) -> Result<Vec<Sent>, Error> {
    if entries.is_empty() {
        return Ok(Vec::new());
    }
    let mut call = script::REPLAY.prepare_invoke();
    call.key(stream).key(keys::dead_letter_stream(stream));
    if let Some(job) = job {
        call.key(keys::sent_by_job(stream, job));
    }
    call.arg(group).arg(script::FREE_IDLE_MS).arg(REMEMBERED_FOR.as_millis().to_string());
    for entry in entries {
        let record = entry.record.map(|id| id.to_string()).unwrap_or_default();
        let dead_letter = entry.record.map(|id| Cursor { stream: stream.to_owned(), id }.to_string());
        let mark = json!({ "group": group, "source_id": entry.source_id, "dead_letter": dead_letter, "job": job });
        call.arg(record).arg(entry.source_id.to_string()).arg(mark.to_string());
    }
    let answers: Vec<String> = redis.script(&call).await?;
    let sent = answers.chunks_exact(2).map(|answer| read(&answer[0], &answer[1])).collect::<Result<Vec<_>, _>>()?;
    if sent.len() != entries.len() {
        return Err(reply::unexpected("as many answers as entries"));
    }
    Ok(sent)
}

fn read(word: &str, id: &str) -> Result<Sent, Error> {
    Ok(match word {
        "to_group" => Sent::ToGroup,
        "added" => Sent::Added(reply::entry_id(id)?),
        "foreign" => Sent::Not(Why::Foreign),
        "body_lost" => Sent::Not(Why::BodyLost),
        "pending" => Sent::Not(Why::Pending),
        "unread" => Sent::Not(Why::Unread),
        "no_group" => Sent::Not(Why::NoGroup),
        _ => Sent::Not(Why::Gone),
    })
}

/// Lets Redis forget what a job has sent, when it is over.
pub async fn forget(redis: &Redis, job: i64, stream: &str) -> Result<(), Error> {
    // by a command that sending needs anyway: its time is over
    redis.query(redis::cmd("PEXPIRE").arg(keys::sent_by_job(stream, job)).arg(0)).await
}
