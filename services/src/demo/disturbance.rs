//! Slow and failing handling, for the sample project only, so that lag, pending entries and dead letters can be seen.

use std::time::Duration;

use domain::{demo::PROJECT, event::TaskUpdated};
use streams::Failure;

use crate::Services;

/// How an event fares is decided by its id, so that every attempt on one event agrees.
enum Fate {
    Smooth,
    Slow(Duration),
    /// Fails on the first attempts only.
    Stumbles,
    /// Fails until the handling is mended.
    Fails(&'static str),
}

/// What the failing handling says; each is one cause in the list of dead letters.
const ERRORS: [&str; 3] = [
    "the people directory did not answer within 2 s",
    "the estimates service answered 502 Bad Gateway",
    "the task is locked by the nightly report",
];
/// Attempts at which a stumbling event still fails.
const STUMBLES: u64 = 2;

fn fate(event_id: &str) -> Fate {
    // a small checksum; the ids are random
    let number = event_id.bytes().fold(7_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    match number % 40 {
        0..=2 => Fate::Fails(ERRORS[(number / 40) as usize % ERRORS.len()]),
        3..=6 => Fate::Stumbles,
        7..=14 => Fate::Slow(Duration::from_millis(200 + u64::from(number / 40 % 12) * 100)),
        _ => Fate::Smooth,
    }
}

/// Whether the handling of this event may be delayed or fail on purpose.
pub(crate) fn is_disturbed(services: &Services, event: &TaskUpdated) -> bool {
    event.event_data.project_id == PROJECT && services.demo().is_failing()
}

/// Delays or fails the handling of an event of the sample project, while that is switched on.
pub(crate) async fn disturb(services: &Services, event: &TaskUpdated, attempt: u64) -> Result<(), Failure> {
    if !is_disturbed(services, event) {
        return Ok(());
    }
    match fate(&event.event_id) {
        Fate::Smooth => Ok(()),
        Fate::Slow(delay) => {
            tokio::time::sleep(delay).await;
            Ok(())
        }
        Fate::Stumbles if attempt > STUMBLES => Ok(()),
        Fate::Stumbles => Err(Failure::Retry(anyhow::anyhow!("demo: the connection was reset"))),
        Fate::Fails(error) => Err(Failure::Retry(anyhow::anyhow!("demo: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_events_fare_well_and_every_fate_happens() {
        let (mut smooth, mut slow, mut stumbles, mut fails) = (0, 0, 0, 0);
        for _ in 0..4_000 {
            match fate(&uuid::Uuid::new_v4().to_string()) {
                Fate::Smooth => smooth += 1,
                Fate::Slow(_) => slow += 1,
                Fate::Stumbles => stumbles += 1,
                Fate::Fails(_) => fails += 1,
            }
        }
        assert!(smooth > 2_000, "{smooth}");
        assert!(slow > 400 && stumbles > 200 && fails > 150, "{slow} {stumbles} {fails}");
    }
}
