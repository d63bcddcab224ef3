//! States of jobs and entries in words, the same on every page.

use domain::{
    Status,
    recovery::{ItemState, Job, State},
};

/// Status, word and what it means.
pub(super) const fn job(state: State) -> (Status, &'static str, &'static str) {
    match state {
        State::Freezing => (Status::Run, "Freezing", "What is chosen is being written down. Nothing is sent yet."),
        State::Ready => (Status::Idle, "Ready", "This is its dry run: nothing was sent. It waits for a start."),
        State::Canary => (Status::Run, "Canary", "The first few are sent and watched."),
        State::Canaried => {
            (Status::Unknown, "Canary over", "See what became of the first few; the rest waits for a word.")
        }
        State::Running => (Status::Run, "Running", "It sends."),
        State::Confirming => (Status::Run, "Watching", "Everything is sent; what becomes of the last ones is watched."),
        State::Paused => (Status::Idle, "Paused", "Nothing is sent until it is resumed."),
        State::Cancelled => (Status::Idle, "Cancelled", "Somebody ended it. What was sent stays sent."),
        State::Done => (Status::Ok, "Done", "Every entry has its result."),
    }
}

/// A job that is done is only well if nothing failed again.
pub(super) fn told(of: &Job) -> (Status, &'static str, &'static str) {
    let (status, word, means) = job(of.state);
    if of.counts.failed_again > 0 && matches!(of.state, State::Done | State::Canaried) {
        return (Status::Warn, word, "Some have failed again: their errors stand in the list.");
    }
    (status, word, means)
}

pub(super) const fn item(state: ItemState) -> (Status, &'static str) {
    match state {
        ItemState::Queued => (Status::Idle, "Queued"),
        ItemState::Sent => (Status::Run, "Given"),
        ItemState::Confirmed => (Status::Ok, "Handled"),
        ItemState::FailedAgain => (Status::Bad, "Failed again"),
        ItemState::Skipped => (Status::Idle, "Left alone"),
    }
}
