//! Acknowledges in batches: one XACK for all entries that were handled since the last one.

use domain::stream::EntryId;
use tokio::{sync::mpsc::UnboundedReceiver, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::{Backoff, Error, consumer::Group};

/// Ids in one XACK.
const AT_ONCE: usize = 500;

pub(crate) struct Acknowledger<'a, H> {
    group: &'a Group<H>,
}

impl<'a, H> Acknowledger<'a, H> {
    pub(crate) fn new(group: &'a Group<H>) -> Self {
        Self { group }
    }

    /// Runs until everything that was handled is acknowledged and no more can come.
    pub(crate) async fn run(self, mut handled: UnboundedReceiver<EntryId>, stop: CancellationToken) {
        let mut ids = Vec::with_capacity(AT_ONCE);
        while handled.recv_many(&mut ids, AT_ONCE).await > 0 {
            self.group.held().settle(&ids);
            self.acknowledge(&ids, &stop).await;
            self.group.held().let_go(&ids);
            ids.clear();
        }
    }

    /// Tries until Redis took it. Their effects are committed, so forgetting them would only repeat work: after a stop
    /// the drain time is the limit.
    async fn acknowledge(&self, ids: &[EntryId], stop: &CancellationToken) {
        let settings = &self.group.settings;
        let mut command = redis::cmd("XACK");
        command.arg(&settings.stream).arg(&settings.group);
        for id in ids {
            command.arg(id.to_string());
        }
        let (mut failures, mut give_up_at) = (0, None);
        loop {
            let error = match self.group.redis.query::<u64>(&command).await {
                Ok(count) => return self.note_missing(ids.len(), count),
                Err(error) => error,
            };
            failures += 1;
            if failures == 1 {
                tracing::warn!(
                    stream.name = settings.stream, group.name = settings.group, %error,
                    "handled entries could not be acknowledged; tried again until it succeeds"
                );
            }
            if stop.is_cancelled() {
                let deadline = *give_up_at.get_or_insert_with(|| Instant::now() + settings.drain);
                if Instant::now() >= deadline || !matches!(error, Error::Unavailable(_)) {
                    return;
                }
            }
            tokio::time::sleep(Backoff::RECONNECT.wait(failures)).await;
        }
    }

    /// An acknowledgement that hits nothing is no success (F13): the group was lost, or somebody took the entry.
    fn note_missing(&self, sent: usize, count: u64) {
        let missing = (sent as u64).saturating_sub(count);
        if missing > 0 {
            let settings = &self.group.settings;
            tracing::info!(
                stream.name = settings.stream,
                group.name = settings.group,
                missing,
                "handled entries were not pending any more when they were acknowledged"
            );
        }
    }
}
