//! Takes up the jobs that are at work, each by one process at a time, and carries them on from where they are.

use std::{
    collections::{HashSet, VecDeque},
    time::{Duration, Instant},
};

use domain::{
    Permission, Refusal,
    recovery::{Job, Pace, State},
};
use tokio::{task::JoinSet, time::sleep};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{confirm, freeze, job, send};
use crate::{
    Console, Error,
    act::{Act, counted},
    audit::{self, Ended, Intent},
    clock,
};

/// How often we look for jobs without being woken: finds those that other processes left.
const POLL_EVERY: Duration = Duration::from_millis(500);
/// How long a job is ours without renewal. Clocks of two processes may differ by less than this.
const LEASE: Duration = Duration::from_secs(15);
const RENEW_AFTER: Duration = Duration::from_secs(4);
/// Pause after Redis or the database failed.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// How often we look what became of entries while others are sent, and while none is.
const CONFIRM_EVERY: Duration = Duration::from_secs(1);
const WATCH_EVERY: Duration = Duration::from_millis(250);
/// How long we watch without anything coming to an end. A group that nobody reads would keep a job for ever.
const WATCH_FOR: Duration = Duration::from_mins(15);
/// The same for a canary, somebody waits for it.
const WATCH_CANARY_FOR: Duration = Duration::from_mins(2);
/// The stretch over which the rate is measured.
const MEASURED_OVER: Duration = Duration::from_secs(10);

/// The loop that works on jobs; one per process.
pub struct Runner {
    console: Console,
    holder: String,
}

impl Runner {
    pub fn new(console: &Console) -> Self {
        Self { console: console.clone(), holder: Uuid::new_v4().to_string() }
    }

    /// Works until `stop`; a step that was begun is finished. Others take the jobs up at once.
    pub async fn run(self, stop: CancellationToken) {
        let mut works: JoinSet<i64> = JoinSet::new();
        let mut here: HashSet<i64> = HashSet::new();
        while !stop.is_cancelled() {
            // before we look, so that a word while we look is not missed
            let woken = self.console.recoveries().wake.notified();
            while let Some(ended) = works.try_join_next() {
                if let Ok(id) = ended {
                    here.remove(&id);
                }
            }
            for id in job::at_work(&self.console).await.unwrap_or_default() {
                let until = clock::now() + LEASE;
                if here.contains(&id) || !job::hold(&self.console, id, &self.holder, until).await.unwrap_or(false) {
                    continue;
                }
                here.insert(id);
                let work = Work::new(&self.console, id, &self.holder);
                works.spawn(work.run(stop.clone()));
            }
            tokio::select! {
                () = woken => {}
                () = sleep(POLL_EVERY) => {}
                Some(ended) = works.join_next() => if let Ok(id) = ended { here.remove(&id); },
                () = stop.cancelled() => {}
            }
        }
        while works.join_next().await.is_some() {}
    }
}

/// What is to be done next.
enum Next {
    AtOnce,
    After(Duration),
    /// Nothing, until somebody says a word.
    Nothing,
}

/// One job while it is at work here.
struct Work {
    console: Console,
    id: i64,
    holder: String,
    held_at: Instant,
    pace: Pace,
    paced_at: Instant,
    looked_at: Option<Instant>,
    /// When an entry last came to an end, or was given.
    moved_at: Instant,
    /// How many were given when.
    given: VecDeque<(Instant, u64)>,
    /// What was said about why it waits.
    noted: bool,
}

impl Work {
    fn new(console: &Console, id: i64, holder: &str) -> Self {
        let now = Instant::now();
        Self {
            console: console.clone(),
            id,
            holder: holder.to_owned(),
            held_at: now,
            pace: Pace::new(1),
            paced_at: now,
            looked_at: None,
            moved_at: now,
            given: VecDeque::new(),
            noted: false,
        }
    }

    async fn run(mut self, stop: CancellationToken) -> i64 {
        let mut first = true;
        while !stop.is_cancelled() {
            let next = match self.step(std::mem::take(&mut first)).await {
                Ok(next) => {
                    if std::mem::take(&mut self.noted) {
                        self.note(None).await;
                    }
                    next
                }
                Err(error) => {
                    let why = Refusal::from(error).message;
                    if !std::mem::replace(&mut self.noted, true) {
                        tracing::warn!(job = self.id, why, "a recovery job waits");
                    }
                    self.note(Some(&format!("it waits: {why}"))).await;
                    Next::After(RETRY_AFTER)
                }
            };
            match next {
                Next::AtOnce => {}
                Next::After(pause) => tokio::select! {
                    () = sleep(pause) => {}
                    () = stop.cancelled() => {}
                },
                Next::Nothing => break,
            }
        }
        self.console.recoveries().set_rate(self.id, None);
        if let Err(error) = job::release(&self.console, self.id, &self.holder).await {
            tracing::debug!(job = self.id, %error, "the job stays ours until its lease ends");
        }
        self.id
    }

    async fn note(&self, note: Option<&str>) {
        if let Err(error) = job::note(&self.console, self.id, note).await {
            tracing::debug!(job = self.id, %error, "what the job waits for could not be written");
        }
    }

    async fn step(&mut self, is_first: bool) -> Result<Next, Error> {
        if self.held_at.elapsed() >= RENEW_AFTER {
            let until = clock::now() + LEASE;
            if !job::hold(&self.console, self.id, &self.holder, until).await.map_err(Error::RecoveryAway)? {
                return Ok(Next::Nothing);
            }
            self.held_at = Instant::now();
        }
        let Some(job) = job::get(&self.console, self.id).await? else { return Ok(Next::Nothing) };
        if is_first {
            self.pace = Pace::new(job.terms.rate_per_second);
        }
        match job.state {
            State::Freezing => {
                let is_ready = freeze::step(&self.console, &job, &self.holder).await?;
                Ok(if is_ready { Next::Nothing } else { Next::AtOnce })
            }
            State::Canary | State::Running => self.sending(&job).await,
            State::Confirming => self.watching(&job, WATCH_FOR, State::Done).await,
            State::Ready | State::Canaried | State::Paused | State::Cancelled | State::Done => Ok(Next::Nothing),
        }
    }

