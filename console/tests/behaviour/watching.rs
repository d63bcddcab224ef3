//! A console that watches and tells: its loops on the world of a test, as a process has them.

use console::{
    Console,
    alert::{Channels, Notifier, Setting, Target, Watcher, firing, rule},
};
use domain::alert::{Comparison, Delivery, Firing, FiringNow, Severity, Subject, Terms, Watched};
use testkit::wait;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::{
    receiver::Receiver,
    world::{World, local},
};

/// The stream whose length the rule of these tests watches.
pub(crate) const WATCHED_STREAM: &str = "alerted:orders";

/// One process: watcher and notifier. Ends when it is dropped; [`stop`](Self::stop) ends it in order.
pub(crate) struct Process {
    pub(crate) console: Console,
    stop: CancellationToken,
    loops: Vec<JoinHandle<()>>,
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Process {
    pub(crate) fn start(console: Console) -> Self {
        let stop = CancellationToken::new();
        let loops = vec![
            tokio::spawn(Watcher::new(&console).run(stop.clone())),
            tokio::spawn(Notifier::new(&console).run(stop.clone())),
        ];
        Self { console, stop, loops }
    }

    /// A process that watches and sends nothing, as one that dies before it gets to that.
    pub(crate) fn start_mute(console: Console) -> Self {
        let stop = CancellationToken::new();
        let loops = vec![tokio::spawn(Watcher::new(&console).run(stop.clone()))];
        Self { console, stop, loops }
    }

    pub(crate) async fn stop(mut self) {
        self.stop.cancel();
        for ended in std::mem::take(&mut self.loops) {
            ended.await.expect("a loop ends in order");
        }
    }
}

pub(crate) fn setting(targets: Vec<Target>) -> Setting {
    let page = |subject: &Subject| format!("/page/{subject}");
    let public_url = Some("https://console.example".to_owned());
    Setting { targets, allow_private: true, public_url, environment: "test".to_owned(), page }
}

/// Tells this receiver, signed.
pub(crate) fn telling(receiver: &Receiver) -> Channels {
    let secret = Some("a secret".to_owned());
    Channels::new(setting(vec![Target::Webhook { url: receiver.url(), secret }])).expect("channels")
}

/// Fires when the stream has more than two entries, at once, and is over when it has none.
pub(crate) fn long() -> Terms {
    Terms {
        name: "Too long".to_owned(),
        watched: Watched::StreamLength,
        stream: WATCHED_STREAM.to_owned(),
        group: "*".to_owned(),
        comparison: Comparison::Above,
        threshold: 2,
        for_seconds: 0,
        resolve_threshold: 0,
        resolve_for_seconds: 0,
        severity: Severity::Warning,
        note: "Empty it.".to_owned(),
    }
}

impl World {
    /// A console on the same database that tells this receiver.
    pub(crate) fn console_telling(&self, receiver: &Receiver) -> Console {
        self.console_by(telling(receiver))
    }

    /// The world with this rule alone, and a stream of three entries: it fires.
    pub(crate) async fn too_long(&self, terms: Terms) -> String {
        for known in rule::list(&self.console).await.expect("rules") {
            rule::delete(&self.console, &local(), &known.id).await.expect("it goes");
        }
        let id = rule::create(&self.console, &local(), terms).await.expect("a rule");
        self.fill().await;
        id
    }

    pub(crate) async fn fill(&self) {
        for _ in 0..3 {
            self.ask(&format!("xadd {WATCHED_STREAM} * order 1"));
        }
        self.length_is(3).await;
    }

    pub(crate) async fn empty(&self) {
        self.ask(&format!("xtrim {WATCHED_STREAM} maxlen 0"));
        self.length_is(0).await;
    }

    /// Waits until the sampler has seen so many entries.
    async fn length_is(&self, length: u64) {
        wait::until("the sampler sees it", || async {
            let snapshot = self.console.snapshot();
            let seen = snapshot.stream(WATCHED_STREAM).map(|stream| stream.length);
            (seen == Some(length)).then_some(())
        })
        .await;
    }

    pub(crate) async fn firing(&self) -> Vec<FiringNow> {
        firing::now(&self.console).await.expect("what fires")
    }

    pub(crate) async fn fires(&self) -> FiringNow {
        wait::until("it fires", || async { self.firing().await.into_iter().next() }).await
    }

    pub(crate) async fn nothing_fires(&self) {
        wait::until("it is over", || async { self.firing().await.is_empty().then_some(()) }).await;
    }

    pub(crate) async fn history(&self) -> Vec<Firing> {
        firing::history(&self.console, None, None, 100).await.expect("the history").firings
    }

    /// The messages about the newest firing, once they are all out of the queue.
    pub(crate) async fn delivered(&self, count: usize) -> Vec<Delivery> {
        use domain::alert::DeliveryState::Waiting;
        wait::until("the messages are out", || async {
            let newest = self.history().await.into_iter().next()?;
            let is_out = newest.deliveries.iter().all(|delivery| delivery.state != Waiting);
            (is_out && newest.deliveries.len() == count).then_some(newest.deliveries)
        })
        .await
    }
}
