//! Lanes of consumers in this process that wait behind an entry that fails.

use domain::{
    operation::{LaneClear, Outcome, ParkedLane, Report},
    stream::EntryId,
};

use super::{Look, item};
use crate::{Error, Metrics, order::GivenUp};

/// The lanes that wait, the one that is tried next first; `None` where no consumer of the group runs here, so that nothing
/// is known of its lanes.
pub async fn parked_lanes(metrics: &Metrics, stream: &str, group: &str) -> Option<Vec<ParkedLane>> {
    metrics.parked_lanes(stream, group).await
}

/// Moves the entry that parks its lane to the dead letters, so that the lane goes on. The consumer does it itself, between
/// two attempts: an entry that is being tried, or was handled meanwhile, is refused.
pub async fn clear_lane(metrics: &Metrics, stream: &str, group: &str, wanted: &LaneClear) -> Result<Report, Error> {
    let Some(lanes) = parked_lanes(metrics, stream, group).await else {
        return Err(Error::Conflict(format!(
            "no consumer of group {group} on {stream} runs in this process, so nothing is known of its lanes: dead-letter \
             the pending entry instead"
        )));
    };
    let Some(lane) = lanes.into_iter().find(|lane| lane.entry == wanted.entry) else {
        return Err(not_parked(wanted.entry));
    };
    let look = Look::new([format!("{} {}", lane.entry, lane.attempts)].into_iter());
    look.check(wanted.state_token.as_deref())?;
    let key = lane.key.as_ref().map_or_else(|| "it has no key".to_owned(), |key| format!("key {key}"));
    let mut warnings = vec![format!("it failed {} times, last with: {}", lane.attempts, lane.error)];
    match lane.waiting {
        0 => {}
        1 => warnings.push(format!("1 entry of {key} waits behind it and is handled next, without its effect")),
        n => warnings.push(format!("{n} entries of {key} wait behind it and are handled next, without its effect")),
    }
    let items = vec![if wanted.dry_run {
        item(lane.entry, Outcome::Would, &format!("would be moved to the dead letters ({key}), and its lane goes on"))
    } else {
        match metrics.give_up(stream, group, lane.entry).await? {
            GivenUp::Moved(record) => {
                item(lane.entry, Outcome::Done, &format!("moved to {stream}/{record}, and its lane goes on"))
            }
            GivenUp::NotPending => item(lane.entry, Outcome::Skipped, "it is not pending with this consumer any more"),
            GivenUp::NotParked => return Err(not_parked(wanted.entry)),
        }
    }];
    Ok(Report { items, warnings, state_token: look.token(), audit_id: None })
}

fn not_parked(entry: EntryId) -> Error {
    Error::Conflict(format!(
        "entry {entry} does not hold up a lane now: it is being tried at this moment, or was handled, or moved. Look again"
    ))
}
