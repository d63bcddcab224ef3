//! Recovery as a job (promise P11): chosen, frozen, shown, tried with a few, sent at a bounded rate, watched, reported.
//!
//! | module | what |
//! | --- | --- |
//! | `job` `item` | what SQL has of them |
//! | `freeze` | writes down what is chosen, and what would become of each |
//! | `send` | gives the next ones to their groups |
//! | `confirm` | sees what became of those that were given |
//! | [`runner`] | takes up jobs that are at work, one process each |
//! | `report` | the entries of a job, as pages and as a file |

mod confirm;
mod freeze;
mod item;
mod job;
mod report;
pub mod runner;
mod send;

use std::{
    collections::{BTreeSet, HashMap},
    future::Future,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use domain::{
    Permission, Refusal,
    connection::needs,
    recovery::{Job, Selection, Terms, Word},
    stream::EntryId,
};
pub use report::{export, items};
pub use runner::Runner;
use tokio::{sync::Notify, time::timeout};

use crate::{
    Actor, Console, Error,
    act::{self, Act, OnRedis, enumerated},
    audit::Ended,
    clock, dead_letter,
};

/// How long the database may take for one statement of ours.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// Dead letters that are named one by one.
const CHOSEN_AT_MOST: usize = 10_000;

/// What jobs of this process share.
#[derive(Default)]
pub(crate) struct Recoveries {
    /// A job may have something to do.
    wake: Notify,
    /// Entries per second of the jobs that are at work here.
    rates: Mutex<HashMap<i64, u64>>,
}

impl Recoveries {
    fn rate(&self, job: i64) -> Option<u64> {
        self.rates.lock().unwrap_or_else(PoisonError::into_inner).get(&job).copied()
    }

    fn set_rate(&self, job: i64, rate: Option<u64>) {
        let mut rates = self.rates.lock().unwrap_or_else(PoisonError::into_inner);
        match rate {
            Some(rate) => rates.insert(job, rate),
            None => rates.remove(&job),
        };
    }
}

/// Makes a job; needs `recover`. What is chosen is frozen from this moment on: nothing is sent before somebody says so.
pub async fn create(console: &Console, who: &Actor, terms: Terms) -> Result<i64, Error> {
    terms.check()?;
    who.require(Permission::Recover)?;
    if let Selection::DeadLetters(items) = &terms.selection
        && items.len() > CHOSEN_AT_MOST
    {
        let message = format!("at most {CHOSEN_AT_MOST} dead letters are named one by one; choose more by a filter");
        return Err(Error::Refused(Refusal::invalid(message)));
    }
    let sources = sources(console, &terms.selection).await?;
    let id = job::next_id(console).await.map_err(Error::RecoveryAway)?;
    let act = Act {
        name: "recovery.create",
        permission: Permission::Recover,
        subject: subject(id, sources.iter().map(|(stream, _)| stream.clone()).collect()),
        request: format!("make a job of {}", terms.selection.sentence()),
        reason: terms.reason.clone(),
        needs_reason: None,
        on_redis: on_redis(sources.first().map(|(stream, _)| stream)),
    };
    let (within, made_by) = (console.clone(), who.name().to_owned());
    let work = async move {
        job::insert(&within, id, &made_by, &terms, &sources).await.map_err(Error::RecoveryAway)?;
        within.recoveries().wake.notify_one();
        Ok(())
    };
    act::carry_out(console, who, act, work, |(), _| Ended::new(true, None, "it is being made ready".to_owned()))
        .await?;
    Ok(id)
}

/// Says a word to a job; needs `recover`.
pub async fn say(console: &Console, who: &Actor, id: i64, word: Word, reason: Option<String>) -> Result<(), Error> {
    who.require(Permission::Recover)?;
    let before = get(console, id).await?;
    // refused here already, so that the log has no act that could not be
    before.state.after(word, before.held, before.terms.canary > 0)?;
    let streams = job::streams(console, id).await.map_err(Error::RecoveryAway)?;
    let name = match word {
        Word::Start => "recovery.start",
        Word::Pause => "recovery.pause",
        Word::Resume => "recovery.resume",
        Word::Cancel => "recovery.cancel",
    };
    // what only ends something sends nothing
    let sends = matches!(word, Word::Start | Word::Resume);
    let act = Act {
        name,
        on_redis: on_redis(streams.first().filter(|_| sends)),
        permission: Permission::Recover,
        subject: subject(id, streams.into_iter().collect()),
        request: format!("{} the job of {}", word.as_str(), before.terms.selection.sentence()),
        reason,
        needs_reason: None,
    };
    let within = console.clone();
    let work = async move {
        job::turn(&within, id, word).await?;
        within.recoveries().wake.notify_one();
        Ok(())
    };
    act::carry_out(console, who, act, work, |(), _| Ended::new(true, None, "done".to_owned())).await
}

/// One job, as it is now.
pub async fn get(console: &Console, id: i64) -> Result<Job, Error> {
    let found = job::get(console, id).await?;
    found.ok_or_else(|| Error::Refused(Refusal::not_found(format!("there is no recovery job {id}"))))
}

/// Jobs, newest first: those before this one, at most `count`.
pub async fn list(console: &Console, before: Option<i64>, count: usize) -> Result<Vec<Job>, Error> {
    job::list(console, before, count).await
}

/// The streams that are taken from, each with the newest record that a job may reach.
async fn sources(console: &Console, selection: &Selection) -> Result<Vec<(String, EntryId)>, Error> {
    let streams: BTreeSet<String> = match selection {
        Selection::DeadLetters(items) => items.iter().map(|at| at.stream.clone()).collect(),
        Selection::DeadLettersThat(filter) => dead_letter::sources(console, filter).await?.into_iter().collect(),
        Selection::History { stream, .. } => BTreeSet::from([stream.clone()]),
    };
    let mut sources = Vec::with_capacity(streams.len());
    for stream in streams {
        let newest = streams::dead_letter::choose::newest(console.redis(), &stream).await?;
        sources.push((stream, newest.unwrap_or(EntryId::ZERO)));
    }
    Ok(sources)
}

fn on_redis(stream: Option<&String>) -> Option<OnRedis> {
    stream.map(|stream| OnRedis { stream: stream.clone(), commands: needs::RECOVER })
}

fn subject(id: i64, streams: BTreeSet<String>) -> String {
    format!("recovery job {id} of {}", enumerated(streams.into_iter()))
}

async fn answered<T>(work: impl Future<Output = Result<T, store::Error>>) -> Result<T, store::Error> {
    let late = |_| Err(store::Error::Unavailable(format!("no answer within {ANSWER_WITHIN:?}")));
    timeout(ANSWER_WITHIN, work).await.unwrap_or_else(late)
}

fn now_us() -> i64 {
    clock::now().micros()
}
