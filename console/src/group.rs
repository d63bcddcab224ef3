//! Pending entries of any group, and where the group stands.

use domain::{
    Permission, Refusal,
    connection::needs,
    operation::{GroupMove, PendingAct, PendingSelection, Position, Report},
    stream::PendingPage,
};
use streams::{
    inspect::{self, PendingBrowse},
    operate,
};

use crate::{
    Actor, Console, Error,
    act::{self, Act, OnRedis, counted, enumerated},
    audit::Ended,
};

/// A page of pending entries, see [`inspect::pending`].
pub async fn pending(
    console: &Console,
    stream: &str,
    group: &str,
    browse: &PendingBrowse,
) -> Result<PendingPage, Error> {
    Ok(inspect::pending(console.redis(), stream, group, browse).await?)
}

/// Claims, acknowledges or dead-letters pending entries; needs `recover` (`destroy` and a reason to acknowledge: the
/// group never sees them again). A preview leaves no trace.
pub async fn repair(
    console: &Console,
    who: &Actor,
    stream: &str,
    group: &str,
    selection: &PendingSelection,
) -> Result<Report, Error> {
    let (name, permission, needs_reason, commands) = match selection.act {
        PendingAct::Claim => ("pending.claim", Permission::Recover, None, needs::CLAIM),
        PendingAct::Acknowledge => {
            let why = Some("acknowledging entries that were not handled");
            ("pending.acknowledge", Permission::Destroy, why, needs::ACKNOWLEDGE)
        }
        PendingAct::DeadLetter => ("pending.dead_letter", Permission::Recover, None, needs::BURY),
    };
    let count = counted(selection.ids.len(), "pending entry", "pending entries");
    let ids = enumerated(selection.ids.iter());
    let act = Act {
        name,
        permission,
        subject: subject(stream, group),
        request: match selection.act {
            PendingAct::Claim => format!("claim {count}: {ids}"),
            PendingAct::Acknowledge => format!("acknowledge {count} without handling: {ids}"),
            PendingAct::DeadLetter => format!("move {count} to the dead letters: {ids}"),
        },
        reason: selection.reason.clone(),
        needs_reason,
        on_redis: Some(OnRedis { stream: stream.to_owned(), commands }),
    };
    let (redis, wanted) = (console.redis().clone(), selection.clone());
    let (stream, group) = (stream.to_owned(), group.to_owned());
    let work = async move { Ok(operate::pending(&redis, &stream, &group, &wanted).await?) };
    act::repair(console, who, act, selection.dry_run, work).await
}

/// Moves a group; needs `operate` and a reason. A preview leaves no trace.
pub async fn move_to(
    console: &Console,
    who: &Actor,
    stream: &str,
    group: &str,
    to: &GroupMove,
) -> Result<Report, Error> {
    let place = match to.to {
        Position::Start => "before the first entry".to_owned(),
        Position::End => "after the last entry".to_owned(),
        Position::After(id) => format!("after {id}"),
    };
    let act = Act {
        name: "group.move",
        permission: Permission::Operate,
        subject: subject(stream, group),
        request: format!("move {group} {place}"),
        reason: to.reason.clone(),
        needs_reason: Some("moving a group"),
        on_redis: Some(OnRedis { stream: stream.to_owned(), commands: needs::MOVE }),
    };
    let (redis, wanted) = (console.redis().clone(), to.clone());
    let (stream, group) = (stream.to_owned(), group.to_owned());
    let work = async move { Ok(operate::move_group(&redis, &stream, &group, &wanted).await?) };
    act::repair(console, who, act, to.dry_run, work).await
}

/// Holds the consumers of a group in this process, or lets them go on; needs `operate`. 409 where none run here.
pub async fn pause(console: &Console, who: &Actor, stream: &str, group: &str, paused: bool) -> Result<(), Error> {
    let act = Act {
        name: if paused { "group.pause" } else { "group.resume" },
        permission: Permission::Operate,
        subject: subject(stream, group),
        request: if paused {
            format!("hold the consumers of {group} in this process")
        } else {
            format!("let the consumers of {group} in this process go on")
        },
        reason: None,
        needs_reason: None,
        on_redis: None,
    };
    let (metrics, stream, group) = (console.metrics().clone(), stream.to_owned(), group.to_owned());
    let work = async move {
        if metrics.pause(&stream, &group, paused) { Ok(()) } else { Err(Error::Refused(not_consumed(&stream, &group))) }
    };
    let result = if paused { "they read nothing more" } else { "they read again" };
    act::carry_out(console, who, act, work, move |(), _| Ended::new(true, None, result.to_owned())).await
}

fn not_consumed(stream: &str, group: &str) -> Refusal {
    Refusal::conflict(format!(
        "no consumer of group {group} on {stream} runs in this process, so there is nothing here to hold or let go on: \
         stop and start it where it runs"
    ))
}

fn subject(stream: &str, group: &str) -> String {
    format!("{stream}/{group}")
}
