//! The acts on a group. Each ends on the group's page, which says what became of it.

use std::time::Duration;

use console::Console;
use domain::{
    Refusal,
    operation::{GroupMove, Outcome, PendingAct, PendingSelection, Position, Report},
    stream::EntryId,
};
use leptos_axum::redirect;
use tokio::time::timeout;

use crate::{address, context::context, refused::Refused};

/// How long an act waits for the sampler to see what it did, so that the page it leads to shows it.
const LOOK_WITHIN: Duration = Duration::from_secs(2);

/// The acts on pending entries, as forms name them.
pub(super) const PENDING_ACTS: [PendingAct; 3] = [PendingAct::Claim, PendingAct::Acknowledge, PendingAct::DeadLetter];

pub(super) fn pending_act(word: &str) -> Option<PendingAct> {
    PENDING_ACTS.into_iter().find(|act| act.as_str() == word)
}

/// Ids separated by anything that is not part of one.
pub(super) fn entry_ids(text: &str) -> Result<Vec<EntryId>, Refusal> {
    let words = text.split([' ', ',', '\n', '\r', '\t']).filter(|word| !word.is_empty());
    words
        .map(|id| id.parse().map_err(|error: domain::stream::NotAnEntryId| Refusal::invalid(error.to_string())))
        .collect()
}

/// Where to, as the form says it.
pub(super) fn position(to: &str, after: Option<&str>) -> Result<Position, Refusal> {
    match to {
        "start" => Ok(Position::Start),
        "end" => Ok(Position::End),
        "after" => {
            let id = after.map(str::trim).filter(|id| !id.is_empty());
            let id = id.ok_or_else(|| Refusal::invalid("give the id after which the group is to read on"))?;
            let id = id.parse::<EntryId>().map_err(|error| Refusal::invalid(error.to_string()))?;
            Ok(Position::After(id))
        }
        other => {
            Err(Refusal::invalid(format!("a group moves to the start, to the end, or after an id, not to {other}")))
        }
    }
}

pub(super) async fn repair(
    stream: String,
    group: String,
    act: &str,
    ids: &str,
    state_token: Option<String>,
    reason: Option<String>,
) -> Result<(), Refused> {
    let context = context();
    let act = pending_act(act).ok_or_else(|| Refusal::invalid(format!("there is no act {act}")))?;
    let selection = PendingSelection { act, ids: entry_ids(ids)?, dry_run: false, state_token, reason };
    let report = console::group::repair(&context.console, &context.actor(), &stream, &group, &selection).await?;
    let word = match act {
        PendingAct::Claim => "Claimed",
        PendingAct::Acknowledge => "Acknowledged",
        PendingAct::DeadLetter => "Moved to the dead letters",
    };
    after_next_look(&context.console).await;
    leave(&stream, &group, &format!("{word}: {}", summary(&report)));
    Ok(())
}

pub(super) async fn move_to(
    stream: String,
    group: String,
    to: &str,
    after: Option<String>,
    confirm: &str,
    state_token: Option<String>,
    reason: Option<String>,
) -> Result<(), Refused> {
    let context = context();
    if confirm != group {
        return Err(Refusal::invalid(format!("type {group} to confirm")).into());
    }
    let to = GroupMove { to: position(to, after.as_deref())?, dry_run: false, state_token, reason };
    let report = console::group::move_to(&context.console, &context.actor(), &stream, &group, &to).await?;
    let detail = report.items.first().map(|item| item.detail.clone()).unwrap_or_default();
    after_next_look(&context.console).await;
    leave(&stream, &group, &format!("Moved {detail}."));
    Ok(())
}

pub(super) async fn pause(stream: String, group: String, paused: bool) -> Result<(), Refused> {
    let context = context();
    console::group::pause(&context.console, &context.actor(), &stream, &group, paused).await?;
    after_next_look(&context.console).await;
    let words = if paused {
        "Paused: its consumers here read nothing more."
    } else {
        "Resumed: its consumers here read again."
    };
    leave(&stream, &group, words);
    Ok(())
}

fn leave(stream: &str, group: &str, words: &str) {
    redirect(&address::with_query(&address::group(stream, group), [("done", Some(words.to_owned()))]));
}

/// Waits until the sampler has looked after this moment: the look under way may have begun before.
async fn after_next_look(console: &Console) {
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
fn summary(report: &Report) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_however_they_are_separated() {
        let ids = entry_ids(" 1-0,2-1\n3-2 ").expect("ids");
        assert_eq!(ids.iter().map(ToString::to_string).collect::<Vec<_>>(), ["1-0", "2-1", "3-2"]);
        assert!(entry_ids("1-0 x").is_err());
    }

    #[test]
    fn a_move_after_nothing_is_refused() {
        assert_eq!(position("end", None), Ok(Position::End));
        assert_eq!(position("after", Some(" 5-1 ")), Ok(Position::After(EntryId { ms: 5, seq: 1 })));
        for (to, after) in [("after", None), ("after", Some("")), ("after", Some("x")), ("away", None)] {
            assert!(position(to, after).is_err(), "{to} {after:?}");
        }
    }
}
