//! Sends what waits in the queue: again and again until it is taken, and not for ever.

use std::time::Duration;

use domain::Timestamp;
use futures::future::join_all;
use streams::Backoff;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::message::{self, Claimed, Tried};
use crate::{Console, clock};

/// How often we look without being woken: finds what is due again, and what other processes left.
const POLL_EVERY: Duration = Duration::from_millis(500);
/// Pause after the database failed.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// How long one try may take: shorter than a message is ours.
const TRY_WITHIN: Duration = Duration::from_secs(30);
/// The waits between tries. A receiver that is being restarted is back by the third, and one that is away is not hammered.
const AGAIN_AFTER: Backoff = Backoff { first: Duration::from_secs(1), cap: Duration::from_mins(5) };
/// How long a try may go on after a stop: a receiver that hangs must not cost those who end after us their orderly end.
const END_WITHIN: Duration = Duration::from_secs(2);
/// How long a message is tried. An alert from the day before helps nobody.
const GIVE_UP_AFTER: Duration = Duration::from_hours(6);

/// The loop that sends; one per process.
pub struct Notifier {
    console: Console,
}

impl Notifier {
    pub fn new(console: &Console) -> Self {
        Self { console: console.clone() }
    }

    /// Sends until `stop`; what has been begun by then is finished if that is soon. What is not goes out again, with the
    /// same id, when its claim has ended.
    pub async fn run(self, stop: CancellationToken) {
        if self.console.alerts().channels.is_empty() {
            return;
        }
        let mut failing = false;
        loop {
            // before we look, so that a commit while we look is not missed
            let committed = self.console.alerts().committed.notified();
            let worked = tokio::select! {
                worked = self.work() => worked,
                () = too_long_after(&stop) => return,
            };
            let pause = match worked {
                Ok(0) => POLL_EVERY,
                Ok(_) if !stop.is_cancelled() => continue,
                Ok(_) => return,
                Err(error) => {
                    if !std::mem::replace(&mut failing, true) {
                        tracing::warn!(%error, "the queue of alert messages cannot be read; they wait");
                    }
                    RETRY_AFTER
                }
            };
            if pause == POLL_EVERY && std::mem::take(&mut failing) {
                tracing::info!("alert messages are sent again");
            }
            tokio::select! {
                () = committed, if !failing => {}
                () = tokio::time::sleep(pause) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    /// Tries what is due; how many.
    async fn work(&self) -> Result<usize, store::Error> {
        let claimed = message::claim(&self.console).await?;
        let tries = claimed.iter().map(|message| async move {
            let tried = self.attempt(message).await;
            message::finish(&self.console, message, &tried).await
        });
        for finished in join_all(tries).await {
            finished?;
        }
        Ok(claimed.len())
    }

    async fn attempt(&self, message: &Claimed) -> Tried {
        let channels = &self.console.alerts().channels;
        if !channels.has(&message.channel) {
            return Tried::GivenUp("this channel is not set any more".to_owned());
        }
        let sent = timeout(TRY_WITHIN, channels.send(&message.channel, &message.notice)).await;
        let Err(error) = sent.unwrap_or_else(|_| Err(format!("no answer within {TRY_WITHIN:?}"))) else {
            return Tried::Sent;
        };
        let attempts = message.attempts + 1;
        let tried = after_failure(message.created_at, attempts, clock::now(), error);
        let (channel, id) = (&message.channel, &message.id);
        match &tried {
            Tried::GivenUp(error) => {
                tracing::error!(
                    alert.channel = channel,
                    message.id = id,
                    attempts,
                    error,
                    "an alert was not delivered"
                );
            }
            Tried::Again(_, error) if attempts == 1 => {
                tracing::warn!(alert.channel = channel, message.id = id, error, "an alert was not taken; trying on");
            }
            _ => {}
        }
        tried
    }
}

async fn too_long_after(stop: &CancellationToken) {
    stop.cancelled().await;
    tokio::time::sleep(END_WITHIN).await;
}

fn after_failure(created_at: Timestamp, attempts: u64, now: Timestamp, error: String) -> Tried {
    if now.since(created_at) >= GIVE_UP_AFTER {
        return Tried::GivenUp(error);
    }
    Tried::Again(now + AGAIN_AFTER.wait(attempts), error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_tried_on_with_growing_pauses_and_given_up_after_hours() {
        let created = Timestamp::from_millis(0);
        let mut now = created;
        let mut tries = 0;
        while let Tried::Again(next, _) = after_failure(created, tries + 1, now, "500".to_owned()) {
            assert!(next > now && next.since(now) < Duration::from_mins(6), "{next}");
            (now, tries) = (next, tries + 1);
        }
        assert!((60..200).contains(&tries), "{tries}");
        assert!(now.since(created) < GIVE_UP_AFTER + Duration::from_mins(6), "{now}");
    }
}
