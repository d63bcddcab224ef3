//! Entries that fit a filter, however many others lie between.
//!
//! A page of entries is searched for while its caller waits, as far as that goes ([`inspect::first_look`]). Where that
//! finds too few, the search goes on here, in small steps with rests between them, and each further look at the same address
//! says how far it is. Looking is what keeps it: nobody looks for a while, and it sleeps. It holds the ids of one page, so its
//! memory does not depend on the stream.

mod kept;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use domain::{
    Refusal,
    stream::{EntryId, EntryPage},
};
use streams::inspect::{self, Browse, Scan};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::kept::Kept;
use crate::{Console, Error};

/// Scans of this process that may run at a time, searches and exports together: each takes Redis a part of its time.
const AT_ONCE: usize = 4;
/// Searches that are remembered, each with the ids of one page.
const KEPT: usize = 64;
/// A search that nobody looked at for so long is forgotten.
const KEPT_FOR: Duration = Duration::from_mins(5);

/// A page of what was found so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub page: EntryPage,
    /// How far the search is; `None` where the page is whole.
    pub progress: Option<Progress>,
}

/// How far a search is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    pub looked_at: u64,
    /// The entry that was looked at last.
    pub position: Option<EntryId>,
    pub pursuit: Pursuit,
}

/// What becomes of a search that has not found enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pursuit {
    /// It goes on by itself.
    Running,
    /// It begins when one of the others has ended.
    Waiting,
    /// Somebody stopped it, or nobody looked.
    Stopped,
    /// Why it cannot go on; the next look tries again.
    Failed(String),
}

/// The searches of this process.
#[derive(Default)]
pub(crate) struct Searches {
    kept: Mutex<HashMap<String, Arc<Kept>>>,
    running: Running,
}

/// What runs, and how it is ended.
pub(crate) struct Running {
    permits: Arc<Semaphore>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Default for Running {
    fn default() -> Self {
        Self { permits: Arc::new(Semaphore::new(AT_ONCE)), tasks: TaskTracker::new(), stop: CancellationToken::new() }
    }
}

impl Running {
    /// The right to scan a stream, until it is dropped.
    pub(crate) fn permit(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        Arc::clone(&self.permits).try_acquire_owned().map_err(|_| {
            Refusal::unavailable(format!("{AT_ONCE} searches and exports run already; try again when one has ended"))
        })
    }

    /// Runs a scan, which must end when `stop` says so.
    pub(crate) fn spawn<F: Future<Output = ()> + Send + 'static>(&self, scan: impl FnOnce(CancellationToken) -> F) {
        self.tasks.spawn(scan(self.stop.clone()));
    }
}

impl Searches {
    pub(crate) fn running(&self) -> &Running {
        &self.running
    }

    /// Ends what runs.
    pub(crate) async fn end(&self) {
        self.running.stop.cancel();
        self.running.tasks.close();
        self.running.tasks.wait().await;
    }

    fn find(&self, key: &str) -> Option<Arc<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    /// Keeps a search, and forgets what nobody looks at any more.
    fn keep(&self, key: String, search: Kept) -> Arc<Kept> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, other| other.unseen_for() < KEPT_FOR);
        while kept.len() >= KEPT {
            let oldest = kept.iter().max_by_key(|(_, other)| other.unseen_for()).map(|(key, _)| key.clone());
            if let Some(other) = oldest.and_then(|key| kept.remove(&key)) {
                other.stop();
            }
        }
        let search = Arc::new(search);
        // who came first with the same question is found by the others
        Arc::clone(kept.entry(key).or_insert(search))
    }

    fn forget(&self, key: &str) {
        if let Some(search) = self.kept.lock().unwrap_or_else(PoisonError::into_inner).remove(key) {
            search.stop();
        }
    }
}

/// A page of entries. A search that finds too few at once goes on until it has a page or the stream ends, as long as
/// somebody asks for the same page again from time to time.
pub async fn entries(console: &Console, stream: &str, browse: &Browse) -> Result<Found, Error> {
    look(console, stream, browse, true).await
}

/// The same page as far as it was found; a search for it stops.
pub async fn stopped(console: &Console, stream: &str, browse: &Browse) -> Result<Found, Error> {
    look(console, stream, browse, false).await
}

async fn look(console: &Console, stream: &str, browse: &Browse, goes_on: bool) -> Result<Found, Error> {
    let (redis, searches) = (console.redis(), console.searches());
    if browse.wanted().is_none() {
        let page = inspect::entries(redis, stream, browse).await?;
        return Ok(Found { page, progress: None });
    }
    let key = key(stream, browse);
    let mut search = searches.find(&key);
    if let Some(known) = search.as_ref().filter(|_| !goes_on) {
        // before Redis is asked, which may hang
        known.stop();
    }
    if let Some(known) = &search
        && !known.catch_up(redis).await?
    {
        // so many entries came meanwhile that those between are not known: it begins again from the newest
        searches.forget(&key);
        search = None;
    }
    let search = if let Some(known) = search {
        known
    } else {
        let mut scan = Scan::of(redis, stream, browse);
        let found = inspect::first_look(&mut scan, browse.page_size()).await?;
        let reached = scan.reached();
        if reached.is_over || found.len() > browse.page_size() {
            return Ok(Found { page: inspect::page(found, browse, reached), progress: None });
        }
        searches.keep(key, Kept::new(stream, browse, scan, &found))
    };
    if goes_on {
        search.go_on(searches.running());
    } else {
        search.stop();
    }
    search.found(redis).await
}

/// The same for everybody who asks the same.
fn key(stream: &str, browse: &Browse) -> String {
    format!("{stream}\n{browse:?}")
}
