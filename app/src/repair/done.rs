//! What follows a repair: the page it leads to shows what it did, and says so.

use std::time::Duration;

use console::Console;
use domain::operation::{Outcome, Report};
use tokio::time::timeout;

/// How long an act waits for the sampler to see what it did, so that the page it leads to shows it.
pub(crate) const LOOK_WITHIN: Duration = Duration::from_secs(2);

/// Waits until the sampler has looked after this moment: the look under way may have begun before.
pub(crate) async fn after_next_look(console: &Console) {
    let mut snapshots = console.snapshots();
    snapshots.mark_unchanged();
    let two_looks = async {
        for _ in 0..2 {
            if snapshots.changed().await.is_err() {
                return;
            }
        }
    };
    // without it the page shows the figures of a moment ago, and the next tick mends that
    let _ = timeout(LOOK_WITHIN, two_looks).await;
}

/// `3 done, 1 skipped (it is not pending any more).`
pub(crate) fn summary(report: &Report) -> String {
    let told = [(Outcome::Done, "done"), (Outcome::Skipped, "skipped"), (Outcome::Failed, "failed")]
        .into_iter()
        .filter(|(outcome, _)| report.count(*outcome) > 0)
        .map(|(outcome, word)| {
            let why = report.items.iter().find(|item| item.outcome == outcome).filter(|_| outcome != Outcome::Done);
            let why = why.map(|item| format!(" ({})", item.detail)).unwrap_or_default();
            format!("{} {word}{why}", report.count(outcome))
        });
    let told: Vec<String> = told.collect();
    if told.is_empty() { "nothing was selected.".to_owned() } else { format!("{}.", told.join(", ")) }
}