    async fn sending(&mut self, job: &Job) -> Result<Next, Error> {
        let is_canary = job.state == State::Canary;
        let left = if is_canary { job.terms.canary.saturating_sub(job.counts.given()) } else { u64::MAX };
        let now = Instant::now();
        let allowed = self.pace.earn(now.duration_since(std::mem::replace(&mut self.paced_at, now)));
        let count = allowed.min(left).min(send::AT_ONCE);
        let rows = if left == 0 || job.counts.queued == 0 {
            Vec::new()
        } else if count == 0 {
            return Ok(Next::After(self.pace.wait()));
        } else {
            send::next(&self.console, job, count).await?
        };
        let is_nothing_left = rows.is_empty() && (left == 0 || job.counts.queued == 0);
        if !rows.is_empty() {
            let given = send::send(&self.console, job, &rows).await?;
            self.pace.spend(rows.len() as u64);
            self.measure(given);
            self.moved_at = Instant::now();
        }
        if is_nothing_left {
            if is_canary {
                return self.watching(job, WATCH_CANARY_FOR, State::Canaried).await;
            }
            self.advance(job, State::Confirming, None).await?;
            return Ok(Next::AtOnce);
        }
        let every = if rows.is_empty() { WATCH_EVERY } else { CONFIRM_EVERY };
        if self.looked_at.is_none_or(|at| at.elapsed() >= every) {
            self.look(job).await?;
        }
        if rows.is_empty() {
            // each waits for one before it of its key
            if self.moved_at.elapsed() > WATCH_FOR {
                let note = "nothing came to an end for a quarter of an hour; is its consumer running?";
                job::note(&self.console, self.id, Some(note)).await.map_err(Error::RecoveryAway)?;
            }
            return Ok(Next::After(WATCH_EVERY));
        }
        Ok(Next::AtOnce)
    }

    /// Watches until all have come to an end, or nothing has for a while; then the job goes on to `then`.
    async fn watching(&mut self, job: &Job, at_most: Duration, then: State) -> Result<Next, Error> {
        let out = self.look(job).await?;
        if out > 0 && self.moved_at.elapsed() < at_most {
            return Ok(Next::After(WATCH_EVERY));
        }
        let note = (out > 0).then(|| {
            format!(
                "{} given and not seen to end: they pend, until a consumer of their group takes them",
                counted(out, "entry was", "entries were")
            )
        });
        self.advance(job, then, note.as_deref()).await?;
        Ok(Next::Nothing)
    }

    async fn look(&mut self, job: &Job) -> Result<usize, Error> {
        let (ended, out) = confirm::look(&self.console, job).await?;
        self.looked_at = Some(Instant::now());
        if ended > 0 {
            self.moved_at = Instant::now();
        }
        Ok(out)
    }

    async fn advance(&self, job: &Job, to: State, note: Option<&str>) -> Result<(), Error> {
        if to == State::Done {
            return self.end(job, note).await;
        }
        let mine = (self.id, self.holder.as_str());
        job::advance(&self.console, mine, (job.state, to), note).await.map(drop).map_err(Error::RecoveryAway)
    }

    /// The end of a job: Redis may forget what was sent, and the audit log is told what became of it.
    async fn end(&self, job: &Job, note: Option<&str>) -> Result<(), Error> {
        let streams = job::streams(&self.console, self.id).await.map_err(Error::RecoveryAway)?;
        for stream in &streams {
            streams::dead_letter::forget(self.console.redis(), self.id, stream).await?;
        }
        let act = Act {
            name: "recovery.done",
            permission: Permission::Recover,
            subject: super::subject(self.id, streams.into_iter().collect()),
            request: format!("end the job of {}", job.terms.selection.sentence()),
            reason: job.terms.reason.clone(),
            needs_reason: None,
            on_redis: None,
        };
        let intent = Intent { who: job.who.clone(), reason: act.reason.clone(), act };
        let entry = audit::begin(&self.console, &intent).await?;
        let counts = job::counts(&self.console, self.id).await?;
        let mine = (self.id, self.holder.as_str());
        let ended = job::advance(&self.console, mine, (job.state, State::Done), note).await;
        let ended = ended.map_err(Error::RecoveryAway)?;
        let result = format!(
            "{} handled, {} failed again, {} left alone, {} not seen to end",
            counts.confirmed, counts.failed_again, counts.skipped, counts.sent
        );
        let result = if ended { result } else { "somebody held it in the same moment".to_owned() };
        let result = Ended::new(ended && counts.failed_again == 0, None, result);
        audit::finish(&self.console, entry, &result).await.map(drop).map_err(Error::Internal)
    }

    fn measure(&mut self, given: u64) {
        let now = Instant::now();
        self.given.push_back((now, given));
        while self.given.front().is_some_and(|(at, _)| now.duration_since(*at) > MEASURED_OVER) {
            self.given.pop_front();
        }
        let since = self.given.front().map_or(Duration::ZERO, |(at, _)| now.duration_since(*at));
        let sum: u64 = self.given.iter().skip(1).map(|(_, given)| given).sum();
        let millis = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        let rate = (millis > 0).then(|| sum.saturating_mul(1_000) / millis);
        self.console.recoveries().set_rate(self.id, rate);
    }
}
