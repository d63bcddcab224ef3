//! One search: what it has found, and the loop that goes on with it.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use domain::{
    Refusal,
    filter::Edge,
    stream::{Entry, EntryId},
};
use streams::{
    Redis,
    inspect::{self, Browse, Reached, Scan},
};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{Found, Progress, Pursuit, Running};
use crate::Error;

/// A search that nobody looked at for so long sleeps. Longer than a page's ticks are apart that is looked at.
const AWAKE_FOR: Duration = Duration::from_secs(20);

pub(super) struct Kept {
    stream: String,
    browse: Browse,
    state: Mutex<State>,
    /// Wakes the loop out of a step when somebody stops it: Redis may take long for one, or hang.
    stopped: Notify,
}

struct State {
    /// At most one more than a page has.
    found: BTreeSet<EntryId>,
    /// The newest entry that was looked at.
    newest: Option<EntryId>,
    reached: Reached,
    /// Here while it does not run.
    scan: Option<Scan>,
    pursuit: Pursuit,
    seen: Instant,
}

impl Kept {
    /// What is left to do after the first look.
    pub(super) fn new(stream: &str, browse: &Browse, scan: Scan, found: &[Entry]) -> Self {
        let state = State {
            found: found.iter().map(|entry| entry.id).collect(),
            newest: scan.first(),
            reached: scan.reached(),
            scan: Some(scan),
            pursuit: Pursuit::Stopped,
            seen: Instant::now(),
        };
        Self { stream: stream.to_owned(), browse: browse.clone(), state: Mutex::new(state), stopped: Notify::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn unseen_for(&self) -> Duration {
        self.state().seen.elapsed()
    }

    /// The loop ends now, and with it the step that it is in.
    pub(super) fn stop(&self) {
        self.state().pursuit = Pursuit::Stopped;
        self.stopped.notify_waiters();
    }

    /// Looks at what was added since, where the page reaches as far as the newest entry of its range: an end of the range
    /// that lies in the future is none yet. `false` where that is too much to be looked at while somebody waits.
    pub(super) async fn catch_up(&self, redis: &Redis) -> Result<bool, Error> {
        let (newest, reached) = {
            let mut state = self.state();
            state.seen = Instant::now();
            (state.newest, state.reached)
        };
        if self.browse.is_forward() {
            self.go_further(redis, reached).await?;
            return Ok(true);
        }
        let Some(newest) = newest.filter(|_| self.browse.before.is_none()) else { return Ok(true) };
        // a range of its own, so that a cursor would not mean another direction
        let since = Browse { from: Some(Edge::Id(newest.next())), ..self.browse.clone() };
        let mut scan = Scan::of(redis, &self.stream, &since);
        let found = inspect::first_look(&mut scan, self.browse.page_size()).await?;
        if !scan.reached().is_over {
            return Ok(false);
        }
        let mut state = self.state();
        // who looked at the same time has counted them
        if state.newest == Some(newest) {
            state.reached.looked_at += scan.reached().looked_at;
        }
        state.newest = state.newest.max(scan.first());
        self.take(&mut state, &found);
        Ok(true)
    }

    /// A search towards the newest entry that has come to its end goes on where it stood, into what was added since.
    async fn go_further(&self, redis: &Redis, reached: Reached) -> Result<(), Error> {
        let Some(position) = reached.position.filter(|_| reached.is_over) else { return Ok(()) };
        let since = Browse { after: Some(position), ..self.browse.clone() };
        let mut scan = Scan::of(redis, &self.stream, &since);
        let found = inspect::first_look(&mut scan, self.browse.page_size()).await?;
        let further = scan.reached();
        let mut state = self.state();
        // who looked at the same time has gone on, or its loop has not put the scan back yet
        if state.reached == reached && state.scan.is_some() {
            state.reached = Reached {
                position: further.position.or(Some(position)),
                is_over: further.is_over,
                looked_at: reached.looked_at + further.looked_at,
            };
            state.scan = Some(scan);
            self.take(&mut state, &found);
        }
        Ok(())
    }

    fn take(&self, state: &mut State, found: &[Entry]) {
        state.found.extend(found.iter().map(|entry| entry.id));
        while state.found.len() > self.browse.page_size() + 1 {
            if self.browse.is_forward() {
                state.found.pop_last()
            } else {
                state.found.pop_first()
            };
        }
    }

    fn has_enough(&self, state: &State) -> bool {
        state.reached.is_over || state.found.len() > self.browse.page_size()
    }

    /// Lets the search run, if there is something to do and it does not run yet.
    pub(super) fn go_on(self: &Arc<Self>, running: &Running) {
        let mut state = self.state();
        if self.has_enough(&state) {
            return;
        }
        // stopped a moment ago, and not there yet: it runs on
        let Some(scan) = state.scan.take() else {
            state.pursuit = Pursuit::Running;
            return;
        };
        let Ok(permit) = running.permit() else {
            state.scan = Some(scan);
            state.pursuit = Pursuit::Waiting;
            return;
        };
        state.pursuit = Pursuit::Running;
        drop(state);
        let search = Arc::clone(self);
        running.spawn(|stop| async move {
            search.run(scan, stop).await;
            drop(permit);
        });
    }

    async fn run(&self, mut scan: Scan, stop: CancellationToken) {
        loop {
            // before we look, so that nobody stops it unheard
            let stopped = self.stopped.notified();
            {
                let mut state = self.state();
                let is_unseen = state.seen.elapsed() > AWAKE_FOR;
                if is_unseen || stop.is_cancelled() {
                    state.pursuit = Pursuit::Stopped;
                }
                if state.pursuit != Pursuit::Running || self.has_enough(&state) {
                    state.scan = Some(scan);
                    return;
                }
            }
            let before = scan.reached().looked_at;
            // a step that is dropped has looked at nothing: the scan stands where it stood
            let step = tokio::select! {
                step = scan.step() => step,
                () = stopped => continue,
                () = stop.cancelled() => continue,
            };
            match step {
                Ok(found) => {
                    let reached = scan.reached();
                    let mut state = self.state();
                    let looked_at = state.reached.looked_at + reached.looked_at - before;
                    state.reached = Reached { looked_at, ..reached };
                    self.take(&mut state, &found);
                }
                Err(error) => {
                    let mut state = self.state();
                    // who has stopped it meanwhile is not told that it is tried again
                    if state.pursuit == Pursuit::Running {
                        state.pursuit = Pursuit::Failed(Refusal::from(error).message);
                    }
                    state.scan = Some(scan);
                    return;
                }
            }
            tokio::select! {
                () = scan.rest() => {}
                () = stop.cancelled() => {}
            }
        }
    }

    /// What was found so far.
    pub(super) async fn found(&self, redis: &Redis) -> Result<Found, Error> {
        let (mut ids, mut reached, progress) = {
            let state = self.state();
            let ids = state.found.iter().copied();
            let ids: Vec<_> = if self.browse.is_forward() { ids.collect() } else { ids.rev().collect() };
            let progress = (!self.has_enough(&state)).then(|| Progress {
                looked_at: state.reached.looked_at,
                position: state.reached.position,
                pursuit: state.pursuit.clone(),
            });
            (ids, state.reached, progress)
        };
        if ids.len() > self.browse.page_size() {
            // the next page begins behind the last one of this page, also where some of them are gone since
            ids.truncate(self.browse.page_size());
            reached = Reached { position: ids.last().copied(), is_over: false, ..reached };
        }
        let entries = inspect::entries_by_id(redis, &self.stream, &ids).await?;
        Ok(Found { page: inspect::page(entries, &self.browse, reached), progress })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_search_that_nobody_looks_at_sleeps_and_keeps_its_place() {
        let redis = Redis::new("unix:///nowhere/redis.sock").expect("a URL");
        let browse = Browse { filter: Some("x".parse().expect("a filter")), ..Browse::default() };
        let search = Kept::new("s", &browse, Scan::of(&redis, "s", &browse), &[]);
        let scan = {
            let mut state = search.state();
            state.pursuit = Pursuit::Running;
            state.seen = Instant::now().checked_sub(AWAKE_FOR * 2).expect("a machine that runs for a minute");
            state.scan.take().expect("it does not run")
        };
        // Redis is not asked: that would fail here
        search.run(scan, CancellationToken::new()).await;
        let state = search.state();
        assert_eq!(state.pursuit, Pursuit::Stopped);
        assert!(state.scan.is_some());
    }
}
